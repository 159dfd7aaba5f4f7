"""Runs sweeps: takes one from the store, asks what is not answered yet, keeps every answer as it comes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import structlog

from bot import metrics
from bot.errors import log_unforeseen
from bot.store.embedded import StoreUnavailable
from bot.store.results import to_document
from bot.store.sweeps import Claim, Sweeps
from checks.environment import Environment, UnknownCheck
from checks.result import CheckResult
from checks.vantage.mixed import Vantages

log = structlog.get_logger(__name__)

LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0
STORE_PAUSE_SECONDS = 0.5
# The longest check is waited for twice over, then the rest of the time is for the store and the queue.
SPARE_SECONDS = 60.0


class SweepNotDone(Exception):  # noqa: N818 - how a run ended, not a mistake
    """The sweep is still to be done: someone else holds it, or whybot stops. Try in `delay` seconds."""

    def __init__(self, delay: float) -> None:
        super().__init__(delay)
        self.delay = delay


class SweepLost(Exception):  # noqa: N818 - see above
    """Another worker has the sweep, or it has ended; nothing of ours is written any more."""


def allowed_seconds(environment: Environment, names: tuple[str, ...]) -> float:
    """After how many seconds a sweep is given up."""
    longest = max((environment.checks[name].timeout for name in names), default=0.0)
    job = environment.vantages.job
    return SPARE_SECONDS + 2 * max(longest, job.timeout if job else 0.0) / 1000


class SweepWorker:
    """Runs sweeps of the known environments. `changed` is called when cards have a newer state."""

    def __init__(
        self,
        store: Sweeps,
        environments: Mapping[str, Environment],
        vantages: Mapping[str, Vantages],
        owner: str,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._environments = environments
        self._vantages = vantages
        self._owner = owner
        self._changed = changed
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Gives up what is running, so that another worker, or the next start, takes it over at once."""
        self._stopping.set()

    async def run(self, sweep_id: str) -> None:
        """Brings one sweep to its end. Raises `SweepNotDone` where it cannot be brought there now."""
        places = {name: asdict(vantages.vantage) for name, vantages in self._vantages.items()}
        claim = await self._store.claim(sweep_id, self._owner, LEASE_SECONDS, places)
        if claim is None:
            if await self._store.active(sweep_id):
                raise SweepNotDone(delay=1.0)
            return
        structlog.contextvars.bind_contextvars(sweep_id=sweep_id)
        work = asyncio.create_task(self._work(claim))
        others = [asyncio.create_task(self._keep(claim)), asyncio.create_task(self._stopping.wait())]
        try:
            await asyncio.wait({work, *others}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            finished = work.done()
            for task in (work, *others):
                task.cancel()
            await asyncio.gather(work, *others, return_exceptions=True)
        if finished:
            work.result()
        elif self._stopping.is_set():
            await self._store.release(claim)
            raise SweepNotDone(delay=0.0)

    async def _keep(self, claim: Claim) -> None:
        """Renews the lease; ends when it is lost."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if not await self._store.renew(claim, LEASE_SECONDS):
                    return
            except StoreUnavailable:
                continue  # the lease may yet be renewed in time; if not, the next write finds out

    async def _work(self, claim: Claim) -> None:
        note = None
        try:
            async with asyncio.timeout(max(0.0, claim.remaining)):
                note = await self._fill(claim)
        except SweepLost:
            log.warning("another worker took the sweep over")
            return
        except TimeoutError:
            note = "it took too long"
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - see the next line
            # The border: whatever a check or the runner does, the card must end.
            note = f"reference {log_unforeseen(error)}"
        if note is not None:
            await self._end(claim, "interrupted", note=note)

    async def _fill(self, claim: Claim) -> str | None:
        """Asks every missing check and ends the sweep; returns why that is not possible, if so."""
        environment = self._environments.get(claim.environment)
        if environment is None:
            return f"there is no environment {claim.environment} any more"
        try:
            specs = environment.select(claim.missing) if claim.missing else []
        except UnknownCheck as error:
            return str(error)
        began = asyncio.get_running_loop().time()
        unsaved: list[dict[str, Any]] = []
        answered = 0
        async with aclosing(self._vantages[claim.environment].sweep(specs)) as results:
            async for result in results:
                unsaved.append(self._noted(environment.name, result))
                answered += 1
                # The last answer is kept together with the end of the sweep.
                if answered < len(specs) and await self._saved(claim, unsaved):
                    unsaved = []
                    self._changed()
        took = (asyncio.get_running_loop().time() - began) * 1000
        await self._end(claim, "finished", unsaved, duration_ms=took)
        return None

    @staticmethod
    def _noted(environment: str, result: CheckResult) -> dict[str, Any]:
        metrics.CHECKS.labels(environment, result.status).inc()
        return to_document(result)

    async def _saved(self, claim: Claim, results: list[dict[str, Any]]) -> bool:
        """Keeps results; False where the store does not answer now. They are then kept with the next ones."""
        try:
            if not await self._store.record(claim, results, lease=LEASE_SECONDS):
                raise SweepLost
        except StoreUnavailable as error:
            log.warning("results wait for the store", error=str(error))
            return False
        return True

    async def _end(
        self,
        claim: Claim,
        phase: str,
        results: list[dict[str, Any]] | None = None,
        *,
        duration_ms: float = 0.0,
        note: str | None = None,
    ) -> None:
        """Ends the sweep, waiting for the store as long as it takes."""
        while True:
            try:
                ours = await self._store.record(
                    claim, results or [], lease=0, phase=phase, duration_ms=duration_ms, note=note
                )
                break
            except StoreUnavailable as error:
                log.warning("the end of a sweep waits for the store", error=str(error))
                await asyncio.sleep(STORE_PAUSE_SECONDS)
        if ours:
            metrics.SWEEPS.labels(claim.environment, phase).inc()
            log.info("sweep ended", environment=claim.environment, phase=phase, note=note)
            self._changed()
