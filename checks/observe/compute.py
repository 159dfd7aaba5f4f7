"""Reads networks of Compute Engine: peerings, subnets, routes of every origin, firewalls.

`routes.list` leaves out what routers learn; that is in each router's status
(https://cloud.google.com/network-connectivity/docs/router/how-to/viewing-router-details), and what comes over
peerings is in `networks.listPeeringRoutes`.
"""

from collections.abc import Iterable
from typing import Any

from checks.names import Ref, parse_ref
from checks.observations import Network, NextHop, Peering, Route, Subnet
from checks.observe import console
from checks.observe.calls import PAGE, Calls, blocking_listing, plain
from checks.observe.errors import NotUnderstood, Unseen, not_understood
from checks.observe.permissions import (
    NETWORKS,
    PEERING_ROUTES,
    ROUTER_STATUS,
    ROUTERS,
    ROUTES,
    SUBNETS,
    Need,
)
from checks.observe.values import Context, short_name

SYSTEM = "compute"
HOPS = {
    "next_hop_peering": NextHop.PEERING,
    "next_hop_vpn_tunnel": NextHop.VPN,
    "next_hop_interconnect_attachment": NextHop.INTERCONNECT,
    "next_hop_gateway": NextHop.GATEWAY,
    "next_hop_instance": NextHop.INSTANCE,
    "next_hop_ilb": NextHop.LOAD_BALANCER,
    "next_hop_hub": NextHop.HUB,
    "next_hop_network": NextHop.SUBNET,
    "next_hop_ip": NextHop.ADDRESS,
}
"""Fields of a route's next hop. An address comes last: routes of routers have one besides their tunnel."""


async def read_networks(calls: Calls) -> list[Any]:
    """Every network of the project, as messages. Raises `Unseen`."""
    client = await calls.clients.rest("networks")
    from google.cloud.compute_v1 import ListNetworksRequest  # there by now: the client needs it

    return await _items(calls, NETWORKS, client.list, ListNetworksRequest)


async def read_routes(calls: Calls) -> list[Any]:
    """Static routes and those of subnets, as messages. Raises `Unseen`."""
    client = await calls.clients.rest("routes")
    from google.cloud.compute_v1 import ListRoutesRequest  # there by now: the client needs it

    return await _items(calls, ROUTES, client.list, ListRoutesRequest)


async def read_subnets(calls: Calls) -> list[Any]:
    """Subnets of every region, as messages: a network reaches them all. Raises `Unseen`."""
    client = await calls.clients.rest("subnetworks")
    from google.cloud.compute_v1 import AggregatedListSubnetworksRequest  # there by now: the client needs it

    asked = AggregatedListSubnetworksRequest
    return await _scoped(calls, SUBNETS, client.aggregated_list, asked, "subnetworks")


async def read_routers(calls: Calls) -> list[Any]:
    """Cloud Routers of every region, as messages: networks may route globally. Raises `Unseen`."""
    client = await calls.clients.rest("routers")
    from google.cloud.compute_v1 import AggregatedListRoutersRequest  # there by now: the client needs it

    return await _scoped(calls, ROUTERS, client.aggregated_list, AggregatedListRoutersRequest, "routers")


async def read_learned(calls: Calls, router: Any) -> list[Any]:
    """The best routes of a router's network that routers have learned, as messages. Raises `Unseen`."""
    client = await calls.clients.rest("routers")
    from google.cloud.compute_v1 import GetRouterStatusRouterRequest  # there by now: the client needs it

    asked = GetRouterStatusRouterRequest(
        project=calls.place.project, region=short_name(router.region), router=router.name
    )

    def attempt(seconds: float) -> Any:
        return plain(client.get_router_status(request=asked, retry=None, timeout=seconds))

    status = (await calls.blocking(ROUTER_STATUS, attempt)).result
    return list(status.best_routes) or list(status.best_routes_for_router)


async def read_peering_routes(calls: Calls, network: str, peering: str) -> list[Any]:
    """What a network imports over a peering, as messages. Raises `Unseen`."""
    client = await calls.clients.rest("networks")
    from google.cloud.compute_v1 import ListPeeringRoutesNetworksRequest  # there by now: the client needs it

    fields = {"network": network, "peering_name": peering, "region": calls.place.region}
    asked = ListPeeringRoutesNetworksRequest
    return await _items(
        calls, PEERING_ROUTES, client.list_peering_routes, asked, direction="INCOMING", **fields
    )


async def _items(calls: Calls, need: Need, method: Any, request: type[Any], **fields: Any) -> list[Any]:
    fields = {"project": calls.place.project, "max_results": PAGE, **fields}
    page = blocking_listing(calls.clients, method, request, **fields)
    return [item for each in await calls.all_pages(need, page) for item in each.items]


