"""What was observed, indexed once so that many paths are judged quickly."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TypeVar

from checks.names import Ref, same
from checks.observations import (
    Blind,
    CloudState,
    Connector,
    Firewall,
    Network,
    NextHop,
    RedisInstance,
    Revision,
    Route,
    Seen,
    Service,
    SqlInstance,
    Subnet,
)
from checks.path.ranges import Address, holds
from checks.reasons import Reason

T = TypeVar("T")

Managed = RedisInstance | SqlInstance
GLOBAL = "global"
NETWORKS = "networks"


def cannot_tell(message: str) -> Blind:
    """A `Blind` of reasoning rather than of reading."""
    return Blind(Reason.PATH_UNKNOWN, message)


class Observed:
    """A `CloudState`, and quick ways to what a path needs of it."""

    def __init__(self, state: CloudState) -> None:
        self.state = state
        # Many services share a network and an address.
        self._holding: dict[Address, list[Subnet]] = {}

    def home(self, ref: Ref | None, kind: str = "") -> Ref | None:
        """A ref with the project as an id, and with kind, project and place filled in where it is silent."""
        if ref is None or not ref.name:
            return None
        kind = ref.kind or kind
        numbered = bool(self.state.project_number) and ref.project == self.state.project_number
        project = self.state.project if numbered or not ref.project else ref.project
        location = ref.location or (GLOBAL if kind == NETWORKS else self.state.region)
        return Ref(ref.name, kind, project, location)

    def same(self, one: Ref | None, other: Ref | None) -> bool:
        """Whether two refs are one resource; unknown refs are the same as nothing."""
        if one is None or other is None:
            return False
        mine, theirs = self.home(one, other.kind), self.home(other, one.kind)
        return mine is not None and theirs is not None and same(mine, theirs)

    def is_ours(self, ref: Ref) -> bool:
        """Whether a ref is of the project that was read."""
        home = self.home(ref)
        return home is not None and home.project == self.state.project

    def service(self, name: str) -> Seen[Service | None]:
        """A Cloud Run service by its short name; None where there is none."""
        if isinstance(self._services, Blind):
            return self._services
        return self._services.get(name)

    def revision(self, service: str, name: str) -> Seen[Revision]:
        """A revision of a service."""
        revisions = self._revisions.get(service)
        if revisions is None:
            return cannot_tell(f"the revisions of {service} were not read")
        if isinstance(revisions, Blind):
            return revisions
        found = revisions.get(name)
        return cannot_tell(f"revision {name} is not among those that were read") if found is None else found

    def revisions(self, service: str) -> list[Revision]:
        """The revisions of a service that were read, the newest first."""
        known = self._revisions.get(service, {})
        found = [] if isinstance(known, Blind) else list(known.values())
        return sorted(found, key=lambda each: (_moment(each), each.name), reverse=True)

    def percent(self, service: str, revision: str) -> int:
        """What share of a service's traffic a revision gets, 0 where that is not known."""
        known = self.service(service)
        shares = () if isinstance(known, Blind) or known is None else known.serving
        return sum(each.percent for each in shares if each.revision == revision)

    def connector(self, ref: Ref) -> Seen[Connector | None]:
        """A connector of this project and region; None where there is none."""
        if isinstance(self.state.connectors, Blind):
            return self.state.connectors
        named = self._connectors.get(ref.name, ())
        return next((each for each in named if self.same(each.ref, ref)), None)

    def connectors_on(self, network: Ref) -> list[Connector]:
        """Connectors that could be used instead: on this network, in this region, READY."""
        known = () if isinstance(self.state.connectors, Blind) else self.state.connectors
        return [
            each
            for each in sorted(known, key=lambda one: one.ref.name)
            if each.state == "READY" and self.same(each.network, network) and self.in_region(each.ref)
        ]

    def in_region(self, ref: Ref) -> bool:
        """Whether a ref is in the region that was read."""
        home = self.home(ref)
        return home is not None and home.location == self.state.region

    def subnet(self, ref: Ref) -> Seen[Subnet | None]:
        """A subnet; None where there is none of that name."""
        if isinstance(self.state.subnets, Blind):
            return self.state.subnets
        return next((each for each in self.state.subnets if self.same(each.ref, ref)), None)

    def subnets_of(self, address: Address) -> Seen[list[Subnet]]:
        """The subnets whose ranges hold an address, on whatever network."""
        if isinstance(self.state.subnets, Blind):
            return self.state.subnets
        if address not in self._holding:
            self._holding[address] = [
                each for each in self.state.subnets if any(holds(text, address) for text in each.ranges)
            ]
        return self._holding[address]

    def network(self, ref: Ref) -> Seen[Network]:
        """A network with its peerings."""
        if isinstance(self.state.networks, Blind):
            return self.state.networks
        found = next((each for each in self.state.networks if self.same(each.ref, ref)), None)
        if found is not None:
            return found
        if not self.is_ours(ref):
            return cannot_tell(f"network {ref.name} is of project {ref.project}, which is not read")
        return cannot_tell(f"network {ref.name} is not among those that were read")

    def managed(self, kind: str) -> Seen[tuple[Managed, ...]]:
        """The managed instances of a kind of check; none for kinds that have none."""
        if kind == "redis":
            return self.state.redis
        return self.state.sql if kind == "postgres" else ()

    def routes(self, network: Ref) -> list[Route]:
        """Every known route of a network: its own, those of its subnets, those that it imports."""
        name = network.name
        own = [each for each in self._routes.get(name, ()) if self.same(each.network, network)]
        subnets = [each for each in self._subnet_routes.get(name, ()) if self.same(each.network, network)]
        return [*own, *subnets, *(self._imported(network) if self.is_ours(network) else ())]

    def unlisted(self, network: Ref) -> list[Blind]:
        """Why some routes of a network are not known; nothing where all are."""
        found = [each for each in (self.state.routes,) if isinstance(each, Blind)]
        if not self.is_ours(network):
            return [cannot_tell(f"network {network.name} is of project {network.project}, which is not read")]
        if isinstance(self.state.subnets, Blind) and not self._lists_subnet_routes(network):
            found.append(self.state.subnets)
        if (hidden := self.state.unlisted_routes.get(network.name)) is not None:
            found.append(hidden)
        known = self.network(network)
        if isinstance(known, Blind):
            return [*found, known]
        for peering in known.peerings:
            routes = self.state.peering_routes.get((network.name, peering.name))
            if peering.state == "INACTIVE":
                continue  # it carries nothing, whatever its routes
            if isinstance(routes, Blind):
                found.append(routes)
            elif routes is None:
                found.append(cannot_tell(f"the routes of peering {peering.name} were not read"))
        return found

    def firewalls(self, network: Ref) -> Seen[list[Firewall]]:
        """The egress rules of a network that are in force, in the order in which they decide."""
        if isinstance(self.state.firewalls, Blind):
            return self.state.firewalls
        if not self.is_ours(network):
            return cannot_tell(f"network {network.name} is of project {network.project}, which is not read")
        return [each for each in self._egress.get(network.name, ()) if self.same(each.network, network)]

    @cached_property
    def _services(self) -> Seen[dict[str, Service]]:
        services = self.state.services
        return services if isinstance(services, Blind) else {each.name: each for each in services}

    @cached_property
    def _revisions(self) -> dict[str, Seen[dict[str, Revision]]]:
        return {
            service: revisions if isinstance(revisions, Blind) else {each.name: each for each in revisions}
            for service, revisions in self.state.revisions.items()
        }

    @cached_property
    def _connectors(self) -> dict[str, list[Connector]]:
        return _by_name(self.state.connectors, lambda each: each.ref.name)

    @cached_property
    def _routes(self) -> dict[str, list[Route]]:
        return _by_name(self.state.routes, lambda each: each.network.name)

    @cached_property
    def _subnet_routes(self) -> dict[str, list[Route]]:
        """A subnet's range is a route of its network, whether or not routes could be listed."""
        subnets = self.state.subnets
        routes = [
            Route(each.network, text, NextHop.SUBNET, each.source, hop=each.ref.name, name=each.ref.name)
            for each in (() if isinstance(subnets, Blind) else subnets)
            for text in each.ranges
        ]
        return _by_name(tuple(routes), lambda each: each.network.name)

    @cached_property
    def _egress(self) -> dict[str, list[Firewall]]:
        rules = self.state.firewalls
        in_force = (
            ()
            if isinstance(rules, Blind)
            else [each for each in rules if each.direction == "EGRESS" and not each.disabled]
        )
        # https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules
        ordered = sorted(in_force, key=lambda each: (each.place, each.priority, each.allow, each.name))
        return _by_name(tuple(ordered), lambda each: each.network.name)

    def _lists_subnet_routes(self, network: Ref) -> bool:
        return any(each.next_hop is NextHop.SUBNET for each in self._routes.get(network.name, ()))

    def _imported(self, network: Ref) -> Iterable[Route]:
        known = self.network(network)
        for peering in () if isinstance(known, Blind) else known.peerings:
            routes = self.state.peering_routes.get((network.name, peering.name), ())
            yield from () if isinstance(routes, Blind) else routes


def _moment(revision: Revision) -> float:
    return revision.created_at.timestamp() if revision.created_at else 0.0


def _by_name(things: Seen[Sequence[T]], name: Callable[[T], str]) -> dict[str, list[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for each in () if isinstance(things, Blind) else things:
        found[name(each)].append(each)
    return dict(found)
