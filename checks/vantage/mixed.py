"""Asks each check from the best place there is: dependencies in the job, everything else from here.

Used as `Runner` is. Dependencies are asked from here as well: where the job cannot tell, that is all there
is, and where it finds one failing that answers here, the way is to blame and not the target.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from enum import StrEnum
from types import TracebackType
from typing import Self

from checks.cloud_check import CloudCheck
from checks.environment import Environment
from checks.result import CheckResult, Sweep, Vantage
from checks.runner import Runner
from checks.spec import CheckSpec
from checks.vantage.job import JobProber, JobSilent, Waiting
from checks.vantage.joining import FromHere, Heard, Joining, mute

QUIET_SECONDS = 10.0
"""How long checks from here wait for what would make this process late; they end before the job does."""


class Choice(StrEnum):
    """Where dependencies are asked from: in the job where it can tell, from here, or in the job alone."""

    BEST = "best"
    HERE = "here"
    JOB = "job"


class Vantages:
    """The places from which one environment's checks are asked. Use it with `async with`, for many sweeps.

    `prober` is None where the job cannot be asked at all; `absent` then says why, if the file names one.
    `prepare` gets done before anything is asked from here what would make this process late meanwhile.
    """

    def __init__(
        self,
        environment: Environment,
        runner: Runner,
        here: Vantage,
        prober: JobProber | None = None,
        *,
        absent: str = "",
        choice: Choice = Choice.BEST,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._here = here
        self._prober = prober
        self._absent = absent
        self._prepare = prepare
        self._job = environment.vantages.job
        self._job_vantage = Vantage("job", f"Cloud Run job in {environment.region}")
        self._choice = choice if self._job is not None else Choice.HERE

    async def __aenter__(self) -> Self:
        await self._runner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.__aexit__(kind, error, trace)

    @property
    def vantage(self) -> Vantage:
        """Where a whole sweep is asked from, before it is known what answers."""
        if self._prober is None or self._choice is Choice.HERE:
            return self._here
        return Vantage(
            "mixed", f"dependencies from {self._job_vantage.label} · the rest from {self._here.label}"
        )

    def seconds(self, specs: Sequence[CheckSpec]) -> float:
        """How long a sweep may take that is in order."""
        longest = max((spec.timeout for spec in specs), default=0.0) / 1000
        return max(longest, self._job.timeout / 1000 if self._job and self._prober else 0.0)

    def begin(self, specs: Sequence[CheckSpec]) -> Sweep:
        """The sweep before anything has answered."""
        return replace(self._runner.begin(specs), vantage=self.vantage)

    async def run(self, specs: Sequence[CheckSpec]) -> Sweep:
        """Runs them all and returns the finished sweep."""
        async with aclosing(self.progress(specs)) as states:
            return [sweep async for sweep in states][-1]

    async def progress(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[Sweep, None]:
        """The sweep as it grows: once empty, then after every answer, and while the job is waited for."""
        began = time.perf_counter()
        sweep = self.begin(specs)
        yield sweep
        async with aclosing(self._events(specs)) as events:
            async for event in events:
                if isinstance(event, Waiting):
                    sweep = replace(sweep, waiting=str(event))
                else:
                    sweep = sweep.adding(event, (time.perf_counter() - began) * 1000)
                yield sweep

    async def sweep(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[CheckResult, None]:
        """Results as they come, one for each spec. Closing it (`contextlib.aclosing`) cancels the rest."""
        async with aclosing(self._events(specs)) as events:
            async for event in events:
                if not isinstance(event, Waiting):
                    yield event

    async def _events(self, specs: Sequence[CheckSpec]) -> AsyncGenerator["CheckResult | Waiting", None]:
        remote = {spec.name: spec for spec in specs if self._belongs_to_the_job(spec)}
        if self._choice is Choice.HERE or not remote:
            async with aclosing(self._from_here(specs)) as results:
                async for result in results:
                    yield result
            return
        local = [spec for spec in specs if spec.name not in remote or self._choice is Choice.BEST]
        merged = _Merged(self._quietly(local), self._from_job(list(remote.values())))
        joining = Joining(self._here, self._job_vantage, remote, self._choice is Choice.BEST)
        async with aclosing(merged.items()) as items:
            async for item in items:
                for event in joining.taken(item):
                    yield event
                if len(joining.answered) == len(specs):
                    return

    def _belongs_to_the_job(self, spec: CheckSpec) -> bool:
        """Whether it asks over the network for what only the service's own network leads to.

        Services and edges have public addresses; they are asked as their users ask them.
        """
        return bool(spec.hosts()) and spec.layer == "dependency"

    async def _quietly(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[CheckResult, None]:
        """Asks from here once Google's libraries are there: importing them makes this process late itself."""
        needed = self._prober is not None or any(isinstance(spec, CloudCheck) for spec in specs)
        if self._prepare is not None and needed:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_SECONDS):
                    await self._prepare()
        async with aclosing(self._runner.sweep(specs)) as results:
            async for result in results:
                yield result

    async def _from_here(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[CheckResult, None]:
        async with aclosing(self._quietly(specs)) as results:
            async for result in results:
                dependency = result.layer == "dependency" and self._job is not None
                yield replace(result, vantage=mute(self._here)) if dependency else result

    async def _from_job(
        self, specs: Sequence[CheckSpec]
    ) -> AsyncGenerator["CheckResult | Waiting | JobSilent", None]:
        try:
            if self._prober is None:
                raise JobSilent(self._absent)
            async with aclosing(self._prober.ask(specs)) as events:
                async for event in events:
                    yield event
        except JobSilent as silent:
            yield silent


class _Merged:
    """What two sources yield, as it comes. Closing it closes both."""

    def __init__(
        self,
        here: AsyncGenerator[CheckResult, None],
        job: AsyncGenerator["CheckResult | Waiting | JobSilent", None],
    ) -> None:
        self._here, self._job = here, job
        self._queue: asyncio.Queue[Heard | None] = asyncio.Queue()

    async def items(self) -> AsyncGenerator[Heard, None]:
        """Raises what a source raises."""
        tasks = [asyncio.create_task(self._feed_here()), asyncio.create_task(self._feed_job())]
        for task in tasks:
            task.add_done_callback(lambda _: self._queue.put_nowait(None))
        try:
            ended = 0
            while ended < len(tasks) or not self._queue.empty():
                item = await self._queue.get()
                if item is None:
                    ended += 1
                    for task in tasks:
                        if task.done():
                            task.result()
                else:
                    yield item
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _feed_here(self) -> None:
        async with aclosing(self._here) as results:
            async for result in results:
                self._queue.put_nowait(FromHere(result))

    async def _feed_job(self) -> None:
        async with aclosing(self._job) as events:
            async for event in events:
                self._queue.put_nowait(event)
