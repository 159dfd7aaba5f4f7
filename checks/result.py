"""What a check found, as frozen values: `CheckResult` for one check, `Sweep` for all of an environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from checks.reasons import Reason

JOB_SILENT = "job_silent"
"""The fact of a dependency's result that says why the Cloud Run job could not tell."""

SPEAKS_FOR = "speaks_for"
"""The fact of a dependency's result that says of which revision it is, where it is not of all that serve."""

Fact = str | int | float | bool | None | list[str]


class Status(StrEnum):
    """The answer of a check. `unknown` means that it could not be told, and is never a pass."""

    PASS = "pass"  # noqa: S105 - the word of our public interface, no password
    DEGRADED = "degraded"
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


WORST_FIRST = (Status.FAIL, Status.DEGRADED, Status.UNKNOWN, Status.PASS, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Phase:
    """One step on the way: `resolve`, `connect`, `tls`, `auth`, `query`, … and how long it took."""

    name: str
    duration_ms: float
    status: Status = Status.PASS


@dataclass(frozen=True, slots=True)
class Vantage:
    """Where a check ran from. A laptop's answer says nothing about the network of Cloud Run.

    `kind` is `here` (this process), `job` (a Cloud Run job with the service's VPC access), or
    `mixed` (of a whole sweep: both). `label` is for people: "this machine (bob-laptop)". `speaks` is False
    where what it found says nothing of what the service reaches, since it is not in the service's network.
    """

    kind: str
    label: str
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one check.

    Times are milliseconds, `started_at` is UTC. `message` says in words what was found, with units and
    against the target; it holds no secret. `duration_ms` is None where nothing answered, so that there
    is no time to compare with `budget_ms`, which is 0 where a check's time counts for nothing.
    """

    name: str
    kind: str
    title: str
    target: str
    layer: str
    status: Status
    reason: Reason
    message: str
    duration_ms: float | None
    budget_ms: float
    phases: tuple[Phase, ...]
    facts: Mapping[str, Fact]
    attempts: int
    vantage: Vantage
    started_at: datetime

    @property
    def mute_pass(self) -> bool:
        """Whether it passed where that says nothing of what the service reaches."""
        return self.status is Status.PASS and not self.vantage.speaks


@dataclass(frozen=True, slots=True)
class Sweep:
    """All results of one run over an environment, complete or not yet.

    `expected` names every check of the run in the order of the environment file; `results` holds those
    that have answered. `waiting` says what it waits for before it can go on: "waiting for the Cloud Run job".
    """

    environment: str
    vantage: Vantage
    started_at: datetime
    expected: tuple[str, ...]
    results: tuple[CheckResult, ...] = ()
    duration_ms: float = 0.0
    titles: Mapping[str, str] = field(default_factory=dict)
    waiting: str = ""

    @property
    def finished(self) -> bool:
        """Whether every check has answered."""
        return len(self.results) == len(self.expected)

    @property
    def status(self) -> Status:
        """The worst status among the results; `unknown` while something has not answered or nothing ran.

        A pass that says nothing of what the service reaches stays one, but does not make a sweep healthy.
        """
        present = {result.status for result in self.results}
        if not self.finished or any(result.mute_pass for result in self.results):
            present.add(Status.UNKNOWN)
        if not present - {Status.SKIPPED}:
            return Status.UNKNOWN
        return next(status for status in WORST_FIRST if status in present)

    def adding(self, result: CheckResult, duration_ms: float) -> "Sweep":
        """This sweep with one more answer, `duration_ms` after it began."""
        return replace(self, results=(*self.results, result), duration_ms=duration_ms, waiting="")

    def worst_first(self) -> list[CheckResult]:
        """Results as people want them: failing first, then over budget, unknown, ok; file order within."""
        order = {name: position for position, name in enumerate(self.expected)}
        return sorted(
            self.results, key=lambda r: (WORST_FIRST.index(r.status), order.get(r.name, len(order)))
        )
