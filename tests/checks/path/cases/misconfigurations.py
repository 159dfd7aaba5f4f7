"""Configurations that close a path, each of a kind that really happens."""

from dataclasses import replace

from checks.names import Ref
from checks.observations import Egress, Interface, Network, NextHop, Peering, Ports, Subnet, VpcAccess
from tests.checks.path.cases.case import Case
from tests.checks.path.place import (
    BAD,
    CLICKHOUSE,
    DEFAULT,
    GOOD,
    LEGACY,
    PEERING,
    POSTGRES,
    PROJECT,
    REDIS,
    REGION,
    STAGING,
    VPC,
    adding,
    all_of,
    but,
    connector_ref,
    deny,
    direct,
    having,
    imported,
    leaving,
    network,
    revision,
    route,
    service,
    serving,
    source,
)

ELSEWHERE = network("analytics-vpc")
INACTIVE = Peering(
    PEERING, Ref("redis-network", "networks", "producer", "global"), "INACTIVE", "The peer is gone."
)
PUPI = replace(REDIS, host="34.10.0.3", addresses=("34.10.0.3",))
PUBLIC = replace(REDIS, kind="http", host="198.51.100.7", addresses=("198.51.100.7",))


def peered(*peerings: Peering) -> tuple[Network, ...]:
    """Both networks, the peerings on staging-vpc."""
    read = source("compute", "networks")
    return (Network(VPC, read, peerings), Network(DEFAULT, read))


