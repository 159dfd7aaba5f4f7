"""Reads the network out of what exists in the fake Google Cloud, as `sandbox/routing.py` wants it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.cloud import compute_v1, redis_v1, run_v2, sqladmin_v1, vpcaccess_v1

from sandbox import baseline
from sandbox.cloud.resources import Resources
from sandbox.routing import Access, Connector, Endpoint, Fabric, Route, Rule

REDIS_UP = {
    redis_v1.Instance.State.READY,
    redis_v1.Instance.State.UPDATING,
    redis_v1.Instance.State.MAINTENANCE,
}
NEXT_HOPS = (
    ("next_hop_network", "subnet"),
    ("next_hop_gateway", "gateway"),
    ("next_hop_vpn_tunnel", "vpn"),
    ("next_hop_interconnect_attachment", "interconnect"),
    ("next_hop_instance", "instance"),
    ("next_hop_ilb", "load balancer"),
    ("next_hop_ip", "address"),
    ("next_hop_hub", "hub"),
    ("next_hop_peering", "nowhere"),  # what a peering carries is in its own list
)
"""Which field of a route says what its next hop is, in the order in which they are looked at."""


def fabric(resources: Resources) -> Fabric:
    """The network as it is now."""
    return Fabric(
        region=baseline.REGION,
        connectors=tuple(map(_connector, resources.connectors.values())),
        networks=frozenset(each.name for each in resources.networks.values()),
        routes=(*_routes(resources), *_learned(resources), *_imported(resources)),
        rules=tuple(_rules(resources.firewalls.values())),
        endpoints=tuple(_endpoints(resources)),
        tunnels=baseline.FAR_ENDS,
    )


def access(vpc: run_v2.VpcAccess | None, resources: Resources) -> Access | None:
    """How something with this VPC access reaches the network; None where it does not."""
    if vpc is None:
        return None
    all_traffic = vpc.egress == baseline.ALL_TRAFFIC
    if vpc.connector:
        return Access(connector=_place(vpc.connector), all_traffic=all_traffic)
    if not vpc.network_interfaces:
        return None
    interface = vpc.network_interfaces[0]
    network = short(interface.network) or _network_of(short(interface.subnetwork), resources)
    return Access(network=network, tags=tuple(interface.tags), all_traffic=all_traffic)


def busiest(service: run_v2.Service, resources: Resources) -> run_v2.Revision | None:
    """The revision that gets most requests, None where none does."""
    shares = [each for each in service.traffic_statuses if each.percent and each.revision]
    most = max(shares, key=lambda each: each.percent, default=None)
    return None if most is None else revision(service, most.revision, resources)


def revision(service: run_v2.Service, name: str, resources: Resources) -> run_v2.Revision | None:
    """A service's revision by its short or full name."""
    return resources.revisions.get(f"{service.name}/revisions/{short(name)}")


def short(name: str) -> str:
    """The last part of a name, however it is spelled."""
    return name.rpartition("/")[2]


def _place(connector: str) -> tuple[str, str]:
    """Region and name of a connector; a bare name is one of this region."""
    parts = connector.split("/")
    return (parts[3] if len(parts) >= 6 else baseline.REGION), parts[-1]


def _network_of(subnetwork: str, resources: Resources) -> str:
    return next(
        (short(each.network) for each in resources.subnetworks.values() if each.name == subnetwork), ""
    )


def _connector(each: vpcaccess_v1.Connector) -> Connector:
    region, name = _place(each.name)
    return Connector(region, name, short(each.network), vpcaccess_v1.Connector.State(each.state).name)


def _routes(resources: Resources) -> Iterator[Route]:
    for each in resources.routes.values():
        yield _route(each)


def _learned(resources: Resources) -> Iterator[Route]:
    for key, learned in resources.router_routes.items():
        network = short(resources.routers[key].network) if key in resources.routers else ""
        for each in learned:
            if each.route_status in ("ACTIVE", ""):
                yield _route(each, network)


def _route(each: compute_v1.Route, network: str = "") -> Route:
    field, kind = next(((f, k) for f, k in NEXT_HOPS if getattr(each, f)), ("", "nowhere"))
    return Route(
        network=short(each.network) or network,
        destination=each.dest_range,
        kind=kind,
        hop=short(getattr(each, field)) if field else "",
        name=each.name or f"to {each.dest_range}",
        priority=each.priority,
        tags=tuple(each.tags),
    )


def _imported(resources: Resources) -> Iterator[Route]:
    """Routes over peerings that are up; what is not imported is not there."""
    for network in resources.networks.values():
        for peering in network.peerings:
            if peering.state != "ACTIVE":
                continue
            for each in resources.peering_routes.get((network.name, peering.name), ()):
                if each.imported:
                    kind = "peering" if each.type_ == "SUBNET_PEERING_ROUTE" else "custom peering"
                    yield Route(network.name, each.dest_range, kind, peering.name, priority=each.priority)


def _rules(firewalls: Iterable[compute_v1.Firewall]) -> Iterator[Rule]:
    for each in firewalls:
        if each.direction == "EGRESS" and not each.disabled:
            yield Rule(
                network=short(each.network),
                name=each.name,
                priority=each.priority,
                allow=not each.denied,
                destinations=tuple(each.destination_ranges),
                traffic=_traffic(each.denied or each.allowed),
                tags=tuple(each.target_tags),
            )


def _traffic(entries: Sequence[Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((each.I_p_protocol, tuple(each.ports)) for each in entries)


def _endpoints(resources: Resources) -> Iterator[Endpoint]:
    for redis in resources.redis.values():
        network = short(redis.authorized_network)
        yield Endpoint("Redis", redis.host, network, redis.state in REDIS_UP, behind_peering=True)
    for sql in resources.sql.values():
        network = short(sql.settings.ip_configuration.private_network)
        for mapping in sql.ip_addresses:
            yield Endpoint("PostgreSQL", mapping.ip_address, network, _runs(sql))
    yield Endpoint("ClickHouse", baseline.CLICKHOUSE_ADDRESS, baseline.VPC)


def _runs(sql: sqladmin_v1.DatabaseInstance) -> bool:
    stopped = sql.settings.activation_policy == sqladmin_v1.Settings.SqlActivationPolicy.NEVER
    return not stopped and sql.state == sqladmin_v1.DatabaseInstance.SqlInstanceState.RUNNABLE
