"""The staging world as observations, for tests of paths: what each case starts from and changes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from checks.names import Ref
from checks.observations import (
    Blind,
    CloudState,
    Connector,
    Egress,
    Firewall,
    Interface,
    Network,
    NextHop,
    Peering,
    Ports,
    RedisInstance,
    Revision,
    Route,
    Service,
    Source,
    SqlInstance,
    Subnet,
    TrafficShare,
    VpcAccess,
)
from checks.path.model import Target
from checks.reasons import Reason

PROJECT, NUMBER, REGION = "netra-staging", "481516234200", "us-central1"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BACKEND = "netra-backend-staging"
GOOD, BAD = f"{BACKEND}-00041-abc", f"{BACKEND}-00042-xyz"
PEERING = "redis-peer-736208540931"

REDIS = Target("redis", "Redis", "redis", "10.166.204.83", 6379, ("10.166.204.83",), tls=False, auth=True)
POSTGRES = Target("postgres", "PostgreSQL", "postgres", "10.20.0.5", 5432, ("10.20.0.5",))
CLICKHOUSE = Target("clickhouse", "ClickHouse", "clickhouse", "10.20.0.9", 8123, ("10.20.0.9",))
TARGETS = {each.name: each for each in (REDIS, POSTGRES, CLICKHOUSE)}

LISTS = ("services", "connectors", "networks", "subnets", "routes", "firewalls", "redis", "sql")
"""Fields of a state that are read as a whole or not at all."""

Change = Callable[[CloudState], CloudState]


def source(system: str, resource: str) -> Source:
    """Where a made-up fact was read."""
    return Source(system, resource, NOW)


def network(name: str, project: str = PROJECT) -> Ref:
    """A network's ref."""
    return Ref(name, "networks", project, "global")


def connector_ref(name: str, region: str = REGION, project: str = PROJECT) -> Ref:
    """A connector's ref."""
    return Ref(name, "connectors", project, region)


VPC, DEFAULT = network("staging-vpc"), network("default")
STAGING = VpcAccess(connector_ref("staging-connector"), Egress.ALL)
LEGACY = VpcAccess(connector_ref("legacy-connector"), Egress.PRIVATE_RANGES)


def direct(
    network_ref: Ref | None = VPC, tags: tuple[str, ...] = (), egress: Egress | None = None
) -> VpcAccess:
    """Direct VPC egress."""
    return VpcAccess(None, egress, (Interface(network_ref, None, tags),))


def connector(name: str, on: Ref, cidr: str, state: str = "READY", region: str = REGION) -> Connector:
    """A connector."""
    read = source("vpc_access", name)
    return Connector(connector_ref(name, region), state, on, read, cidr, machine_type="e2-micro")


def route(on: Ref, destination: str, hop: NextHop, name: str = "", *, by: str = "", **more: Any) -> Route:
    """A route."""
    return Route(on, destination, hop, source("compute", name or destination), by, name, **more)


def deny(name: str, priority: int, on: Ref = VPC, *, allow: bool = False, **more: Any) -> Firewall:
    """An egress rule that denies everything it is about."""
    traffic = more.pop("traffic", (Ports("all"),))
    return Firewall(name, on, "EGRESS", priority, allow, source("compute", name), traffic, **more)


def revision(name: str, vpc: VpcAccess | None, **more: Any) -> Revision:
    """A revision of the backend, ready."""
    return Revision(name, BACKEND, vpc, source("cloud_run", name), **{"ready": True, **more})


def service(*serving: TrafficShare, **more: Any) -> Service:
    """The backend's service."""
    return Service(BACKEND, source("cloud_run", BACKEND), serving=serving, **more)


def blind(permission: str = "", role: str = "") -> Blind:
    """Something that may not be read."""
    message = f"I can't read it in {PROJECT}: permission {permission} is missing"
    command = f"gcloud projects add-iam-policy-binding {PROJECT} --role={role}"
    return Blind(Reason.CLOUD_PERMISSION, message, permission, role, command)


