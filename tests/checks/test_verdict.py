"""Budget, time-outs and lateness, as a pure function."""

from hypothesis import given
from hypothesis import strategies as st

from checks.reasons import Reason
from checks.result import Phase, Status
from checks.spec import Finding
from checks.verdict import TIME_OUTS, judge, timed_out, too_slow
from tests.checks.specs import OK, acted, answer

SPEC = acted("postgres", answer, budget=500, timeout=15_000)
MS = st.floats(min_value=0, max_value=600_000)
FINDINGS = st.builds(
    Finding, st.sampled_from(Status), st.sampled_from(Reason), st.just("words"), st.none() | MS
)
PHASES = st.lists(st.builds(Phase, st.sampled_from(["resolve", "connect", "query"]), MS), max_size=4)


def test_slow_path_is_told_from_a_slow_query() -> None:
    """The steps that took the time are named, as in the mock-up."""
    phases = [Phase("resolve", 3), Phase("connect", 2_900), Phase("query", 2_287)]
    verdict = judge(SPEC, OK, phases, 5_200, 0)
    assert (verdict.status, verdict.reason) == (Status.DEGRADED, Reason.OVER_BUDGET)
    assert verdict.message == "connected in 2.9 s, query took 2.3 s; budget 500 ms"
    assert verdict.duration_ms == 5_190


def test_measured_time_that_phases_do_not_explain_is_said_as_it_is() -> None:
    """A check that measures something else than its phases keeps its own words."""
    finding = Finding(Status.PASS, Reason.OK, "p95 of 5 queries", measured_ms=900)
    assert too_slow(SPEC, finding, [Phase("connect", 3)], 900) == (
        "p95 of 5 queries; took 900 ms; budget 500 ms"
    )


def test_looks_after_the_measured_time_are_not_part_of_it() -> None:
    """Reading the server's state and the benchmark come after the answer that the budget is about."""
    phases = [Phase("connect", 1), Phase("auth", 2_900), Phase("query", 2_287), Phase("state", 120)]
    finding = Finding(Status.PASS, Reason.OK, "2 of 47 connections in use", measured_ms=5_190)
    assert too_slow(SPEC, finding, phases, 5_190) == "login took 2.9 s, query took 2.3 s; budget 500 ms"


def test_failure_keeps_its_reason_however_slow() -> None:
    """An HTTP 503 after 4 s is a 503, with its time."""
    finding = Finding(Status.FAIL, Reason.HTTP_503, "HTTP 503 from /health", measured_ms=4_100)
    verdict = judge(SPEC, finding, [], 4_100, 0)
    assert (verdict.status, verdict.reason, verdict.duration_ms) == (Status.FAIL, Reason.HTTP_503, 4_100)


def test_time_out_that_lateness_does_not_explain_stands() -> None:
    """A little lateness in a long time-out changes nothing: the target had more than its budget."""
    finding = timed_out(SPEC, [Phase("connect", 15_000, Status.FAIL)])
    assert judge(SPEC, finding, [], 15_000, 400).reason is Reason.CONNECT_TIMEOUT
    assert finding.message == "no answer in 15 s at 203.0.113.10:1 (connect timed out)"


def test_time_out_that_lateness_explains_is_unknown() -> None:
    """Where whybot slept through nearly all of the time, silence says nothing."""
    verdict = judge(SPEC, timed_out(SPEC, []), [], 15_000, 14_800)
    assert (verdict.status, verdict.reason) == (Status.UNKNOWN, Reason.PROBER_OVERLOADED)
    assert verdict.message == "could not be told: the prober was 14.8 s late itself"


def test_little_lateness_excuses_no_time_out_of_a_long_budget() -> None:
    """Where the budget is as long as the time-out, being a little late is not why nothing answered."""
    patient = acted("backend", answer, budget=300, timeout=300)
    assert judge(patient, timed_out(patient, []), [], 305, 20).reason is Reason.READ_TIMEOUT
    assert judge(patient, timed_out(patient, []), [], 305, 40).reason is Reason.PROBER_OVERLOADED


@given(FINDINGS, PHASES, MS, MS)
def test_no_verdict_is_better_than_its_finding(
    finding: Finding, phases: list[Phase], elapsed: float, late: float
) -> None:
    """A pass comes from a pass within budget alone, and unknown stays unknown."""
    verdict = judge(SPEC, finding, phases, elapsed, late)
    if verdict.status is Status.PASS:
        assert finding.status is Status.PASS
        assert verdict.duration_ms is None or verdict.duration_ms <= SPEC.budget
    if finding.status is Status.UNKNOWN:
        assert verdict.status is Status.UNKNOWN
    if verdict.reason is Reason.OVER_BUDGET and finding.reason is not Reason.OVER_BUDGET:
        assert verdict.duration_ms is not None
        assert verdict.duration_ms > SPEC.budget


@given(FINDINGS, PHASES, MS)
def test_punctual_prober_is_never_blamed(finding: Finding, phases: list[Phase], elapsed: float) -> None:
    """Without lateness no finding turns into an overloaded prober."""
    if finding.reason is not Reason.PROBER_OVERLOADED:
        assert judge(SPEC, finding, phases, elapsed, 0).reason is not Reason.PROBER_OVERLOADED


@given(
    st.lists(
        st.builds(Phase, st.sampled_from(["resolve", "connect", "tls", "query"]), MS, st.sampled_from(Status))
    )
)
def test_being_stopped_is_always_a_time_out(phases: list[Phase]) -> None:
    """Wherever the deadline fell, the reason is a time-out and the words name the target."""
    finding = timed_out(SPEC, phases)
    assert finding.reason in TIME_OUTS
    assert "203.0.113.10:1" in finding.message
