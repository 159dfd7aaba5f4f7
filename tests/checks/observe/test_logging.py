from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.cloud.audit.audit_log_pb2 import AuditLog
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.http_request_pb2 import HttpRequest
from google.protobuf.any_pb2 import Any as Packed
from hypothesis import given
from hypothesis import strategies as st

from checks.observations import RequestLog, Source
from checks.observe import logging
from checks.observe.calls import plain
from checks.observe.redaction import LONGEST, masked, redact, shortened
from sandbox.logs import error_entry, request_entry, system_entry
from tests.checks.observe.place import BACKEND, PROJECT, READ_AT, REGION, context, staging

SINCE, UNTIL = READ_AT - timedelta(hours=1), READ_AT
SOURCE = Source("logging", "x", READ_AT)
ERROR, CRITICAL = 500, 600


def entry(at: float = 0, **fields: Any) -> LogEntry:
    """An entry so many seconds after the beginning."""
    return LogEntry(timestamp=SINCE + timedelta(seconds=at), insert_id=f"i{at}", **fields)


def request(at: float, status: int, seconds: float | None = None, revision: str = "r-1") -> LogEntry:
    http = HttpRequest(status=status)
    if seconds is not None:
        http.latency.FromNanoseconds(int(seconds * 1e9))
    resource = {"type": "cloud_run_revision", "labels": {"revision_name": revision, "service_name": BACKEND,
                                                           "location": "us-central1"}}  # fmt: skip
    return entry(
        at,
        http_request=http,
        resource=resource,
        log_name=f"projects/{PROJECT}/logs/run.googleapis.com%2Frequests",
    )


def counted(*entries: LogEntry) -> RequestLog:
    return logging.requests_of(map(plain, entries), BACKEND, SINCE, UNTIL, SOURCE)


def grouped(*entries: LogEntry) -> tuple[Any, ...]:
    return logging.errors_of(map(plain, entries))


def test_requests_are_counted_by_status() -> None:
    """Count, first and last, spread of latency and revisions of what ended in 5xx."""
    found = counted(
        request(1, 200, 0.1), request(2, 503, 2.0), request(3, 503, 12.0, "r-2"), request(4, 504, 4.0, "r-2")
    )
    assert (found.total, found.by_status) == (4, {200: 1, 503: 2, 504: 1})
    assert found.by_revision_5xx == {"r-1": {503: 1}, "r-2": {503: 1, 504: 1}}
    assert (found.first_5xx, found.last_5xx) == (SINCE + timedelta(seconds=2), SINCE + timedelta(seconds=4))
    assert found.latency_5xx_ms == (2000, 4000, 12000)
    assert found.latency_ms == (100, 3000, 12000)


def test_entries_without_status_or_latency_do_not_count_as_them() -> None:
    """An entry without a status is no request, one without a latency has no part in the spread."""
    found = counted(entry(1, text_payload="hello"), request(2, 503))
    assert (found.total, found.latency_5xx_ms) == (1, None)
    assert counted().first_5xx is None


def test_errors_are_grouped_without_what_differs() -> None:
    """Numbers, addresses, times and ids do not make a new group; the most frequent comes first."""
    found = grouped(
        *(entry(n, severity=ERROR, text_payload=f"Error -3 connecting to 10.0.0.{n}:6379 after {n}ms")
          for n in range(5)),
        entry(9, severity=CRITICAL, json_payload={"message": f"job {uuid4()} died"}),
    )  # fmt: skip
    assert [(each.count, each.message) for each in found] == [
        (5, "Error -<n> connecting to <address> after <n>ms"),
        (1, "job <id> died"),
    ]
    assert found[0].first == SINCE
    assert found[0].last == SINCE + timedelta(seconds=4)
    assert (found[1].severity, found[0].example) == (
        "CRITICAL",
        "Error -3 connecting to 10.0.0.0:6379 after 0ms",
    )


def test_a_traceback_is_told_by_its_last_line() -> None:
    """The last line names the error; others by their first."""
    traced = 'Traceback (most recent call last):\n  File "a.py"\nredis.exceptions.TimeoutError: timed out\n'
    found = grouped(
        entry(1, severity=ERROR, text_payload=traced), entry(2, severity=ERROR, text_payload="a\nb")
    )
    assert {each.message for each in found} == {"redis.exceptions.TimeoutError: timed out", "a"}


def test_odd_entries_are_no_crash() -> None:
    """No payload, no time, a number for a message."""
    assert grouped(LogEntry(text_payload="no time"), entry(1), entry(2, json_payload={"message": 7})) == ()


