"""Reads Cloud Logging: requests to a service, its errors, and who changed what.

Filters: https://cloud.google.com/logging/docs/view/logging-query-language. Reading is limited to 60 calls a
minute and project, so few large pages are asked for.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from checks.observations import Change, ErrorGroup, RequestLog, Source
from checks.observe import console
from checks.observe.calls import Calls, listing
from checks.observe.permissions import LOGS
from checks.observe.redaction import masked, redact, shortened
from checks.observe.values import Context, to_datetime

SYSTEM = "logging"
PAGE = 1000
REQUEST_PAGES = 8
ERROR_PAGES = 3
CHANGE_PAGES = 3
MOST_GROUPS = 50
LONGEST_TEXT = 4000
NEWEST_FIRST = "timestamp desc"
CHANGED_BY = (
    "run.googleapis.com",
    "vpcaccess.googleapis.com",
    "compute.googleapis.com",
    "redis.googleapis.com",
    "secretmanager.googleapis.com",
)
READS = ("get", "list", "aggregatedlist", "testiampermissions", "getiampolicy")
SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")


def written(at: datetime) -> str:
    """A time as filters have it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def quoted(text: str) -> str:
    """A string of a filter."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def between(since: datetime, until: datetime | None = None) -> list[str]:
    """The conditions of a time, without its end."""
    end = [f"timestamp<{quoted(written(until))}"] if until else []
    return [f"timestamp>={quoted(written(since))}", *end]


def of_service(service: str, region: str) -> list[str]:
    """The conditions of one Cloud Run service."""
    return [
        'resource.type="cloud_run_revision"',
        f"resource.labels.service_name={quoted(service)}",
        f"resource.labels.location={quoted(region)}",
    ]


def log_of(project: str, name: str) -> str:
    """The full name of a log, quoted."""
    return quoted(f"projects/{project}/logs/{name}")


async def read_entries(
    calls: Calls, conditions: Sequence[str], most: int, size: int = PAGE
) -> tuple[list[Any], bool]:
    """At most so many pages of entries that meet all conditions, newest first; whether there were more."""
    client = await calls.clients.grpc("logging")
    from google.cloud.logging_v2.types import ListLogEntriesRequest  # there by now: the client needs it

    page = listing(
        client.list_log_entries,
        ListLogEntriesRequest,
        resource_names=[f"projects/{calls.place.project}"],
        filter=" AND ".join(conditions),
        order_by=NEWEST_FIRST,
        page_size=size,
    )
    pages, more = await calls.pages(LOGS, page, most)
    return [entry for each in pages for entry in each.entries], more


async def read_requests(
    calls: Calls,
    context: Context,
    service: str,
    since: datetime,
    until: datetime,
    pages: int = REQUEST_PAGES,
) -> RequestLog:
    """The request log of a service, at most so many pages of it. Raises `Unseen`.

    Where there is more than can be read, what ended in 5xx is read by itself, so that its count is right.
    """
    log = f"logName={log_of(context.project, 'run.googleapis.com%2Frequests')}"
    conditions = [*of_service(service, context.region), log, *between(since, until)]
    entries, more = await read_entries(calls, conditions, pages)
    source = _source(context, conditions)
    read = requests_of(entries, service, since, until, source, truncated=more)
    if not more:
        return read
    failed, more = await read_entries(calls, [*conditions, "httpRequest.status>=500"], pages)
    return with_failures(read, requests_of(failed, service, since, until, source, truncated=more))


def requests_of(
    entries: Iterable[Any],
    service: str,
    since: datetime,
    until: datetime,
    source: Source,
    *,
    truncated: bool = False,
) -> RequestLog:
    """Entries of a request log, counted. Entries without a status are not requests and do not count."""
    requests = [entry for entry in entries if entry.http_request.status]
    failed = [entry for entry in requests if entry.http_request.status >= 500]
    times = sorted(at for at in map(_at, failed) if at is not None)
    return RequestLog(
        service=service,
        since=since,
        until=until,
        source=source,
        total=len(requests),
        by_status=dict(sorted(Counter(entry.http_request.status for entry in requests).items())),
        by_revision_5xx=_by_revision(failed),
        first_5xx=times[0] if times else None,
        last_5xx=times[-1] if times else None,
        latency_5xx_ms=_spread(failed),
        latency_ms=_spread(requests),
        truncated=truncated,
    )


def _by_revision(entries: Sequence[Any]) -> dict[str, dict[int, int]]:
    """How many requests each revision answered with which status."""
    counts: dict[str, dict[int, int]] = {}
    for entry in entries:
        of_one = counts.setdefault(entry.resource.labels.get("revision_name", ""), {})
        of_one[entry.http_request.status] = of_one.get(entry.http_request.status, 0) + 1
    return counts


def with_failures(read: RequestLog, failed: RequestLog) -> RequestLog:
    """A log that is not complete, with what is known of its 5xx from a reading of these alone."""
    by_status: Mapping[int, int] = {**read.by_status, **failed.by_status}
    return RequestLog(
        service=read.service,
        since=read.since,
        until=read.until,
        source=read.source,
        total=sum(by_status.values()),
        by_status=by_status,
        by_revision_5xx=failed.by_revision_5xx,
        first_5xx=failed.first_5xx,
        last_5xx=failed.last_5xx,
        latency_5xx_ms=failed.latency_5xx_ms,
        latency_ms=read.latency_ms,
        truncated=True,
    )


def _spread(entries: Sequence[Any]) -> tuple[float, float, float] | None:
    """Shortest, median and longest latency in milliseconds, of the entries that have one."""
    taken = [
        entry.http_request.latency.seconds * 1000 + entry.http_request.latency.nanos / 1e6
        for entry in entries
        if entry.http_request.HasField("latency")
    ]
    return (min(taken), statistics.median(taken), max(taken)) if taken else None


async def read_errors(
    calls: Calls, context: Context, service: str, since: datetime, until: datetime
) -> tuple[ErrorGroup, ...]:
    """What a service logged with severity ERROR or worse, grouped. Raises `Unseen`."""
    requests = log_of(context.project, "run.googleapis.com%2Frequests")
    conditions = [
        *of_service(service, context.region),
        "severity>=ERROR",
        f"logName!={requests}",
        *between(since, until),
    ]
    entries, _ = await read_entries(calls, conditions, ERROR_PAGES)
    return errors_of(entries)


async def read_platform(
    calls: Calls, context: Context, service: str, since: datetime, until: datetime
) -> tuple[ErrorGroup, ...]:
    """What Cloud Run itself logged of a service, grouped. Raises `Unseen`.

    Its own log is `varlog/system`; why a request reached no container is in the text of the request's entry.
    """
    system = log_of(context.project, "run.googleapis.com%2Fvarlog%2Fsystem")
    requests = log_of(context.project, "run.googleapis.com%2Frequests")
    conditions = [
        *of_service(service, context.region),
        f"(logName={system} OR (logName={requests} AND textPayload:*))",
        *between(since, until),
    ]
    entries, _ = await read_entries(calls, conditions, ERROR_PAGES)
    return grouped(entries)


@dataclass(slots=True)
class _Group:
    severity: int
    count: int = 0
    times: list[datetime] = field(default_factory=list)
    example: str = ""
    revision: str = ""


def errors_of(entries: Iterable[Any]) -> tuple[ErrorGroup, ...]:
    """What applications complained of, grouped; requests that failed are no complaints."""
    return grouped(each for each in entries if not each.log_name.endswith("run.googleapis.com%2Frequests"))


def grouped(entries: Iterable[Any]) -> tuple[ErrorGroup, ...]:
    """Entries grouped by what they say, the most frequent first. Secrets are taken out first of all."""
    groups: dict[str, _Group] = {}
    for entry in entries:
        said, at = redact(text_of(entry)[:LONGEST_TEXT]), _at(entry)
        if not said or at is None:
            continue
        group = groups.setdefault(masked(said), _Group(entry.severity))
        group.count += 1
        group.severity = max(group.severity, entry.severity)
        group.times.append(at)
        group.example = group.example or shortened(said)
        group.revision = group.revision or entry.resource.labels.get("revision_name", "")
    found = [
        ErrorGroup(said, each.count, min(each.times), max(each.times), _severity(each.severity), each.example,
                   each.revision)
        for said, each in groups.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda group: (-group.count, group.message))[:MOST_GROUPS])


def text_of(entry: Any) -> str:
    """What an entry says: its text, or the first of the fields in which libraries put the message.

    The first line alone where a traceback follows: its last line names the error.
    """
    if entry.text_payload:
        return _headline(entry.text_payload)
    if entry.HasField("json_payload"):
        fields = entry.json_payload.fields
        for name in ("message", "msg", "error", "exception", "event"):
            if name in fields and fields[name].string_value:
                return _headline(fields[name].string_value)
    return ""


def _headline(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    traced = any(line.startswith("Traceback (most recent call last)") for line in lines)
    return lines[-1] if traced else lines[0] if lines else ""


def _severity(number: int) -> str:
    """The name of google.logging.type.LogSeverity, whose numbers are hundreds."""
    return SEVERITIES[min(number // 100, len(SEVERITIES) - 1)]


def _at(entry: Any) -> datetime | None:
    return to_datetime(entry.timestamp) if entry.HasField("timestamp") else None


async def read_changes(calls: Calls, context: Context, since: datetime) -> tuple[Change, ...]:
    """Who changed what since then, newest first. Raises `Unseen`."""
    services = " OR ".join(f"protoPayload.serviceName={quoted(each)}" for each in CHANGED_BY)
    conditions = [
        f"logName={log_of(context.project, 'cloudaudit.googleapis.com%2Factivity')}",
        f"({services})",
        *between(since),
    ]
    entries, _ = await read_entries(calls, conditions, CHANGE_PAGES)
    return changes_of(entries, context)


def changes_of(entries: Iterable[Any], context: Context) -> tuple[Change, ...]:
    """Entries of the audit log as changes, newest first; refused ones and reads are no changes.

    A long operation is logged when it begins and when it ends: the beginning counts, since it says who.
    """
    changes: dict[str, Change] = {}
    for entry in entries:
        change = _change(entry, context)
        if change is not None:
            key = entry.operation.id or entry.insert_id or f"{change.at} {change.resource}"
            known = changes.get(key)
            if known is None or (change.who and change.at <= known.at) or not known.who:
                changes[key] = change
    return tuple(sorted(changes.values(), key=lambda change: change.at, reverse=True))


def _change(entry: Any, context: Context) -> Change | None:
    from google.cloud.audit.audit_log_pb2 import AuditLog

    payload, at = AuditLog(), _at(entry)
    if at is None or not entry.proto_payload.Is(AuditLog.DESCRIPTOR) or not _unpacked(entry, payload):
        return None
    method = payload.method_name.rpartition(".")[2]
    if payload.status.code or method.lower().startswith(READS):
        return None
    query = f"insertId={quoted(entry.insert_id)}"
    return Change(
        at=at,
        who=payload.authentication_info.principal_email,
        method=payload.method_name,
        resource=payload.resource_name,
        source=Source(SYSTEM, entry.log_name, context.read_at, console.logs(context.project, query)),
        user_agent=payload.request_metadata.caller_supplied_user_agent,
        # Of an older method the name of the resource has none: `namespaces/PROJECT/services/NAME`.
        location=entry.resource.labels.get("location", ""),
    )


def _unpacked(entry: Any, payload: Any) -> bool:
    from google.protobuf.message import DecodeError

    try:
        return bool(entry.proto_payload.Unpack(payload))
    except DecodeError:
        return False


def _source(context: Context, conditions: Sequence[str]) -> Source:
    query = "\n".join(conditions)
    return context.source(SYSTEM, f"projects/{context.project}/logs", console.logs(context.project, query))
