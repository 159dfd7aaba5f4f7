"""Gathering: what open causes need, all at once, within a time; nothing that runs is left behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from checks.output.json import document
from checks.result import Status, Sweep
from checks.secrets import Secrets
from checks.spec import CheckSpec
from runbooks.bundle import Bundle
from runbooks.evidence.facts import facts
from runbooks.evidence.source import Frame, Scope, Section, Source
from runbooks.evidence.written import plain
from runbooks.gather import awaited, gather, is_fresh, scope_of
from runbooks.runbook import Library
from runbooks.shape import Shape
from runbooks.values import Gap, Json, Value
from tests.checks.drift.three_sides import environment
from tests.checks.results import AT, result, sweep
from tests.runbooks.books import book, cause, library
from tests.runbooks.evidence.looking import NOW, scope, source

EMPTY: dict[str, Json] = {
    "checks": {"checks": [], "pending": []},
    "services": {"read_at": "2026-11-23T12:00:00Z", "services": {}},
    "paths": {"read_at": "2026-11-23T12:00:00Z", "paths": []},
    "logs": {"since": "2026-11-23T11:00:00Z", "until": "2026-11-23T12:00:00Z", "services": {}},
    "changes": {"read_at": "2026-11-23T12:00:00Z", "changes": []},
    "history": [],
}
Says = Callable[[], Awaitable[object]]


@dataclass
class Fake:
    """A source that says what a test wants, when it wants; `log` is what happened to all of them."""

    name: str
    log: list[str] = field(default_factory=list)
    wait: Says | None = None
    data: Json = None
    partly: Json = None

    @property
    def title(self) -> str:
        """What people call it."""
        return f"the {self.name}"

    @property
    def shape(self) -> Shape:
        """That of the source in whose place it stands."""
        return source(self.name).shape

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Notes that it was started, waits, and says it."""
        self.log.append(f"{self.name} started")
        try:
            if self.partly is not None:
                yield Section(self.name, self.partly, finished=False)
            if self.wait is not None:
                await self.wait()
            yield Section(self.name, EMPTY[self.name] if self.data is None else self.data)
            self.log.append(f"{self.name} finished")
        except asyncio.CancelledError:
            self.log.append(f"{self.name} stopped")
            raise

    def view(self, section: Section, frame: Frame) -> Value:
        """That of the source in whose place it stands."""
        return source(self.name).view(section, frame)


class Meeting:
    """Waits until so many have come: who waits for one that was not started waits for ever."""

    def __init__(self, number: int) -> None:
        self._missing, self._all = number, asyncio.Event()

    async def __call__(self) -> None:
        """One more has come."""
        self._missing -= 1
        if self._missing <= 0:
            self._all.set()
        await self._all.wait()


ENOUGH = 2.0
"""Seconds for all that answers at once, on a busy machine."""


async def never() -> None:
    """Waits for ever."""
    await asyncio.Event().wait()


def asking(*conditions: str) -> Library:
    """A library of one question with a cause for each condition."""
    return library(book("down", *(cause(f"cause-{n}", each) for n, each in enumerate(conditions))))


INNER = cause("inner", "size(services) > 0", ("services",))
NESTED = library(book("down", cause("outer", "size(checks) > 0", ("checks",), asks="Why?", causes=(INNER,))))


async def bundles(books: Library, *sources: Source, asked: Scope | None = None, **more: Any) -> list[Bundle]:
    """Every bundle that gathering gives."""
    async with aclosing(gather(books, asked or scope(), sources=sources, **more)) as found:
        return [each async for each in found]


async def last(books: Library, *sources: Source, **more: Any) -> Bundle:
    """The complete bundle."""
    return (await bundles(books, *sources, **more))[-1]


def why(bundle: Bundle, name: str) -> str:
    """Why a source is blind."""
    blind = bundle.sections[name].blind
    assert blind is not None, bundle.sections[name]
    return blind.message


# at once, and no more than is needed


async def test_all_that_is_needed_starts_before_any_has_finished() -> None:
    """They wait for each other, so one after the other would wait for ever."""
    meeting = Meeting(3)
    sources = [Fake(name, wait=meeting) for name in ("checks", "services", "logs")]
    books = asking("size(checks) > 0", "size(services) > 0", "size(logs) > 0")
    found = await last(books, *sources, seconds=30)
    assert all(section.finished and section.blind is None for section in found.sections.values())


async def test_what_no_cause_needs_is_not_asked() -> None:
    """Its section says so, for whoever replays the bundle with other runbooks."""
    log: list[str] = []
    found = await last(asking("size(checks) > 0"), Fake("checks", log), Fake("paths", log))
    assert log == ["checks started", "checks finished"]
    assert why(found, "paths") == "not asked: the paths (no cause that was still open needed it)"


