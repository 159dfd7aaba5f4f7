"""Sweeps for the tests of views: the incident's own, and any that hypothesis thinks of."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from checks.reasons import Reason
from checks.result import CheckResult, Phase, Status, Sweep, Vantage

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
HERE = Vantage("here", "this machine (laptop)")


def result(name: str, status: Status = Status.PASS, **changes: Any) -> CheckResult:
    """One result; whatever the test is not about has a plain value."""
    plain: dict[str, Any] = {
        "name": name,
        "kind": "http",
        "title": name,
        "target": f"{name}.example:443",
        "layer": "dependency",
        "status": status,
        "reason": Reason.OK if status is Status.PASS else Reason.CONNECT_TIMEOUT,
        "message": "answered" if status is Status.PASS else "no answer in 3 s",
        "duration_ms": 12.0,
        "budget_ms": 500.0,
        "phases": (),
        "facts": {},
        "attempts": 1,
        "vantage": HERE,
        "started_at": AT,
    }
    return CheckResult(**(plain | changes))


def sweep(*results: CheckResult, expected: tuple[str, ...] | None = None, took: float = 6_200.0) -> Sweep:
    """A sweep over staging; `expected` names more checks than answered for one that still runs."""
    names = expected or tuple(each.name for each in results)
    return Sweep("staging", HERE, AT, names, tuple(results), took)


REDIS = result(
    "redis",
    Status.FAIL,
    kind="redis",
    title="Redis",
    target="10.166.204.83:6379",
    message="no answer in 3 s at 10.166.204.83:6379 (connect timed out)",
    duration_ms=None,
    budget_ms=100.0,
    phases=(Phase("connect", 3_000.0, Status.FAIL),),
    facts={"address": "10.166.204.83", "port": 6379, "tls": False, "tried": ["10.166.204.83"], "share": 0.5},
)
POSTGRES = result(
    "postgres",
    Status.DEGRADED,
    title="PostgreSQL",
    reason=Reason.OVER_BUDGET,
    message="connected in 2.9 s, query took 2.3 s; budget 500 ms",
    duration_ms=5_187.0,
    phases=(Phase("connect", 2_900.0), Phase("auth", 0.4), Phase("query", 2_300.0)),
)
BACKEND = result(
    "backend",
    Status.FAIL,
    title="Backend",
    layer="service",
    reason=Reason.HTTP_503,
    message="HTTP 503 from /health",
    duration_ms=4_100.0,
    budget_ms=2_000.0,
)
CLICKHOUSE = result("clickhouse", title="ClickHouse", duration_ms=109.0)
OTHERS = tuple(
    result(name, layer="edge", duration_ms=time)
    for name, time in (("websocket", 40), ("auth", 30), ("frontend", 150), ("dns", 3), ("certificate", 20))
)
SEED_503 = sweep(REDIS, POSTGRES, CLICKHOUSE, BACKEND, *OTHERS)

_words = st.text(max_size=60)
_names = st.text(min_size=1, max_size=24)
_facts = _words | st.integers() | st.none() | st.lists(_words, max_size=3)


def any_result(name: str) -> st.SearchStrategy[CheckResult]:
    """Any answer to the check of this name, with the words of a hostile server."""
    return st.builds(
        result,
        st.just(name),
        st.sampled_from(list(Status)),
        reason=st.sampled_from(list(Reason)),
        title=_names,
        kind=_names,
        target=_words,
        layer=st.sampled_from(["edge", "service", "dependency"]),
        message=st.text(max_size=400) | st.sampled_from(["<!channel> & <@U1> ```x```", "\n" * 50, "&" * 300]),
        duration_ms=st.none() | st.floats(0, 1e6),
        budget_ms=st.floats(0.1, 6e5),
        phases=st.lists(st.builds(Phase, _names, st.floats(0, 1e6)), max_size=5).map(tuple),
        facts=st.dictionaries(
            _names, _words | st.integers() | st.none() | st.lists(_words, max_size=3), max_size=5
        ),
        attempts=st.integers(1, 3),
    )


@st.composite
def any_sweep(draw: st.DrawFn, most: int = 12) -> Sweep:
    """Any sweep: finished or not, of up to `most` checks."""
    names = draw(st.lists(_names, unique=True, max_size=most))
    results = [draw(any_result(name)) for name in names if draw(st.booleans()) or draw(st.booleans())]
    took = draw(st.floats(0, 1e6))
    vantage = Vantage("here", draw(_words))
    return Sweep(draw(_names), vantage, AT, tuple(names), tuple(results), took)
