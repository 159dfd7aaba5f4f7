"""Network paths asked for in Slack: read when the outbox sends the message, so that nothing else is kept.

The wish is the message's own row, durable before it is acknowledged; a bot that dies while it reads leaves
the row to the next one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

import structlog

from bot.answers import Answers
from bot.errors import log_unforeseen
from bot.outbox import Composed
from bot.picture import draw
from bot.store.messages import Due, Messages
from bot.uploads import Uploads
from bot.views import ephemeral
from bot.views import path as view
from bot.views.message import Message
from checks.eyes import Eyes
from checks.result import Status
from checks.survey import Survey, choose, survey

log = structlog.get_logger(__name__)

COMPOSER = "path"
SECONDS = 6.0
"""For all of Google Cloud's answers. With the picture and the call itself it is within the outbox's lease."""
PICTURE_SECONDS = 2.5
REMEMBERED = 64


class Paths:
    """Asks for paths on behalf of people, and composes the answers."""

    def __init__(
        self, eyes: Mapping[str, Eyes], messages: Messages, uploads: Uploads, answers: Answers
    ) -> None:
        self._eyes = eyes
        self._messages = messages
        self._uploads = uploads
        self._answers = answers
        # What was composed and is being sent: a message that Slack wants plainer says the same again.
        self._made: OrderedDict[str, Message] = OrderedDict()
        self._telling: set[asyncio.Task[None]] = set()

    async def ask(
        self, delivery: str, environment: str, names: tuple[str, ...], place: tuple[str, str], person: str
    ) -> None:
        """Wants an answer in a channel (`place` is workspace and channel). May raise `StoreUnavailable`."""
        payload = {"environment": environment, "names": list(names), "person": person}
        await self._messages.add(f"path/{delivery}", *place, composer=COMPOSER, payload=payload)

    def tell(self, environment: str, names: tuple[str, ...], person: str, response_url: str | None) -> None:
        """Answers one person alone, without the store. Returns at once."""
        task = asyncio.create_task(self._tell(environment, names, person, response_url))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def end(self) -> None:
        """Stops what is under way; nothing is lost that was promised to be kept."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def compose(self, due: Due) -> Composed | None:
        """The answer as a message; None where the environment is no longer there."""
        payload = due.payload or {}
        if payload.get("environment") not in self._eyes:
            return None
        if due.id not in self._made:
            message = await self._message(
                payload["environment"], tuple(payload["names"]), payload["person"], upload=True
            )
            self._made[due.id] = message
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
        return Composed(self._made[due.id], due.version)

    async def _tell(
        self, environment: str, names: tuple[str, ...], person: str, response_url: str | None
    ) -> None:
        try:
            message = await self._message(environment, names, person, upload=False)
        except Exception as error:  # noqa: BLE001 - the border: whoever asked is told, whatever happened
            message = ephemeral.problem(log_unforeseen(error))
        # Classic blocks: whether this workspace takes newer ones is in the store.
        await self._answers.tell(response_url, message.text, message.fallback_blocks)

    async def _message(
        self, environment: str, names: tuple[str, ...], person: str, *, upload: bool
    ) -> Message:
        eyes = self._eyes[environment]
        try:
            async with asyncio.timeout(SECONDS):
                found = await survey(eyes, choose(eyes.environment, names))
        except TimeoutError:
            return view.too_long(environment, SECONDS)
        picture, alt = await self._picture(found) if upload else (None, "")
        return view.message(found, person, picture, alt)

    async def _picture(self, found: Survey) -> tuple[str | None, str]:
        """The uploaded picture of the worst path; none where nothing is wrong with it."""
        if not found.paths or found.paths[0][1].verdict is Status.PASS:
            return None, ""
        key, path = found.paths[0]
        picture = await asyncio.to_thread(draw, key, path)
        name = f"path-{found.environment}-{path.target.name}.png"
        try:
            async with asyncio.timeout(PICTURE_SECONDS):
                return await self._uploads.picture(name, picture.alt[:150], picture), picture.alt
        except TimeoutError:
            log.warning("a picture was not uploaded in time", name=name)
            return None, ""
