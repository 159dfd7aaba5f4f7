"""Looks for drift by itself, as often as each environment file says, once over all replicas."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot.drift_watch import from_document, to_document
from bot.drifts import LOOK_SECONDS, Look, drawing
from bot.errors import log_unforeseen
from bot.store.drifts import Drifts, Taken
from bot.store.embedded import StoreUnavailable
from bot.views import drift as view
from checks.environment import Environment

log = structlog.get_logger(__name__)

POLL_SECONDS = 5.0
LEASE_SECONDS = LOOK_SECONDS + 30.0
"""Until another replica may look: longer than a look takes."""
TIDY_EVERY = 720  # rounds; an hour
KEPT_DAYS = 90


class DriftSchedule:
    """Looks at every environment that has a schedule, a channel and a project. `now` is the clock."""

    def __init__(
        self,
        store: Drifts,
        environments: Mapping[str, Environment],
        looks: Mapping[str, Look],
        changed: Callable[[], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._environments = {
            name: each
            for name, each in environments.items()
            if each.schedules.drift is not None and each.slack is not None and name in looks
        }
        self._looks = looks
        self._changed = changed
        self._now = now

    async def run(self, workspace: str) -> None:
        """Runs until it is cancelled."""
        rounds = 0
        while self._environments:
            for name in self._environments:
                try:
                    await self.look(name, workspace)
                except StoreUnavailable as error:
                    log.warning("looking for drift waits for the store", error=str(error))
            if rounds % TIDY_EVERY == 0:
                await self._tidy()
            rounds += 1
            await asyncio.sleep(POLL_SECONDS)

    async def look(self, name: str, workspace: str) -> bool:
        """Looks at an environment if it is time; returns whether it did. Raises `StoreUnavailable`."""
        taken = await self._store.take(name, self._now(), LEASE_SECONDS)
        if taken is None:
            return False
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                drift = await self._looks[name]()
        except TimeoutError:
            log.warning("looking for drift took too long", environment=name)
            return False
        except Exception as error:  # noqa: BLE001 - the border: the next look may be well again
            log_unforeseen(error)
            return False
        now = self._now()
        watch, news = from_document(name, taken.state).after(drift, now)
        messages = [(episode.id, drawing(view.told(episode))) for _, episode in news]
        kept = await self._keep(taken, now, to_document(watch), workspace, messages)
        for what, episode in news if kept else ():
            log.info("drift", environment=name, news=what.value, episode=episode.id)
        if kept and news:
            self._changed()
        return kept

    async def _keep(
        self,
        taken: Taken,
        now: datetime,
        state: Mapping[str, object],
        workspace: str,
        messages: list[tuple[str, dict[str, object]]],
    ) -> bool:
        file = self._environments[taken.environment]
        interval = (file.schedules.drift or 0.0) / 1000
        channel = file.slack.channel if file.slack else ""
        return await self._store.keep(taken, now, interval, state, workspace, channel, messages)

    async def _tidy(self) -> None:
        try:
            await self._store.forget(KEPT_DAYS)
        except StoreUnavailable as error:
            log.warning("tidying up waits for the store", error=str(error))
