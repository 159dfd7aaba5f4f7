"""Whether the far end of a tunnel leads to the target. Nothing beyond it is read, so little is known."""

from dataclasses import dataclass

from checks.names import Ref
from checks.observations import Blind, NextHop, Route
from checks.path.observed import Managed, cannot_tell
from checks.path.question import Question
from checks.path.ranges import Range, holds, parse_range
from checks.path.routing import described


@dataclass(frozen=True, slots=True)
class Closed:
    """A tunnel that does not lead to the target, and why, as a sentence."""

    why: str


def far_end(question: Question, tunnel: Route) -> Blind | Closed | None:
    """What is known of the way beyond a tunnel: None where it leads to the target.

    A route whose range is a part of the target's own subnet was made for that subnet. What is behind a
    peering answers nobody beyond a tunnel unless custom routes are exported to it
    (https://cloud.google.com/vpc/docs/vpc-peering#transit-network).
    """
    owners = question.owners
    if isinstance(owners, Blind):
        return owners
    if question.address is None:
        return _unread(tunnel)
    subnets = question.observed.subnets_of(question.address)
    if isinstance(subnets, Blind):
        return subnets
    if len(owners) != 1:
        return _unread(tunnel)
    own = [
        text
        for subnet in subnets
        if question.observed.same(subnet.network, owners[0])
        for text in subnet.ranges
        if holds(text, question.address)
    ]
    if own:
        return None if _is_within(tunnel.destination, own) else _unread(tunnel)
    if question.instance is None:
        return _unread(tunnel)
    return _behind_peering(question, tunnel, question.instance, owners[0])


def _behind_peering(question: Question, tunnel: Route, instance: Managed, owner: Ref) -> Blind | Closed:
    """The target is a managed instance in no subnet: its own network reaches it over a peering.

    A tunnel with no more than the instance's own range was made for it, whatever is at its other end.
    """
    way = question.way
    if isinstance(way, Blind):
        return way
    if way.unlisted:
        return way.unlisted[0]
    known = question.observed.network(owner)
    if isinstance(known, Blind):
        return known
    if any(each.export_custom_routes and each.state == "ACTIVE" for each in known.peerings):
        return _unread(tunnel)
    made_for = [
        instance.reserved_range,
        *(
            each.destination
            for each in question.observed.routes(owner)
            if each.next_hop is NextHop.PEERING
            and question.address is not None
            and holds(each.destination, question.address)
        ),
    ]
    if _is_within(tunnel.destination, made_for):
        return _unread(tunnel)
    return Closed(
        f"{described(tunnel)} does not lead there: no peering of {owner.name} exports custom routes, "
        f"without which {instance.name} answers nobody behind a tunnel."
    )


def _is_within(destination: str, ranges: list[str]) -> bool:
    held = parse_range(destination)
    return held is not None and any(_holds(parse_range(text), held) for text in ranges)


def _holds(outer: Range | None, inner: Range) -> bool:
    return (
        outer is not None and outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # of one version, as asked before
    )


def _unread(tunnel: Route) -> Blind:
    return cannot_tell(f"what is behind {tunnel.next_hop.value} {tunnel.hop}".rstrip() + " is not read")
