"""Runs sweeps: takes one from the store, asks what is not answered yet, keeps every answer as it comes."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import structlog

from bot import metrics
from bot.errors import log_unforeseen
from bot.leases import LEASE_SECONDS, STORE_PAUSE_SECONDS, Lost, NotDone, hold
from bot.store.embedded import StoreUnavailable
from bot.store.results import to_document
from bot.store.sweeps import Claim, Sweeps
from checks.environment import Environment, UnknownCheck
from checks.result import CheckResult
from checks.vantage.mixed import Vantages

log = structlog.get_logger(__name__)

# The longest check is waited for twice over, then the rest of the time is for the store and the queue.
SPARE_SECONDS = 60.0


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
        """Brings one sweep to its end. Raises `NotDone` where it cannot be brought there now."""
        places = {name: asdict(vantages.vantage) for name, vantages in self._vantages.items()}
        claim = await self._store.claim(sweep_id, self._owner, LEASE_SECONDS, places)
        if claim is None:
            if await self._store.active(sweep_id):
                raise NotDone(delay=1.0)
            return
        structlog.contextvars.bind_contextvars(sweep_id=sweep_id)
        await hold(
            self._work(claim),
            lambda: self._store.renew(claim, LEASE_SECONDS),
            lambda: self._store.release(claim),
            self._stopping,
        )

    async def _work(self, claim: Claim) -> None:
        note = None
        try:
            async with asyncio.timeout(max(0.0, claim.remaining)):
                note = await self._fill(claim)
        except Lost:
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
                raise Lost
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
