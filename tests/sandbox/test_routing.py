"""The sandbox's own physics: which way packets take, as a table and as properties."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.routing import Access, Connector, Endpoint, Fabric, Route, Rule, way, way_from_office

REDIS, POSTGRES, CLICKHOUSE, PUBLIC = "10.166.204.83", "10.20.0.5", "10.20.0.9", "203.0.113.10"
HERE = "us-central1"
GOOD = Access(connector=(HERE, "good"), all_traffic=True)
OLD = Access(connector=(HERE, "old"))
FABRIC = Fabric(
    region=HERE,
    connectors=(Connector(HERE, "good", "vpc", "READY"), Connector(HERE, "old", "default", "READY")),
    networks=frozenset({"vpc", "default"}),
    routes=(
        Route("vpc", "0.0.0.0/0", "gateway", priority=1000),
        Route("vpc", "10.20.0.0/24", "subnet"),
        Route("vpc", "10.166.204.80/29", "peering", "redis-peer"),
        Route("default", "0.0.0.0/0", "gateway", priority=1000),
        Route("default", "10.20.0.4/30", "vpn", "tunnel"),
        Route("default", "10.166.0.0/16", "vpn", "tunnel", priority=900),
    ),
    endpoints=(
        Endpoint("Redis", REDIS, "vpc", behind_peering=True),
        Endpoint("PostgreSQL", POSTGRES, "vpc"),
        Endpoint("ClickHouse", CLICKHOUSE, "vpc"),
    ),
    tunnels={"tunnel": "vpc"},
)


def deny(**fields: object) -> Rule:
    """A rule that drops everything, narrowed by its fields."""
    return replace(Rule("vpc", "deny", 900, allow=False), **fields)  # type: ignore[arg-type]  # fields vary


def with_rules(*rules: Rule) -> Fabric:
    """The fabric with these firewall rules."""
    return replace(FABRIC, rules=rules)


def with_routes(*routes: Route) -> Fabric:
    """The fabric with more routes."""
    return replace(FABRIC, routes=(*FABRIC.routes, *routes))


def peered_by_a_custom_route(*routes: Route) -> Fabric:
    """Redis is reached over a custom route of the peer, and there are these routes as well."""
    custom = Route("vpc", "10.166.204.80/29", "custom peering", "redis-peer")
    kept = [each for each in FABRIC.routes if each.kind != "peering"]
    return replace(FABRIC, routes=(*kept, custom, *routes))


def with_connector(**fields: object) -> Fabric:
    """The fabric with another `good` connector."""
    good = replace(FABRIC.connectors[0], **fields)  # type: ignore[arg-type]  # fields vary
    return replace(FABRIC, connectors=(good, FABRIC.connectors[1]))


OPEN: dict[str, tuple[Fabric, Access | None, str, tuple[str, ...]]] = {
    "over the peering": (FABRIC, GOOD, REDIS, ("good", "vpc", "redis-peer")),
    "into the subnet": (FABRIC, GOOD, POSTGRES, ("good", "vpc")),
    "private ranges to a private address": (
        FABRIC,
        replace(GOOD, all_traffic=False),
        REDIS,
        ("good", "vpc", "redis-peer"),
    ),
    "private ranges to a public address": (FABRIC, OLD, PUBLIC, ("internet",)),
    "no VPC access to a public address": (FABRIC, None, PUBLIC, ("internet",)),
    "all traffic to a public address": (FABRIC, GOOD, PUBLIC, ("good", "vpc", "internet")),
    "a detour over a tunnel": (FABRIC, OLD, POSTGRES, ("old", "default", "tunnel", "vpc")),
    "an interface": (FABRIC, Access(network="vpc"), REDIS, ("vpc", "redis-peer")),
    "a connector that scales": (with_connector(state="UPDATING"), GOOD, POSTGRES, ("good", "vpc")),
    "an allow above the deny": (
        with_rules(deny(), Rule("vpc", "allow", 800, allow=True)),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
    "a deny for another port": (
        with_rules(deny(traffic=(("tcp", ("25", "6000-6100")),))),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
    "a deny for another protocol": (
        with_rules(deny(traffic=(("udp", ()),))),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
    "a deny for another tag": (with_rules(deny(tags=("web",))), GOOD, POSTGRES, ("good", "vpc")),
    "a deny for another range": (
        with_rules(deny(destinations=("10.21.0.0/16",))),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
    "a deny of another network": (with_rules(deny(network="default")), GOOD, POSTGRES, ("good", "vpc")),
    "a route for another tag": (
        with_routes(Route("vpc", "10.20.0.5/32", "address", "10.0.0.1", tags=("web",))),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
    "a stray route of one address, in a subnet": (
        with_routes(Route("vpc", "10.20.0.5/32", "address", "10.0.0.1", "stray")),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
    "a stray route of one address, in a peer's subnet": (
        with_routes(Route("vpc", "10.166.204.83/32", "gateway", name="stray", priority=1)),
        GOOD,
        REDIS,
        ("good", "vpc", "redis-peer"),
    ),
    "a custom route of a peer": (peered_by_a_custom_route(), GOOD, REDIS, ("good", "vpc", "redis-peer")),
    "a worse route of the same length": (
        with_routes(Route("vpc", "10.20.0.0/24", "address", "10.0.0.1", priority=5)),
        GOOD,
        POSTGRES,
        ("good", "vpc"),
    ),
}
SHUT: dict[str, tuple[Fabric, Access | None, str, str]] = {
    "peering is not transitive": (FABRIC, OLD, REDIS, "reaches its subnets only"),
    "no route but the internet's": (FABRIC, OLD, CLICKHOUSE, "to the internet"),
    "no VPC access": (FABRIC, None, POSTGRES, "no VPC access"),
    "no such connector": (FABRIC, Access(connector=(HERE, "gone")), REDIS, "no connector gone"),
    "a connector of another region": (
        with_connector(region="us-east1"),
        replace(GOOD, connector=("us-east1", "good")),
        REDIS,
        "is in us-east1",
    ),
    "a connector in ERROR": (with_connector(state="ERROR"), GOOD, REDIS, "is ERROR"),
    "a connector's network is gone": (with_connector(network="moon"), GOOD, REDIS, "which is gone"),
    "an interface on another network": (FABRIC, Access(network="default"), REDIS, "subnets only"),
    "an interface on no network": (FABRIC, Access(network="moon"), REDIS, "no network moon"),
    "a deny": (with_rules(deny()), GOOD, REDIS, "rule deny"),
    "a deny of its range and port": (
        with_rules(deny(destinations=("10.166.0.0/16",), traffic=(("tcp", ("6379",)),))),
        GOOD,
        REDIS,
        "rule deny",
    ),
    "a deny for connectors": (with_rules(deny(tags=("vpc-connector",))), GOOD, REDIS, "rule deny"),
    "a deny for this connector": (
        with_rules(deny(tags=("vpc-connector-us-central1-good",))),
        GOOD,
        REDIS,
        "rule deny",
    ),
    "a deny beats an allow of its priority": (
        with_rules(Rule("vpc", "allow", 900, allow=True), deny()),
        GOOD,
        REDIS,
        "rule deny",
    ),
    "a more specific route to nowhere": (
        peered_by_a_custom_route(Route("vpc", "10.166.204.83/32", "address", "10.0.0.1", "stray", 1000)),
        GOOD,
        REDIS,
        "route stray",
    ),
    "a more specific route beside a detour": (
        with_routes(Route("default", "10.20.0.5/32", "gateway", name="stray")),
        OLD,
        POSTGRES,
        "to the internet",
    ),
    "a tunnel that leads nowhere": (
        with_routes(Route("default", "10.20.0.5/32", "vpn", "lost")),
        OLD,
        POSTGRES,
        "lost leads nowhere",
    ),
    "a broad tunnel leads to no peering": (
        with_routes(Route("default", "10.0.0.0/8", "vpn", "tunnel", priority=1)),
        OLD,
        REDIS,
        "reaches its subnets only",
    ),
    "the target is down": (
        replace(FABRIC, endpoints=(Endpoint("Redis", REDIS, "vpc", up=False, behind_peering=True),)),
        GOOD,
        REDIS,
        "does not run",
    ),
    "the target has moved": (replace(FABRIC, endpoints=()), GOOD, REDIS, "nothing of vpc has the address"),
    "no network has a route": (replace(FABRIC, routes=()), GOOD, REDIS, "no route"),
    "IPv6": (FABRIC, GOOD, "2001:db8::1", "no IPv6"),
    "no address": (FABRIC, GOOD, "redis", "does not appear to be"),
}
PORTS = {REDIS: 6379, POSTGRES: 5432}


@pytest.mark.parametrize("case", OPEN)
def test_packets_arrive_over_these_hops(case: str) -> None:
    """Each look-alike of a fault lets packets through."""
    network, access, address, hops = OPEN[case]
    found = way(network, access, address, PORTS.get(address, 443))
    assert found.why is None
    assert found.hops == hops


@pytest.mark.parametrize("case", SHUT)
def test_packets_are_dropped_for_this_reason(case: str) -> None:
    """Each fault of the configuration drops packets, and says where."""
    network, access, address, why = SHUT[case]
    found = way(network, access, address, PORTS.get(address, 443))
    assert not found.open
    assert why in (found.why or "")


def test_the_office_has_a_line_of_its_own() -> None:
    """Only what listens decides there, never the VPC access of a service."""
    down = replace(FABRIC, endpoints=(Endpoint("Redis", REDIS, "vpc", up=False, behind_peering=True),))
    assert way_from_office(FABRIC, REDIS).open
    assert way_from_office(down, REDIS).why == "Redis does not run"
    assert way_from_office(down, POSTGRES).why == "nothing has the address 10.20.0.5"


@given(
    st.sampled_from([case[:3] for case in (*OPEN.values(), *SHUT.values())]),
    st.permutations(range(6)),
    st.integers(1, 65535),
)
def test_the_order_of_routes_does_not_matter(
    case: tuple[Fabric, Access | None, str], order: list[int], port: int
) -> None:
    """Whatever is asked, the answer is the same for the same configuration, and nothing is raised."""
    network, access, address = case
    routes = network.routes
    shuffled = tuple(routes[index] for index in order if index < len(routes)) + routes[6:]
    assert way(replace(network, routes=shuffled), access, address, port) == way(
        network, access, address, port
    )
