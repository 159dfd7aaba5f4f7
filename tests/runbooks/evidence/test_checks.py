"""What expressions see of health checks."""

from typing import Any

import pytest
from hypothesis import given

from checks.reasons import Reason
from checks.result import JOB_SILENT, CheckResult, Phase, Status, Sweep, Vantage
from runbooks.evidence.source import Section
from runbooks.values import CITE
from tests.checks.results import AT, SWEEPS, result, sweep
from tests.runbooks.evidence.looking import gap_in, gathered, scope, see, seen, source

JOB = Vantage("job", "Cloud Run job in us-central1")
MUTE = Vantage("here", "this machine (test)", speaks=False)
REDIS = result(
    "redis",
    Status.FAIL,
    title="Redis",
    target="10.166.204.83:6379",
    message="no answer in 3 s at 10.166.204.83:6379 (connect timed out); from here it answers in 91 ms",
    duration_ms=None,
    budget_ms=100.0,
    phases=(Phase("connect", 3_001.0, Status.FAIL),),
    facts={"here_status": "pass", "here_reason": "ok", "here_ms": 90.5},
    vantage=JOB,
)
POSTGRES = result(
    "postgres",
    Status.DEGRADED,
    kind="postgres",
    title="PostgreSQL",
    message="login took 2.9 s, query took 2.3 s; budget 500 ms",
    duration_ms=5_187.0,
    facts={"max_connections": 50, "roles": ["a", "b"]},
    vantage=JOB,
)
BACKEND = result(
    "backend",
    Status.FAIL,
    Reason.HTTP_503,
    kind="http",
    layer="service",
    title="backend",
    message="HTTP 503 from /health after 5.4 s",
    duration_ms=5_380.0,
    budget_ms=2_000.0,
)


async def check(found: CheckResult) -> Any:
    """One check as expressions see it."""
    return (await see("checks", scope(sweeps=[sweep(found)])))[found.name]


async def test_an_answer_is_seen_with_its_numbers() -> None:
    """Status, reason, time against the budget, phases, facts, and where it listens."""
    seen = await check(POSTGRES)
    assert (seen["status"], seen["reason"], seen["layer"]) == ("degraded", "over_budget", "dependency")
    assert (seen["duration_ms"], seen["budget_ms"], seen["times_over"]) == (5_187.0, 500.0, 10.374)
    assert (seen["host"], seen["port"]) == ("10.20.0.5", 5432)
    assert seen["facts"] == {"max_connections": 50, "roles": ("a", "b")}
    assert seen["answered"] is True
    assert seen["untold"] is None


async def test_what_does_not_answer_has_no_time_and_is_not_times_over() -> None:
    """So that a condition about slowness is false of it rather than unknown."""
    seen = await check(REDIS)
    assert (seen["duration_ms"], seen["times_over"], seen["answered"]) == (None, 0.0, False)
    assert seen["phases"] == {"connect": 3_001.0}


async def test_what_this_machine_found_is_beside_the_jobs_answer() -> None:
    """Where both were asked; null elsewhere."""
    assert (await check(REDIS))["from_here"] == {"status": "pass", "reason": "ok", "duration_ms": 90.5}
    assert (await check(POSTGRES))["from_here"] is None


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (POSTGRES, "PostgreSQL: 5,187 ms of 500 ms (login took 2.9 s, query took 2.3 s)"),
        (REDIS, f"Redis: {REDIS.message}"),
        (BACKEND, "backend: HTTP 503 from /health after 5.4 s"),
        (
            result("clickhouse", title="ClickHouse", message="answers queries", duration_ms=109.0),
            "ClickHouse: 109 ms of 500 ms, answers queries",
        ),
        (
            result("drift", title="Drift", message="43 fields agree", duration_ms=None, budget_ms=0.0),
            "Drift: 43 fields agree",
        ),
    ],
)  # fmt: skip
async def test_a_cite_says_what_was_found_against_the_budget(found: CheckResult, text: str) -> None:
    """In words, with numbers and units; its place is where expressions find it."""
    cite = (await check(found))[CITE]
    assert cite == {"id": f"checks.{found.name}", "text": text, "source": "check", "at": AT, "url": ""}


async def test_a_check_of_google_cloud_links_to_the_console() -> None:
    """Its page is the fact `console`."""
    seen = await check(result("logs", kind="logs", facts={"console": "https://console"}))
    assert seen[CITE]["url"] == "https://console"


@pytest.mark.parametrize(
    ("found", "service"),
    [
        (BACKEND, "backend"),
        (result("websocket", kind="websocket"), "backend"),
        (result("auth", kind="http"), "auth"),
        (result("logs", kind="logs"), "backend"),
        (result("cloud_run", kind="cloud_run"), "backend"),
        (result("dns", kind="dns"), ""),
        (REDIS, ""),
    ],
)
async def test_a_check_says_which_service_it_is_about(found: CheckResult, service: str) -> None:
    """By its own field, or by the host of the service's address."""
    assert (await check(found))["service"] == service


