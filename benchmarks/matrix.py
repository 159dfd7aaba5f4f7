"""The fault matrix: what is broken, what must be found, and what must not be blamed.

A case names causes, not texts, so that a rule may say it better tomorrow. Nothing here names evidence: how a
cause is found is the runbooks' own matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Family = Literal["single", "pair", "look-alike", "loud", "partial", "well"]

VALIDATION = "changed-since/not-validated"
DEPLOYED = "changed-since/service-drift"
CONFIGURED = "changed-since/config-drift"
WELL = "nothing-wrong/all-pass"
STILL_TRUE = (VALIDATION, DEPLOYED, "dependency/detour", "dependency/slow-way", "network-path/network")
"""What may be said of the write-up's incident with less evidence: true, though not the whole of it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One state of the sandbox and what a right diagnosis of it is.

    `scenarios` are applied together. `roots` must all be root causes of a chain; any other root cause of a
    chain that is not secondary, and is not in `also`, is false blame. `whys` must be on a chain. `denied` are
    permissions that whybot lacks; where the root cause rests on them, `roots` are what can still be told
    and `unknown` the causes that must be said to be unknown.
    """

    name: str
    family: Family
    scenarios: tuple[str, ...]
    roots: tuple[str, ...] = ()
    whys: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def _network(step: str, root: str, *scenarios: str, also: tuple[str, ...] = ()) -> Iterator[Case]:
    """The same step of the path is closed in each of these, and the same kind of change made it so."""
    for scenario in scenarios:
        yield Case(scenario, "single", (scenario,), (root,), (f"network-path/{step}",), also)


def _single(root: str, *scenarios: str, also: tuple[str, ...] = ()) -> Iterator[Case]:
    for scenario in scenarios:
        yield Case(scenario, "single", (scenario,), (root,), (), also)


def _looks(*scenarios: str, also: tuple[str, ...] = ()) -> Iterator[Case]:
    """Looks like trouble and is none."""
    for scenario in scenarios:
        yield Case(scenario, "look-alike", (scenario,), (), (), (WELL, *also))


def _pair(first: str, second: str, *roots: str, also: tuple[str, ...] = ()) -> Case:
    return Case(f"{first} + {second}", "pair", (first, second), roots, (), also)


def _without(scenario: str, roots: tuple[str, ...], sources: dict[str, tuple[str, ...]]) -> Iterator[Case]:
    """The same fault with one source missing in turn."""
    for permission, unknown in sources.items():
        name = f"{scenario} without {permission}"
        yield Case(name, "partial", (scenario,), roots, (), STILL_TRUE, (permission,), unknown)


SINGLES = (
    *_network(
        "network",
        VALIDATION,
        "seed-503",
        "connector-all-traffic-elsewhere",
        "direct-vpc-on-default",
        "most-of-two-is-wrong",
        "vpn-for-everything",
        "repair-gets-no-traffic",
        "one-of-two-is-wrong",
    ),
    *_network("no-vpc-access", VALIDATION, "no-vpc-access"),
    *_network("network", CONFIGURED, "connector-on-another-network", "redis-on-another-network"),
    *_network("connector", CONFIGURED, "connector-deleted"),
    *_network("connector", "network-path/connector", "connector-being-made", "connector-in-error"),
    *_network(
        "firewall",
        CONFIGURED,
        "firewall-denies-redis",
        "firewall-denies-postgres",
        "firewall-denies-clickhouse",
        "firewall-denies-connectors",
        "firewall-denies-everything",
        "firewall-denies-this-connector",
    ),
    *_network("route", CONFIGURED, "peering-deleted", "peering-imports-nothing", "peering-inactive"),
    *_single(CONFIGURED, "route-to-the-internet", "route-for-connectors", also=(VALIDATION,)),
    *_network("target", CONFIGURED, "redis-at-another-address", "sql-stopped"),
    *_network("target", "network-path/target", "redis-being-made", "redis-repairing", "sql-suspended"),
    *_single("dependency/down", "redis-refused"),
    *_single("dependency/login", "redis-wrong-password", "postgres-wrong-password"),
    *_single("dependency/hangs-up", "postgres-cut"),
    *_single("redis/out-of-memory", "redis-out-of-memory"),
    *_single("redis/read-only", "redis-read-only"),
    *_single("redis/clients-used-up", "redis-clients-used-up"),
    *_single("redis/loading", "redis-loading"),
    *_single("redis/connection-leak", "redis-connection-leak"),
    *_single("postgres/slow-server", "postgres-slow"),
    *_single("postgres/connections-used-up", "postgres-connections-used-up"),
    *_single("postgres/locks", "postgres-locks"),
    *_single("postgres/read-only", "postgres-read-only"),
    *_single("clickhouse/slow-server", "clickhouse-slow"),
    *_single("clickhouse/overloaded", "clickhouse-failing"),
    *_single("edge/dns-record", "dns-nxdomain", "dns-wrong-record"),
    *_single("edge/resolver", "dns-servfail", "dns-silent", "dns-slow"),
    *_single("edge/certificate", "tls-expired", "tls-expiring", "tls-wrong-name", "tls-unknown-authority"),
    *_single("edge/not-listening", "auth-down", "backend-unreachable", "backend-resets"),
    *_single("bad-revision/own-bug", "backend-bug"),
    *_single(
        "service/own-answer", "backend-slow", "backend-wrong-body", "backend-endless-body", "websocket-closes"
    ),
    *_single("service/upgrade-refused", "websocket-refused"),
    *_single("service/redirects", "backend-redirects"),
    *_single("bad-revision/own-bug", "app-bug-500"),
    *_single("bad-revision/not-validated", "bad-revision", "bad-revision-with-healthy-previous"),
    *_single("bad-revision/pinned-to-it", "traffic-pinned-to-old", also=("bad-revision/not-validated",)),
    *_single("platform/secret-missing", "secret-missing"),
    *_single("platform/out-of-memory", "out-of-memory"),
    *_single("platform/quota-exceeded", "quota-exceeded"),
    *_single("platform/no-instance", "max-instances"),
    *_single("service/cold-start", "cold-starts"),
    *_single("dependency/connector-saturated", "connector-saturated"),
    *_single("redis/slow-server", "redis-slow"),
    *_network("firewall", CONFIGURED, "manual-firewall-change"),
    *_network("firewall", "changed-since/changed-right-before", "terraform-apply-broke-it"),
)
LOUD = (
    Case("loud-innocent", "loud", ("loud-innocent",), ("dependency/down",)),
    Case("innocent-deploy", "loud", ("innocent-deploy",), ("postgres/locks",)),
    Case("drift-without-effect", "loud", ("drift-without-effect",), ("bad-revision/own-bug",)),
    Case("dns-and-drift", "loud", ("dns-and-drift",), ("edge/dns-record",)),
    Case("backend-slow-after-scaling", "loud", ("backend-slow-after-scaling",), ("service/own-answer",)),
    Case(
        "redis-refused, old errors in the log",
        "loud",
        ("loud-innocent", "looks-stray-route"),
        ("dependency/down",),
    ),
)
WELLS = (
    Case("healthy", "well", ("healthy",), (WELL,)),
    Case("tests-without-base", "well", ("tests-without-base",), (), ("tests/without-base",), (WELL,)),
    Case("secret-denied-on-deploy", "look-alike", ("secret-denied-on-deploy",), (), (), (WELL,)),
    *_looks(
        "looks-broken-elsewhere",
        "looks-connector-scaling",
        "looks-disabled-rule",
        "looks-project-number",
        "looks-route-for-others",
        "looks-short-name",
        "looks-stray-route",
    ),
    # Nothing fails in these, and live does differ from what is declared.
    *_looks(
        "looks-another-range",
        "looks-another-service",
        "looks-bad-canary",
        "looks-direct-vpc",
        "looks-failed-deployment",
        "looks-no-egress-setting",
        "looks-other-networks-rule",
        "looks-other-port",
        "looks-other-region",
        "looks-outranked-rule",
        "looks-private-ranges",
        also=("drift/differs",),
    ),
)
PAIRS = (
    Case("two-faults", "pair", ("two-faults",), ("redis/out-of-memory", "edge/certificate")),
    _pair("seed-503", "tls-expired", VALIDATION, "edge/certificate"),
    _pair("seed-503", "clickhouse-slow", VALIDATION, "clickhouse/slow-server"),
    _pair("redis-out-of-memory", "tls-expiring", "redis/out-of-memory", "edge/certificate"),
    _pair("redis-refused", "postgres-locks", "dependency/down", "postgres/locks"),
    _pair("redis-wrong-password", "firewall-denies-clickhouse", "dependency/login", CONFIGURED),
    _pair(
        "postgres-connections-used-up",
        "websocket-refused",
        "postgres/connections-used-up",
        "service/upgrade-refused",
    ),
    _pair("peering-deleted", "postgres-slow", CONFIGURED, "postgres/slow-server"),
    _pair("dns-nxdomain", "redis-refused", "edge/dns-record", "dependency/down"),
    _pair("auth-down", "redis-loading", "edge/not-listening", "redis/loading"),
    _pair("backend-bug", "looks-bad-canary", "bad-revision/own-bug"),
    _pair("redis-refused", "looks-other-networks-rule", "dependency/down"),
    _pair("postgres-wrong-password", "looks-stray-route", "dependency/login"),
)
PARTIALS = (
    *_without("seed-503", (VALIDATION,), {"logging.logEntries.list": (), "storage.objects.get": ()}),
    *_without(
        "seed-503",
        (),
        {
            "run.services.list": ("http-503/dependencies-failing",),
            "run.revisions.list": ("http-503/dependencies-failing",),
            "vpcaccess.connectors.list": ("network-path",),
            "compute.networks.list": ("network-path",),
        },
    ),
    *_without(
        "redis-out-of-memory",
        ("redis/out-of-memory",),
        {"compute.networks.list": (), "vpcaccess.connectors.list": (), "storage.objects.get": ()},
    ),
    *_without(
        "backend-bug",
        (),
        {
            "logging.logEntries.list": ("http-503/the-revision",),
            "run.services.list": ("http-503/the-revision",),
        },
    ),
    *_without(
        "firewall-denies-redis",
        (),
        {
            "compute.networks.getEffectiveFirewalls": ("network-path",),
            "compute.networks.list": ("network-path",),
        },
    ),
    *_without("firewall-denies-redis", (CONFIGURED,), {"logging.logEntries.list": ()}),
)
CASES: tuple[Case, ...] = (*SINGLES, *LOUD, *WELLS, *PAIRS, *PARTIALS)
