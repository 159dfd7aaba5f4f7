"""Drift for whoever asks: a message that is wanted at once, and filled in when all was read."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.answers import Answers
from bot.errors import log_unforeseen
from bot.outbox import Composed
from bot.store.drifts import Drifts
from bot.store.messages import Due
from bot.views import drift as view
from bot.views import ephemeral
from bot.views.message import Message
from checks.drift.model import Drift

log = structlog.get_logger(__name__)

LOOK_SECONDS = 120.0
"""All readers are bounded by themselves; this is for what they do not know of."""

Look = Callable[[], Awaitable[Drift]]
"""Compares one environment."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One person's wish to see the drift of an environment. `delivery` is what Slack repeats."""

    environment: str
    delivery: str
    workspace: str
    channel: str
    person: str
    response_url: str | None = None


class DriftDesk:
    """Takes wishes and answers them. `changed` wakes the outbox."""

    def __init__(
        self, store: Drifts, looks: Mapping[str, Look], answers: Answers, changed: Callable[[], None]
    ) -> None:
        self._store = store
        self._looks = looks
        self._answers = answers
        self._changed = changed
        self._telling: set[asyncio.Task[None]] = set()

    def knows(self, environment: str) -> bool:
        """Whether there is anything live to compare with."""
        return environment in self._looks

    async def ask(self, wish: Wish) -> None:
        """Makes a wish durable: its message and its job. Raises `StoreUnavailable`."""
        drawn = view.looking(wish.environment, wish.person, datetime.now(UTC))
        payload = {
            "environment": wish.environment,
            "person": wish.person,
            "response_url": wish.response_url,
            **drawing(drawn),
        }
        message_id = f"drift-{hashlib.sha256(wish.delivery.encode()).hexdigest()[:16]}"
        await self._store.ask(message_id, wish.delivery, wish.workspace, wish.channel, payload)
        self._changed()

    async def run(self, message_id: str) -> None:
        """Answers one wish, once. Raises `StoreUnavailable`."""
        asked = await self._store.asked(message_id)
        if asked is None or asked[1]:
            return
        payload, _ = asked
        drawn = await self._drawn(payload["environment"], message_id, payload["person"])
        await self._store.answer(message_id, drawing(drawn))
        self._changed()

    async def environment_of(self, message_id: str) -> str | None:
        """The environment that a message is about; None where it is no longer kept."""
        asked = await self._store.asked(message_id)
        return asked[0].get("environment") if asked else None

    def begin_unkept(self, wish: Wish) -> None:
        """Answers a wish while the store does not: for that person alone, and kept nowhere."""
        telling = asyncio.create_task(self._tell(wish))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def end(self) -> None:
        """Stops what is answered without a store."""
        tasks = list(self._telling)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, wish: Wish) -> None:
        drawn = await self._drawn(wish.environment, "", wish.person)
        await self._answers.tell(wish.response_url, drawn.text, drawn.fallback_blocks)

    async def _drawn(self, environment: str, message_id: str, person: str) -> Message:
        look = self._looks.get(environment)
        if look is None:
            return ephemeral.known_problem(no_project(environment))
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return view.answer(await look(), message_id, person)
        except TimeoutError:
            said = f"{environment} was not compared: Google Cloud did not answer within {LOOK_SECONDS:g} s."
            return ephemeral.known_problem(
                f"{said} Ask again; `whybot doctor {environment}` says what fails."
            )
        except Exception as error:  # noqa: BLE001 - the border: whoever asked is told, whatever happened
            return ephemeral.problem(log_unforeseen(error))


def no_project(environment: str) -> str:
    """Why there is nothing to compare."""
    return (
        f"{environment} names no project and region, so there is nothing live to compare with. "
        "Add project: and region: to its environment file."
    )


def drawing(message: Message) -> dict[str, Any]:
    """A message as the store keeps it."""
    return {"text": message.text, "blocks": message.blocks, "fallback_blocks": message.fallback_blocks}


async def compose_drift(due: Due) -> Composed | None:
    """The message in its row."""
    payload = due.payload or {}
    if "text" not in payload:
        return None
    message = Message(payload["text"], payload["blocks"], payload["fallback_blocks"])
    return Composed(message, due.version, payload.get("response_url"))