async def test_what_is_no_longer_needed_is_stopped() -> None:
    """Checks rule the outer cause out, so that nobody waits for what the inner one would have looked at."""
    log: list[str] = []
    found = await last(NESTED, Fake("checks", log), Fake("services", log, wait=never), seconds=30)
    assert "services stopped" in log
    assert found.sections["services"].blind is not None
    assert found.sections["checks"].blind is None


async def test_what_was_said_in_part_is_kept_where_more_is_not_needed() -> None:
    """It decided that no more is needed; without it the source would be needed again, and so on for ever."""
    log: list[str] = []
    redis = result("redis", Status.FAIL)
    half = plain(document(sweep(redis, expected=("redis", "postgres"))))
    books = asking("checks.redis.status == 'pass' && checks.postgres.status == 'pass'")
    found = await last(books, Fake("checks", log, wait=never, partly=half), seconds=30)
    assert log == ["checks started", "checks stopped"]
    assert [each["name"] for each in found.sections["checks"].data["checks"]] == ["redis"]


async def test_a_runbook_can_be_asked_for_by_its_name() -> None:
    """Then only what it needs is gathered."""
    books = library(
        book("one", cause("a", "size(checks) > 0"), applies=None),
        book("two", cause("b", "size(paths) > 0"), applies=None),
    )
    log: list[str] = []
    await last(books, Fake("checks", log), Fake("paths", log), runbook="two")
    assert log == ["paths started", "paths finished"]
    with pytest.raises(KeyError):
        await last(books, Fake("checks"), runbook="three")


# progress


async def test_every_bundle_says_what_is_awaited() -> None:
    """From the first, which has nothing yet, to the last, for which nothing is awaited."""
    gate = asyncio.Event()
    sources = (Fake("checks"), Fake("logs", wait=gate.wait))
    books, seen = asking("size(checks) > 0", "size(logs) > 0"), []
    async with aclosing(gather(books, scope(), sources=sources)) as found:
        async for each in found:
            seen.append(awaited(each))
            if seen[-1] == ("the request log",):
                gate.set()
    assert seen == [("the health checks", "the request log"), ("the request log",), ()]


async def test_a_source_shows_its_progress() -> None:
    """A sweep that grows is seen before it is finished."""
    half = {"checks": [], "pending": [{"name": "redis", "title": "Redis"}]}
    gate, seen = asyncio.Event(), []
    books = asking("size(checks) > 0")
    async with aclosing(
        gather(books, scope(), sources=[Fake("checks", wait=gate.wait, partly=half)])
    ) as found:
        async for each in found:
            section = each.sections["checks"]
            seen.append((section.finished, section.data == half))
            if section.data == half:
                gate.set()
    assert seen == [(False, False), (False, True), (True, False)]


async def test_who_is_slow_to_take_a_bundle_gets_the_newest_next() -> None:
    """What came meanwhile is in one bundle."""
    sources = [Fake(name) for name in ("checks", "services", "logs")]
    books = asking("size(checks) > 0", "size(services) > 0", "size(logs) > 0")
    number = 0
    async with aclosing(gather(books, scope(), sources=sources)) as found:
        async for _ in found:
            number += 1
            while any(task.get_name().startswith("evidence") for task in asyncio.all_tasks()):
                await asyncio.sleep(0)
    assert number == 2


# a time, a crash, an end


async def test_what_does_not_come_in_time_is_a_gap() -> None:
    """The rest is there; nothing runs on."""
    log: list[str] = []
    books = asking("size(checks) > 0", "size(logs) > 0")
    found = await last(books, Fake("checks", log), Fake("logs", log, wait=never), seconds=ENOUGH)
    assert why(found, "logs") == "the logs did not answer within 2 s"
    assert "logs stopped" in log
    gap = facts(found)["logs"]
    assert isinstance(gap, Gap)
    assert not gap.pending


async def test_what_came_in_part_is_kept_when_the_time_is_over() -> None:
    """Checks that did answer count; those that did not are gaps."""
    half = {"checks": [], "pending": [{"name": "redis", "title": "Redis"}]}
    found = await last(asking("size(checks) > 0"), Fake("checks", wait=never, partly=half), seconds=ENOUGH)
    assert found.sections["checks"].finished
    checks = facts(found)["checks"]
    assert isinstance(checks, dict)
    assert checks["redis"].why == "Redis had not answered when gathering ended"


