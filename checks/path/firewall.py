"""Which egress rule decides about a connection.

https://cloud.google.com/firewall/docs/firewalls: the lowest number decides, deny before allow; where no rule
matches, egress is allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.observations import Firewall, Ports
from checks.path.ranges import Address, holds, parse_range

TCP = frozenset({"tcp", "6", "all", ""})


@dataclass(frozen=True, slots=True)
class Leaving:
    """A TCP connection as it leaves: where to, with which tags, and from which range (empty: not known)."""

    address: Address
    port: int
    tags: frozenset[str]
    source_range: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule that decides, None where none does. `doubtful` are rules before it that might."""

    rule: Firewall | None
    doubtful: tuple[Firewall, ...] = ()

    @property
    def denied(self) -> bool:
        """Whether a rule that surely matches denies."""
        return self.rule is not None and not self.rule.allow


def decide(rules: Iterable[Firewall], leaving: Leaving) -> Decision:
    """Goes through rules in the order in which they decide."""
    doubtful: list[Firewall] = []
    for rule in rules:
        matches = _matches(rule, leaving)
        if matches:
            return Decision(rule, tuple(doubtful))
        if matches is None:
            doubtful.append(rule)
    return Decision(None, tuple(doubtful))


def _matches(rule: Firewall, leaving: Leaving) -> bool | None:
    """None where it cannot be told."""
    if rule.destinations and not any(holds(text, leaving.address) for text in rule.destinations):
        return False
    if rule.traffic and not any(_covers(each, leaving.port) for each in rule.traffic):
        return False
    if rule.target_tags:
        return bool(leaving.tags & set(rule.target_tags)) and _from_there(rule.sources, leaving.source_range)
    if rule.target_service_accounts:
        return None  # which account a connector's machines run as is not to be seen
    return _from_there(rule.sources, leaving.source_range)


def _from_there(sources: Sequence[str], range_: str) -> bool | None:
    if not sources:
        return True
    mine = parse_range(range_) if range_ else None
    if mine is None:
        return None
    known = [each for each in map(parse_range, sources) if each is not None and each.version == mine.version]
    if any(mine.subnet_of(each) for each in known):  # type: ignore[arg-type]  # of one version, as filtered above
        return True
    return None if any(mine.overlaps(each) for each in known) else False


def _covers(ports: Ports, port: int) -> bool:
    if ports.protocol.lower() not in TCP:
        return False
    return not ports.ports or any(_in_ports(text, port) for text in ports.ports)


def _in_ports(text: str, port: int) -> bool:
    first, _, last = text.partition("-")
    try:
        return int(first) <= port <= int(last or first)
    except ValueError:
        return False