CASES = (
    Case(
        "the seed: the deploy script's revision leaves over a connector on another network",
        serving(BAD),
        "fail",
        "network",
        says=("legacy-connector", "default", "staging-vpc"),
        needs=("staging-connector", "staging-vpc"),
    ),
    Case(
        "a connector of the right network was deleted",
        but("connectors", "staging-connector"),
        "fail",
        "connector",
        says=("staging-connector", REGION),
    ),
    Case(
        "a connector in ERROR",
        but("connectors", "staging-connector", state="ERROR"),
        "fail",
        "connector",
        needs=("made anew: one in ERROR stays so",),
    ),
    Case(
        "a connector that is being made",
        but("connectors", "staging-connector", state="CREATING"),
        "fail",
        "connector",
        says=("being made",),
        needs=("takes some minutes",),
    ),
    Case(
        "a connector that is being deleted",
        but("connectors", "staging-connector", state="DELETING"),
        "fail",
        "connector",
    ),
    Case(
        "a connector in another region",
        leaving(VpcAccess(connector_ref("staging-connector", "europe-west1"), Egress.ALL)),
        "fail",
        "connector",
        says=("europe-west1",),
        needs=(REGION,),
    ),
    Case(
        "a connector that never was",
        leaving(VpcAccess(connector_ref("typo-connector"))),
        "fail",
        "connector",
        needs=("staging-connector",),
    ),
    Case("no VPC access, private address", leaving(None), "fail", "vpc_access", needs=("staging-connector",)),
    Case("an empty VPC access is none", leaving(VpcAccess(None, Egress.ALL)), "fail", "vpc_access"),
    Case("no VPC access for PostgreSQL either", leaving(None), "fail", "vpc_access", target=POSTGRES),
    Case("Direct VPC on the wrong network", leaving(direct(DEFAULT)), "fail", "network", says=("default",)),
    Case(
        "Direct VPC on a subnet of the wrong network",
        all_of(
            adding(
                "subnets",
                Subnet(
                    Ref("other", "subnetworks", PROJECT, REGION),
                    DEFAULT,
                    ("10.99.0.0/24",),
                    source("compute", "other"),
                ),
            ),
            leaving(VpcAccess(None, None, (Interface(None, Ref("other", "subnetworks"), ()),))),
        ),
        "fail",
        "network",
    ),
    Case(
        "a network without any connector asks for a new one",
        all_of(but("connectors", "staging-connector"), serving(BAD)),
        "fail",
        "network",
        needs=("Direct VPC", "staging-vpc"),
    ),
    Case(
        "Redis was made anew on another network",
        all_of(but("redis", "staging-redis", network=ELSEWHERE), imported({("staging-vpc", PEERING): ()})),
        "fail",
        "network",
        says=("analytics-vpc",),
    ),
    Case(
        "the peering is inactive, and its routes are gone",
        having(networks=peered(INACTIVE), peering_routes={("staging-vpc", PEERING): ()}),
        "fail",
        "route",
        says=(PEERING, "INACTIVE"),
        needs=(PEERING, "ACTIVE"),
    ),
    Case(
        "the peering is inactive, and its routes are still listed",
        having(networks=peered(INACTIVE)),
        "fail",
        "route",
        says=("INACTIVE",),
        needs=(PEERING,),
    ),
    Case(
        "the peering was deleted",
        having(networks=peered(), peering_routes={}),
        "fail",
        "route",
        needs=("staging-redis",),
    ),
    Case("the peering imports nothing", imported({("staging-vpc", PEERING): ()}), "fail", "route"),
    Case(
        "the peering imports another range",
        imported({("staging-vpc", PEERING): (route(VPC, "10.166.204.88/29", NextHop.PEERING, by=PEERING),)}),
        "fail",
        "route",
    ),
    Case(
        "the imported route was dropped",
        imported(
            {
                ("staging-vpc", PEERING): (
                    route(VPC, "10.166.204.80/29", NextHop.PEERING, by=PEERING, status="DROPPED"),
                )
            }
        ),
        "fail",
        "route",
        says=("DROPPED",),
    ),
    Case(
        "a default route to the internet is no way to a private address",
        all_of(
            imported({("staging-vpc", PEERING): ()}),
            adding("routes", route(VPC, "10.0.0.0/8", NextHop.GATEWAY, "out")),
        ),
        "fail",
        "route",
    ),
    Case(
        "a route for other tags does not count",
        all_of(
            imported({("staging-vpc", PEERING): ()}),
            adding("routes", route(VPC, "10.166.204.80/29", NextHop.VPN, "for-web", by="t", tags=("web",))),
        ),
        "fail",
        "route",
    ),
    Case(
        "an egress deny of the range",
        adding("firewalls", deny("no-redis", 900, destinations=("10.166.0.0/16",))),
        "fail",
        "firewall",
        says=("no-redis", "900"),
        needs=("no-redis",),
    ),
    Case("an egress deny of everything", adding("firewalls", deny("no-egress", 65000)), "fail", "firewall"),
    Case(
        "an egress deny for the tag of every connector",
        adding("firewalls", deny("no-serverless", 900, target_tags=("vpc-connector",))),
        "fail",
        "firewall",
    ),
    Case(
        "an egress deny for this connector's own tag",
        adding("firewalls", deny("no", 900, target_tags=(f"vpc-connector-{REGION}-staging-connector",))),
        "fail",
        "firewall",
    ),
    Case(
        "an egress deny for the tag of Direct VPC",
        all_of(
            leaving(direct(VPC, ("backend",))), adding("firewalls", deny("no", 900, target_tags=("backend",)))
        ),
        "fail",
        "firewall",
    ),
    Case(
        "deny wins over allow of the same priority",
        adding("firewalls", deny("yes", 900, allow=True), deny("no", 900)),
        "fail",
        "firewall",
        says=("no",),
    ),
    Case(
        "a deny in a policy comes before an allow in the network",
        adding(
            "firewalls", deny("yes", 1, allow=True, place=2), deny("policy-no", 100, place=0, policy="org")
        ),
        "fail",
        "firewall",
        says=("policy-no",),
    ),
    Case(
        "an egress deny of the port's range",
        adding("firewalls", deny("no", 900, traffic=(Ports("tcp", ("6000-7000",)),))),
        "fail",
        "firewall",
    ),
    Case(
        "an egress deny by the protocol's number",
        adding("firewalls", deny("no", 900, traffic=(Ports("6", ("6379",)),))),
        "fail",
        "firewall",
    ),
    Case(
        "an egress deny from the connector's range",
        adding("firewalls", deny("no", 900, sources=("10.1.0.0/24",))),
        "fail",
        "firewall",
    ),
    Case("Redis is still being made", but("redis", "staging-redis", state="CREATING"), "fail", "target"),
    Case("Redis is being deleted", but("redis", "staging-redis", state="DELETING"), "fail", "target"),
    Case("Redis is being repaired", but("redis", "staging-redis", state="REPAIRING"), "fail", "target"),
    Case(
        "Redis got another address",
        but("redis", "staging-redis", host="10.166.204.84"),
        "fail",
        "target",
        says=("10.166.204.84",),
        needs=("10.166.204.84",),
    ),
    Case(
        "Redis got another address in another range",
        all_of(
            but("redis", "staging-redis", host="10.9.8.3", reserved_range="10.9.8.0/29"),
            imported({("staging-vpc", PEERING): (route(VPC, "10.9.8.0/29", NextHop.PEERING, by=PEERING),)}),
        ),
        "fail",
        "route",
        also={"target": "fail"},
    ),
    Case(
        "Redis by private services access was made anew at another address of the same imported range",
        but("redis", "staging-redis", host="10.166.204.85", reserved_range="psa-range"),
        "fail",
        "target",
        says=("10.166.204.83", "staging-redis", "10.166.204.85"),
        needs=("10.166.204.85",),
    ),
    Case(
        "Redis listens at another port",
        but("redis", "staging-redis", port=6378),
        "fail",
        "target",
        says=("6378",),
    ),
    Case(
        "Cloud SQL was stopped by its owner",
        but("sql", "staging-db", activation="NEVER"),
        "fail",
        "target",
        target=POSTGRES,
        says=("stopped",),
        needs=("started",),
    ),
    Case(
        "Cloud SQL is suspended",
        but("sql", "staging-db", state="SUSPENDED"),
        "fail",
        "target",
        target=POSTGRES,
    ),
    Case("Cloud SQL failed", but("sql", "staging-db", state="FAILED"), "fail", "target", target=POSTGRES),
    Case(
        "Redis speaks TLS, the check does not",
        but("redis", "staging-redis", transit_encryption=True),
        "fail",
        "protocol",
        needs=("TLS",),
    ),
    Case(
        "the check speaks TLS, Redis does not", having(), "fail", "protocol", target=replace(REDIS, tls=True)
    ),
    Case(
        "Redis wants AUTH, and no password is named",
        having(),
        "fail",
        "protocol",
        target=replace(REDIS, auth=False),
    ),
    Case(
        "private ranges only, and a private address out of a public range",
        all_of(
            leaving(replace(STAGING, egress=Egress.PRIVATE_RANGES)),
            but("redis", "staging-redis", host="34.10.0.3", reserved_range="34.10.0.0/29"),
            imported({("staging-vpc", PEERING): (route(VPC, "34.10.0.0/29", NextHop.PEERING, by=PEERING),)}),
        ),
        "fail",
        "egress",
        target=PUPI,
        needs=("all-traffic",),
    ),
    Case(
        "all traffic through a network without a default route, and a public address",
        but("routes", "default-route-vpc"),
        "fail",
        "route",
        target=PUBLIC,
        needs=("Cloud NAT",),
    ),
    Case("a service that is not there", having(services=()), "unknown", "serving", says=("`region`",)),
    Case(
        "traffic goes to a revision that was deleted",
        all_of(having(revisions={service().name: (revision(GOOD, STAGING, deleted=True),)})),
        "fail",
        "serving",
    ),
    Case("a planned VPC access on the wrong network", having(), "fail", "network", planned=LEGACY),
    Case(
        "a planned connector that is not there",
        having(),
        "fail",
        "connector",
        planned=VpcAccess(connector_ref("new-connector"), Egress.ALL),
    ),
    Case(
        "Direct VPC on the wrong network, and ClickHouse there",
        all_of(leaving(direct(DEFAULT)), but("routes", "dynamic-ch")),
        "fail",
        "network",
        target=CLICKHOUSE,
    ),
)
