"""Sweeps as values."""

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import WORST_FIRST, CheckResult, Status, Sweep
from tests.checks.results import AT, HERE, SWEEPS, result

STATUSES = st.lists(st.sampled_from(Status), max_size=12)


def swept(statuses: list[Status]) -> Sweep:
    """A finished sweep with results of these statuses."""
    results = tuple(result(f"check{n}", status) for n, status in enumerate(statuses))
    return Sweep("staging", HERE, AT, tuple(each.name for each in results), results)


@given(STATUSES)
def test_sweep_is_as_bad_as_its_worst_check(statuses: list[Status]) -> None:
    """fail > degraded > unknown > pass, whatever the order."""
    told = [status for status in statuses if status is not Status.SKIPPED]
    wanted = min(told, key=WORST_FIRST.index) if told else Status.UNKNOWN
    assert swept(statuses).status is wanted


@given(STATUSES, st.sampled_from(Status))
def test_another_answer_never_hides_a_failure(statuses: list[Status], more: Status) -> None:
    """Adding a result makes no finished sweep look better, but for one in which nothing was told."""
    before, after = swept(statuses).status, swept([*statuses, more]).status
    if set(statuses) - {Status.SKIPPED}:
        assert WORST_FIRST.index(after) <= WORST_FIRST.index(before)


@given(SWEEPS)
@settings(max_examples=40)
def test_unfinished_sweep_is_never_a_pass(sweep: Sweep) -> None:
    """While something has not answered, the sweep is not healthy."""
    if not sweep.finished:
        assert sweep.status is not Status.PASS


@given(SWEEPS)
@settings(max_examples=40)
def test_worst_come_first_in_the_order_of_the_file(sweep: Sweep) -> None:
    """Every result is there once; failing, over budget, unknown, ok; the file's order within."""
    ordered = sweep.worst_first()
    assert sorted(each.name for each in ordered) == sorted(each.name for each in sweep.results)

    def place(each: CheckResult) -> tuple[int, int]:
        return WORST_FIRST.index(each.status), sweep.expected.index(each.name)

    assert ordered == sorted(ordered, key=place)
