"""Cloud Logging: how many requests to a service ended in HTTP 5xx, and what it logged as errors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from checks.cloud_check import CloudCheck, clock, seen, service_of
from checks.durations import spoken
from checks.observations import Blind, ErrorGroup, RequestLog, Seen
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.sight import Sight
from checks.spec import Finding, parse_milliseconds

MOST_TOLD = 5  # groups of errors
QUIET = timedelta(minutes=2)
IN_A_ROW = 10
FOR_EACH_FAILED = 3
"""So many fine requests in a row, for each one that failed among all, are no chance: 95 of 100 are right."""

Window = Annotated[
    float,
    BeforeValidator(parse_milliseconds),
    Field(ge=60_000, le=86_400_000),
    PlainSerializer(float),
    WithJsonSchema({"type": ["string", "number"], "examples": ["15m", "60m"]}),
]


class LogsCheck(CloudCheck):
    """Counts the requests of the last minutes that ended in HTTP 5xx, as Cloud Run's request log has them.

    What only revisions that serve no more answered so is over. Otherwise it is over after two minutes in
    which requests were fine, or after so many fine ones in a row that this is no chance.
    """

    title_default: ClassVar[str] = "Log"

    kind: Literal["logs"] = "logs"
    service: str = Field(description="A key of `services` that has a `cloud_run` name.")
    window: Window = Field(default=900_000.0, description="How far back it looks.", validate_default=True)
    max_503: int = Field(default=0, ge=0, description="So many requests may end in 503.")
    max_5xx: int = Field(default=0, ge=0, description="So many requests may end in another 5xx.")
    max_errors: int | None = Field(
        default=None, ge=0, description="So many errors may be logged; not set: they are told, not judged."
    )

    @property
    def target(self) -> str:
        """The service's key."""
        return self.service

    async def look(self, probe: Probe, eyes: Sight) -> Finding:
        """Fails (or is degraded, where most requests are fine) with `errors_logged`."""
        name = service_of(eyes, self.service)
        until = eyes.now()
        since = until - timedelta(milliseconds=self.window)
        log = seen(probe, await eyes.cloud.requests(name, since, until, seconds=probe.remaining()))
        errors = await eyes.cloud.errors(name, since, until, seconds=probe.remaining())
        note_requests(probe, log)
        note_errors(probe, errors)
        if self._too_many(log.by_status):
            found = await self._judge(probe, eyes, log)
            if found.status is not Status.PASS:
                return found
            return self._judge_errors(probe, errors) or found
        return self._judge_errors(probe, errors) or Finding(Status.PASS, Reason.OK, self._fine(log))

    def _too_many(self, by_status: Mapping[int, int]) -> bool:
        unavailable = by_status.get(503, 0)
        return unavailable > self.max_503 or failed(by_status) - unavailable > self.max_5xx

    async def _judge(self, probe: Probe, eyes: Sight, log: RequestLog) -> Finding:
        """Too many failed; whether that goes on."""
        serving = await _serving(eyes, log, probe.remaining())
        old = {each for each in log.by_revision_5xx if serving and each not in serving}
        current: Counter[int] = Counter()
        for each in log.by_revision_5xx.keys() - old:
            current.update(log.by_revision_5xx[each])
        if old and not self._too_many(current):
            probe.note(over=True)
            return Finding(Status.PASS, Reason.OK, f"{counted(log)}, all by {_named(old)}: no longer serving")
        fine = await _fine_since(probe, eyes, log)
        if fine and log.last_5xx is not None:
            return self._ending(probe, log, fine, log.last_5xx)
        worst = failed(log.by_status) * 2 >= log.total
        return Finding(Status.FAIL if worst else Status.DEGRADED, Reason.ERRORS_LOGGED, counted(log))

    def _ending(self, probe: Probe, log: RequestLog, fine: int, last: datetime) -> Finding:
        """Whether the fine requests since the last failed one are enough to say that it is over."""
        quiet = min(QUIET, timedelta(milliseconds=self.window / 2))
        in_a_row = max(IN_A_ROW, FOR_EACH_FAILED * log.total / failed(log.by_status))
        if log.until - last >= quiet or fine >= in_a_row:
            probe.note(over=True)
            told = f"{counted(log)}, the last at {clock(last)} UTC; requests since then are fine"
            return Finding(Status.PASS, Reason.OK, told)
        since = "1 request was" if fine == 1 else f"{fine} requests were"
        told = f"{counted(log)}; since {clock(last)} UTC {since} fine"
        return Finding(Status.DEGRADED, Reason.ERRORS_LOGGED, told)

    def _judge_errors(self, probe: Probe, errors: Seen[tuple[ErrorGroup, ...]]) -> Finding | None:
        if self.max_errors is None:
            return None
        groups = seen(probe, errors)
        number = sum(group.count for group in groups)
        if number <= self.max_errors:
            return None
        first = f"; most often: {groups[0].message}" if groups else ""
        told = f"{number} errors logged in {spoken(self.window)}{first}"
        return Finding(Status.DEGRADED, Reason.ERRORS_LOGGED, told)

    def _fine(self, log: RequestLog) -> str:
        if not log.total:
            return f"no requests in the last {spoken(self.window)}"
        number = failed(log.by_status)
        told = f"{number} of {log.total}" if number else f"none of {log.total}"
        return f"{told} requests in the last {spoken(self.window)} ended in {_statuses(log) or '5xx'}"


