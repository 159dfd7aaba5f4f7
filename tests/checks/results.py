"""Results and sweeps for tests of what is made of them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from checks.reasons import Reason
from checks.result import CheckResult, Phase, Status, Sweep, Vantage

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
HERE = Vantage("here", "this machine (test)")

MS = st.integers(0, 600_000_000).map(lambda microseconds: microseconds / 1000)
TIMES = st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1))  # noqa: DTZ001 - hypothesis wants it naive
TEXT = st.text(max_size=30)
FACTS = st.dictionaries(
    TEXT,
    TEXT
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
    | st.lists(TEXT, max_size=3),
    max_size=4,
)


def result(
    name: str, status: Status = Status.PASS, reason: Reason | None = None, **changes: Any
) -> CheckResult:
    """One result; whatever the test is not about has a plain value."""
    usual = {Status.PASS: Reason.OK, Status.DEGRADED: Reason.OVER_BUDGET, Status.FAIL: Reason.CONNECT_TIMEOUT}
    plain: dict[str, Any] = {
        "name": name,
        "kind": "redis",
        "title": name.capitalize(),
        "target": "203.0.113.10:6379",
        "layer": "dependency",
        "status": status,
        "reason": reason or usual.get(status, Reason.PROBER_OVERLOADED),
        "message": "words",
        "duration_ms": 12.0,
        "budget_ms": 500.0,
        "phases": (),
        "facts": {},
        "attempts": 1,
        "vantage": HERE,
        "started_at": AT,
    }
    return CheckResult(**(plain | changes))


def sweep(*results: CheckResult, expected: tuple[str, ...] | None = None) -> Sweep:
    """A sweep over staging; `expected` names more than answered for one that still runs."""
    names = expected or tuple(each.name for each in results)
    return Sweep("staging", HERE, AT, names, results, 6_200.0, {each.name: each.title for each in results})


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Any sweep, finished or not, answers in any order."""
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True), unique=True, max_size=6))
    answered = draw(st.permutations(names))[: draw(st.integers(0, len(names)))]
    titles = {name: draw(TEXT) for name in names}
    results = tuple(
        CheckResult(
            name=name,
            kind=draw(st.sampled_from(["redis", "http"])),
            title=titles[name],
            target=draw(TEXT),
            layer=draw(st.sampled_from(["edge", "service", "dependency"])),
            status=draw(st.sampled_from(Status)),
            reason=draw(st.sampled_from(Reason)),
            message=draw(TEXT),
            duration_ms=draw(st.none() | MS),
            budget_ms=draw(MS.filter(bool)),
            phases=tuple(draw(st.lists(st.builds(Phase, TEXT, MS, st.sampled_from(Status)), max_size=3))),
            facts=draw(FACTS),
            attempts=1,
            vantage=HERE,
            started_at=draw(TIMES),
        )
        for name in answered
    )
    return Sweep("staging", HERE, draw(TIMES), tuple(names), results, draw(MS), titles)


SWEEPS = sweeps()
