"""Configurations of which too little is known: what is said is unknown, and what would tell."""

from dataclasses import replace

from checks.names import Ref
from checks.observations import Condition, Egress, Interface, NextHop, TrafficShare, VpcAccess
from tests.checks.path.cases.case import Case
from tests.checks.path.cases.misconfigurations import PUBLIC
from tests.checks.path.place import (
    BACKEND,
    BAD,
    GOOD,
    LEGACY,
    PEERING,
    POSTGRES,
    REDIS,
    STAGING,
    VPC,
    adding,
    all_of,
    blind,
    but,
    connector_ref,
    deny,
    direct,
    having,
    imported,
    leaving,
    revision,
    route,
    service,
    serving,
)

RUN = blind("run.services.list", "roles/run.viewer")
REVISIONS = blind("run.revisions.list", "roles/run.viewer")
CONNECTORS = blind("vpcaccess.connectors.list", "roles/vpcaccess.viewer")
COMPUTE = blind("compute.routes.list", "roles/compute.networkViewer")
FIREWALLS = blind("compute.firewalls.list", "roles/compute.networkViewer")
PEERINGS = blind("compute.networks.listPeeringRoutes", "roles/compute.networkViewer")
MEMORYSTORE = blind("redis.instances.list", "roles/redis.viewer")
SQL = blind("cloudsql.instances.list", "roles/cloudsql.viewer")
AFTER_EGRESS = ("connector", "network", "route", "more_specific", "firewall", "target")