def staging() -> CloudState:
    """All well: the serving revision leaves over staging-connector."""
    sql = SqlInstance(
        "staging-db",
        "RUNNABLE",
        source("sql", "staging-db"),
        ("10.20.0.5",),
        (),
        VPC,
        "POSTGRES_16",
        REGION,
        "ALWAYS",
    )
    redis = RedisInstance(
        "staging-redis", "10.166.204.83", 6379, "READY", VPC, source("redis", "staging-redis"), REGION,
        connect_mode="DIRECT_PEERING", reserved_range="10.166.204.80/29", auth_enabled=True,
    )  # fmt: skip
    peering = Peering(PEERING, Ref("redis-network", "networks", "producer", "global"), "ACTIVE")
    read = source("compute", "networks")
    return CloudState(
        PROJECT,
        REGION,
        NOW,
        NUMBER,
        services=(service(TrafficShare(GOOD, 100, latest=True), template_vpc=STAGING),),
        revisions={BACKEND: (revision(GOOD, STAGING), revision(BAD, LEGACY))},
        connectors=(
            connector("staging-connector", VPC, "10.1.0.0/28"),
            connector("legacy-connector", DEFAULT, "10.8.0.0/28"),
        ),
        networks=(Network(VPC, read, (peering,)), Network(DEFAULT, read)),
        subnets=(
            Subnet(Ref("staging-subnet", "subnetworks", PROJECT, REGION), VPC, ("10.20.0.0/24",), read),
        ),
        routes=(
            route(VPC, "0.0.0.0/0", NextHop.GATEWAY, "default-route-vpc", priority=1000),
            route(VPC, "10.20.0.0/24", NextHop.SUBNET, "subnet-route"),
            route(DEFAULT, "0.0.0.0/0", NextHop.GATEWAY, "default-route", priority=1000),
            route(DEFAULT, "10.20.0.4/30", NextHop.VPN, "dynamic-sql", by="legacy-vpn"),
            route(DEFAULT, "10.20.0.8/29", NextHop.INTERCONNECT, "dynamic-ch", by="legacy-interconnect"),
        ),
        peering_routes={
            ("staging-vpc", PEERING): (
                route(VPC, "10.166.204.80/29", NextHop.PEERING, "peering-route", by=PEERING, status="ACTIVE"),
            )
        },
        firewalls=(),
        redis=(redis,),
        sql=(sql,),
    )


def seed() -> CloudState:
    """The incident: the deploy script's revision serves."""
    return serving(BAD)(staging())


def serving(*names: str, **shares: int) -> Change:
    """These revisions get the traffic, in equal parts."""
    each = 100 // max(1, len(names))
    traffic = tuple(TrafficShare(name, each) for name in names)
    return lambda state: replace(state, services=(service(*traffic, template_vpc=STAGING),))


def leaving(vpc: VpcAccess | None, **more: Any) -> Change:
    """The serving revision has this VPC access."""
    return lambda state: replace(state, revisions={BACKEND: (revision(GOOD, vpc, **more),)})


def having(**fields: Any) -> Change:
    """Fields of the state are these."""
    return lambda state: replace(state, **fields)


def adding(field: str, *things: Any) -> Change:
    """A field of the state has these as well."""
    return lambda state: replace(state, **{field: (*getattr(state, field), *things)})


def but(field: str, name: str, **fields: Any) -> Change:
    """One thing of a field, by its name, is different; without fields it is gone."""

    def change(state: CloudState) -> CloudState:
        kept = [
            replace(each, **fields) if _name(each) == name else each
            for each in getattr(state, field)
            if fields or _name(each) != name
        ]
        return replace(state, **{field: tuple(kept)})

    return change


def all_of(*changes: Change) -> Change:
    """One change after the other."""

    def change(state: CloudState) -> CloudState:
        for each in changes:
            state = each(state)
        return state

    return change


def imported(routes: Mapping[tuple[str, str], Any]) -> Change:
    """Peerings import these routes."""
    return having(peering_routes=dict(routes))


def _name(thing: Any) -> str:
    return thing.ref.name if hasattr(thing, "ref") else thing.name
