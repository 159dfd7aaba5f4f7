"""Sweeps without a store: the checks run all the same, and the answer is kept nowhere.

Whoever asked gets the finished card, for them alone; those who ask for the same meanwhile share the run.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.answers import Answers
from bot.errors import log_unforeseen
from bot.views import ephemeral
from bot.views.card import CardState, card
from bot.views.message import Message
from checks.environment import Environment
from checks.result import Sweep
from checks.vantage.mixed import Vantages

NO_CARD = ""
"""The id of a card that is not in the store: it has no buttons, since a press would find nothing."""

Wanted = tuple[str, tuple[str, ...]]


class Unkept:
    """Runs checks for people while the store does not answer, the same ones at most once at a time."""

    def __init__(
        self, environments: Mapping[str, Environment], vantages: Mapping[str, Vantages], answers: Answers
    ) -> None:
        self._environments = environments
        self._vantages = vantages
        self._answers = answers
        self._running: dict[Wanted, asyncio.Task[Sweep]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def begin(self, environment: str, names: tuple[str, ...], person: str, response_url: str | None) -> None:
        """Sees to it that a person gets the answer once all checks have answered. Returns at once."""
        wanted = (environment, tuple(sorted(names)))
        run = self._running.get(wanted)
        if run is None:
            run = self._running[wanted] = asyncio.create_task(self._run(environment, names))
            run.add_done_callback(lambda _: self._running.pop(wanted, None))
        telling = asyncio.create_task(self._tell(run, environment, person, response_url))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def end(self) -> None:
        """Stops what runs. Nothing is lost that was promised to be kept."""
        tasks = [*self._running.values(), *self._telling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, environment: str, names: tuple[str, ...]) -> Sweep:
        return await self._vantages[environment].run(self._environments[environment].select(names))

    async def _tell(
        self, run: "asyncio.Task[Sweep]", environment: str, person: str, response_url: str | None
    ) -> None:
        asked_at = datetime.now(UTC)
        try:
            sweep = await asyncio.shield(run)
        except Exception as error:  # noqa: BLE001 - the border: whoever asked is told, whatever happened
            message = ephemeral.problem(log_unforeseen(error))
        else:
            message = _drawn(sweep, environment, person, asked_at)
        # Classic blocks: whether this workspace takes newer ones is in the store.
        await self._answers.tell(response_url, message.text, message.fallback_blocks)


def _drawn(sweep: Sweep, environment: str, person: str, asked_at: datetime) -> Message:
    return card(
        CardState(
            card_id=NO_CARD,
            environment=environment,
            sweep=sweep,
            requesters=(person,),
            phase="finished",
            asked_at=asked_at,
            finished_at=datetime.now(UTC),
        )
    )
