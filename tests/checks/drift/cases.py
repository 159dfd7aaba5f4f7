"""Cases of drift: what is changed, and each field that then differs with its severity and effect."""

from dataclasses import dataclass, replace
from typing import Any

from checks.environment import Network
from checks.environment import Service as DeclaredService
from checks.observations import Blind, CloudState, Egress, NextHop, Ports
from checks.reasons import Reason
from checks.terraform.model import Infrastructure, Sensitive, Unevaluated
from tests.checks.drift.three_sides import (
    NETWORK,
    REGION,
    SERVICES,
    Step,
    all_of,
    declaring,
    environment,
    in_cloud,
    in_terraform,
    revision,
    serving,
)
from tests.checks.path import place

BACKEND = "google_cloud_run_v2_service.backend"
CONNECTOR = "google_vpc_access_connector.staging"
REDIS = "google_redis_instance.redis"
SQL = "google_sql_database_instance.postgres"
RULE = "google_compute_firewall.internal"
VPC = (BACKEND, "template", 0, "vpc_access", 0)
BY_CONNECTOR = "services.backend.vpc_access.connector"
BY_EGRESS = "services.backend.vpc_access.egress"
CUT = (
    "cuts Redis off; sends PostgreSQL over VPN tunnel legacy-vpn and ClickHouse over interconnect attachment"
)
LEGACY = place.connector("legacy-connector", place.DEFAULT, "10.8.0.0/28")


@dataclass(frozen=True)
class Case:
    """A change and what differs then: severity and a part of the effect, by field. `unknown` are fields that
    could not be compared."""

    name: str
    step: Step
    differs: dict[str, tuple[str, str]]
    unknown: tuple[str, ...] = ()


def same(name: str, step: Step) -> Case:
    """A difference of spelling, which is none."""
    return Case(name, step, {})


def with_legacy(step: Step) -> Step:
    """The older connector is there as well (which nobody manages)."""
    return all_of(in_cloud(place.adding("connectors", LEGACY)), step)


UNMANAGED = {"network.connectors.legacy-connector": ("cosmetic", "not in Terraform")}
SUBNET_ONLY = place.VpcAccess(
    None, Egress.ALL, (place.Interface(None, place.Ref("staging-subnet", "subnetworks", "", "")),)
)


def blinded(**fields: Any) -> Step:
    return in_cloud(place.having(**dict.fromkeys(fields, place.blind("x.y.list", "roles/viewer"))))


def redis(**fields: Any) -> Step:
    return in_cloud(place.but("redis", "staging-redis", **fields))


def sql(**fields: Any) -> Step:
    return in_cloud(place.but("sql", "staging-db", **fields))


def connector(**fields: Any) -> Step:
    return in_cloud(place.but("connectors", "staging-connector", **fields))


def tf_service(kind: str = "google_cloud_run_service", **template: Any) -> dict[str, Any]:
    return {"name": SERVICES["backend"], "location": place.REGION, "template": [template]}


def annotated(annotations: dict[str, str]) -> Step:
    """The service is the older resource."""
    account = "netra-backend@netra-staging.iam.gserviceaccount.com"
    values = tf_service(metadata=[{"annotations": annotations}], spec=[{"service_account_name": account}])
    return all_of(in_terraform(BACKEND, to=None), in_terraform("google_cloud_run_service.backend", to=values))


OLD_CONNECTOR = "run.googleapis.com/vpc-access-connector"
OLD_EGRESS = "run.googleapis.com/vpc-access-egress"
UNTOLD = Unevaluated("var.connector", "the variable has no value")
NO_FILE = Blind(Reason.FILE_UNREADABLE, "The state could not be read.")


def route(name: str, to: str, hop: NextHop, by: str = "") -> Any:
    return place.route(place.VPC, to, hop, name, by=by, priority=100)