async def _serving(eyes: Sight, log: RequestLog, seconds: float) -> frozenset[str]:
    """The revisions that get requests; none where that cannot be told: a reading before the last failure."""
    state = await eyes.cloud.state(seconds=seconds)
    stale = log.last_5xx is not None and state.read_at < log.last_5xx
    services = () if stale or isinstance(state.services, Blind) else state.services
    return frozenset(
        share.revision
        for service in services
        if service.name == log.service
        for share in service.serving
        if share.percent > 0
    )


async def _fine_since(probe: Probe, eyes: Sight, log: RequestLog) -> int:
    """How many requests came after the last one that failed; 0 where another failed since, or who knows."""
    if log.last_5xx is None or log.last_5xx >= log.until:
        return 0
    after = log.last_5xx + timedelta(microseconds=1)
    later = await eyes.cloud.requests(log.service, after, log.until, seconds=probe.remaining())
    if isinstance(later, Blind) or failed(later.by_status):
        return 0
    return later.total


def _named(revisions: set[str]) -> str:
    first, *more = sorted(revisions)
    return f"{first} and {len(more)} more" if more else first


def failed(by_status: Mapping[int, int]) -> int:
    """How many requests ended in 5xx."""
    return sum(count for status, count in by_status.items() if status >= 500)


def counted(log: RequestLog) -> str:
    """`212 of 240 requests in 15 min ended in 503 after 2–12 s, the first at 01:52 UTC`."""
    least = "at least " if log.truncated else ""
    window = spoken((log.until - log.since) / timedelta(milliseconds=1))
    number = f"{least}{failed(log.by_status)} of {log.total} requests in {window}"
    return f"{number} ended in {_statuses(log)}{_after(log)}{first_failed(log)}"


def _statuses(log: RequestLog) -> str:
    """`503 or 504`, the most frequent first."""
    found = [(count, status) for status, count in log.by_status.items() if status >= 500]
    return " or ".join(str(status) for _, status in sorted(found, key=lambda each: (-each[0], each[1])))


def first_failed(log: RequestLog) -> str:
    """When it began; a log of which only the newest part was read does not say."""
    first: datetime | None = None if log.truncated else log.first_5xx
    return f", the first at {clock(first)} UTC" if first is not None else ""


def _after(log: RequestLog) -> str:
    if log.latency_5xx_ms is None:
        return ""
    shortest, _, longest = (spoken(each) for each in log.latency_5xx_ms)
    if shortest == longest:
        return f" after {longest}"
    number, _, unit = shortest.rpartition(" ")
    return f" after {number if longest.endswith(f' {unit}') else shortest}–{longest}"


def note_requests(probe: Probe, log: RequestLog) -> None:
    """Notes counts, times and how long the failing requests took."""
    probe.note(
        requests=log.total,
        http_503=log.by_status.get(503, 0),
        http_5xx=failed(log.by_status),
        first_5xx=log.first_5xx.isoformat() if log.first_5xx else None,
        last_5xx=log.last_5xx.isoformat() if log.last_5xx else None,
        revisions_5xx=[f"{name} {sum(of.values())}" for name, of in sorted(log.by_revision_5xx.items())],
        truncated=log.truncated,
    )
    for name, value in zip(("shortest", "median", "longest"), log.latency_5xx_ms or (), strict=False):
        probe.note(**{f"{name}_5xx_ms": round(value, 1)})
    if log.source.url:
        probe.note(console=log.source.url)


def note_errors(probe: Probe, errors: Seen[Sequence[ErrorGroup]]) -> None:
    """Notes the most frequent errors, without secrets; that they could not be read is a fact as well."""
    if isinstance(errors, Blind):
        probe.note(errors_unread=errors.message)
        return
    groups = [replace(group, message=probe.secrets.redact(group.message)) for group in errors]
    probe.note(
        errors=sum(group.count for group in groups),
        error_groups=[f"{group.count} × {group.message}" for group in groups[:MOST_TOLD]],
    )
