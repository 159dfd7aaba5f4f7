"""Jobs: PgQueuer hands each sweep and each why to one worker, and to another one when the first is killed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from bot.drifts import DriftDesk
from bot.leases import NotDone
from bot.store.database import Database
from bot.store.embedded import StoreUnavailable
from bot.sweeps import SweepWorker
from bot.whys import WhyWorker

log = structlog.get_logger(__name__)

SWEEP, WHY, DRIFT = "sweep", "why", "drift"
# A worker that has not shown itself for so long is taken for dead.
HEARTBEAT = timedelta(seconds=4)
POLL = timedelta(seconds=1)
BATCH = 5
SWEEPS_AT_ONCE = 20
RESTART_SECONDS = 1.0
STORE_RETRY = timedelta(seconds=2)
STORE_TROUBLES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, FailingListenerError)


class Jobs:
    """Takes jobs until it is stopped; starts again by itself when the store comes back."""

    def __init__(self, database: Database, worker: SweepWorker, whys: WhyWorker, drift: DriftDesk) -> None:
        self._database = database
        self._worker = worker
        self._whys = whys
        self._drift = drift
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None

    async def run(self) -> None:
        """Takes jobs until `stop`, then until those under way have ended or were given back."""
        while not self._stopping.is_set():
            try:
                await self._take()
            except STORE_TROUBLES as error:
                log.warning("taking jobs begins again", error=repr(error))
            if not self._stopping.is_set():
                await asyncio.sleep(RESTART_SECONDS)

    def stop(self) -> None:
        """Takes no more jobs and gives those under way back."""
        self._stopping.set()
        self._worker.stop()
        self._whys.stop()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def _take(self) -> None:
        async with asyncpg.create_pool(self._database.address, min_size=1, max_size=4, timeout=5) as pool:
            manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))
            manager.entrypoint(SWEEP)(self._sweep)
            manager.entrypoint(WHY)(self._why)
            manager.entrypoint(DRIFT)(self._look)
            self._manager = manager
            if self._stopping.is_set():
                return
            await manager.run(
                dequeue_timeout=POLL,
                batch_size=BATCH,
                max_concurrent_tasks=SWEEPS_AT_ONCE,
                heartbeat_timeout=HEARTBEAT,
                shutdown_on_listener_failure=True,
            )

    async def _sweep(self, job: Job) -> None:
        with _tried_again():
            await self._worker.run((job.payload or b"").decode())

    async def _why(self, job: Job) -> None:
        with _tried_again():
            await self._whys.run(int(job.payload or b"0"))

    async def _look(self, job: Job) -> None:
        with _tried_again():
            await self._drift.run((job.payload or b"").decode())


@contextmanager
def _tried_again() -> Iterator[None]:
    """What could not be done now comes back to the queue."""
    try:
        yield
    except NotDone as undone:
        raise RetryRequested(delay=timedelta(seconds=undone.delay), reason="not done") from undone
    except StoreUnavailable as error:
        raise RetryRequested(delay=STORE_RETRY, reason=str(error)) from error
