"""Which route a packet takes in a network.

Routes of subnets, its own and those of peers, come first, and where one holds the address no custom route is
looked at, however specific. Among either kind the most specific one wins, then the one of the lowest number
(https://cloud.google.com/vpc/docs/routes#routeselection). Policy-based routes, which come before all of them,
are not looked at.
"""

from dataclasses import dataclass

from checks.names import Ref
from checks.observations import Blind, NextHop, Peering, Route
from checks.path.observed import Observed
from checks.path.ranges import Address, Range, parse_range

LOCAL = frozenset({NextHop.SUBNET, NextHop.PEERING})
# An unusual way, which is slower or leaves the network; `far_end` tells what is known of its far side.
TUNNELS = frozenset({NextHop.VPN, NextHop.INTERCONNECT, NextHop.HUB})
# A machine of the user's that may or may not hand on what it gets.
RELAYS = frozenset({NextHop.INSTANCE, NextHop.ADDRESS, NextHop.LOAD_BALANCER})
USABLE = frozenset({"", "ACTIVE"})
# Memorystore's and Cloud SQL's routes are of this type, which is meant where the API does not say.
OF_A_SUBNET = frozenset({"", "SUBNET_PEERING_ROUTE"})


@dataclass(frozen=True, slots=True)
class Way:
    """What the routes of one network make of one address.

    `leading` is the best route that can lead there, `winner` the one that a packet takes, `lame` routes
    that would hold the address if they were in force, `idle` peerings that are not active, `unlisted` why
    routes may be missing.
    """

    leading: Route | None
    winner: Route | None
    lame: tuple[Route, ...] = ()
    idle: tuple[Peering, ...] = ()
    unlisted: tuple[Blind, ...] = ()


def find_way(
    observed: Observed, network: Ref, address: Address, tags: frozenset[str], *, internet: bool
) -> Way:
    """The way of an address from instances with these tags; `internet` where it is a public one."""
    known = observed.network(network)
    peerings = () if isinstance(known, Blind) else known.peerings
    idle = tuple(each for each in peerings if each.state != "ACTIVE")
    asleep = {each.name for each in idle}
    ranked: list[tuple[tuple[bool, int, int, bool, str, str, str], Route]] = []
    lame: list[Route] = []
    for route in observed.routes(network):
        held = parse_range(route.destination)
        if held is None or held.version != address.version or address not in held:
            continue
        if route.tags and not tags & set(route.tags):
            continue
        if route.status not in USABLE or (route.next_hop is NextHop.PEERING and route.hop in asleep):
            lame.append(route)
            continue
        ranked.append((_rank(route, held), route))
    in_order = [route for _, route in sorted(ranked, key=lambda each: each[0])]
    dead = {NextHop.BLACKHOLE} if internet else {NextHop.BLACKHOLE, NextHop.GATEWAY}
    leading = [route for route in in_order if route.next_hop not in dead]
    local = [route for route in leading if route.next_hop in LOCAL]
    return Way(
        leading=next(iter(local or leading), None),
        winner=next(iter(in_order), None),
        lame=tuple(lame),
        idle=idle,
        unlisted=tuple(observed.unlisted(network)),
    )


def is_of_subnet(route: Route) -> bool:
    """Whether a route is of a subnet, of the network itself or of a peer, and not a custom one."""
    peered = route.next_hop is NextHop.PEERING and route.exchanged in OF_A_SUBNET
    return peered or route.next_hop is NextHop.SUBNET


def _rank(route: Route, held: Range) -> tuple[bool, int, int, bool, str, str, str]:
    """The lowest wins; the last parts only make an order of routes that Google would use in equal parts."""
    return (
        not is_of_subnet(route),
        -held.prefixlen,
        route.priority,
        route.next_hop not in LOCAL,
        route.next_hop,
        route.hop,
        route.name,
    )


class Ways:
    """The ways in one project, each found once: many services share a network and a target."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed
        self._found: dict[tuple[Ref, Address, frozenset[str], bool], Way] = {}

    def find(self, network: Ref, address: Address, tags: frozenset[str], *, internet: bool) -> Way:
        """As `find_way`."""
        asked = (network, address, tags, internet)
        if asked not in self._found:
            self._found[asked] = find_way(self._observed, network, address, tags, internet=internet)
        return self._found[asked]


def described(route: Route) -> str:
    """`10.20.0.4/30 over VPN tunnel legacy-vpn`."""
    if route.next_hop is NextHop.SUBNET:
        return f"{route.destination} of the network itself"
    hop = f" {route.hop}" if route.hop else ""
    if route.next_hop is NextHop.BLACKHOLE:
        return f"{route.destination} to nowhere" + (f" ({route.hop})" if route.hop else "")
    return f"{route.destination} over {route.next_hop.value}{hop}"
