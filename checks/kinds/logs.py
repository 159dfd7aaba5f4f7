"""Cloud Logging: how many requests to a service ended in HTTP 503, and what it logged as errors."""

from collections.abc import Sequence
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

Window = Annotated[
    float,
    BeforeValidator(parse_milliseconds),
    Field(ge=60_000, le=86_400_000),
    PlainSerializer(float),
    WithJsonSchema({"type": ["string", "number"], "examples": ["15m", "60m"]}),
]


class LogsCheck(CloudCheck):
    """Counts the requests of the last minutes that ended in HTTP 503, as Cloud Run's request log has them.

    What only revisions that serve no more answered with 503 is over, and so is what later requests did not
    meet any more.
    """

    title_default: ClassVar[str] = "Log"

    kind: Literal["logs"] = "logs"
    service: str = Field(description="A key of `services` that has a `cloud_run` name.")
    window: Window = Field(default=900_000.0, description="How far back it looks.", validate_default=True)
    max_503: int = Field(default=0, ge=0, description="So many requests may end in 503.")
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
        if log.by_status.get(503, 0) > self.max_503:
            found = await self._judge(probe, eyes, log)
            if found.status is not Status.PASS:
                return found
            return self._judge_errors(probe, errors) or found
        return self._judge_errors(probe, errors) or Finding(Status.PASS, Reason.OK, self._fine(log))

    async def _judge(self, probe: Probe, eyes: Sight, log: RequestLog) -> Finding:
        """Too many ended in 503; whether that goes on."""
        serving = await _serving(eyes, log, probe.remaining())
        old = {each for each in log.by_revision_503 if serving and each not in serving}
        current = sum(count for each, count in log.by_revision_503.items() if each not in old)
        if old and current <= self.max_503:
            probe.note(over=True)
            return Finding(Status.PASS, Reason.OK, f"{counted(log)}, all by {_named(old)}: no longer serving")
        if await self._is_over(probe, eyes, log):
            probe.note(over=True)
            told = f"{counted(log)}, the last at {clock(log.last_503)} UTC; requests since then are fine"
            return Finding(Status.PASS, Reason.OK, told)
        worst = log.by_status.get(503, 0) * 2 >= log.total
        return Finding(Status.FAIL if worst else Status.DEGRADED, Reason.ERRORS_LOGGED, counted(log))

    async def _is_over(self, probe: Probe, eyes: Sight, log: RequestLog) -> bool:
        """Whether there were requests after the last 503, and none of them failed with a 5xx."""
        if log.last_503 is None or log.last_503 >= log.until:
            return False
        after = log.last_503 + timedelta(microseconds=1)
        later = await eyes.cloud.requests(log.service, after, log.until, seconds=probe.remaining())
        if isinstance(later, Blind) or later.truncated:
            return False
        return later.total > 0 and not any(status >= 500 for status in later.by_status)

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
        number = log.by_status.get(503, 0)
        told = f"{number} of {log.total}" if number else f"none of {log.total}"
        return f"{told} requests in the last {spoken(self.window)} ended in 503"


async def _serving(eyes: Sight, log: RequestLog, seconds: float) -> frozenset[str]:
    """The revisions that get requests; none where that cannot be told: a reading before the last 503."""
    state = await eyes.cloud.state(seconds=seconds)
    stale = log.last_503 is not None and state.read_at < log.last_503
    services = () if stale or isinstance(state.services, Blind) else state.services
    return frozenset(
        share.revision
        for service in services
        if service.name == log.service
        for share in service.serving
        if share.percent > 0
    )


def _named(revisions: set[str]) -> str:
    first, *more = sorted(revisions)
    return f"{first} and {len(more)} more" if more else first


def counted(log: RequestLog) -> str:
    """`212 of 240 requests since 01:52 UTC ended in 503 after 2–12 s`."""
    number = log.by_status.get(503, 0)
    least = "at least " if log.truncated else ""
    since = since_first(log)
    return f"{least}{number} of {log.total} requests {since}ended in 503{_after(log)}"


def since_first(log: RequestLog) -> str:
    """When it began; a window that begins with a 503 does not say."""
    first: datetime | None = log.first_503
    return f"since {clock(first)} UTC " if first is not None else ""


def _after(log: RequestLog) -> str:
    if log.latency_503_ms is None:
        return ""
    shortest, _, longest = (spoken(each) for each in log.latency_503_ms)
    if shortest == longest:
        return f" after {longest}"
    number, _, unit = shortest.rpartition(" ")
    return f" after {number if longest.endswith(f' {unit}') else shortest}–{longest}"


def note_requests(probe: Probe, log: RequestLog) -> None:
    """Notes counts, times and how long the failing requests took."""
    probe.note(
        requests=log.total,
        http_503=log.by_status.get(503, 0),
        http_5xx=sum(count for status, count in log.by_status.items() if status >= 500),
        first_503=log.first_503.isoformat() if log.first_503 else None,
        last_503=log.last_503.isoformat() if log.last_503 else None,
        revisions_503=[f"{name} {count}" for name, count in sorted(log.by_revision_503.items())],
        truncated=log.truncated,
    )
    for name, value in zip(("shortest", "median", "longest"), log.latency_503_ms or (), strict=False):
        probe.note(**{f"{name}_503_ms": round(value, 1)})
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
