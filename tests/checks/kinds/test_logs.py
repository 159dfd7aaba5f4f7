"""The check of the request log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from checks.kinds.logs import LogsCheck
from checks.observations import ErrorGroup, RequestLog
from checks.reasons import Reason
from checks.result import Status
from tests.checks.path import place
from tests.checks.path.place import BAD, GOOD
from tests.checks.seeing import Requests, StillCloud, look

CHECK = LogsCheck(name="logs", service="backend")
FIRST, LAST = place.NOW - timedelta(minutes=8), place.NOW - timedelta(seconds=20)


def log(counts: Mapping[int, int], later: Mapping[int, int] | None = None, **fields: Any) -> Requests:
    """A request log with so many requests by status, and what came after the last 503."""

    def read(since: datetime, until: datetime) -> RequestLog:
        read_from = place.source("logging", "requests")
        if since > LAST:
            after = later or {}
            return RequestLog("netra-backend-staging", since, until, read_from, sum(after.values()), after)
        return RequestLog(
            "netra-backend-staging", since, until, read_from, sum(counts.values()), counts, **fields
        )

    return read


def failing(number: int, good: int, **fields: Any) -> Requests:
    """So many requests that ended in 503, of the revision that serves."""
    told = {"by_revision_503": {GOOD: number}, "first_503": FIRST, "last_503": LAST, **fields}
    return log({503: number, 200: good}, **told)


async def test_requests_that_end_in_503_fail_the_check() -> None:
    """How many of how many, since when, after how long."""
    requests = failing(212, 28, latency_503_ms=(2000.0, 4500.0, 12_000.0))
    found = await look(CHECK, StillCloud(log=requests))
    assert (found.status, found.reason) == (Status.FAIL, Reason.ERRORS_LOGGED)
    assert found.message == "212 of 240 requests since 11:52 UTC ended in 503 after 2–12 s"
    assert (found.facts["requests"], found.facts["http_503"]) == (240, 212)
    assert found.facts["median_503_ms"] == 4500.0


@pytest.mark.parametrize(
    ("spread", "said"),
    [
        ((200.0, 300.0, 400.0), "after 200–400 ms"),
        ((200.0, 300.0, 4000.0), "after 200 ms–4 s"),
        ((4000.0, 4000.0, 4000.0), "after 4 s"),
        (None, "ended in 503"),
    ],
)
async def test_spread_of_latencies_is_told_in_one_unit_where_it_has_one(spread: Any, said: str) -> None:
    """Short, as a person would say it."""
    found = await look(CHECK, StillCloud(log=failing(3, 1, latency_503_ms=spread)))
    assert found.message.endswith(said)


async def test_few_requests_that_end_in_503_degrade() -> None:
    """Most are answered."""
    found = await look(CHECK, StillCloud(log=failing(3, 200)))
    assert (found.status, found.reason) == (Status.DEGRADED, Reason.ERRORS_LOGGED)


async def test_as_many_as_allowed_pass() -> None:
    """`max_503` is a number of requests in the window."""
    found = await look(LogsCheck(name="logs", service="backend", max_503=3), StillCloud(log=failing(3, 200)))
    assert found.status is Status.PASS
    assert found.message == "3 of 203 requests in the last 15 min ended in 503"


async def test_cut_off_log_counts_at_least() -> None:
    """More entries than were read are no exact number."""
    found = await look(CHECK, StillCloud(log=failing(900, 100, truncated=True)))
    assert found.message.startswith("at least 900 of 1000 requests")


async def test_revision_that_serves_no_more_is_not_held_against_the_service() -> None:
    """After a rollback the old revision's 503s are history."""
    requests = failing(58, 2, by_revision_503={BAD: 58})
    found = await look(CHECK, StillCloud(log=requests))
    assert found.status is Status.PASS
    assert found.message.endswith(f"all by {BAD}: no longer serving")
    assert found.facts["over"] is True


async def test_reading_from_before_the_last_503_says_nothing_of_what_serves() -> None:
    """A revision that the reading does not know yet may be the one that serves now."""
    early = replace(place.staging(), read_at=LAST - timedelta(seconds=1))
    requests = failing(58, 2, by_revision_503={BAD: 58})
    found = await look(CHECK, StillCloud(early, log=requests))
    assert found.status is Status.FAIL


async def test_requests_since_then_that_are_fine_end_it() -> None:
    """The same revision recovered, as when a dependency came back."""
    requests = log({503: 58}, {200: 4}, by_revision_503={GOOD: 58}, first_503=FIRST, last_503=LAST)
    found = await look(CHECK, StillCloud(log=requests))
    assert found.status is Status.PASS
    assert found.message.endswith("requests since then are fine")


@pytest.mark.parametrize("later", [{}, {200: 3, 500: 1}])
async def test_no_good_request_since_then_does_not_end_it(later: Mapping[int, int]) -> None:
    """Silence is no recovery, and another error is none either."""
    requests = log({503: 58}, later, by_revision_503={GOOD: 58}, first_503=FIRST, last_503=LAST)
    found = await look(CHECK, StillCloud(log=requests))
    assert found.status is Status.FAIL


async def test_no_requests_is_a_pass_that_says_so() -> None:
    """Nobody asked, so nobody got a 503."""
    found = await look(CHECK, StillCloud())
    assert (found.status, found.message) == (Status.PASS, "no requests in the last 15 min")


GROUP = ErrorGroup("connecting to hunter2:… failed", 7, FIRST, LAST, "ERROR")


async def test_errors_are_told_as_facts_without_secrets() -> None:
    """The most frequent first; they do not decide unless the file says how many may be."""
    found = await look(CHECK, StillCloud(logged=(GROUP,)))
    assert found.status is Status.PASS
    assert found.facts["errors"] == 7
    assert found.facts["error_groups"] == ["7 × connecting to hunter2:… failed"]
    strict = LogsCheck(name="logs", service="backend", max_errors=3)
    found = await look(strict, StillCloud(logged=(GROUP,)))
    assert (found.status, found.reason) == (Status.DEGRADED, Reason.ERRORS_LOGGED)
    assert found.message.startswith("7 errors logged in 15 min; most often: ")


async def test_log_that_may_not_be_read_is_unknown() -> None:
    """The permission and its role are told."""
    denied = place.blind("logging.logEntries.list", "roles/logging.viewer")
    found = await look(CHECK, StillCloud(log=lambda _since, _until: denied))
    assert (found.status, found.reason) == (Status.UNKNOWN, Reason.CLOUD_PERMISSION)
    assert found.facts["role"] == "roles/logging.viewer"


async def test_errors_that_may_not_be_read_are_a_fact() -> None:
    """Requests are judged all the same."""
    denied = place.blind("logging.logEntries.list", "roles/logging.viewer")
    found = await look(CHECK, StillCloud(logged=denied))
    assert found.status is Status.PASS
    assert found.facts["errors_unread"]
