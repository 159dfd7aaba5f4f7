"""Reasoning over many services: what a path costs among 500 services, against among 50 of one project."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network

from benchmarks.measure import Row, in_turns
from checks.names import Ref
from checks.observations import (
    CloudState,
    Connector,
    Egress,
    Firewall,
    Network,
    NextHop,
    Peering,
    Ports,
    RedisInstance,
    Revision,
    Route,
    Service,
    Source,
    Subnet,
    TrafficShare,
    VpcAccess,
)
from checks.path.explain import Paths
from checks.path.model import Target

SERVICES, FEW = 500, 50
NETWORKS, SUBNETS, RULES, INSTANCES = 4, 200, 100, 40
REPEAT = 5
# Among ten times as many services a path may cost half as much again, so the whole stays linear.
TARGET = 1.5
NOW = datetime(2026, 1, 1, tzinfo=UTC)
READ = Source("made up", "for a benchmark", NOW)
TARGETS = (
    Target("redis", "Redis", "redis", "10.166.0.4", 6379, ("10.166.0.4",)),
    Target("machine", "Machine", "clickhouse", "10.0.3.9", 8123, ("10.0.3.9",)),
    Target("partner", "Partner", "http", "198.51.100.7", 443, ("198.51.100.7",)),
)


async def rows() -> list[Row]:
    """Milliseconds for one path, the indexing of its state included."""
    many, few = project(SERVICES), project(FEW)
    ours, baseline = await in_turns(lambda: _each_path(many), lambda: _each_path(few), repeat=REPEAT)
    total = ours * SERVICES * len(TARGETS)
    name = f"a path among {SERVICES} services over one among {FEW}"
    return [Row(name, ours, baseline, "ms", TARGET, note=f"(all {SERVICES * len(TARGETS)}: {total:.0f} ms)")]


async def _each_path(state: CloudState) -> float:
    """Milliseconds per path, over every service and target of a project."""
    began = time.perf_counter()
    paths = Paths(state)
    judged = 0
    for service in state.services if isinstance(state.services, tuple) else ():
        for target in TARGETS:
            judged += len(paths.explain(service.name, target))
    return (time.perf_counter() - began) * 1000 / judged


def project(services: int) -> CloudState:
    """A project of so many services; all else is the same for any number."""
    networks = tuple(_network(number) for number in range(NETWORKS))
    return CloudState(
        "bench",
        "us-central1",
        NOW,
        services=tuple(
            Service(f"s{n}", READ, serving=(TrafficShare(f"s{n}-00001", 100),)) for n in range(services)
        ),
        revisions={f"s{n}": (_revision(n),) for n in range(services)},
        connectors=tuple(_connector(number) for number in range(NETWORKS)),
        networks=networks,
        subnets=tuple(
            Subnet(Ref(f"sub{n}", "subnetworks"), _ref(n % NETWORKS), (f"10.0.{n}.0/24",), READ)
            for n in range(SUBNETS)
        ),
        routes=tuple(
            Route(_ref(n % NETWORKS), f"10.0.{n}.0/24", NextHop.SUBNET, READ) for n in range(SUBNETS)
        ),
        peering_routes={
            (each.ref.name, "redis"): (
                Route(each.ref, "10.166.0.0/16", NextHop.PEERING, READ, "redis", status="ACTIVE"),
            )
            for each in networks
        },
        firewalls=tuple(_rule(number) for number in range(RULES)),
        redis=tuple(
            _redis(number, str(IPv4Network("10.166.0.0/16")[4 + 8 * number])) for number in range(INSTANCES)
        ),
    )


def _ref(number: int) -> Ref:
    return Ref(f"vpc{number}", "networks", "bench", "global")


def _network(number: int) -> Network:
    return Network(_ref(number), READ, (Peering("redis", Ref("producer", "networks", "google"), "ACTIVE"),))


def _connector(number: int) -> Connector:
    ref = Ref(f"c{number}", "connectors", "bench", "us-central1")
    return Connector(ref, "READY", _ref(number), READ, f"10.8.0.{16 * number}/28")


def _revision(number: int) -> Revision:
    vpc = VpcAccess(_connector(number % NETWORKS).ref, Egress.PRIVATE_RANGES)
    return Revision(f"s{number}-00001", f"s{number}", vpc, READ, ready=True)


def _rule(number: int) -> Firewall:
    rule = Firewall(f"r{number}", _ref(number % NETWORKS), "EGRESS", number, allow=False, source=READ)
    return replace(rule, traffic=(Ports("tcp", ("25",)),))


def _redis(number: int, host: str) -> RedisInstance:
    return RedisInstance(f"redis{number}", host, 6379, "READY", _ref(number % NETWORKS), READ)
