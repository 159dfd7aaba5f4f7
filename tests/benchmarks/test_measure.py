import pytest

from benchmarks.measure import Row, in_turns, percentile, table


@pytest.mark.parametrize(
    ("ours", "baseline", "target", "at_least", "met"),
    [
        (1.1, 1.0, 1.1, False, True),
        (1.304, 1.0, 1.30, False, False),
        (1.0, 1.0, 1.0, True, True),
        (0.999, 1.0, 1.0, True, False),
        (1.0, 0.0, 1.5, False, False),
    ],
)
def test_target_is_met_by_the_unrounded_ratio(
    ours: float, baseline: float, target: float, at_least: bool, met: bool
) -> None:
    """A ratio that only rounds to its target has missed it, and nothing is no baseline."""
    assert Row("row", ours, baseline, "s", target, at_least).met is met


def test_table_says_what_was_missed() -> None:
    """Every row has figure, baseline, ratio, target and verdict."""
    said = table(
        [Row("fast", 1.0, 1.0, "s", 1.1), Row("slow", 3.0, 1.0, "s", 1.5, note="(why)")]
    ).splitlines()
    assert said[1].split() == ["fast", "1", "s", "1", "s", "1.00", "≤", "1.10", "ok"]
    assert said[2].split() == ["slow", "3", "s", "1", "s", "3.00", "≤", "1.50", "missed", "(why)"]


async def test_measures_are_taken_in_turns_and_the_first_round_does_not_count() -> None:
    """Each round runs every measure once in changing order; the median leaves the warm-up out."""
    order: list[str] = []
    values = {"a": iter([100.0, 1.0, 3.0, 2.0]), "b": iter([100.0, 6.0, 4.0, 5.0])}

    async def a() -> float:
        order.append("a")
        return next(values["a"])

    async def b() -> float:
        order.append("b")
        return next(values["b"])

    assert await in_turns(a, b, repeat=3) == [2.0, 5.0]
    assert order == ["b", "a", "a", "b", "b", "a", "a", "b"]


def test_percentile_is_the_nearest_rank() -> None:
    """Of a hundred values the 99th percentile is the 99th, and one value is each of its percentiles."""
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 101), 0.5) == 50
    assert percentile([7], 0.99) == 7
