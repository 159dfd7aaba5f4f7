"""What Cloud Logging has of each service: requests, errors, and known signs in them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from checks.observations import Blind, ErrorGroup, RequestLog, Seen
from checks.observe.cloud import Cloud
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.signals import signals_in
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.words import clock, small, span
from runbooks.evidence.written import NO_PROJECT, blind_document, gap, is_blind, moment, plain, time_of
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text, time
from runbooks.values import CITE, Json, Value

WINDOW = timedelta(hours=1)
COUNTED = (
    "total",
    "failed",
    "share_failed",
    "by_status",
    "failed_by_revision",
    "first_failed",
    "last_failed",
    "latency_failed_ms",
    "latency_ms",
    "truncated",
)
"""What is of the request log, and unknown without it."""
SIGNAL = citable(
    {
        "count": number("how often it was logged"),
        "first": time("when first"),
        "last": time("when last"),
        "example": text("one such line, without secrets"),
    },
    "a known sign in the error log",
)
LATENCY = Record(
    {
        "shortest": number("milliseconds"),
        "median": number("milliseconds"),
        "longest": number("milliseconds"),
    },
    "null where no request has a latency",
)
ERROR = citable(
    {
        "message": text("what is said, without numbers and ids"),
        "count": number("how often"),
        "first": time("when first"),
        "last": time("when last"),
        "severity": text("ERROR, CRITICAL, …"),
        "revision": text("the revision that said it, empty where that is not logged"),
    },
    "log entries that say the same",
)
LOG = citable(
    {
        "total": number("requests"),
        "failed": number("requests that ended in 5xx"),
        "share_failed": number("failed requests of all, 0 to 1; 0 without requests"),
        "by_status": Table(number("requests"), "how many ended in each HTTP status, which is text: '503'"),
        "failed_by_revision": Table(number("requests"), "how many of each revision ended in 5xx"),
        "first_failed": time("the first 5xx; null without one"),
        "last_failed": time("the last 5xx; null without one"),
        "latency_failed_ms": LATENCY,
        "latency_ms": LATENCY,
        "since": time("from when on the log was read"),
        "until": time("until when"),
        "truncated": flag("whether there was more than was read: counts are then at least so many"),
        "errors": Listing(ERROR, "what was logged with severity ERROR or worse, the most frequent first"),
        "signals": Table(SIGNAL, "known signs, by name; only those that there are"),
    },
    "the last hour of one service",
)
SHAPE = Table(LOG, "services on Cloud Run, by their key in the environment file")


Groups: TypeAlias = Seen[tuple[ErrorGroup, ...]]


class Logs:
    """What Cloud Logging has of each service: requests, errors, and known signs in them."""

    name = "logs"
    title = "the request log"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields the last hour of every service that is on Cloud Run."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        names, until = scope.eyes.cloud_run_names, scope.eyes.now()
        since = until - WINDOW
        read = await asyncio.gather(*(_read(scope.eyes.cloud, each, since, until) for each in names.values()))
        blinds = [each for of_one in read for each in of_one if isinstance(each, Blind)]
        if blinds and len(blinds) == sum(len(of_one) for of_one in read):
            yield Section(self.name, blind=blinds[0])
            return
        found = {key: _written(*of_one) for key, of_one in zip(names, read, strict=True)}
        yield Section(self.name, plain({"since": moment(since), "until": moment(until), "services": found}))

    def view(self, section: Section, frame: Frame) -> Value:
        """The log of every service."""
        return {
            key: _service(key, each, section.data, frame) for key, each in section.data["services"].items()
        }


async def _read(
    cloud: Cloud, name: str, since: datetime, until: datetime
) -> tuple[Seen[RequestLog], Groups, Groups]:
    """What was asked of a service, what it complained of, and what Cloud Run said of it."""
    return await asyncio.gather(
        cloud.requests(name, since, until),
        cloud.errors(name, since, until),
        cloud.platform(name, since, until),
    )


# what is written down


def _written(requests: Seen[RequestLog], errors: Groups, platform: Groups) -> Json:
    return {
        "requests": blind_document(requests) if isinstance(requests, Blind) else _requests(requests),
        "errors": _groups(errors),
        "platform": _groups(platform),
    }


def _requests(log: RequestLog) -> Json:
    return {
        "total": log.total,
        "by_status": {str(status): count for status, count in log.by_status.items()},
        "failed_by_revision": {name: sum(of.values()) for name, of in log.by_revision_5xx.items()},
        "first_failed": moment(log.first_5xx),
        "last_failed": moment(log.last_5xx),
        "latency_failed_ms": log.latency_5xx_ms,
        "latency_ms": log.latency_ms,
        "truncated": log.truncated,
        "url": log.source.url or "",
    }


def _groups(read: Groups) -> Json:
    if isinstance(read, Blind):
        return blind_document(read)
    return [
        {
            "message": each.message,
            "count": each.count,
            "first": moment(each.first),
            "last": moment(each.last),
            "severity": each.severity,
            "example": each.example,
            "revision": each.revision,
        }
        for each in read
    ]


# what expressions see


def _service(key: str, document: Json, data: Json, frame: Frame) -> Value:
    place, read = f"logs.{key}", document["requests"]
    around: dict[str, Value] = {
        "since": time_of(data["since"]),
        "until": time_of(data["until"]),
        "errors": _errors(place, document["errors"], frame),
        "signals": _signals(place, document, frame),
    }
    if is_blind(read):
        untold = gap(place, read)
        return {**dict.fromkeys(COUNTED, untold), **around, CITE: untold}
    failed = sum(_failures(read).values())
    fields: dict[str, Value] = {
        "total": read["total"],
        "failed": failed,
        "share_failed": round(failed / read["total"], 4) if read["total"] else 0.0,
        "by_status": dict(sorted(read["by_status"].items())),
        "failed_by_revision": dict(sorted(read["failed_by_revision"].items())),
        "first_failed": time_of(read["first_failed"]),
        "last_failed": time_of(read["last_failed"]),
        "latency_failed_ms": _latency(read["latency_failed_ms"]),
        "latency_ms": _latency(read["latency_ms"]),
        "truncated": read["truncated"],
        **around,
    }
    return cited(
        fields,
        place=place,
        text=_said(key, read, failed, frame),
        source="logging",
        at=time_of(data["until"]),
        url=read["url"],
    )


def _failures(read: Json) -> dict[str, int]:
    """How many requests ended in each 5xx."""
    return {status: count for status, count in read["by_status"].items() if status >= "500"}


def _latency(spread: Json) -> Value:
    return None if spread is None else dict(zip(("shortest", "median", "longest"), spread, strict=True))


def _said(key: str, read: Json, failed: int, frame: Frame) -> str:
    """`backend: 212 of 300 requests of the last hour ended in 503 after 2–12 s, the first at 20:06 UTC`."""
    total, least = read["total"], "at least " if read["truncated"] else ""
    if not total:
        return f"{key}: no requests in the last hour"
    if not failed:
        return f"{key}: none of {least}{total:,} requests of the last hour ended in 5xx"
    counts = _failures(read)
    statuses = " or ".join(sorted(counts, key=lambda status: (-counts[status], status)))
    spread, first = read["latency_failed_ms"], time_of(read["first_failed"])
    after = f" after {span(spread[0], spread[-1])}" if spread else ""
    since = f", the first at {clock(first, frame.at)}" if first else ""
    return (
        f"{key}: {least}{failed:,} of {total:,} requests of the last hour ended in {statuses}{after}{since}"
    )


def _errors(place: str, documents: Json, frame: Frame) -> Value:
    if is_blind(documents):
        return gap(f"{place}.errors", documents)
    return tuple(_error(f"{place}.errors.{number}", each, frame) for number, each in enumerate(documents))


def _error(place: str, document: Json, frame: Frame) -> Value:
    first, last = time_of(document["first"]), time_of(document["last"])
    fields: dict[str, Value] = {
        **{key: document[key] for key in ("message", "count", "severity", "revision")},
        "first": first,
        "last": last,
    }
    text = _counted(document["count"], document["message"], first, last, frame)
    return cited(fields, place=place, text=text, source="logging", at=last)


def _counted(count: int, message: str, first: datetime | None, last: datetime | None, frame: Frame) -> str:
    """`212 × "health check failed: <address>: timed out", 20:06 to 20:18 UTC`."""
    said = f'{count:,} × "{small(message)}"'
    if first is None or last is None:
        return said
    begun, ended = clock(first, frame.at), clock(last, frame.at)
    return f"{said}, at {ended}" if begun == ended else f"{said}, {begun.removesuffix(' UTC')} to {ended}"


def _signals(place: str, document: Json, frame: Frame) -> Value:
    """Signs in what the service and Cloud Run said; unknown where one of the logs could not be read."""
    logs = (document["errors"], document["platform"])
    blind = next((each for each in logs if is_blind(each)), None)
    if blind is not None:
        return gap(f"{place}.signals", blind)
    found: dict[str, list[Json]] = {}
    once = {each["message"]: each for log in logs for each in log}  # Cloud Run's errors are in both
    for each in once.values():
        for name in signals_in(f"{each['message']} {each['example']}"):
            found.setdefault(name, []).append(each)
    return {name: _signal(f"{place}.signals.{name}", found[name], frame) for name in sorted(found)}


def _signal(place: str, groups: Sequence[Json], frame: Frame) -> Value:
    count = sum(each["count"] for each in groups)
    first = time_of(min(each["first"] for each in groups))
    last = time_of(max(each["last"] for each in groups))
    most = max(groups, key=lambda each: each["count"])
    example = most["example"] or most["message"]
    fields: dict[str, Value] = {"count": count, "first": first, "last": last, "example": example}
    text = _counted(count, example, first, last, frame)
    return cited(fields, place=place, text=text, source="logging", at=last)