UNTOLD = ("status", "reason", "brief", "duration_ms", "times_over", "answered", CITE)


@pytest.mark.parametrize(
    ("found", "why", "settle"),
    [
        (
            result(
                "redis",
                Status.UNKNOWN,
                Reason.VANTAGE_CANNOT_TELL,
                message="answers here in 12 ms; the job could not tell",
                facts={JOB_SILENT: "there is no job whybot-probe"},
                vantage=MUTE,
            ),
            "Redis: answers here in 12 ms; the job could not tell",
            "there is no job whybot-probe",
        ),
        (
            result(
                "logs",
                Status.UNKNOWN,
                Reason.CLOUD_PERMISSION,
                message="may not read log entries.",
                facts={"role": "roles/logging.viewer", "command": "gcloud x"},
            ),
            "Logs: may not read log entries",
            "Grant roles/logging.viewer: gcloud x",
        ),
        (
            result("redis", message="PONG", vantage=MUTE),
            "Redis: PONG (from here, which says nothing of what the service reaches)",
            "",
        ),
        (
            result("redis", Status.FAIL, message="no answer", vantage=MUTE),
            "Redis: no answer (from here, which says nothing of what the service reaches)",
            "",
        ),
    ],
    ids=["silent job", "no permission", "passes from here", "silent from here"],
)
async def test_what_could_not_be_told_is_a_gap(found: CheckResult, why: str, settle: str) -> None:
    """At all that the answer would have said; never a pass, never a failure."""
    seen = await check(found)
    for key in UNTOLD:
        gap = gap_in(seen[key])
        assert (gap.why, gap.settle, gap.path) == (why, settle, f"checks.{found.name}"), key
    assert seen["title"] == found.title
    assert seen["untold"][CITE]["text"] == why


async def test_what_the_server_itself_says_is_known_from_anywhere() -> None:
    """A wrong password is no matter of the network, so the answer from here is believed."""
    seen = await check(result("redis", Status.FAIL, Reason.AUTH_FAILED, vantage=MUTE))
    assert (seen["status"], seen["reason"]) == ("fail", "auth_failed")
    assert seen["from_here"]["status"] == "fail"


async def test_a_late_prober_is_told_as_such() -> None:
    """The runbook of the probe's own trouble asks for it."""
    seen = await check(result("redis", Status.UNKNOWN, Reason.PROBER_OVERLOADED, duration_ms=None))
    assert seen["prober_late"] is True
    gap_in(seen["status"])


@pytest.mark.parametrize(
    ("kind", "reason", "answered"),
    [
        ("redis", Reason.DNS_NXDOMAIN, False),
        ("dns", Reason.DNS_NXDOMAIN, True),
        ("redis", Reason.CONNECT_REFUSED, False),
        ("redis", Reason.AUTH_FAILED, True),
        ("http", Reason.HTTP_503, True),
    ],
)
async def test_whether_a_target_answered(kind: str, reason: Reason, answered: bool) -> None:
    """A name that does not resolve is an answer to a check of DNS alone."""
    assert (await check(result("redis", Status.FAIL, reason, kind=kind)))["answered"] is answered


async def test_skipped_checks_are_left_out() -> None:
    """Nobody asked them, so there is nothing to see."""
    assert await see("checks", scope(sweeps=[sweep(result("redis", Status.SKIPPED))])) == {}


async def test_the_sweep_is_seen_as_it_grows() -> None:
    """A check that has not answered is pending, until gathering ends without it."""
    growing = [sweep(expected=("redis", "backend")), sweep(REDIS, expected=("redis", "backend"))]
    sections = [each async for each in source("checks").gather(scope(sweeps=growing))]
    assert [(each.finished, len(each.data["checks"])) for each in sections] == [
        (False, 0),
        (False, 1),
        (True, 1),
    ]
    half, whole = (seen("checks", {"checks": each})["backend"] for each in sections[1:])
    assert (gap_in(half).pending, gap_in(half).why) == (True, "backend has not answered yet")
    assert not gap_in(whole).pending
    assert gap_in(whole).why == "backend had not answered when gathering ended"


async def test_a_section_is_plain_json() -> None:
    """Nothing of it is an enumeration that equals a text but is none."""
    section: Section = await gathered("checks", scope(sweeps=[sweep(REDIS)]))
    found = section.data["checks"][0]
    assert {type(found[key]) for key in ("status", "reason", "kind")} == {str}


@given(SWEEPS)
async def test_any_sweep_is_seen_in_the_declared_form(found: Sweep) -> None:
    """Whatever checks say, finished or not."""
    section = [each async for each in source("checks").gather(scope(sweeps=[found]))][-1]
    view = seen("checks", {"checks": section})
    shown = {each.name for each in found.results if each.status is not Status.SKIPPED}
    assert set(view) == shown | (set(found.expected) - {each.name for each in found.results})
