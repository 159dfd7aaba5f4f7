"""Does what people asked why about: takes a run from the store, makes the inquiry, keeps what it finds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import structlog

from bot import metrics
from bot.errors import log_unforeseen
from bot.inquiry import Found, Inquiry, Question
from bot.leases import LEASE_SECONDS, STORE_PAUSE_SECONDS, Lost, NotDone, hold
from bot.store.embedded import StoreUnavailable
from bot.store.whys import WhyClaim, Whys
from checks.environment import Environment
from checks.result import Sweep

log = structlog.get_logger(__name__)

SPARE_SECONDS = 90.0
"""For sources of evidence, which are bounded by themselves, the queue and the store."""

SharedSweep = Callable[[str], Awaitable[Sweep | None]]
"""A sweep of the store by its id; None where it is no longer kept."""


def allowed_seconds(environment: Environment) -> float:
    """After how many seconds a run is given up."""
    longest = max((spec.timeout for spec in environment.checks.values()), default=0.0)
    job = environment.vantages.job
    return SPARE_SECONDS + 2 * max(longest, job.timeout if job else 0.0) / 1000


class WhyWorker:
    """Does the runs of known environments. `changed` is called when messages have a newer state."""

    def __init__(
        self,
        store: Whys,
        environments: Mapping[str, Environment],
        inquiry: Inquiry,
        shared: SharedSweep,
        owner: str,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._environments = environments
        self._inquiry = inquiry
        self._shared = shared
        self._owner = owner
        self._changed = changed
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Gives up what is under way, so that another worker, or the next start, begins it again at once."""
        self._stopping.set()

    async def run(self, number: int) -> None:
        """Brings one run to its end. Raises `NotDone` where it cannot be brought there now."""
        claim = await self._store.claim(number, self._owner, LEASE_SECONDS)
        if claim is None:
            if await self._store.active(number):
                raise NotDone(delay=1.0)
            return
        structlog.contextvars.bind_contextvars(why=number)
        await hold(
            self._work(claim),
            lambda: self._store.renew(claim, LEASE_SECONDS),
            lambda: self._store.release(claim),
            self._stopping,
        )

    async def _work(self, claim: WhyClaim) -> None:
        note = None
        try:
            async with asyncio.timeout(max(0.0, claim.remaining)):
                note = await self._inquire(claim)
        except Lost:
            log.warning("another worker took the why over")
            return
        except TimeoutError:
            note = "it took too long"
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - see the next line
            # The border: whatever a runbook or a source does, the message must end.
            note = f"reference {log_unforeseen(error)}"
        if note is not None:
            await self._end(claim, "interrupted", note=note)

    async def _inquire(self, claim: WhyClaim) -> str | None:
        """Makes the inquiry and ends the run; returns why that is not possible, if so."""
        if claim.environment not in self._environments:
            return f"there is no environment {claim.environment} any more"
        sweep = await self._shared(claim.sweep_id) if claim.sweep_id else None
        async with aclosing(self._inquiry(Question(claim.environment, claim.runbook, sweep))) as states:
            before: Found | None = None
            async for found in states:
                if found.final:
                    await self._end(claim, "finished", found)
                    return None
                if found != before:  # evidence that changes nothing is no reason to write to Slack
                    await self._keep(claim, found)
                before = found
        return "no evidence came"

    async def _keep(self, claim: WhyClaim, found: Found) -> None:
        """Keeps what is known so far, if the store answers now; what comes next holds all of it again."""
        try:
            if not await self._store.record(claim, lease=LEASE_SECONDS, **_kept(found)):
                raise Lost
        except StoreUnavailable as error:
            log.warning("evidence waits for the store", error=str(error))
            return
        self._changed()

    async def _end(
        self, claim: WhyClaim, phase: str, found: Found | None = None, *, note: str | None = None
    ) -> None:
        """Ends the run, waiting for the store as long as it takes."""
        kept = _kept(found) if found is not None else {}
        while True:
            try:
                ours = await self._store.record(claim, lease=0, phase=phase, note=note, **kept)
                await self._store.settle()
                break
            except StoreUnavailable as error:
                log.warning("the end of a why waits for the store", error=str(error))
                await asyncio.sleep(STORE_PAUSE_SECONDS)
        if ours:
            metrics.WHYS.labels(claim.environment, phase).inc()
            log.info("why ended", environment=claim.environment, phase=phase, note=note)
            self._changed()


def _kept(found: Found) -> dict[str, Any]:
    progress = {"waiting": list(found.waiting)}
    return {"progress": progress, "diagnosis": found.document, "bundle": found.bundle}
