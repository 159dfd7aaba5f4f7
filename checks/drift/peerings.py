"""The peering over which a managed instance is reached: whether it needs one, has one, and as if it had."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from checks.drift.reading import Absent, Untold, settled
from checks.drift.scope import Scope
from checks.names import Ref, same
from checks.observations import Blind, CloudState, Network, NextHop, Peering, Route

ACTIVE = "ACTIVE"
IN_FORCE = frozenset({"", ACTIVE})
OK = "active"


def needs_peering(scope: Scope, network: Ref | None, address: str) -> bool:
    """Whether an instance is on the declared network, and none of that's subnets is known to hold it."""
    vpc, subnets = scope.environment.network.vpc, scope.subnets
    if not vpc or not address or not _same(scope, network, vpc):
        return False
    there = () if isinstance(subnets, Blind) else subnets.values()
    ranges = [each for one in there if _same(scope, one.network, vpc) for each in one.ranges]
    known = () if isinstance(scope.live.routes, Blind) else scope.live.routes
    ranges += [
        each.destination
        for each in known
        if each.next_hop is NextHop.SUBNET and _same(scope, each.network, vpc)
    ]
    return not any(holds(each, address) for each in ranges)


def peering_to(scope: Scope, address: str) -> str | Absent | Untold | None:
    """`active`, or what is wrong with the peering of the declared network that leads to an address."""
    network = _network(scope, scope.live)
    if not isinstance(network, Network):
        return network
    told = [_told(scope.live, network, each, address) for each in network.peerings]
    if OK in told:
        return OK
    hidden = next((each for each in told if isinstance(each, Untold)), None)
    for seen in (scope.subnets, scope.live.routes):
        if isinstance(seen, Blind):
            return hidden or Untold(seen.message)  # it might be in a subnet, and need no peering
    return hidden or next((each for each in told if each), Absent())


def _told(state: CloudState, network: Network, peering: Peering, address: str) -> str | Untold | None:
    if peering.state != ACTIVE:
        return f"{peering.name} is {peering.state}"
    routes = state.peering_routes.get((network.ref.name, peering.name))
    if isinstance(routes, Blind):
        return Untold(routes.message)
    if routes is None:
        return Untold(f"the routes of peering {peering.name} were not read")
    held = [each for each in routes if holds(each.destination, address)]
    if any(each.status in IN_FORCE for each in held):
        return OK
    if held:
        return f"the route that {peering.name} imports is {held[0].status}"
    return f"{peering.name} imports no route to {address}"


def peered(scope: Scope, state: CloudState, address: str, block: str) -> CloudState | None:
    """A state in which the declared network imports the route to an address over an active peering.

    `block` is the range of the instance where that is a CIDR. None where its peerings could not be told.
    """
    network = _network(scope, state)
    if not isinstance(network, Network) or isinstance(state.networks, Blind):
        return None
    known = {each.name: each for each in network.peerings}
    name = next((each for each in known if _leads(state, network, each, address)), "")
    name = name or next((each.name for each in network.peerings if each.state != ACTIVE), "as it should be")
    peering = replace(known.get(name) or Peering(name, Ref("", "networks"), ACTIVE), state=ACTIVE)
    others = tuple(each for each in network.peerings if each.name != name)
    made = replace(network, peerings=(*others, peering))
    destination = block if holds(block, address) else str(ip_network(address))
    route = Route(
        network.ref, destination, NextHop.PEERING, network.source, hop=name, name=name, status=ACTIVE
    )
    return replace(
        state,
        networks=tuple(made if each is network else each for each in state.networks),
        peering_routes={**state.peering_routes, (network.ref.name, name): (route,)},
    )


def holds(block: str, address: str) -> bool:
    """Whether a range holds an address; what is neither holds nothing."""
    try:
        return ip_address(address) in ip_network(block)
    except ValueError:
        return False


def _leads(state: CloudState, network: Network, name: str, address: str) -> bool:
    routes = state.peering_routes.get((network.ref.name, name), ())
    return not isinstance(routes, Blind) and any(holds(each.destination, address) for each in routes)


def _network(scope: Scope, state: CloudState) -> Network | Untold | None:
    """The declared network as it is live; None where that is not there, or of another project."""
    if isinstance(state.networks, Blind):
        return Untold(state.networks.message)
    vpc = scope.environment.network.vpc or ""
    return next((each for each in state.networks if _same(scope, each.ref, vpc)), None)


def _same(scope: Scope, network: Ref | None, vpc: str) -> bool:
    if network is None or not network.name:
        return False
    return same(settled(network, "networks", scope.home), scope.network_ref(vpc))