async def test_a_bug_of_a_source_is_a_gap_with_a_reference(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody sees a stack trace but the log, which has no secret; the other sources go on."""

    async def crash() -> None:
        raise RuntimeError("token=hunter2hunter2")

    books = asking("size(checks) > 0", "size(logs) > 0")
    found = await last(books, Fake("checks", wait=crash), Fake("logs"))
    said = why(found, "checks")
    assert said.startswith("the checks could not be gathered (reference ")
    assert "RuntimeError" not in said
    reference = said.rpartition(" ")[2].rstrip(")")
    assert reference in caplog.text
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text
    assert found.sections["logs"].blind is None


async def test_a_source_that_cancels_itself_does_not_end_the_rest() -> None:
    """A library may do that; nobody asked us to stop."""

    async def cancelled() -> None:
        raise asyncio.CancelledError

    books = asking("size(checks) > 0", "size(logs) > 0")
    found = await last(books, Fake("checks", wait=cancelled), Fake("logs"), seconds=30)
    assert "could not be gathered" in why(found, "checks")
    assert found.sections["logs"].blind is None


async def test_closing_it_leaves_nothing_behind() -> None:
    """Whoever stops listening has stopped the sources as well."""
    log: list[str] = []
    books = asking("size(checks) > 0", "size(logs) > 0")
    sources = (Fake("checks", log, wait=never), Fake("logs", log, wait=never))
    async with aclosing(gather(books, scope(), sources=sources)) as found:
        async for _ in found:
            while len(log) < 2:
                await asyncio.sleep(0)
            break
    assert sorted(log[2:]) == ["checks stopped", "logs stopped"]
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("evidence")]


async def test_cancelling_it_leaves_nothing_behind() -> None:
    """As when a job is taken away."""
    log: list[str] = []
    task = asyncio.create_task(last(asking("size(logs) > 0"), Fake("logs", log, wait=never)))
    while not log:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["logs started", "logs stopped"]


# what is kept


async def test_sections_are_stamped_and_in_the_order_of_the_sources() -> None:
    """With when they were read and how long that took."""
    books = asking("size(checks) > 0", "size(logs) > 0")
    found = await last(books, Fake("checks"), Fake("logs"))
    assert list(found.sections) == ["checks", "logs"]
    assert found.sections["logs"].gathered_at == NOW
    assert found.sections["logs"].took_ms > 0
    assert (found.at, found.environment["name"]) == (NOW, "staging")
    assert found.version


async def test_secrets_are_taken_out_of_what_is_kept() -> None:
    """A password in a message would otherwise be in a bundle that people hand on."""
    secrets = Secrets({"STAGING_REDIS_PASSWORD": "correct-horse-battery"})
    asked = scope_of(environment(), None, Sweeps(sweep()), secrets=secrets, now=lambda: NOW)
    said = {"checks": [], "pending": [{"name": "redis", "title": "AUTH correct-horse-battery failed"}]}
    found = await last(asking("size(checks) > 0"), Fake("checks", data=said), asked=asked)
    assert "AUTH" in str(found.sections["checks"].data)
    assert "correct-horse" not in str(found.sections["checks"].data)


# which sweep is looked at


class Sweeps:
    """Runs checks, or says that it did."""

    def __init__(self, *states: Sweep) -> None:
        self.states, self.asked = states, 0

    async def progress(self, specs: Any) -> Any:
        """The sweep as it grows."""
        self.asked += 1
        for each in self.states:
            yield each


def whole(**more: Any) -> Sweep:
    """A finished sweep of all checks of staging."""
    return sweep(*(result(name, Status.PASS, **more) for name in environment().checks))


async def test_a_fresh_sweep_is_shared() -> None:
    """Nobody asks Redis twice for one click on *Why?*."""
    sweeping = Sweeps(whole())
    ended = AT + timedelta(milliseconds=whole().duration_ms)
    asked = scope_of(environment(), None, sweeping, kept=whole(), now=lambda: ended + timedelta(seconds=59))
    assert [each.finished async for each in asked.sweep()] == [True]
    assert sweeping.asked == 0


@pytest.mark.parametrize(
    ("kept", "age"),
    [
        (whole(), 61.0),
        (sweep(result("redis")), 1.0),
        (sweep(result("redis"), expected=tuple(environment().checks)), 1.0),
    ],
    ids=["old", "of one check", "not finished"],
)
async def test_another_sweep_is_run_anew(kept: Sweep, age: float) -> None:
    """One that is old, of some checks only, or not finished is no evidence of now."""
    sweeping = Sweeps(sweep(), whole())
    ended = AT + timedelta(milliseconds=kept.duration_ms)
    asked = scope_of(environment(), None, sweeping, kept=kept, now=lambda: ended + timedelta(seconds=age))
    assert len([each async for each in asked.sweep()]) == 2
    assert sweeping.asked == 1


def test_freshness_counts_from_its_end() -> None:
    """A sweep that took long is not old because of that."""
    specs: list[CheckSpec] = environment().select()
    ended = AT + timedelta(milliseconds=6_200)
    assert is_fresh(whole(), specs, ended + timedelta(seconds=60))
    assert not is_fresh(whole(), specs, ended + timedelta(seconds=60.1))
