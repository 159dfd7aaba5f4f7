"""Configurations that look wrong, or unusual, and close nothing."""

from dataclasses import replace

from checks.names import Ref
from checks.observations import (
    Condition,
    Egress,
    Interface,
    NextHop,
    Ports,
    RedisInstance,
    TrafficShare,
    VpcAccess,
)
from tests.checks.path.cases.case import Case
from tests.checks.path.cases.misconfigurations import PUBLIC
from tests.checks.path.place import (
    BACKEND,
    BAD,
    CLICKHOUSE,
    DEFAULT,
    GOOD,
    LEGACY,
    NUMBER,
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
    connector,
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

CASES = (
    Case("different subnets are normal: Redis is out of the connector's /28", having(), "pass"),
    Case("the same for PostgreSQL", having(), "pass", target=POSTGRES),
    Case("the same for a machine", having(), "pass", target=CLICKHOUSE),
    Case(
        "private ranges only, to a private address",
        leaving(replace(STAGING, egress=Egress.PRIVATE_RANGES)),
        "pass",
    ),
    Case("an egress setting that was never made", leaving(replace(STAGING, egress=None)), "pass"),
    Case("a connector that is scaled", but("connectors", "staging-connector", state="UPDATING"), "pass"),
    Case("a connector of the smallest kind", but("connectors", "staging-connector", min_instances=2), "pass"),
    Case(
        "a connector named by the project's number",
        leaving(VpcAccess(connector_ref("staging-connector", project=NUMBER), Egress.ALL)),
        "pass",
    ),
    Case(
        "a connector named by its bare name", leaving(VpcAccess(Ref("staging-connector"), Egress.ALL)), "pass"
    ),
    Case(
        "Redis' network named by the project's number",
        but("redis", "staging-redis", network=network("staging-vpc", NUMBER)),
        "pass",
    ),
    Case(
        "Redis' network by its bare name", but("redis", "staging-redis", network=Ref("staging-vpc")), "pass"
    ),
    Case("Direct VPC on the right network", leaving(direct(VPC)), "pass"),
    Case(
        "Direct VPC by its subnet alone",
        leaving(VpcAccess(None, Egress.ALL, (Interface(None, Ref("staging-subnet", "subnetworks")),))),
        "pass",
    ),
    Case(
        "Direct VPC with tags that no rule knows",
        all_of(leaving(direct(VPC, ("web",))), adding("firewalls", deny("no", 900, target_tags=("db",)))),
        "pass",
    ),
    Case(
        "a bad revision under a tag, with 0 % of the traffic",
        having(services=(service(TrafficShare(GOOD, 100), TrafficShare(BAD, 0, "candidate")),)),
        "pass",
    ),
    Case(
        "the latest revision failed, and an older one serves",
        having(
            services=(
                service(
                    TrafficShare(GOOD, 100),
                    latest_created=BAD,
                    latest_ready=GOOD,
                    conditions=(Condition("Ready", "failed", "HealthCheckContainerFailed"),),
                ),
            )
        ),
        "pass",
    ),
    Case(
        "a template that is wrong and was not deployed",
        having(services=(service(TrafficShare(GOOD, 100), template_vpc=LEGACY),)),
        "pass",
    ),
    Case("a revision whose container is not ready", leaving(STAGING, ready=False), "pass"),
    Case(
        "traffic of one revision in two entries",
        having(services=(service(TrafficShare(GOOD, 60), TrafficShare(GOOD, 40, latest=True)),)),
        "pass",
    ),
    Case("a disabled deny", adding("firewalls", deny("no", 1, disabled=True)), "pass"),
    Case(
        "a deny below an allow", adding("firewalls", deny("no", 1000), deny("yes", 999, allow=True)), "pass"
    ),
    Case(
        "a deny of another range", adding("firewalls", deny("no", 1, destinations=("10.167.0.0/16",))), "pass"
    ),
    Case(
        "a deny of another port",
        adding("firewalls", deny("no", 1, traffic=(Ports("tcp", ("5432", "80-443")),))),
        "pass",
    ),
    Case("a deny of UDP", adding("firewalls", deny("no", 1, traffic=(Ports("udp"),))), "pass"),
    Case("a deny for another tag", adding("firewalls", deny("no", 1, target_tags=("web",))), "pass"),
    Case(
        "a deny for another connector's tag",
        adding("firewalls", deny("no", 1, target_tags=(f"vpc-connector-{REGION}-legacy-connector",))),
        "pass",
    ),
    Case("a deny on another network", adding("firewalls", deny("no", 1, DEFAULT)), "pass"),
    Case("a deny of ingress", adding("firewalls", replace(deny("no", 1), direction="INGRESS")), "pass"),
    Case("a deny from another range", adding("firewalls", deny("no", 1, sources=("10.20.0.0/24",))), "pass"),
    Case("a deny of IPv6", adding("firewalls", deny("no", 1, destinations=("::/0",))), "pass"),
    Case(
        "another region's connector in ERROR",
        adding("connectors", connector("staging-connector", VPC, "10.3.0.0/28", "ERROR", "europe-west1")),
        "pass",
    ),
    Case("another connector in ERROR", but("connectors", "legacy-connector", state="ERROR"), "pass"),
    Case(
        "a less specific route to nowhere",
        adding("routes", route(VPC, "10.166.0.0/16", NextHop.BLACKHOLE, "hole")),
        "pass",
    ),
    Case(
        "a more specific route for other tags",
        adding("routes", route(VPC, "10.166.204.83/32", NextHop.BLACKHOLE, "hole", tags=("web",))),
        "pass",
    ),
    Case(
        "a more specific route on another network",
        adding("routes", route(DEFAULT, "10.166.204.83/32", NextHop.BLACKHOLE, "hole")),
        "pass",
    ),
    Case(
        "a more specific route that is not in force",
        adding("routes", route(VPC, "10.166.204.83/32", NextHop.BLACKHOLE, "hole", status="INACTIVE")),
        "pass",
    ),
    Case(
        "a peering route imported with a wider range",
        imported({("staging-vpc", PEERING): (route(VPC, "10.166.0.0/16", NextHop.PEERING, by=PEERING),)}),
        "pass",
    ),
    Case("subnet routes that the API does not list", but("routes", "subnet-route"), "pass", target=POSTGRES),
    Case(
        "another Redis instance that is being made",
        adding(
            "redis", RedisInstance("other", "10.1.1.3", 6379, "CREATING", DEFAULT, source("redis", "other"))
        ),
        "pass",
    ),
    Case(
        "Redis by private services access: the reserved range is a name",
        but("redis", "staging-redis", connect_mode="PRIVATE_SERVICE_ACCESS", reserved_range="psa-range"),
        "pass",
    ),
    Case(
        "the seed's PostgreSQL: reached by a detour over the VPN",
        serving(BAD),
        "pass",
        target=POSTGRES,
        detour=True,
    ),
    Case(
        "the seed's ClickHouse: reached by a detour over the interconnect",
        serving(BAD),
        "pass",
        target=CLICKHOUSE,
        detour=True,
    ),
    Case(
        "a public address with private ranges only leaves directly",
        leaving(replace(STAGING, egress=Egress.PRIVATE_RANGES)),
        "pass",
        target=PUBLIC,
    ),
    Case(
        "a public address, directly, past a broken connector",
        all_of(
            leaving(replace(STAGING, egress=Egress.PRIVATE_RANGES)),
            but("connectors", "staging-connector", state="ERROR"),
        ),
        "pass",
        target=PUBLIC,
    ),
    Case("a public address without VPC access", leaving(None), "pass", target=PUBLIC),
    Case(
        "Cloud SQL's public address without VPC access",
        all_of(leaving(None), but("sql", "staging-db", public_addresses=("198.51.100.9",))),
        "pass",
        target=replace(POSTGRES, host="198.51.100.9", addresses=("198.51.100.9",)),
    ),
    Case(
        "a planned VPC access that is right, while a wrong one serves", serving(BAD), "pass", planned=STAGING
    ),
    Case("a planned Direct VPC that is right", serving(BAD), "pass", planned=direct(VPC)),
    Case(
        "revisions that do not serve may be gone",
        having(revisions={BACKEND: (revision(GOOD, STAGING), revision(BAD, None, deleted=True))}),
        "pass",
    ),
    Case(
        "an IPv4 address in the form of IPv6",
        having(),
        "pass",
        target=replace(REDIS, addresses=("::ffff:10.166.204.83",)),
    ),
    Case("the project's number is not known", having(project_number=""), "pass"),
    Case(
        "a service of the same name elsewhere does not matter",
        leaving(VpcAccess(connector_ref("staging-connector", REGION, PROJECT), Egress.ALL)),
        "pass",
    ),
    Case(
        "a Redis of somebody else at a public address, while the project has one of its own",
        leaving(None),
        "pass",
        target=replace(REDIS, host="198.51.100.8", addresses=("198.51.100.8",)),
    ),
)
