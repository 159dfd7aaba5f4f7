"""The log of the fake cloud: its query language, and the official client."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api.monitored_resource_pb2 import MonitoredResource
from google.api_core import exceptions
from google.cloud.audit import audit_log_pb2
from google.cloud.logging_v2.types import LogEntry
from google.logging.type.http_request_pb2 import HttpRequest
from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from sandbox import baseline
from sandbox.cloud.calls import Caller
from sandbox.cloud.errors import CloudError
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.log_filter import parse_filter, view
from sandbox.cloud.project import audit_entry, log_entry
from tests.sandbox.cloud.clients import BACKEND, LEGACY, Clients

PROJECT = f"projects/{baseline.PROJECT}"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REVISION = MonitoredResource(
    type="cloud_run_revision", labels={"service_name": "web", "revision_name": "web-00002-abc"}
)
REQUEST = log_entry(
    f"{PROJECT}/logs/run.googleapis.com%2Frequests",
    REVISION,
    NOON,
    severity=LogSeverity.ERROR,
    http_request=HttpRequest(
        status=503, latency=Duration(seconds=5), request_url="https://web.example/health"
    ),
    trace="projects/p/traces/1",
)
TEXT = log_entry(
    f"{PROJECT}/logs/run.googleapis.com%2Fstderr",
    REVISION,
    NOON + timedelta(minutes=1),
    text_payload='Error -3 connecting to "redis"',
    labels={"run.googleapis.com/execution_name": "probe-abcde"},
)
JSON = LogEntry(log_entry(f"{PROJECT}/logs/app", REVISION, NOON + timedelta(minutes=2)))
JSON.json_payload = {"whybot": {"request": "r1", "sequence": 3}, "message": "whybot answer"}
AUDIT = audit_entry(
    f"{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity",
    Caller("ann@example.com", at=NOON + timedelta(minutes=3)),
    "run.googleapis.com",
    "google.cloud.run.v2.Services.UpdateService",
    BACKEND,
    MonitoredResource(type="cloud_run_revision"),
)
ENTRIES = {"request": REQUEST, "text": TEXT, "json": JSON, "audit": AUDIT}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", "request text json audit"),
        ('resource.type="cloud_run_revision"', "request text json audit"),
        ("resource.labels.service_name=web", "request text json"),
        ('resource.labels."revision_name" = "web-00002-abc"', "request text json"),
        ('logName="projects/netra-staging/logs/run.googleapis.com%2Frequests"', "request"),
        ('log_id("run.googleapis.com/requests")', "request"),
        ('log_id("run.googleapis.com/requests") OR log_id("app")', "request json"),
        ("httpRequest.status>=500", "request"),
        ("httpRequest.status=200", ""),
        ('httpRequest.latency>"2s"', "request"),
        ('httpRequest.requestUrl:"/health"', "request"),
        ("severity>=ERROR", "request"),
        ("severity=NOTICE", "audit"),
        ("NOT severity>=ERROR", "text json audit"),
        ("-severity>=ERROR severity<NOTICE", "text json"),
        ('timestamp>="2026-03-01T12:01:00Z" AND timestamp<"2026-03-01T12:03:00Z"', "text json"),
        ('labels."run.googleapis.com/execution_name"="probe-abcde"', "text"),
        (r'textPayload:"connecting to \"redis\""', "text"),
        ('textPayload=~"Error -\\\\d"', "text"),
        ('textPayload!~"nothing"', "text"),
        ("textPayload:*", "text"),
        ('jsonPayload.whybot.request="r1"', "json"),
        ("jsonPayload.whybot.sequence>2", "json"),
        ("jsonPayload.whybot:*", "json"),
        ('protoPayload.methodName="google.cloud.run.v2.Services.UpdateService"', "audit"),
        ('protoPayload.authenticationInfo.principalEmail:"ann@"', "audit"),
        ('protoPayload.serviceName=("run.googleapis.com")', None),
        (f'protoPayload.resourceName="{BACKEND}"', "audit"),
        ('(severity=ERROR OR textPayload:"redis") AND resource.type:"revision"', "request text"),
        ("httpRequest.status!=503", "text json audit"),
        ("-- a comment\nseverity=NOTICE -- and another", "audit"),
        ('trace="projects/p/traces/1"', "request"),
        ("nonsense=1", None),
        ("severity=LOUD", None),
        ("severity>=", None),
        ("severity", None),
        ("(severity=ERROR", None),
        ("severity=ERROR)", None),
        ('timestamp>"yesterday"', None),
        ('textPayload=~"("', None),
        ("sample(insertId, 0.1)", None),
        ('"anywhere"', None),
        ("severity=[1]", None),
    ],
)
def test_a_filter_finds_what_it_says_or_is_refused(wanted: str, found: str | None) -> None:
    """The subset that is documented; None is INVALID_ARGUMENT."""
    if found is None:
        with pytest.raises(CloudError, match="filter"):
            parse_filter(wanted)
        return
    matches = parse_filter(wanted)
    assert [name for name, entry in ENTRIES.items() if matches(view(entry))] == found.split()


@given(st.text(alphabet='abcANDORT seity="<>:=~()-.*\\/1\n', max_size=60))
def test_no_filter_breaks_the_parser(wanted: str) -> None:
    """Whatever is asked is understood or refused."""
    try:
        matches = parse_filter(wanted)
    except CloudError:
        return
    for entry in ENTRIES.values():
        assert matches(view(entry)) in (True, False)


async def listed(clients: Clients, **wanted: Any) -> list[LogEntry]:
    """All entries that a request gives, over all pages."""
    pager = await clients.logging.list_log_entries({"resource_names": [PROJECT], **wanted})
    return [each async for each in pager]


async def test_entries_come_in_order_page_by_page(clients: Clients, cloud: FakeCloud) -> None:
    """The oldest first unless asked otherwise; a pager gets all."""
    cloud.resources.logs[:] = [AUDIT, REQUEST, JSON, TEXT]
    up = await listed(clients, page_size=3)
    down = await listed(clients, page_size=1, order_by="timestamp desc")
    assert [each.insert_id for each in up] == [each.insert_id for each in ENTRIES.values()]
    assert [each.insert_id for each in down] == [each.insert_id for each in reversed(up)]
    assert cloud.count("logging.entries.list") == 2 + 4
    assert await listed(clients, filter="severity>=ERROR") == [REQUEST]


async def test_a_filter_that_is_not_understood_is_an_invalid_argument(clients: Clients) -> None:
    """It is never taken for one that finds everything or nothing."""
    with pytest.raises(exceptions.InvalidArgument, match="Unparseable filter"):
        await listed(clients, filter="nonsense=1")
    with pytest.raises(exceptions.InvalidArgument, match="order"):
        await listed(clients, order_by="severity")


async def test_what_is_written_can_be_read(clients: Clients) -> None:
    """The request's log name, resource and labels are each entry's where it has none."""
    await clients.logging.write_log_entries(
        log_name=f"{PROJECT}/logs/mine",
        resource=MonitoredResource(type="global"),
        labels={"a": "b"},
        entries=[LogEntry(text_payload="hello")],
    )
    [entry] = await listed(clients, filter='log_id("mine")')
    assert (entry.text_payload, entry.resource.type, dict(entry.labels)) == ("hello", "global", {"a": "b"})
    assert entry.timestamp
    assert entry.insert_id


async def test_new_entries_can_be_followed(clients: Clients, cloud: FakeCloud) -> None:
    """Only what comes after the stream began, and only what its filter takes."""

    async def requests() -> Any:
        yield {"resource_names": [PROJECT], "filter": "textPayload:*"}

    stream = await clients.logging.tail_log_entries(requests=requests())
    writing = asyncio.create_task(write_until_cancelled(cloud))
    try:
        async with asyncio.timeout(30):
            [entry, *_] = (await anext(aiter(stream))).entries
    finally:
        writing.cancel()
    assert entry.text_payload == "tick"


async def write_until_cancelled(cloud: FakeCloud) -> None:
    """Writes lines of two kinds again and again."""
    while True:
        for more in ({"text_payload": "tick"}, {"json_payload": {"a": 1}}):
            cloud.resources.log(log_entry(f"{PROJECT}/logs/x", REVISION, datetime.now(UTC), **more))
        await asyncio.sleep(0.05)


async def test_following_needs_the_permission_too(clients: Clients, cloud: FakeCloud) -> None:
    """As listing does."""

    async def requests() -> Any:
        yield {"resource_names": [PROJECT]}

    cloud.deny("logging.logEntries.list")
    with pytest.raises(exceptions.PermissionDenied, match=r"logging\.logEntries\.list"):
        async for _ in await clients.logging.tail_log_entries(requests=requests()):
            pass


async def test_the_audit_log_tells_who_changed_what(clients: Clients, cloud: FakeCloud) -> None:
    """A deployment is in it with method, resource, principal and program."""

    def repoint(service: Any) -> None:
        service.template.vpc_access.connector = LEGACY

    await cloud.deploy(baseline.BACKEND, repoint, by=cloud.caller("deploy-bot", "deploy.py/1.0"))
    program = "protoPayload.requestMetadata.callerSuppliedUserAgent"
    asked = f'protoPayload.methodName:"UpdateService" AND {program}:"deploy.py"'
    [entry] = await listed(clients, filter=asked)
    content = audit_log_pb2.AuditLog()
    assert LogEntry.pb(entry).proto_payload.Unpack(content)
    assert content.authentication_info.principal_email == baseline.DEPLOY_BOT
    assert content.resource_name == BACKEND
    assert content.service_name == "run.googleapis.com"


async def test_old_entries_make_room(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are kept."""
    monkeypatch.setattr("sandbox.cloud.resources.LOG_ENTRIES", 3)
    cloud.resources.logs.clear()
    cloud.resources.log(*ENTRIES.values())
    assert [each.insert_id for each in cloud.resources.logs] == [
        each.insert_id for each in (TEXT, JSON, AUDIT)
    ]
