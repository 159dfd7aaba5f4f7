"""Runs checks side by side, each within its time, and turns whatever happens into results."""

import asyncio
import logging
import random
import time
import traceback
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from checks.dialer import Dialer
from checks.environment import Environment
from checks.eyes import Eyes
from checks.failures import CheckFailed
from checks.lateness import LatenessMeter
from checks.overlay import Overlay
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import CheckResult, Fact, Status, Sweep, Vantage
from checks.secrets import Secrets
from checks.spec import CheckSpec, Finding
from checks.verdict import judge, timed_out

log = logging.getLogger("whybot.checks")

MARGIN = 0.02  # seconds after the deadline, so that a check's own, better worded time-out comes first
GRACE = 1.0  # seconds that a cancelled check may take to clean up before it is left behind
HEAD_START = 1.0  # seconds for checks whose time counts, before those that read and compute a lot
REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks like another


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def new_reference() -> str:
    """Four letters that a person can read out, to find a line of the log."""
    return "".join(random.choices(REFERENCE_LETTERS, k=4))  # noqa: S311 - a label, no secret


class Runner:
    """Runs the checks of one environment. Use it with `async with`, for many sweeps.

    `concurrency` bounds the checks that are within their budget; one that exceeds its budget is only waiting,
    and gives its place to the next, so that hanging targets cannot keep others from being asked. `grace` is
    how many seconds a check that was told to stop may take before it is left behind. `eyes` are for checks of
    Google Cloud; the caller opens and closes them.
    """

    def __init__(
        self,
        environment: Environment,
        secrets: Secrets,
        vantage: Vantage,
        *,
        overlay: Overlay | None = None,
        concurrency: int = 256,
        grace: float = GRACE,
        dialer: Dialer | None = None,
        eyes: Eyes | None = None,
        now: Callable[[], datetime] = utc_now,
        reference: Callable[[], str] = new_reference,
    ) -> None:
        self._environment = environment
        self._secrets = secrets
        self._vantage = vantage
        self._dialer = dialer or Dialer(environment.hosts(), environment.network.ranges, overlay)
        self._eyes = eyes
        self._places = asyncio.Semaphore(concurrency)
        self.grace = grace
        self._now = now
        self._reference = reference
        self._meter = LatenessMeter()
        self._left_behind: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._dialer.warm_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._left_behind:
            task.cancel()
        self._dialer.close()

    async def run(self, specs: Sequence[CheckSpec]) -> Sweep:
        """Runs them all and returns the finished sweep."""
        async with aclosing(self.progress(specs)) as states:
            return [sweep async for sweep in states][-1]

    def begin(self, specs: Sequence[CheckSpec]) -> Sweep:
        """The sweep before anything has answered."""
        return Sweep(
            environment=self._environment.name,
            vantage=self._vantage,
            started_at=self._now(),
            expected=tuple(spec.name for spec in specs),
            titles={spec.name: spec.label for spec in specs},
        )

    async def progress(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[Sweep, None]:
        """The sweep as it grows: once empty, then after every answer. Close it to cancel what still runs."""
        began = time.perf_counter()
        sweep = self.begin(specs)
        yield sweep
        async with aclosing(self.sweep(specs)) as results:
            async for result in results:
                sweep = sweep.adding(result, (time.perf_counter() - began) * 1000)
                yield sweep

    async def sweep(self, specs: Sequence[CheckSpec]) -> AsyncGenerator[CheckResult, None]:
        """Results as they come, one for each spec. Closing it (`contextlib.aclosing`) cancels the rest."""
        answers: asyncio.Queue[CheckResult] = asyncio.Queue()
        runs: list[_Run] = []
        with self._meter:
            starter = asyncio.create_task(self._start(specs, answers, runs))
            try:
                for _ in specs:
                    yield await answers.get()
            finally:
                starter.cancel()
                await self._end(runs)

    async def _start(
        self, specs: Iterable[CheckSpec], answers: asyncio.Queue[CheckResult], runs: list["_Run"]
    ) -> None:
        """Starts one after the other, and lets the loop go round in between.

        So those that run make progress before more are begun, and many starts at once do not slow down
        what the first ones measure. Slow ones first: a sweep ends with its slowest check. Those that are not
        timed come last, and leave the others a head start: their own work would make this process late.
        """
        led = False
        for spec in sorted(specs, key=lambda spec: (not spec.timed, -spec.budget)):
            if not spec.timed and runs and not led:
                led = True
                await asyncio.wait([run.task for run in runs], timeout=HEAD_START)
            await self._places.acquire()
            runs.append(_Run(self, spec, answers, self._places, self._now()))
            await asyncio.sleep(0)

    async def _end(self, runs: Iterable["_Run"]) -> None:
        """Cancels what still runs and waits for it to clean up; what does not is left behind."""
        ending = [run.task for run in runs if run.stop()]
        if ending:
            await asyncio.wait(ending, timeout=self.grace)
        for task in (run.task for run in runs):
            if not task.done():
                self._left_behind.add(task)
                task.add_done_callback(self._left_behind.discard)

    async def answer(self, spec: CheckSpec) -> CheckResult:
        """Asks one target and returns the result; raises nothing but its own cancellation."""
        started_at, began = self._now(), time.perf_counter()
        late_before = self._meter.total_ms()
        probe = Probe(
            dialer=self._dialer,
            secrets=self._secrets,
            eyes=self._eyes,
            deadline=time.monotonic() + spec.timeout / 1000,
        )
        finding = await self._ask(spec, probe)
        elapsed_ms = (time.perf_counter() - began) * 1000
        late_ms = self._meter.total_ms() - late_before
        return self._result(spec, probe, finding, started_at, elapsed_ms, late_ms)

    async def _ask(self, spec: CheckSpec, probe: Probe) -> Finding:
        try:
            async with asyncio.timeout(spec.timeout / 1000 + MARGIN):
                return await spec.run(probe)
        except CheckFailed as failed:
            return Finding(failed.status, failed.reason, failed.message)
        except TimeoutError:
            return timed_out(spec, probe.phases)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return self._crashed(spec)  # a library cancelled itself; nobody asked us to stop
        except Exception:  # noqa: BLE001 - the one border: a bug of a check must not end the sweep
            return self._crashed(spec)

    def _crashed(self, spec: CheckSpec) -> Finding:
        reference = self._reference()
        trace = self._secrets.redact(traceback.format_exc())
        log.error("check %s crashed, reference %s\n%s", spec.name, reference, trace)
        message = f"could not be told: the check itself failed (reference {reference})"
        return Finding(Status.UNKNOWN, Reason.CHECK_CRASHED, message)

    def abandoned(self, spec: CheckSpec, started_at: datetime) -> CheckResult:
        """The result of a check that went on after it was told to stop."""
        log.warning("check %s did not stop after its deadline and was left behind", spec.name)
        probe = Probe(dialer=self._dialer, secrets=self._secrets, deadline=0)
        finding = Finding(
            Status.UNKNOWN,
            Reason.DEADLINE,
            "could not be told: the check did not end in time and was left behind",
        )
        return self._result(spec, probe, finding, started_at, spec.timeout, 0)

    def _result(
        self,
        spec: CheckSpec,
        probe: Probe,
        finding: Finding,
        started_at: datetime,
        elapsed_ms: float,
        late_ms: float,
    ) -> CheckResult:
        verdict = judge(spec, finding, probe.phases, elapsed_ms, late_ms)
        if verdict.reason is Reason.PROBER_OVERLOADED:
            probe.note(prober_late_ms=round(late_ms, 1))
        return CheckResult(
            name=spec.name,
            kind=spec.kind,
            title=spec.label,
            target=self._secrets.redact(spec.target),
            layer=spec.layer,
            status=verdict.status,
            reason=verdict.reason,
            message=self._secrets.redact(verdict.message),
            duration_ms=verdict.duration_ms,
            budget_ms=spec.budget if spec.timed else 0.0,
            phases=tuple(probe.phases),
            facts={name: self._redacted(fact) for name, fact in probe.facts.items()},
            attempts=1,
            vantage=self._vantage,
            started_at=started_at,
        )

    def _redacted(self, fact: Fact) -> Fact:
        if isinstance(fact, str):
            return self._secrets.redact(fact)
        if isinstance(fact, list):
            return [self._secrets.redact(item) for item in fact]
        return fact


class _Run:
    """One check under way: answers exactly once, whatever the check does."""

    def __init__(
        self,
        runner: Runner,
        spec: CheckSpec,
        answers: asyncio.Queue[CheckResult],
        places: asyncio.Semaphore,
        started_at: datetime,
    ) -> None:
        self._runner, self._spec, self._answers, self._places = runner, spec, answers, places
        self._started_at = started_at
        self._settled = self._left = False
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(spec.budget / 1000, self._leave)
        self._alarm = loop.call_later(spec.timeout / 1000 + MARGIN + runner.grace, self._abandon)
        self.task = asyncio.create_task(self._work(), name=f"check {spec.name}")

    def stop(self) -> bool:
        """Cancels the check if it still owes its answer; says whether it has to be waited for."""
        owes = not self._settled
        self._close()
        if owes:
            self.task.cancel()
        return owes

    async def _work(self) -> None:
        try:
            self._settle(await self._runner.answer(self._spec))
        finally:
            self._close()

    def _abandon(self) -> None:
        self._settle(self._runner.abandoned(self._spec, self._started_at))
        self.task.cancel()

    def _settle(self, result: CheckResult) -> None:
        if not self._settled:
            self._close()
            self._answers.put_nowait(result)

    def _close(self) -> None:
        self._settled = True
        self._patience.cancel()
        self._alarm.cancel()
        self._leave()

    def _leave(self) -> None:
        """Gives the place to the next check, once."""
        if not self._left:
            self._left = True
            self._places.release()