CASES = (
    Case(
        "services may not be read",
        having(services=RUN),
        "unknown",
        "serving",
        says=("run.services.list",),
        needs=("roles/run.viewer",),
    ),
    Case(
        "revisions may not be read",
        having(revisions={BACKEND: REVISIONS}),
        "unknown",
        "serving",
        says=("run.revisions.list",),
        also={"connector": "unknown", "target": "pass"},
    ),
    Case(
        "the serving revision was not among those read",
        having(revisions={BACKEND: (revision(BAD, None),)}),
        "unknown",
        "serving",
    ),
    Case("revisions were not read at all", having(revisions={}), "unknown", "serving"),
    Case("no revision gets traffic", having(services=(service(),)), "unknown", "serving"),
    Case(
        "traffic goes to tags alone",
        having(services=(service(TrafficShare(GOOD, 0, "t")),)),
        "unknown",
        "serving",
    ),
    Case(
        "a service that never came up",
        having(
            services=(
                service(
                    reconciling=False,
                    conditions=(Condition("Ready", "failed", "RevisionFailed", "The image is not there"),),
                ),
            )
        ),
        "unknown",
        "serving",
        says=("RevisionFailed", "The image is not there"),
    ),
    Case(
        "a serving revision that is still being made",
        leaving(STAGING, ready=None, reconciling=True),
        "unknown",
        "serving",
        says=("being made",),
    ),
    Case(
        "connectors may not be read",
        having(connectors=CONNECTORS),
        "unknown",
        "connector",
        says=("vpcaccess.connectors.list",),
        also={"network": "unknown", "vpc_access": "pass"},
    ),
    Case(
        "a connector of another project",
        leaving(VpcAccess(connector_ref("shared", project="host-project"))),
        "unknown",
        "connector",
        says=("host-project",),
    ),
    Case(
        "a connector in a state that is not known",
        but("connectors", "staging-connector", state="PAUSED"),
        "unknown",
        "connector",
        says=("PAUSED",),
    ),
    Case(
        "a connector without a state",
        but("connectors", "staging-connector", state=""),
        "unknown",
        "connector",
    ),
    Case(
        "a connector without a network",
        but("connectors", "staging-connector", network=None),
        "unknown",
        "network",
    ),
    Case(
        "a connector and interfaces at once",
        leaving(replace(STAGING, interfaces=direct().interfaces)),
        "unknown",
        "vpc_access",
    ),
    Case(
        "Direct VPC on a network of another project",
        leaving(direct(Ref("shared-vpc", "networks", "host-project"))),
        "unknown",
        "network",
        says=("host-project",),
    ),
    Case(
        "Direct VPC that names nothing",
        leaving(VpcAccess(None, None, (Interface(None, None),))),
        "unknown",
        "network",
    ),
    Case(
        "Direct VPC on a subnet that was not read",
        leaving(VpcAccess(None, None, (Interface(None, Ref("gone", "subnetworks")),))),
        "unknown",
        "network",
    ),
    Case(
        "networks may not be read",
        having(networks=COMPUTE),
        "unknown",
        "route",
        also={"more_specific": "unknown", "network": "pass", "firewall": "pass"},
    ),
    Case(
        "routes may not be read, and the peering leads there",
        having(routes=COMPUTE),
        "unknown",
        "more_specific",
        says=("compute.routes.list",),
        also={"route": "pass"},
    ),
    Case(
        "routes may not be read, and nothing known leads there",
        all_of(having(routes=COMPUTE), imported({("staging-vpc", PEERING): ()})),
        "unknown",
        "route",
    ),
    Case(
        "peering routes may not be read",
        imported({("staging-vpc", PEERING): PEERINGS}),
        "unknown",
        "route",
        says=("listPeeringRoutes",),
    ),
    Case("peering routes were not read", imported({}), "unknown", "route"),
    Case(
        "the seed, and default's routes may not be read",
        all_of(serving(BAD), having(routes=COMPUTE)),
        "unknown",
        "network",
    ),
    Case(
        "the seed, and what default's routers learn is not listed",
        all_of(serving(BAD), having(unlisted_routes={"default": COMPUTE})),
        "unknown",
        "network",
    ),
    Case(
        "firewalls may not be read",
        having(firewalls=FIREWALLS),
        "unknown",
        "firewall",
        says=("compute.firewalls.list",),
        also={"route": "pass", "target": "pass"},
    ),
    Case(
        "a deny for a service account",
        adding("firewalls", deny("no", 1, target_service_accounts=("x@y.iam.gserviceaccount.com",))),
        "unknown",
        "firewall",
    ),
    Case(
        "a deny from ranges, and the connector's is not known",
        all_of(
            but("connectors", "staging-connector", cidr=""),
            adding("firewalls", deny("no", 1, sources=("10.0.0.0/8",))),
        ),
        "unknown",
        "firewall",
    ),
    Case(
        "Memorystore may not be read",
        having(redis=MEMORYSTORE),
        "unknown",
        "network",
        says=("redis.instances.list",),
        needs=("roles/redis.viewer",),
        also={"target": "unknown", "protocol": "unknown", "route": "pass", "firewall": "pass"},
    ),
    Case(
        "Cloud SQL may not be read",
        having(sql=SQL),
        "unknown",
        "network",
        target=POSTGRES,
        also={"target": "unknown", "route": "pass"},
    ),
    Case(
        "Memorystore may not be read, yet no route is there",
        all_of(having(redis=MEMORYSTORE), imported({("staging-vpc", PEERING): ()})),
        "fail",
        "route",
    ),
    Case(
        "Memorystore may not be read, yet a rule denies",
        all_of(having(redis=MEMORYSTORE), adding("firewalls", deny("no", 1))),
        "fail",
        "firewall",
    ),
    Case("Redis fails over", but("redis", "staging-redis", state="FAILING_OVER"), "unknown", "target"),
    Case("Redis is in maintenance", but("redis", "staging-redis", state="MAINTENANCE"), "unknown", "target"),
    Case(
        "Redis in a state that is not known",
        but("redis", "staging-redis", state="DREAMING"),
        "unknown",
        "target",
    ),
    Case(
        "the only way is a machine",
        all_of(
            imported({("staging-vpc", PEERING): ()}),
            adding("routes", route(VPC, "10.166.0.0/16", NextHop.INSTANCE, "nat", by="nat-vm")),
        ),
        "unknown",
        "route",
    ),
    Case(
        "all traffic through the VPC, to a public address: Cloud NAT is not looked at",
        having(),
        "unknown",
        "route",
        target=PUBLIC,
        says=("Cloud NAT",),
    ),
    Case(
        "a public IPv6 address without VPC access",
        leaving(None),
        "unknown",
        "vpc_access",
        target=replace(PUBLIC, addresses=("2001:db8::7",)),
    ),
    Case(
        "a host without an address",
        having(),
        "unknown",
        "egress",
        target=replace(REDIS, host="redis.internal", addresses=()),
        says=("redis.internal",),
    ),
    Case(
        "a host without an address, and no VPC access",
        leaving(None),
        "unknown",
        "vpc_access",
        target=replace(REDIS, host="redis.internal", addresses=()),
    ),
    Case(
        "an address that is none",
        having(),
        "unknown",
        "egress",
        target=replace(REDIS, addresses=("not an address",)),
    ),
    Case(
        "a public address that may be Memorystore's",
        all_of(leaving(replace(STAGING, egress=Egress.PRIVATE_RANGES)), having(redis=MEMORYSTORE)),
        "unknown",
        "egress",
        target=replace(REDIS, host="34.10.0.3", addresses=("34.10.0.3",)),
    ),
    Case(
        "no Memorystore instance is left, and the peering still leads there",
        having(redis=()),
        "unknown",
        "target",
        says=("No Memorystore instance", "us-central1", "10.166.204.83"),
        also={"route": "pass"},
    ),
    Case(
        "Redis is in another range by private services access, and the peering still leads to the old one",
        but("redis", "staging-redis", host="10.9.8.3", reserved_range="psa-range"),
        "unknown",
        "target",
        says=("staging-redis is at 10.9.8.3:6379",),
    ),
    Case(
        "Redis was made anew at another address of a custom range that a peering imports",
        all_of(
            but("redis", "staging-redis", host="10.166.204.85", reserved_range="psa-range"),
            imported(
                {
                    ("staging-vpc", PEERING): (
                        route(
                            VPC,
                            "10.0.0.0/8",
                            NextHop.PEERING,
                            by=PEERING,
                            status="ACTIVE",
                            exchanged="STATIC_PEERING_ROUTE",
                        ),
                    )
                }
            ),
        ),
        "unknown",
        "target",
        says=("staging-redis is at 10.166.204.85:6379",),
    ),
    Case(
        "Cloud SQL was deleted, and its subnet is still there",
        having(sql=()),
        "unknown",
        "target",
        target=POSTGRES,
        says=("No Cloud SQL instance of netra-staging has 10.20.0.5.",),
    ),
    Case(
        "Cloud SQL was made anew at another address",
        but("sql", "staging-db", private_addresses=("10.20.0.6",)),
        "unknown",
        "target",
        target=POSTGRES,
        says=("staging-db is at 10.20.0.6",),
    ),
    Case(
        "Cloud SQL was made anew at another public address",
        all_of(leaving(None), but("sql", "staging-db", public_addresses=("198.51.100.9",))),
        "unknown",
        "target",
        target=replace(POSTGRES, host="198.51.100.8", addresses=("198.51.100.8",)),
    ),
    Case(
        "an IPv6 address inside of a network, with all traffic through the VPC",
        having(),
        "unknown",
        "egress",
        target=replace(REDIS, addresses=("fd20::5",)),
        says=("IPv6",),
        also=dict.fromkeys(
            ("connector", "network", "route", "more_specific", "firewall", "target"), "unknown"
        ),
    ),
    Case(
        "an IPv6 address, and a connector on another network",
        leaving(LEGACY),
        "unknown",
        "egress",
        target=replace(POSTGRES, addresses=("fd20::5",)),
        also=dict.fromkeys(
            ("connector", "network", "route", "more_specific", "firewall", "target"), "unknown"
        ),
    ),
)