@pytest.mark.parametrize(
    "text",
    [
        "redis://whybot:hunter2@10.0.0.1:6379",
        "password=hunter2",
        'config {"db_password": "hunter2", "n": 1}',
        "Authorization: Bearer hunter2hunter2",
        "api_key: 'hunter2'",
        "token=hunter2&x=1",
        "postgres://u:hunter2@h/db",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secrets_are_taken_out_of_examples(text: str) -> None:
    """Whatever looks like a secret is gone from message and example."""
    found = grouped(entry(1, severity=ERROR, text_payload=f"failed: {text}"))
    assert "hunter2" not in repr(found)
    assert "hunter2" not in redact(text)


@given(st.text(max_size=1000))
def test_any_text_is_one_short_line(text: str) -> None:
    """Masking and shortening never fail, and masking twice changes nothing."""
    assert len(shortened(redact(text))) <= LONGEST
    assert "\n" not in masked(text)


def audit(at: float, who: str, method: str, code: int = 0, operation: str = "", **fields: Any) -> LogEntry:
    payload = AuditLog(service_name="run.googleapis.com", method_name=method, resource_name="services/api")
    payload.authentication_info.principal_email = who
    payload.status.code = code
    payload.request_metadata.caller_supplied_user_agent = "gcloud/1"
    packed = Packed()
    packed.Pack(payload)
    return entry(at, proto_payload=packed, operation={"id": operation}, **fields)


PLACED = {"type": "cloud_run_revision", "labels": {"location": "us-east1"}}


def test_changes_say_who_and_when_newest_first() -> None:
    """Refused calls and reads are no changes; an operation that ends later is one change."""
    found = logging.changes_of(
        map(
            plain,
            [
                audit(1, "deploy-bot@p", "google.cloud.run.v2.Services.UpdateService", operation="op1"),
                audit(5, "", "google.cloud.run.v2.Services.UpdateService", operation="op1"),
                audit(6, "ann@p", "google.cloud.run.v2.Services.UpdateService", code=7),
                audit(7, "ann@p", "google.cloud.run.v2.Services.GetService"),
                audit(9, "bob@p", "v1.compute.firewalls.insert", resource=PLACED),
                entry(10, text_payload="not an audit entry"),
                entry(11, proto_payload=Packed(type_url=f"x/{AuditLog.DESCRIPTOR.full_name}", value=b"\xff")),
            ],
        ),
        context(),
    )  # fmt: skip
    assert [(each.who, each.at) for each in found] == [
        ("bob@p", SINCE + timedelta(seconds=9)),
        ("deploy-bot@p", SINCE + timedelta(seconds=1)),
    ]
    assert found[1].user_agent == "gcloud/1"
    assert [each.location for each in found] == ["us-east1", ""]


async def test_request_log_of_a_service_is_read_to_the_end() -> None:
    """Over several pages, of this service and time only."""
    async with staging() as at:
        at.fake.resources.log(*(request(n / 10, 503 if n % 5 == 0 else 200, 2.5) for n in range(1500)))
        other = request(1, 503)
        other.resource.labels["service_name"] = "another"
        at.fake.resources.log(other, request(-5, 503))
        found = await at.cloud.requests(BACKEND, SINCE, UNTIL)
        assert isinstance(found, RequestLog)
        assert (found.total, found.by_status, found.truncated) == (1500, {200: 1200, 503: 300}, False)
        assert at.fake.count("logging.entries.list") == 2
        assert found.source.url is not None


async def test_more_requests_than_can_be_read_still_count_every_503() -> None:
    """It says that there is more, and the 503s are read by themselves."""
    async with staging() as at:
        total = logging.PAGE + 200
        at.fake.resources.log(*(request(n / 10, 503 if n < 7 else 200) for n in range(total)))
        found = await logging.read_requests(at.cloud.calls(20), context(), BACKEND, SINCE, UNTIL, pages=1)
        assert found.truncated
        assert found.by_status[503] == 7
        assert found.first_5xx == SINCE


async def test_errors_and_changes_are_read_with_the_official_client() -> None:
    """The filters are taken by a server that refuses what it does not understand."""
    async with staging() as at:
        resource = {"type": "cloud_run_revision", "labels": {"service_name": BACKEND, "location": REGION,
                                                               "revision_name": "r-9"}}  # fmt: skip
        log = f"projects/{PROJECT}/logs/run.googleapis.com%2Fstderr"
        at.fake.resources.log(
            entry(1, severity=ERROR, text_payload="boom 1", resource=resource, log_name=log),
            entry(2, severity=200, text_payload="fine", resource=resource, log_name=log),
        )
        found = await at.cloud.errors(BACKEND, SINCE, UNTIL)
        assert isinstance(found, tuple)
        assert [(each.message, each.revision) for each in found] == [("boom <n>", "r-9")]

        def annotate(service: Any) -> None:
            service.labels["touched"] = "yes"

        await at.fake.deploy(BACKEND, annotate, by="deploy-bot")
        changes = await at.cloud.changes(datetime.now(UTC) - timedelta(minutes=5))
        assert isinstance(changes, tuple)
        assert changes[0].who.startswith("deploy-bot@")
        assert changes[0].resource.endswith(BACKEND)


async def test_what_cloud_run_says_is_read_apart() -> None:
    """Its own log at any severity, and why a request reached no container."""
    async with staging() as at:
        now = datetime.now(UTC)
        refused = "The request was aborted because there was no available instance."
        started = "Starting new instance. Reason: AUTOSCALING"
        at.fake.resources.log(
            system_entry("backend", "r-1", started, at=now),
            request_entry("backend", "r-1", "/", 429, 0.01, now, said=refused),
            request_entry("backend", "r-1", "/", 503, 0.01, now),
            error_entry("backend", "r-1", "health check failed", now),
            system_entry("auth", "r-1", started, at=now),
        )
        since, until = now - timedelta(minutes=1), now + timedelta(minutes=1)
        told = await at.cloud.platform(BACKEND, since, until)
        complained = await at.cloud.errors(BACKEND, since, until)
    assert isinstance(told, tuple)
    assert {(each.message, each.severity, each.count) for each in told} == {
        (started, "INFO", 1),
        (refused, "WARNING", 1),
    }
    assert isinstance(complained, tuple)
    assert [each.message for each in complained] == ["health check failed"]
