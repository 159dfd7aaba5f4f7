"""What expressions see of Cloud Logging."""

from datetime import timedelta
from typing import Any

import pytest

from checks.observations import ErrorGroup
from runbooks.evidence.signals import SIGNALS, signals_in
from runbooks.values import CITE
from tests.checks.path.place import BAD, NOW
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import DENIED, denied, gap_in, log, scope, see

FIRST = NOW - timedelta(minutes=12)


def group(message: str, count: int = 3, **more: Any) -> ErrorGroup:
    """Log entries that say the same."""
    return ErrorGroup(message, count, FIRST, NOW, "ERROR", more.pop("example", message), BAD)


async def backend(**cloud: Any) -> Any:
    """The backend's log as expressions see it."""
    return (await see("logs", scope(StillCloud(**cloud))))["backend"]


async def test_requests_are_counted_against_all() -> None:
    """How many failed, with which status, by whom, when and after how long."""
    seen = await backend(log=log(failed=212, total=240))
    assert (seen["total"], seen["failed"], seen["share_failed"]) == (240, 212, 0.8833)
    assert (seen["by_status"], seen["failed_by_revision"]) == ({"200": 28, "503": 212}, {BAD: 212})
    assert (seen["first_failed"], seen["last_failed"]) == (FIRST, NOW)
    assert seen["latency_failed_ms"] == {"shortest": 2_031.9, "median": 6_828.3, "longest": 11_976.8}
    assert (seen["until"] - seen["since"], seen["truncated"]) == (timedelta(hours=1), False)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (
            {"failed": 212, "total": 240},
            "backend: 212 of 240 requests of the last hour ended in 503 after 2–12 s, the first at 11:48 UTC",
        ),
        ({"total": 1_240}, "backend: none of 1,240 requests of the last hour ended in 5xx"),
        ({}, "backend: no requests in the last hour"),
        (
            {"failed": 2, "total": 9, "truncated": True, "latency_5xx_ms": None},
            "backend: at least 2 of 9 requests of the last hour ended in 503, the first at 11:48 UTC",
        ),
    ],
)  # fmt: skip
async def test_a_cite_says_how_many_of_how_many(read: dict[str, Any], text: str) -> None:
    """With the spread of their latencies, and a link to the query."""
    seen = await backend(log=log(**read))
    assert (seen[CITE]["text"], seen[CITE]["url"], seen[CITE]["id"]) == (text, "https://logs", "logs.backend")


async def test_without_failures_nothing_failed_first() -> None:
    """Absent ones are null, which is known."""
    seen = await backend(log=log(total=5))
    assert (seen["first_failed"], seen["latency_failed_ms"], seen["failed"]) == (None, None, 0)
    assert (await backend())["share_failed"] == 0.0


async def test_errors_are_seen_with_their_times() -> None:
    """Each group can be cited."""
    seen = (await backend(logged=(group("health check failed: <address>: timed out", 212),)))["errors"][0]
    assert (seen["count"], seen["revision"], seen["severity"]) == (212, BAD, "ERROR")
    assert seen[CITE]["text"] == '212 × "health check failed: <address>: timed out", 11:48 to 12:00 UTC'


async def test_signs_are_found_in_what_the_service_and_cloud_run_say() -> None:
    """Counted over all groups that show them; only those that there are."""
    slots = group("FATAL: remaining connection slots are reserved for <n>", 4)
    more = group("FATAL: sorry, too many clients already", 2)
    memory = group(
        "Memory limit of <n> MiB exceeded with <n> MiB used.", example="Memory limit of 512 MiB exceeded"
    )
    seen = (await backend(logged=(slots, more), told=(memory,)))["signals"]
    assert set(seen) == {"db_exhausted", "out_of_memory"}
    assert (seen["db_exhausted"]["count"], seen["db_exhausted"]["first"]) == (6, FIRST)
    assert seen["db_exhausted"]["example"] == slots.message
    assert seen["out_of_memory"][CITE]["text"].startswith('3 × "Memory limit of 512 MiB exceeded"')


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        ("The request was aborted because there was no available instance.", "no_instance"),
        ("Starting new instance. Reason: AUTOSCALING - Instance started due to traffic.", "cold_start"),
        ("Memory limit of 512 MiB exceeded with 525 MiB used.", "out_of_memory"),
        ("The user-provided container failed to start and listen on the port", "startup_failed"),
        ("Default STARTUP TCP probe failed 1 time consecutively", "startup_failed"),
        ("Permission denied on secret: projects/1/secrets/db/versions/latest for Revision", "secret_denied"),
        ("Secret projects/481516234200/secrets/netra-db/versions/7 was not found", "secret_denied"),
        ("FATAL: remaining connection slots are reserved for roles with privileges", "db_exhausted"),
        ("Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'", "quota"),
        ("upstream request timeout", "timeout"),
        ("health check failed: 10.166.204.83:6379: timed out", "timeout"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "redis_out_of_memory"),
        ("Temporary failure in name resolution.", "name_unresolved"),
    ],
)  # fmt: skip
def test_a_sign_is_known_by_its_words(line: str, signal: str) -> None:
    """As Cloud Run, PostgreSQL and Redis write them."""
    assert signal in signals_in(line)
    assert signal in SIGNALS


@pytest.mark.parametrize(
    "line",
    [
        "GET /health 200",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "ValueError: unsupported plan",
        "The container is ready",
    ],
)
def test_other_lines_are_no_sign_of_the_containers_memory_or_start(line: str) -> None:
    """Redis' own out of memory is not the container's."""
    assert not {"out_of_memory", "startup_failed", "no_instance"} & set(signals_in(line))


async def test_without_the_permission_all_is_a_gap() -> None:
    """One gap, with role and command."""
    gap = gap_in(await see("logs", scope(StillCloud(log=denied, logged=DENIED, told=DENIED))))
    assert gap.settle.startswith("Grant roles/logging.viewer: gcloud projects")


async def test_what_one_log_lacks_the_others_do_not() -> None:
    """Requests that cannot be read leave gaps at the counts, errors at errors and signs."""
    seen = await backend(log=denied, logged=(group("boom"),))
    for key in ("total", "failed", "first_failed", "latency_ms", CITE):
        assert gap_in(seen[key]).why == DENIED.message
    assert seen["errors"][0]["count"] == 3
    seen = await backend(log=log(total=3), logged=DENIED)
    gap_in(seen["errors"])
    gap_in(seen["signals"])
    assert seen["total"] == 3
    gap_in((await backend(told=DENIED))["signals"])
