"""A sweep in one line."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from checks.output.headline import budget, counts, headline, mark, said, sentence, status, time, what
from checks.reasons import Reason
from checks.result import CheckResult, Status, Sweep
from tests.checks.results import SWEEPS, result, sweep

REDIS = result("redis", Status.FAIL, duration_ms=None, budget_ms=100.0)
POSTGRES = result("postgres", Status.DEGRADED, title="PostgreSQL", duration_ms=5_187.0)
BACKEND = result(
    "backend",
    Status.FAIL,
    Reason.HTTP_503,
    title="backend",
    layer="service",
    duration_ms=4_100.0,
    budget_ms=2_000.0,
)
WELL = [result(f"well{n}", duration_ms=100.0 + n) for n in range(6)]


def test_incident_is_said_as_in_the_mock_up() -> None:
    """What others depend on comes first; what is merely slow is counted apart from what fails."""
    said_of_it = headline(sweep(BACKEND, POSTGRES, REDIS, *WELL))
    assert said_of_it == (
        "🔴 staging: Redis unreachable, PostgreSQL 10× over budget — 2 of 9 failing, 1 over budget"
    )


def test_a_closed_path_is_named_first() -> None:
    """It is the cause of what is unreachable behind it, and it says to what it is the path."""
    path = result(
        "path",
        Status.FAIL,
        Reason.PATH_BROKEN,
        kind="vpc_path",
        title="Network paths",
        layer="service",
        duration_ms=None,
        facts={"closed": ["Redis"]},
    )
    line = headline(sweep(BACKEND, POSTGRES, REDIS, path))
    assert line.startswith(
        "🔴 staging: Path to Redis closed, Redis unreachable, PostgreSQL 10× over budget — "
    )
    two, four = (replace(path, facts={"closed": [*"ABCD"[:number]]}) for number in (2, 4))
    assert (said(two), said(four)) == ("Paths to A and B closed", "Paths to A, B and 2 more closed")
    assert said(replace(path, facts={})) == "Network paths closed"


def test_a_pass_by_a_detour_says_so() -> None:
    """Every other pass says no more than its time."""
    detour = result("path", message="reaches Redis; by a detour: over a VPN", facts={"detour": True})
    assert what(detour) == detour.message
    assert what(result("path", message="reaches Redis", facts={"detour": False})) == ""


def test_a_check_whose_time_counts_for_nothing_has_no_budget() -> None:
    """What Google's answer took is no time of the target: a dash, not half a minute."""
    assert budget(result("drift", budget_ms=0.0)) == "—"
    assert budget(result("redis", budget_ms=100.0)) == "100 ms"


def test_running_sweep_says_how_far_it_is() -> None:
    """No mark yet, and what fails so far."""
    names = tuple(f"check{n}" for n in range(9))
    running = sweep(REDIS, BACKEND, *WELL[:4], expected=names)
    assert headline(running) == "staging: 6 of 9 checked, 2 failing so far"
    assert headline(sweep(*WELL[:4], expected=names)) == "staging: 4 of 9 checked"


def test_healthy_sweep_names_its_slowest_check() -> None:
    """The slowest is named, with its time, as the rows below say it."""
    page = result("page", layer="edge", duration_ms=900.0)
    assert headline(sweep(*WELL, page)) == "🟢 staging: all 7 ok, slowest page 900 ms"
    assert headline(sweep(page)) == "🟢 staging: Page ok, 900 ms"


def test_a_title_is_not_said_twice() -> None:
    """A reason that begins with what the check is called follows it only once."""
    for title, reason, words in (
        ("WebSocket", Reason.WS_CLOSED, "WebSocket closed"),
        ("DNS", Reason.DNS_WRONG_RECORD, "DNS record wrong"),
        ("Certificate", Reason.TLS_EXPIRING, "Certificate expiring"),
        ("edge", Reason.WS_CLOSED, "edge WebSocket closed"),
    ):
        assert said(result("x", Status.FAIL, reason, title=title)) == words


