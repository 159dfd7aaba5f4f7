"""Gathers evidence: all that open causes could need at once, no more than that, and within a time."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Protocol

from checks.environment import Environment
from checks.eyes import Eyes
from checks.observations import Blind
from checks.observe.redaction import redact
from checks.reasons import Reason
from checks.result import Sweep
from checks.runner import new_reference, utc_now
from checks.secrets import Secrets
from checks.spec import CheckSpec
from runbooks.bundle import Bundle
from runbooks.engine import needed
from runbooks.evidence.environment import part_of
from runbooks.evidence.source import Scope, Section, Source
from runbooks.evidence.sources import SOURCES
from runbooks.runbook import Library
from runbooks.scrub import Scrub
from runbooks.values import Json

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=60)
"""How old a sweep may be to be evidence of now."""
GRACE = 2.0
"""Seconds that a source which was told to stop may take for that."""


class Sweeping(Protocol):
    """What runs checks: `checks.runner.Runner` and `checks.vantage.mixed.Vantages`."""

    def progress(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[Sweep, None]:
        """The sweep as it grows."""
        ...


def scope_of(
    environment: Environment,
    eyes: Eyes | None,
    sweeping: Sweeping,
    *,
    kept: Sweep | None = None,
    secrets: Secrets | None = None,
    past: Callable[[], Awaitable[list[Json]]] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Scope:
    """What sources may ask. `kept` is a sweep that is shared, if it is of all checks, whole and fresh.

    `secrets` are those whose values are taken out of the evidence.
    """
    specs = environment.select()

    def sweep() -> AsyncIterator[Sweep]:
        if kept is not None and is_fresh(kept, specs, now()):
            return _once(kept)
        return sweeping.progress(specs)

    scrub = Scrub.of(environment, secrets).section if secrets is not None else None
    return Scope(environment, eyes, sweep, now, past, scrub)


def is_fresh(sweep: Sweep, specs: Sequence[CheckSpec], now: datetime) -> bool:
    """Whether a sweep is evidence of all these checks as they are now."""
    ended = sweep.started_at + timedelta(milliseconds=sweep.duration_ms)
    return sweep.finished and {each.name for each in specs} <= set(sweep.expected) and now - ended <= FRESH


async def _once(sweep: Sweep) -> AsyncGenerator[Sweep, None]:
    yield sweep


def awaited(bundle: Bundle) -> tuple[str, ...]:
    """What is still being read, as people call it: `the request log`. None of a bundle that is complete."""
    titles = {each.name: each.title for each in SOURCES}
    return tuple(titles.get(name, name) for name, section in bundle.sections.items() if not section.finished)


async def gather(
    library: Library,
    scope: Scope,
    *,
    runbook: str | None = None,
    seconds: float = 60.0,
    sources: Sequence[Source] = SOURCES,
) -> AsyncGenerator[Bundle, None]:
    """A bundle whenever something came in, the last one complete. Close it (`contextlib.aclosing`) to stop.

    Whoever is slow to take one gets the newest next. A source that is not needed any more is stopped; what
    did not come within `seconds`, or failed, is a blind section. Raises KeyError for an unknown runbook.
    """
    at = _Gathering(library, scope, runbook, seconds, sources)
    try:
        at.start()
        yield at.bundle()
        while at.goes_on():
            if await at.heard() and at.goes_on():
                yield at.bundle()
        at.complete()
        yield at.bundle()
    finally:
        await at.stop()


class _Gathering:
    """Sources at work, and what they have said."""

    def __init__(
        self, library: Library, scope: Scope, runbook: str | None, seconds: float, sources: Sequence[Source]
    ) -> None:
        self._library, self._scope, self._runbook = library, scope, runbook
        self._seconds, self._deadline = seconds, time.monotonic() + seconds
        self._sources = {each.name: each for each in sources}
        self._first = Bundle(part_of(scope.environment), scope.now(), version("whybot"))
        self._scrub = scope.scrub or Scrub.of(scope.environment, Secrets({})).section
        self._sections: dict[str, Section] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped: list[asyncio.Task[None]] = []
        self._news: asyncio.Queue[Section] = asyncio.Queue()

    def bundle(self) -> Bundle:
        """What is known now, in the order of the sources."""
        known = {name: self._sections[name] for name in self._sources if name in self._sections}
        return replace(self._first, sections=known)

    def start(self) -> None:
        """Starts and stops sources, as causes that are still open need them."""
        wanted = needed(self._library, self.bundle(), runbook=self._runbook)
        for name, source in self._sources.items():
            if name in wanted and name not in self._tasks:
                self._sections[name] = Section(name, finished=False)
                self._tasks[name] = asyncio.create_task(self._read(source), name=f"evidence: {name}")
            elif name not in wanted and name in self._tasks and not self._sections[name].finished:
                self._stop(name)

    def _stop(self, name: str) -> None:
        """Stops a source. What it has said stays, since without it more could be needed again."""
        section = self._sections.pop(name)
        if section.data is not None:
            self._sections[name] = replace(section, finished=True)
            task = self._tasks[name]
        else:
            task = self._tasks.pop(name)
        task.cancel()
        self._stopped.append(task)

    def goes_on(self) -> bool:
        """Whether something is still to come, and there is time for it."""
        awaited = any(not each.finished for each in self._sections.values())
        return awaited and time.monotonic() < self._deadline

    async def heard(self) -> bool:
        """Waits for news, takes all that there are. False where the time was over before."""
        try:
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                self._take(await self._news.get())
        except TimeoutError:
            return False
        while not self._news.empty():
            self._take(self._news.get_nowait())
        self.start()
        return True

    def complete(self) -> None:
        """Says of each source that did not come why not; what came at the last moment counts."""
        while not self._news.empty():
            self._take(self._news.get_nowait())
        for name, source in self._sources.items():
            section = self._sections.get(name)
            if section is None:
                self._sections[name] = Section(name, blind=_unneeded(source))
            elif not section.finished and section.data is not None:
                self._sections[name] = replace(section, finished=True)
            elif not section.finished:
                self._sections[name] = Section(name, blind=_late(source, self._seconds))

    async def stop(self) -> None:
        """Ends whatever still runs."""
        running = [task for task in (*self._tasks.values(), *self._stopped) if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=GRACE)

    def _take(self, section: Section) -> None:
        known = self._sections.get(section.source)
        if known is not None and not known.finished:  # else it was stopped meanwhile
            self._sections[section.source] = section

    async def _read(self, source: Source) -> None:
        """What one source says, as it comes; the last section is finished, whatever happens."""
        began, last = time.perf_counter(), Section(source.name, finished=False)
        try:
            async with aclosing(_sections(source, self._scope)) as sections:
                async for section in sections:
                    last = self._stamped(section, began)
                    self._news.put_nowait(last)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            last = self._crashed(source, began)  # a library cancelled itself; nobody asked us to stop
        except Exception:  # noqa: BLE001 - the border: a bug of one source must not take the others along
            last = self._crashed(source, began)
        if not last.finished:
            self._news.put_nowait(replace(last, finished=True))

    def _crashed(self, source: Source, began: float) -> Section:
        """The section of a source with a bug: who wants to know more finds the reference in the log."""
        reference, trace = new_reference(), redact(traceback.format_exc())
        log.error("evidence of %s could not be gathered, reference %s\n%s", source.name, reference, trace)
        said = f"{source.title} could not be gathered (reference {reference})"
        section = self._stamped(Section(source.name, blind=Blind(Reason.CHECK_CRASHED, said)), began)
        self._news.put_nowait(section)
        return section

    def _stamped(self, section: Section, began: float) -> Section:
        took = round((time.perf_counter() - began) * 1000, 3)
        return self._scrub(replace(section, gathered_at=self._scope.now(), took_ms=took))


async def _sections(source: Source, scope: Scope) -> AsyncGenerator[Section, None]:
    """A source's sections; closing this closes the source as well."""
    sections = source.gather(scope)
    try:
        async for section in sections:
            yield section
    finally:
        if isinstance(sections, AsyncGenerator):
            await sections.aclose()


def _late(source: Source, seconds: float) -> Blind:
    return Blind(Reason.DEADLINE, f"{source.title} did not answer within {seconds:g} s")


def _unneeded(source: Source) -> Blind:
    said = f"not asked: {source.title} (no cause that was still open needed it)"
    return Blind(Reason.NOT_SELECTED, said)
