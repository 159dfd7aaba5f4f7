"""From a finding and its time to a verdict: the budget, time-outs and our own lateness. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.durations import spoken
from checks.reasons import Reason
from checks.result import Phase, Status
from checks.spec import CheckSpec, Finding

# Nothing answered, so there is no time to compare with a budget.
UNANSWERED = frozenset(
    {
        Reason.DNS_TIMEOUT,
        Reason.CONNECT_REFUSED,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT_UNREACHABLE,
        Reason.CONNECTION_RESET,
        Reason.CONNECTION_CLOSED,
        Reason.ADDRESS_REFUSED,
        Reason.READ_TIMEOUT,
        Reason.SECRET_MISSING,
        Reason.CHECK_CRASHED,
        Reason.DEADLINE,
        Reason.CANCELLED,
        Reason.NOT_SELECTED,
    }
)
TIME_OUTS = frozenset({Reason.DNS_TIMEOUT, Reason.CONNECT_TIMEOUT, Reason.READ_TIMEOUT, Reason.DEADLINE})
TIMED_OUT_IN = {"resolve": Reason.DNS_TIMEOUT, "connect": Reason.CONNECT_TIMEOUT}
STEPS = {
    "resolve": "resolved in",
    "connect": "connected in",
    "tls": "TLS took",
    "auth": "login took",
    "first_byte": "first byte after",
    "roundtrip": "answer after",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a result says: `duration_ms` is the time that the budget is about, None where nothing answered."""

    status: Status
    reason: Reason
    message: str
    duration_ms: float | None


def judge(
    spec: CheckSpec, finding: Finding, phases: Sequence[Phase], elapsed_ms: float, late_ms: float
) -> Verdict:
    """Compares with the budget.

    `elapsed_ms` is the wall time of the check, `late_ms` how late whybot itself was meanwhile: where the
    target was within its budget but for that, slowness or silence is not blamed on it.
    """
    measured = _measured(finding, phases) if spec.timed else None
    over = measured is not None and measured > spec.budget
    if finding.status is not Status.UNKNOWN and _explained_by_lateness(
        spec, finding, measured, elapsed_ms, late_ms
    ):
        message = f"could not be told: the prober was {spoken(late_ms)} late itself"
        return Verdict(Status.UNKNOWN, Reason.PROBER_OVERLOADED, message, None)
    if over and measured is not None and finding.status is Status.PASS:
        return Verdict(
            Status.DEGRADED, Reason.OVER_BUDGET, too_slow(spec, finding, phases, measured), measured
        )
    return Verdict(finding.status, finding.reason, finding.message, measured)


def _explained_by_lateness(
    spec: CheckSpec, finding: Finding, measured: float | None, elapsed_ms: float, late_ms: float
) -> bool:
    if finding.reason in TIME_OUTS:
        # Within nine tenths of the time-out, for a check whose budget is as long as that.
        return elapsed_ms - late_ms <= min(spec.budget, 0.9 * spec.timeout) and late_ms > 0
    if measured is None or finding.status is not Status.PASS:
        return False
    return measured - late_ms <= spec.budget < measured


def timed_out(spec: CheckSpec, phases: Sequence[Phase]) -> Finding:
    """The finding of a check that was stopped at its deadline: what it was doing then says why."""
    stopped_in = next((phase.name for phase in phases if phase.status is Status.FAIL), None)
    reason = TIMED_OUT_IN.get(stopped_in or "", Reason.READ_TIMEOUT)
    waited = spoken(spec.timeout)
    if stopped_in == "resolve":
        return Finding(Status.FAIL, reason, f"the resolver did not answer in {waited} for {spec.target}")
    doing = f" ({stopped_in} timed out)" if stopped_in else ""
    return Finding(Status.FAIL, reason, f"no answer in {waited} at {spec.target}{doing}")


def too_slow(spec: CheckSpec, finding: Finding, phases: Sequence[Phase], measured: float) -> str:
    """Where the time went: `connected in 2.9 s, query took 2.3 s; budget 500 ms`."""
    budget = f"budget {spoken(spec.budget)}"
    counted = within(phases, measured)
    explained = sum(phase.duration_ms for phase in counted)
    if not counted or abs(explained - measured) > max(5.0, measured / 20):
        return "; ".join(part for part in (finding.message, f"took {spoken(measured)}", budget) if part)
    long_ones = [phase for phase in counted if phase.duration_ms >= measured / 10]
    return f"{', '.join(step(phase) for phase in long_ones)}; {budget}"


def within(phases: Sequence[Phase], measured: float) -> list[Phase]:
    """The first phases, as many as fit into the measured time; what comes later is not part of it."""
    total = 0.0
    counted = []
    for phase in phases:
        total += phase.duration_ms
        if total > measured * 1.01 + 1:
            break
        counted.append(phase)
    return counted


def step(phase: Phase) -> str:
    """A phase and its time: `connected in 2.9 s`, `query took 2.3 s`."""
    said = STEPS.get(phase.name, f"{phase.name} took")
    return f"{said} {spoken(phase.duration_ms)}"


def _measured(finding: Finding, phases: Sequence[Phase]) -> float | None:
    if finding.measured_ms is not None:
        return finding.measured_ms
    if finding.reason in UNANSWERED or finding.status in (Status.UNKNOWN, Status.SKIPPED):
        return None
    return sum(phase.duration_ms for phase in phases)