def test_a_name_that_is_not_found_is_named_before_what_it_takes_down() -> None:
    """Where names do not resolve, that is the news, not the services that cannot be reached for it."""
    silent = {"status": Status.FAIL, "reason": Reason.DNS_TIMEOUT, "duration_ms": None}
    services = [result(f"service{n}", layer="service", **silent) for n in range(3)]
    name = result("dns", kind="dns", layer="edge", title="DNS", **silent)
    assert headline(sweep(*services, name)).startswith("🔴 staging: DNS ")


def test_only_slow_is_counted_as_over_budget() -> None:
    """Nothing is called failing that answers."""
    assert headline(sweep(POSTGRES, *WELL)) == "🟠 staging: PostgreSQL 10× over budget — 1 of 7 over budget"
    barely = result("redis", Status.DEGRADED, duration_ms=620.0)
    assert headline(sweep(barely)) == "🟠 staging: Redis over budget — 1 of 1 over budget"


def test_unknown_is_said_as_unknown() -> None:
    """What could not be told is neither failing nor ok."""
    blind = result("redis", Status.UNKNOWN, Reason.SECRET_MISSING, duration_ms=None)
    assert headline(sweep(blind, *WELL)) == "⚪ staging: Redis not asked: secret missing — 1 of 7 unknown"
    assert headline(sweep(REDIS, blind)) == (
        "🔴 staging: Redis unreachable, Redis not asked: secret missing — 1 of 2 failing, 1 unknown"
    )


def test_failing_service_is_named_beside_slow_dependencies() -> None:
    """Two slow dependencies do not push the failure out of the line."""
    slow = [result(f"slow{n}", Status.DEGRADED, duration_ms=2_000.0) for n in range(2)]
    assert headline(sweep(*slow, BACKEND)) == (
        "🔴 staging: backend HTTP 503, Slow0 4× over budget — 1 of 3 failing, 2 over budget"
    )


def test_nothing_run_is_nothing_claimed() -> None:
    """An empty run is not healthy."""
    skipped = result("redis", Status.SKIPPED, Reason.NOT_SELECTED)
    assert headline(sweep()) == "⚪ staging: nothing was checked"
    assert headline(sweep(skipped)) == "⚪ staging: nothing was checked"
    assert headline(sweep(skipped, WELL[0])) == "🟢 staging: 1 ok, slowest well0 100 ms"


@pytest.mark.parametrize(
    ("milliseconds", "of", "words"),
    [
        (None, 100.0, "—"),
        (0.4, 100.0, "under 1 ms"),
        (109.4, 500.0, "109 ms"),
        (5_187.0, 500.0, "5,187 ms"),
        (4_100.0, 2_000.0, "4.1 s"),
        (900.0, 2_000.0, "900 ms"),
    ],
)
def test_time_is_said_in_the_unit_of_its_budget(milliseconds: float | None, of: float, words: str) -> None:
    """Two numbers of one row can be compared at a glance."""
    assert time(result("redis", duration_ms=milliseconds, budget_ms=of)) == words


def test_status_and_budget_are_words() -> None:
    """A row of the table reads without a legend."""
    assert [status(each) for each in (REDIS, POSTGRES, WELL[0])] == ["failing", "over budget", "ok"]
    assert [budget(each) for each in (REDIS, BACKEND)] == ["100 ms", "2 s"]
    assert said(POSTGRES) == "PostgreSQL 10× over budget"
    assert [mark(each) for each in Status] == ["🟢", "🟠", "🔴", "⚪", "⚪"]


@given(SWEEPS)
@settings(max_examples=40)
def test_every_sweep_can_be_said(swept: Sweep) -> None:
    """One line that starts with the environment; every result that is not well is counted once."""
    line = sentence(swept)
    assert line.startswith("staging: ")
    bad: list[CheckResult] = [
        each for each in swept.results if each.status not in (Status.PASS, Status.SKIPPED)
    ]
    assert sum(int(count.split()[0]) for count in counts(swept)) == len(bad)
    assert headline(swept).removeprefix(f"{mark(swept.status)} ") == line
