"""Scenarios: named states of the staging world, one YAML file each, checked when they are read."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from checks.path.model import StepKey
from checks.reasons import Reason
from checks.result import Status
from sandbox.errors import UnknownNameError, WorldError

if TYPE_CHECKING:
    from sandbox.changes import Change

FOLDER = Path(__file__).with_name("scenarios")
HEALTHY = "healthy"
SCENARIOS: tuple[str, ...] = (
    HEALTHY,
    "seed-503",
    "redis-refused",
    "redis-wrong-password",
    "redis-out-of-memory",
    "redis-read-only",
    "redis-clients-used-up",
    "redis-loading",
    "postgres-slow",
    "postgres-connections-used-up",
    "postgres-read-only",
    "postgres-locks",
    "postgres-wrong-password",
    "postgres-cut",
    "clickhouse-slow",
    "clickhouse-failing",
    "network-flaky",
    "network-thin",
    "backend-unreachable",
    "backend-resets",
    "auth-down",
    "backend-bug",
    "backend-slow",
    "backend-wrong-body",
    "backend-endless-body",
    "backend-redirects",
    "websocket-refused",
    "websocket-closes",
    "dns-nxdomain",
    "dns-servfail",
    "dns-silent",
    "dns-wrong-record",
    "dns-slow",
    "tls-expired",
    "tls-expiring",
    "tls-wrong-name",
    "tls-unknown-authority",
    "connector-on-another-network",
    "connector-in-error",
    "connector-deleted",
    "connector-being-made",
    "no-vpc-access",
    "connector-all-traffic-elsewhere",
    "direct-vpc-on-default",
    "peering-inactive",
    "peering-deleted",
    "peering-imports-nothing",
    "route-to-the-internet",
    "route-for-connectors",
    "vpn-for-everything",
    "firewall-denies-redis",
    "firewall-denies-postgres",
    "firewall-denies-clickhouse",
    "firewall-denies-connectors",
    "firewall-denies-this-connector",
    "firewall-denies-everything",
    "redis-repairing",
    "redis-being-made",
    "redis-on-another-network",
    "redis-at-another-address",
    "sql-stopped",
    "sql-suspended",
    "one-of-two-is-wrong",
    "most-of-two-is-wrong",
    "repair-gets-no-traffic",
    "bad-revision",
    "bad-revision-with-healthy-previous",
    "traffic-pinned-to-old",
    "app-bug-500",
    "secret-missing",
    "secret-denied-on-deploy",
    "max-instances",
    "cold-starts",
    "out-of-memory",
    "quota-exceeded",
    "connector-saturated",
    "redis-slow",
    "redis-connection-leak",
    "terraform-apply-broke-it",
    "manual-firewall-change",
    "loud-innocent",
    "innocent-deploy",
    "backend-slow-after-scaling",
    "drift-without-effect",
    "tests-without-base",
    "two-faults",
    "dns-and-drift",
    "looks-another-range",
    "looks-private-ranges",
    "looks-no-egress-setting",
    "looks-project-number",
    "looks-short-name",
    "looks-connector-scaling",
    "looks-bad-canary",
    "looks-failed-deployment",
    "looks-other-region",
    "looks-disabled-rule",
    "looks-outranked-rule",
    "looks-other-port",
    "looks-other-networks-rule",
    "looks-broken-elsewhere",
    "looks-direct-vpc",
    "looks-route-for-others",
    "looks-stray-route",
    "looks-another-service",
)
"""Every scenario, in the order in which the page offers them."""


class ScenarioError(WorldError):
    """A scenario's file is wrong. A bug of the sandbox, not of its user."""

    code = "wrong_scenario"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultOrder(_Strict):
    """A fault that a scenario applies."""

    fault: str
    target: str
    options: dict[str, Any] = {}


class Expectation(_Strict):
    """What a check says in a scenario."""

    status: Status
    reason: Reason


class PathExpectation(_Strict):
    """What is said of the path to a dependency, and the step that decides."""

    verdict: Status
    step: StepKey


class Scenario(_Strict):
    """A named state of the staging world.

    `see` says what a person should see. `faults` break things, `cloud` changes the configuration of Google
    Cloud (`sandbox/changes/`). `expect` holds those checks of `environments/staging.yaml` that do not pass,
    asked from the best vantage: dependencies from the backend's network. `expect_here` is what differs from
    that where everything is asked from this machine. `expect_path` has those paths of the backend
    that do not pass, `expect_drift` the fields that differ. A `look_alike` only looks like a fault.
    """

    schema_: Literal["whybot/scenario/1"] = Field(alias="schema")
    name: str
    title: str
    description: str
    see: str
    faults: tuple[FaultOrder, ...] = ()
    cloud: tuple[dict[str, Any], ...] = ()
    expect: dict[str, Expectation] = {}
    expect_here: dict[str, Expectation] = {}
    expect_path: dict[str, PathExpectation] = {}
    expect_drift: tuple[str, ...] = ()
    look_alike: bool = False

    def changes(self) -> "tuple[Change, ...]":
        """The changes of the configuration; raises `WorldError` for one that is wrong."""
        if not self.cloud:
            return ()
        from sandbox.changes import read_change  # brings Google's libraries along

        return tuple(map(read_change, self.cloud))


@cache
def load_scenario(name: str) -> Scenario:
    """The scenario of this name, read once.

    Raises `UnknownNameError`, or `ScenarioError` where its file is wrong.
    """
    if name not in SCENARIOS:
        raise UnknownNameError("scenario", name, SCENARIOS)
    return read_scenario(FOLDER / f"{name}.yaml")


def read_scenario(path: Path) -> Scenario:
    """Reads and checks one file; raises `ScenarioError`."""
    from sandbox.faults import fault_kind  # the faults need the whole world; a scenario only their names

    try:
        scenario = Scenario.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
        for fault in scenario.faults:
            fault_kind(fault.fault).order(fault.target, fault.options)
        scenario.changes()
    except (YAMLError, ValidationError, WorldError) as error:
        raise ScenarioError(f"{path.name}: {error}") from error
    if scenario.name != path.stem:
        raise ScenarioError(f"{path.name}: its name is {scenario.name!r}")
    return scenario