PEERED = ("staging-vpc", place.PEERING)
ACTIVE = place.Peering(place.PEERING, place.Ref("redis-network", "networks", "producer", "global"), "ACTIVE")


def peering(*left: Any, routes: Any = None) -> Any:
    """staging-vpc has these peerings, with these routes in place of the usual one."""

    def change(state: CloudState) -> CloudState:
        assert not isinstance(state.networks, Blind)
        networks = tuple(
            replace(each, peerings=left) if each.ref == place.VPC else each for each in state.networks
        )
        kept = dict(state.peering_routes) if left else {}
        return replace(state, networks=networks, peering_routes=kept if routes is None else {PEERED: routes})

    return change


CUSTOM = in_cloud(
    place.imported(
        {
            PEERED: (
                place.route(
                    place.VPC, "10.166.204.80/29", NextHop.PEERING, "custom", by=place.PEERING,
                    status="ACTIVE", exchanged="STATIC_PEERING_ROUTE",
                ),
            )
        }
    )
)  # fmt: skip
"""Redis is reached by a custom route of its peer, which a more specific one of our own outranks."""
DENY = place.deny("deny-redis", 900, destinations=("10.166.204.80/29",), traffic=(Ports("tcp", ("6379",)),))
DENY_FAR = place.deny("deny-far", 900, destinations=("192.0.2.0/24",))
DENY_OFF = replace(DENY, disabled=True)
NO_CONNECTOR = Network(vpc="staging-vpc", ranges=environment().network.ranges)

DIRECT = place.direct(egress=Egress.ALL)

