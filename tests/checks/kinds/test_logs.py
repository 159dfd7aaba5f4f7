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


def log(
    counts: Mapping[int, int], later: Mapping[int, int] | None = None, last: datetime = LAST, **fields: Any
) -> Requests:
    """A request log with so many requests by status, and what came after the last failure."""

    def read(since: datetime, until: datetime) -> RequestLog:
        read_from = place.source("logging", "requests")
        if since > last:
            after = later or {}
            return RequestLog("netra-backend-staging", since, until, read_from, sum(after.values()), after)
        return RequestLog(
            "netra-backend-staging", since, until, read_from, sum(counts.values()), counts, **fields
        )

    return read


def failing(number: int, good: int, **fields: Any) -> Requests:
    """So many requests that ended in 503, of the revision that serves."""
    told = {"by_revision_5xx": {GOOD: {503: number}}, "first_5xx": FIRST, "last_5xx": LAST, **fields}
    return log({503: number, 200: good}, **told)


async def test_requests_that_end_in_503_fail_the_check() -> None:
    """How many of how many, since when, after how long."""
    requests = failing(212, 28, latency_5xx_ms=(2000.0, 4500.0, 12_000.0))
    found = await look(CHECK, StillCloud(log=requests))
    assert (found.status, found.reason) == (Status.FAIL, Reason.ERRORS_LOGGED)
    assert found.message == "212 of 240 requests in 15 min ended in 503 after 2–12 s, the first at 11:52 UTC"
    assert (found.facts["requests"], found.facts["http_503"]) == (240, 212)
    assert found.facts["median_5xx_ms"] == 4500.0


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
    found = await look(CHECK, StillCloud(log=failing(3, 1, latency_5xx_ms=spread)))
    assert found.message.partition(", the first at ")[0].endswith(said)


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
    requests = failing(58, 2, by_revision_5xx={BAD: {503: 58}})
    found = await look(CHECK, StillCloud(log=requests))
    assert found.status is Status.PASS
    assert found.message.endswith(f"all by {BAD}: no longer serving")
    assert found.facts["over"] is True


async def test_reading_from_before_the_last_5xx_says_nothing_of_what_serves() -> None:
    """A revision that the reading does not know yet may be the one that serves now."""
    early = replace(place.staging(), read_at=LAST - timedelta(seconds=1))
    requests = failing(58, 2, by_revision_5xx={BAD: {503: 58}})
    found = await look(CHECK, StillCloud(early, log=requests))
    assert found.status is Status.FAIL


def recovered(fine: int, failed: int = 58, good: int = 0, last: datetime = LAST) -> Requests:
    """So many requests that were fine after the last 503 of the revision that serves."""
    counts = {503: failed, 200: good + fine}
    told = {"by_revision_5xx": {GOOD: {503: failed}}, "first_5xx": FIRST, "last_5xx": last}
    return log(counts, {200: fine}, last, **told)


async def test_many_fine_requests_in_a_row_end_it() -> None:
    """The same revision recovered, as when a dependency came back."""
    found = await look(CHECK, StillCloud(log=recovered(12)))
    assert found.status is Status.PASS
    assert found.message.endswith("requests since then are fine")
    assert found.facts["over"] is True


async def test_a_quiet_time_ends_it_with_few_requests() -> None:
    """Two minutes without a failure, in which at least one request was fine."""
    found = await look(CHECK, StillCloud(log=recovered(1, last=place.NOW - timedelta(minutes=2))))
    assert found.status is Status.PASS


@pytest.mark.parametrize(("fine", "said"), [(1, "1 request was fine"), (9, "9 requests were fine")])
async def test_a_few_fine_requests_do_not_end_it(fine: int, said: str) -> None:
    """One good answer seconds after the last 503 is no recovery yet: degraded, with what is known."""
    found = await look(CHECK, StillCloud(log=recovered(fine)))
    assert (found.status, found.reason) == (Status.DEGRADED, Reason.ERRORS_LOGGED)
    assert found.message.endswith(f"; since 11:59 UTC {said}")
    assert "over" not in found.facts


async def test_where_one_in_fifty_fails_ten_in_a_row_mean_nothing() -> None:
    """Between two failures there are more fine ones than that all the time."""
    found = await look(CHECK, StillCloud(log=recovered(12, failed=4, good=184)))
    assert found.status is Status.DEGRADED


@pytest.mark.parametrize("later", [{}, {200: 30, 500: 1}])
async def test_no_good_request_since_then_does_not_end_it(later: Mapping[int, int]) -> None:
    """Silence is no recovery, and another error is none either."""
    requests = log({503: 58}, later, by_revision_5xx={GOOD: {503: 58}}, first_5xx=FIRST, last_5xx=LAST)
    found = await look(CHECK, StillCloud(log=requests))
    assert found.status is Status.FAIL


async def test_any_5xx_counts_and_is_named() -> None:
    """A gateway's time-out is as bad as a 503; the most frequent status comes first."""
    told = {"by_revision_5xx": {GOOD: {504: 190, 500: 10}}, "first_5xx": FIRST, "last_5xx": LAST}
    found = await look(CHECK, StillCloud(log=log({504: 190, 500: 10, 200: 60}, **told)))
    assert (found.status, found.reason) == (Status.FAIL, Reason.ERRORS_LOGGED)
    assert found.message == "200 of 260 requests in 15 min ended in 504 or 500, the first at 11:52 UTC"
    assert (found.facts["http_503"], found.facts["http_5xx"]) == (0, 200)


async def test_503_and_other_5xx_are_allowed_apart() -> None:
    """What `max_503` allows, `max_5xx` does not: each counts its own."""
    told = {"by_revision_5xx": {GOOD: {504: 2}}, "first_5xx": FIRST, "last_5xx": LAST}
    requests = log({504: 2, 200: 60}, **told)
    found = await look(LogsCheck(name="logs", service="backend", max_503=5), StillCloud(log=requests))
    assert found.status is Status.DEGRADED
    found = await look(LogsCheck(name="logs", service="backend", max_5xx=2), StillCloud(log=requests))
    assert (found.status, found.message) == (
        Status.PASS, "2 of 62 requests in the last 15 min ended in 504"
    )  # fmt: skip


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
