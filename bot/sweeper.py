"""Keeps the store tidy: ends sweeps and whys that nobody finishes, forgets what is old."""

import asyncio
from collections.abc import Callable

import structlog

from bot.store.embedded import StoreUnavailable
from bot.store.messages import Messages
from bot.store.sweeps import Sweeps
from bot.store.whys import Whys

log = structlog.get_logger(__name__)

RETIRE_SECONDS = 5.0
TIDY_EVERY = 720  # rounds; an hour
KEPT_DAYS = 90
GIVE_UP_HOURS = 24
NOTE = "nobody finished it in time"


class Sweeper:
    """Looks after what has no worker. Replicas may all run one: each statement is safe to repeat."""

    def __init__(self, sweeps: Sweeps, whys: Whys, messages: Messages, changed: Callable[[], None]) -> None:
        self._sweeps = sweeps
        self._whys = whys
        self._messages = messages
        self._changed = changed

    async def run(self) -> None:
        """Runs until it is cancelled."""
        rounds = 0
        while True:
            try:
                await self.retire()
                if rounds % TIDY_EVERY == 0:
                    await self._messages.give_up(GIVE_UP_HOURS)
                    await self._whys.forget(KEPT_DAYS)
                    await self._sweeps.forget(KEPT_DAYS)
            except StoreUnavailable as error:
                log.warning("tidying up waits for the store", error=str(error))
            rounds += 1
            await asyncio.sleep(RETIRE_SECONDS)

    async def retire(self) -> None:
        """Ends every sweep and why that is past its deadline and that nobody works on."""
        if retired := await self._sweeps.retire(NOTE):
            log.warning("retired sweeps", sweep_ids=retired)
            self._changed()
        if ended := await self._whys.retire(NOTE):
            log.warning("retired whys", numbers=ended)
        if await self._whys.settle() or ended:
            self._changed()