CASES: tuple[Case, ...] = (
    Case("all three agree", all_of(), {}),
    Case(
        "the declared connector is gone, and nothing leaves over it",
        all_of(
            in_cloud(place.but("connectors", "staging-connector")),
            *(serving(name, revision(name, 42, DIRECT), template=DIRECT) for name in SERVICES),
        ),
        {
            "network.connector.name": ("warning", "the connector is not there"),
            BY_CONNECTOR: ("warning", "every dependency is still reached"),
            "services.auth.vpc_access.connector": ("cosmetic", "no declared dependency"),
            "services.frontend.vpc_access.connector": ("cosmetic", "no declared dependency"),
        },
    ),
    # the incident, and parts of it
    Case(
        "the incident",
        with_legacy(serving("backend", revision("backend", 42, place.LEGACY))),
        {BY_CONNECTOR: ("critical", CUT), BY_EGRESS: ("warning", "public addresses"), **UNMANAGED},
    ),
    Case(
        "egress alone",
        serving("backend", revision("backend", 42, replace(place.STAGING, egress=None))),
        {BY_EGRESS: ("warning", "does not go through the VPC")},
    ),
    Case(
        "connector alone",
        with_legacy(serving("backend", revision("backend", 42, replace(place.LEGACY, egress=Egress.ALL)))),
        {BY_CONNECTOR: ("critical", "cuts Redis off"), **UNMANAGED},
    ),
    Case(
        "no VPC access",
        serving("backend", revision("backend", 42, None)),
        {BY_CONNECTOR: ("critical", "cuts Redis, PostgreSQL and ClickHouse off")},
    ),
    Case(
        "Direct VPC on the right network",
        serving("backend", revision("backend", 42, place.direct(egress=Egress.ALL))),
        {BY_CONNECTOR: ("warning", "every dependency is still reached")},
    ),
    Case(
        "Direct VPC on another network",
        serving("backend", revision("backend", 42, place.direct(place.DEFAULT, egress=Egress.ALL))),
        {BY_CONNECTOR: ("critical", CUT), "services.backend.vpc_access.network": ("critical", CUT)},
    ),
    Case(
        "a connector that nobody declared, on the right network",
        all_of(
            in_cloud(place.adding("connectors", place.connector("other", place.VPC, "10.9.0.0/28"))),
            serving(
                "backend",
                revision("backend", 42, replace(place.STAGING, connector=place.connector_ref("other"))),
            ),
        ),
        {
            BY_CONNECTOR: ("warning", "still reached"),
            "network.connectors.other": ("cosmetic", "not in Terraform"),
        },
    ),
    Case(
        "two revisions serve, one is wrong",
        with_legacy(serving("backend", revision("backend", 41), revision("backend", 42, place.LEGACY))),
        {BY_CONNECTOR: ("critical", CUT), BY_EGRESS: ("warning", "public"), **UNMANAGED},
    ),
    Case(
        "the template is wrong, and nothing of it serves",
        with_legacy(serving("backend", revision("backend"), template=place.LEGACY)),
        {
            "services.backend.template.vpc_access.connector": ("warning", "would cut Redis off"),
            "services.backend.template.vpc_access.egress": ("warning", "once it serves"),
            **UNMANAGED,
        },
    ),
    Case(
        "the template is right, the old revision serves",
        with_legacy(serving("backend", revision("backend", 42, place.LEGACY), template=place.STAGING)),
        {BY_CONNECTOR: ("critical", CUT), BY_EGRESS: ("warning", "public"), **UNMANAGED},
    ),
    Case(
        "a service that depends on nothing leaves otherwise",
        with_legacy(serving("auth", revision("auth", 18, place.LEGACY))),
        {
            "services.auth.vpc_access.connector": ("cosmetic", "no declared dependency"),
            "services.auth.vpc_access.egress": ("warning", "public"),
            **UNMANAGED,
        },
    ),
    Case(
        "a service is not there",
        in_cloud(place.but("services", SERVICES["auth"])),
        {"services.auth.cloud_run": ("critical", "not there")},
    ),
    Case(
        "a service that Terraform does not have",
        in_terraform("google_cloud_run_v2_service.auth", to=None),
        {"services.auth.cloud_run": ("warning", "not in Terraform")},
    ),
    Case(
        "another service account",
        serving("backend", replace(revision("backend", 42), service_account="x@y.iam.gserviceaccount.com")),
        {"services.backend.service_account": ("warning", "other permissions")},
    ),
    Case(
        "another ingress",
        serving("backend", revision("backend"), ingress="INGRESS_TRAFFIC_INTERNAL_ONLY"),
        {"services.backend.ingress": ("warning", "others may call it")},
    ),
    # Terraform alone
    Case(
        "Terraform would take the right connector away",
        in_terraform(*VPC, "connector", to=f"{REGION}/connectors/gone"),
        {
            BY_CONNECTOR: (
                "warning",
                "the next apply of Terraform would cut Redis, PostgreSQL and ClickHouse off",
            )
        },
    ),
    Case(
        "Terraform has the older connector",
        with_legacy(in_terraform(*VPC, "connector", to="legacy-connector")),
        {BY_CONNECTOR: ("warning", "not now; the next apply of Terraform would cut Redis off"), **UNMANAGED},
    ),
    Case(
        "Terraform has another egress",
        in_terraform(*VPC, "egress", to="PRIVATE_RANGES_ONLY"),
        {BY_EGRESS: ("warning", "the next apply of Terraform sets it to private-ranges-only")},
    ),
    Case(
        "Terraform has another range",
        in_terraform(CONNECTOR, "ip_cidr_range", to="10.2.0.0/28"),
        {"network.connector.cidr": ("warning", "not now; the next apply")},
    ),
    Case(
        "Terraform is of another project",
        lambda world: replace(world, terraform=Infrastructure(recorded=(), projects=("another-project",))),
        {"project": ("warning", "another project")},
    ),
    # connector
    Case(
        "the connector was deleted",
        in_cloud(place.but("connectors", "staging-connector")),
        {"network.connector.name": ("critical", "cuts Redis, PostgreSQL and ClickHouse off")},
    ),
    Case(
        "the connector is on another network",
        connector(network=place.DEFAULT),
        {"network.connector.network": ("critical", CUT)},
    ),
    Case(
        "the connector has another range",
        connector(cidr="10.1.0.16/28"),
        {"network.connector.cidr": ("warning", "do not match")},
    ),
    Case(
        "the connector has other machines",
        connector(machine_type="f1-micro"),
        {"network.connector.machine_type": ("cosmetic", "cosmetic")},
    ),
    Case(
        "the connector has fewer machines",
        connector(max_instances=2),
        {"network.connector.max_instances": ("warning", "too slow")},
    ),
    Case(
        "the connector has more machines",
        connector(max_instances=5),
        {"network.connector.max_instances": ("cosmetic", "cosmetic")},
    ),
    Case(
        "the connector is not in Terraform",
        all_of(
            in_terraform(CONNECTOR, to=None),
            in_terraform("google_vpc_access_connector.x", to={"name": "x", "region": place.REGION}),
        ),
        {
            "network.connector.name": ("warning", "not in Terraform"),
            "network.connectors.x": ("cosmetic", "cosmetic"),
        },
    ),
    Case("a connector that nobody manages", with_legacy(all_of()), UNMANAGED),
    # network
    Case(
        "the network was deleted",
        in_cloud(place.but("networks", "staging-vpc")),
        {"network.vpc": ("warning", "not there")},
    ),
    Case(
        "a subnet has another range",
        in_cloud(place.but("subnets", "staging-subnet", ranges=("10.30.0.0/24",))),
        {"network.subnets.staging-subnet.cidr": ("warning", "cannot be reached")},
    ),
    Case(
        "a rule denies Redis",
        in_cloud(place.adding("firewalls", DENY)),
        {"network.firewalls.deny-redis": ("critical", "cuts Redis off")},
    ),
    Case(
        "a rule denies something else",
        in_cloud(place.adding("firewalls", DENY_FAR)),
        {"network.firewalls.deny-far": ("warning", "no declared path")},
    ),
    Case("a rule that is switched off", in_cloud(place.adding("firewalls", DENY_OFF)), {}),
    Case(
        "a rule was deleted",
        in_cloud(place.but("firewalls", "staging-allow-internal")),
        {"network.firewalls.staging-allow-internal": ("warning", "no declared path")},
    ),
    Case(
        "a rule was changed",
        in_cloud(place.but("firewalls", "staging-allow-internal", priority=10)),
        {"network.firewalls.staging-allow-internal": ("warning", "no declared path")},
    ),
    Case(
        "a route to nowhere, and Terraform manages routes",
        all_of(
            in_terraform(
                "google_compute_route.a",
                to={
                    "name": "a",
                    "network": NETWORK,
                    "dest_range": "198.51.100.0/24",
                    "priority": 100,
                    "next_hop_instance": "nat",
                },
            ),
            CUSTOM,
            in_cloud(
                place.adding(
                    "routes",
                    route("a", "198.51.100.0/24", NextHop.INSTANCE, "nat"),
                    route("b", "10.166.204.83/32", NextHop.BLACKHOLE),
                )
            ),
        ),
        {"network.routes.b": ("critical", "cuts Redis off")},
    ),
    Case(
        "a route to nowhere, and Terraform manages none",
        all_of(CUSTOM, in_cloud(place.adding("routes", route("b", "10.166.204.83/32", NextHop.BLACKHOLE)))),
        {"network.routes.b": ("critical", "cuts Redis off")},
    ),
    Case(
        "a route on which nothing depends, and Terraform manages none",
        in_cloud(place.adding("routes", route("b", "198.51.100.0/24", NextHop.BLACKHOLE))),
        {"network.routes.b": ("cosmetic", "not in Terraform")},
    ),
    # peerings
    Case(
        "the peering is inactive",
        in_cloud(peering(replace(ACTIVE, state="INACTIVE"))),
        {"checks.redis.peering": ("critical", "cuts Redis off")},
    ),
    Case(
        "the peering imports nothing",
        in_cloud(peering(ACTIVE, routes=())),
        {"checks.redis.peering": ("critical", "cuts Redis off")},
    ),
    Case(
        "the peering is gone",
        in_cloud(peering()),
        {"checks.redis.peering": ("critical", "cuts Redis off")},
    ),
    Case(
        "the routes of the peering were not read",
        in_cloud(peering(ACTIVE, routes=place.blind("x", "y"))),
        {},
        ("checks.redis.peering",),
    ),
    Case(
        "Redis moved to another network with its peering",
        all_of(redis(network=place.DEFAULT), in_cloud(peering())),
        {"checks.redis.network": ("critical", "cuts Redis off")},
    ),
    # stores
    Case(
        "Redis moved within its range",
        redis(host="10.166.204.84"),
        {"checks.redis.host": ("critical", "cuts Redis off")},
    ),
    Case(
        "Redis is authorized for another network",
        redis(network=place.DEFAULT),
        {"checks.redis.network": ("warning", "what it does to the path to Redis could not be told")},
    ),
    Case("Redis has another port", redis(port=6380), {"checks.redis.port": ("critical", "cuts Redis off")}),
    Case("Redis needs no AUTH any more", redis(auth_enabled=False), {"checks.redis.auth": ("warning", "")}),
    Case(
        "Redis speaks TLS",
        redis(transit_encryption=True),
        {"checks.redis.tls": ("critical", "cuts Redis off")},
    ),
    Case(
        "Redis was deleted",
        in_cloud(place.having(redis=())),
        {"checks.redis.instance": ("critical", "not there")},
    ),
    Case("Redis is in a service state", redis(state="MAINTENANCE"), {}),
    Case(
        "PostgreSQL was stopped",
        sql(activation="NEVER", state="STOPPED"),
        {"checks.postgres.activation": ("critical", "cuts PostgreSQL off")},
    ),
    Case(
        "PostgreSQL has another address",
        sql(private_addresses=("10.20.0.6",)),
        {"checks.postgres.host": ("warning", "another address")},
    ),
    Case(
        "PostgreSQL is of another version",
        sql(version="POSTGRES_17"),
        {"checks.postgres.version": ("cosmetic", "cosmetic")},
    ),
    Case(
        "PostgreSQL is on another network",
        sql(network=place.DEFAULT),
        {"checks.postgres.network": ("warning", "another network")},
    ),
    # spellings
    same(
        "a project's number",
        in_terraform(
            *VPC,
            "connector",
            to=f"projects/{place.NUMBER}/locations/{place.REGION}/connectors/staging-connector",
        ),
    ),
    same("a bare connector", in_terraform(*VPC, "connector", to="staging-connector")),
    same(
        "a network's URL",
        in_terraform(CONNECTOR, "network", to=f"https://www.googleapis.com/compute/v1/{NETWORK}"),
    ),
    same("egress in small letters", in_terraform(*VPC, "egress", to="all-traffic")),
    same(
        "throughput in place of instances",
        all_of(
            in_terraform(CONNECTOR, "min_instances", to=None),
            in_terraform(CONNECTOR, "max_instances", to=None),
            in_terraform(CONNECTOR, "min_throughput", to=200),
            in_terraform(CONNECTOR, "max_throughput", to=300),
        ),
    ),
    same("ranges in another order", in_terraform(RULE, "source_ranges", to=["10.1.0.0/28", "10.20.0.0/24"])),
    same(
        "a protocol's number", in_terraform(RULE, "allow", to=[{"protocol": "6", "ports": ["8123", "5432"]}])
    ),
    same("a range's name for a CIDR", in_terraform(REDIS, "reserved_ip_range", to="redis-range")),
    same("Terraform is silent about AUTH", in_terraform(REDIS, "auth_enabled", to=None)),
    same("the older resource", annotated({OLD_CONNECTOR: "staging-connector", OLD_EGRESS: "all-traffic"})),
    same("no Terraform", lambda world: replace(world, terraform=None)),
    same(
        "Direct VPC declared by its subnet",
        all_of(
            declaring(network=NO_CONNECTOR),
            *(
                in_terraform(
                    f"google_cloud_run_v2_service.{name}",
                    "template",
                    0,
                    "vpc_access",
                    to=[
                        {
                            "egress": "ALL_TRAFFIC",
                            "network_interfaces": [
                                {"network": "staging-vpc", "subnetwork": "staging-subnet"}
                            ],
                        }
                    ],
                )
                for name in SERVICES
            ),
            *(serving(name, revision(name, 42, SUBNET_ONLY), template=SUBNET_ONLY) for name in SERVICES),
        ),
    ),
    same(
        "an image, which is the pipeline's",
        in_terraform(BACKEND, "template", 0, "containers", to=[{"image": "x:1"}]),
    ),
    same(
        "a service account in other letters",
        serving(
            "backend",
            replace(
                revision("backend", 42),
                service_account="netra-backend@netra-staging.iam.gserviceaccount.com".upper(),
            ),
        ),
    ),
    same(
        "a service that needs nothing has no connector declared",
        declaring(
            services={**environment().services, "auth": DeclaredService(cloud_run=SERVICES["auth"], uses=())}
        ),
    ),
    # what could not be told
    Case("a variable without a value", in_terraform(*VPC, "connector", to=UNTOLD), {}, (BY_CONNECTOR,)),
    Case(
        "a value that is marked sensitive",
        in_terraform(*VPC, "connector", to=Sensitive()),
        {},
        (BY_CONNECTOR,),
    ),
    Case(
        "a variable, and the live one is wrong",
        with_legacy(
            all_of(
                in_terraform(*VPC, "connector", to=UNTOLD),
                serving("backend", revision("backend", 42, place.LEGACY)),
            )
        ),
        {BY_CONNECTOR: ("critical", CUT), BY_EGRESS: ("warning", "public"), **UNMANAGED},
        ("services.backend.template.vpc_access.connector",),
    ),
    Case(
        "the revisions cannot be read",
        in_cloud(
            lambda state: replace(
                state,
                revisions={
                    **state.revisions,
                    SERVICES["backend"]: place.blind("run.revisions.list", "roles/run.viewer"),
                },
            )
        ),
        {},
        (BY_CONNECTOR, BY_EGRESS, "services.backend.service_account", "services.backend.vpc_access.network"),
    ),
    Case(
        "Redis cannot be read",
        blinded(redis=1),
        {},
        tuple(
            f"checks.redis.{each}"
            for each in (
                "auth",
                "connect_mode",
                "host",
                "instance",
                "network",
                "port",
                "reserved_range",
                "tls",
            )
        ),
    ),
    Case(
        "firewalls cannot be read",
        blinded(firewalls=1),
        {},
        ("network.firewalls", "network.firewalls.staging-allow-internal"),
    ),
    Case(
        "nothing serves",
        in_cloud(
            lambda state: replace(
                state,
                services=tuple(
                    replace(each, serving=()) if each.name == SERVICES["auth"] else each
                    for each in state.services
                ),
            )
        ),
        {},
        tuple(
            f"services.auth.{each}"
            for each in ("service_account", "vpc_access.connector", "vpc_access.egress", "vpc_access.network")
        ),
    ),
    Case(
        "Terraform skipped something",
        with_legacy(
            lambda world: replace(
                world, terraform=replace(world.terraform, incomplete=("A module was skipped.",))
            )
        ),
        {},
        ("network.connectors.legacy-connector",),
    ),
    Case(
        "a name that cannot be told",
        all_of(in_terraform(CONNECTOR, "name", to=UNTOLD)),
        {},
        tuple(
            f"network.connector.{each}"
            for each in ("cidr", "machine_type", "max_instances", "min_instances", "name", "network")
        ),
    ),
)
