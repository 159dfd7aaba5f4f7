"""Evidence of made-up observations: a source is asked, written down, and seen as expressions see it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from checks.environment import Environment
from checks.eyes import Eyes
from checks.observations import Blind, CloudState, RequestLog, Seen
from checks.result import Sweep
from checks.terraform.model import Infrastructure
from runbooks.bundle import Bundle
from runbooks.evidence.environment import part_of
from runbooks.evidence.facts import facts
from runbooks.evidence.source import Derived, Frame, Scope, Section, Source
from runbooks.evidence.sources import DERIVED, SHAPES, SOURCES
from runbooks.values import Gap, Json, Value
from tests.checks.drift.three_sides import environment
from tests.checks.path import place
from tests.checks.results import sweep as swept
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.conforming import misfits

NOW = place.NOW
DENIED = place.blind("logging.logEntries.list", "roles/logging.viewer")


def source(name: str) -> Source:
    """A source by its name."""
    return next(each for each in SOURCES if each.name == name)


def derived(name: str) -> Derived:
    """What is derived, by its name."""
    return next(each for each in DERIVED if each.name == name)


def scope(
    cloud: StillCloud | None = None,
    *,
    sweeps: Sequence[Sweep] = (),
    terraform: Seen[Infrastructure] | None = None,
    past: Callable[[], Awaitable[list[Json]]] | None = None,
    blind: bool = False,
    file: Environment | None = None,
) -> Scope:
    """What sources may ask: staging as this cloud has it; `blind` without a project."""
    declared = file or environment()

    async def resolve(host: str) -> tuple[str, ...]:
        return (host,)

    async def read() -> Seen[Infrastructure]:
        assert terraform is not None
        return terraform

    async def states() -> AsyncIterator[Sweep]:
        for each in sweeps or (swept(),):
            yield each

    eyes = Eyes(declared, cloud or StillCloud(), resolve, read if terraform else None, lambda: NOW)
    return Scope(declared, None if blind else eyes, states, lambda: NOW, past)


async def gathered(name: str, asked: Scope) -> Section:
    """The last section of a source."""
    return [section async for section in source(name).gather(asked)][-1]


def frame(sections: Mapping[str, Section] | None = None) -> Frame:
    """What views may look at: staging's file, and these sections."""
    return Frame(part_of(environment()), NOW, sections or {})


async def see(name: str, asked: Scope, *others: str) -> Any:
    """What expressions see of a source, of its declared form; `others` are gathered beside it."""
    sections = {each: await gathered(each, asked) for each in (name, *others)}
    return seen(name, sections)


def seen(name: str, sections: Mapping[str, Section]) -> Any:
    """What expressions see under a root."""
    value = facts(Bundle(part_of(environment()), NOW, "0.1.0", sections))[name]
    assert misfits(value, SHAPES[name], name) == []
    return value


def gap_in(value: Value) -> Gap:
    """A value that has to be a gap."""
    assert isinstance(value, Gap), value
    return value


def but(state: CloudState, **fields: Any) -> CloudState:
    """A state with other fields."""
    return replace(state, **fields)


def log(
    *, failed: int = 0, total: int = 0, minutes: float = 12.0, **more: Any
) -> Callable[[Any, Any], RequestLog]:
    """A request log in which so many requests ended in 503, the first so many minutes ago."""

    def read(since: Any, until: Any) -> RequestLog:
        first = NOW - timedelta(minutes=minutes) if failed else None
        statuses = {200: total - failed, 503: failed} if failed else {200: total} if total else {}
        plain: dict[str, Any] = {
            "total": total,
            "by_status": statuses,
            "by_revision_5xx": {place.BAD: {503: failed}} if failed else {},
            "first_5xx": first,
            "last_5xx": NOW if failed else None,
            "latency_5xx_ms": (2_031.9, 6_828.3, 11_976.8) if failed else None,
            "latency_ms": (51.3, 4_899.3, 11_976.8) if total else None,
        }
        at = place.source("logging", "requests")
        return RequestLog(place.BACKEND, since, until, replace(at, url="https://logs"), **(plain | more))

    return read


def denied(*_: Any) -> Blind:
    """Cloud Logging may not be read."""
    return DENIED