async def _scoped(calls: Calls, need: Need, method: Any, request: type[Any], kind: str) -> list[Any]:
    """Items of every region. One that did not answer may hold what looks absent: then all is unseen."""
    fields = {"project": calls.place.project, "max_results": PAGE}
    page = blocking_listing(calls.clients, method, request, **fields)
    pages = await calls.all_pages(need, page)
    if lost := [place for each in pages for place in each.unreachables]:
        raise Unseen(
            not_understood(need, f"{short_name(lost[0])} could not be reached by Compute Engine itself")
        )
    return [item for each in pages for scope in each.items.values() for item in getattr(scope, kind)]


def network_of(message: Any, context: Context) -> Network:
    """A network with its peerings as an observation."""
    ref = context.home.ref(message.self_link or message.name, "networks")
    resource = f"projects/{context.project}/global/networks/{message.name}"
    source = context.source(SYSTEM, resource, console.network(context.project, message.name))
    return Network(ref, source, tuple(_peering(each, context) for each in message.peerings))


def _peering(message: Any, context: Context) -> Peering:
    exchanges = message.exchange_subnet_routes if message.HasField("exchange_subnet_routes") else True
    return Peering(
        name=message.name,
        network=context.home.ref(message.network, "networks"),
        state=message.state,
        state_details=message.state_details,
        import_custom_routes=message.import_custom_routes,
        export_custom_routes=message.export_custom_routes,
        exchange_subnet_routes=exchanges,
    )


def subnet_of(message: Any, context: Context) -> Subnet:
    """A subnet as an observation."""
    region = short_name(message.region) or context.region
    ref = context.home.ref(message.self_link or message.name, "subnetworks", region)
    resource = f"projects/{context.project}/regions/{region}/subnetworks/{message.name}"
    ranges = [message.ip_cidr_range, *(each.ip_cidr_range for each in message.secondary_ip_ranges)]
    return Subnet(
        ref=ref,
        network=context.home.ref(message.network, "networks"),
        ranges=tuple(each for each in ranges if each),
        source=context.source(SYSTEM, resource, console.subnet(context.project, region, message.name)),
        purpose=message.purpose,
    )


def route_of(message: Any, context: Context) -> Route:
    """A route of a network as an observation. Raises `NotUnderstood` for a next hop of an unknown kind."""
    resource = f"projects/{context.project}/global/routes/{message.name}"
    return _route(message, context, resource, console.route(context.project, message.name))


def learned_route_of(message: Any, router: Any, context: Context) -> Route:
    """A route that a router has learned as an observation; it is in force. Raises `NotUnderstood`."""
    region = short_name(router.region)
    resource = f"projects/{context.project}/regions/{region}/routers/{router.name}"
    return _route(
        message,
        context,
        resource,
        console.router(context.project, region, router.name),
        network=context.home.ref(message.network or router.network, "networks"),
        status=message.route_status or "ACTIVE",
    )


def _route(
    message: Any, context: Context, resource: str, url: str, network: Ref | None = None, status: str = ""
) -> Route:
    field = next((each for each in HOPS if getattr(message, each)), None)
    if field is None:
        what = message.name or message.dest_range
        raise NotUnderstood(f"the route {what} has a next hop of a kind that whybot does not know")
    hop = getattr(message, field)
    return Route(
        network=network or context.home.ref(message.network, "networks"),
        destination=message.dest_range,
        next_hop=HOPS[field],
        source=context.source(SYSTEM, resource, url),
        hop=parse_ref(hop).name if "/" in hop else hop,
        name=message.name,
        priority=message.priority,
        tags=tuple(message.tags),
        status=status or message.route_status,
    )


def peering_route_of(message: Any, network: str, peering: str, context: Context) -> Route:
    """A route over a peering as an observation; one that is offered but not imported is INACTIVE."""
    resource = f"projects/{context.project}/global/networks/{network}/peerings/{peering}"
    url = console.peering(context.project, network, peering)
    return Route(
        network=context.home.ref(network, "networks"),
        destination=message.dest_range,
        next_hop=NextHop.PEERING,
        source=context.source(SYSTEM, resource, url),
        hop=peering,
        priority=message.priority,
        status="ACTIVE" if message.imported else "INACTIVE",
        exchanged=message.type_,
    )


def once_each(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Routes without those that several routers tell alike."""
    found = {
        (each.network, each.destination, each.next_hop, each.hop, each.priority): each for each in routes
    }
    return tuple(found.values())
