"""Network paths asked for in Slack: read when the outbox sends the message, so that nothing else is kept.

The wish is the message's own row, durable before it is acknowledged. Where Google Cloud is slow, the message
says so and stays due until it holds the answer: a bot that dies meanwhile leaves it to the next one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

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
SECONDS = 60.0
"""Until it is given up."""
CLOUD_SECONDS = 45.0
"""For all of Google Cloud's answers: what has not come by then is unknown in the answer."""
PICTURE_SECONDS = 2.5
FIRST_SECONDS, AGAIN_SECONDS = 2.5, 5.0
"""How long a message waits for the answer: with the call to Slack it is within the outbox's lease."""
UNFINISHED = 0
"""The version of a message that only says that the answer comes: the store sends what is newer than that."""
REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Work:
    """An answer that is being made. `began` is monotonic, in seconds."""

    answer: asyncio.Task[Message]
    began: float


class Paths:
    """Asks for paths on behalf of people, and composes the answers."""

    def __init__(
        self, eyes: Mapping[str, Eyes], messages: Messages, uploads: Uploads, answers: Answers
    ) -> None:
        self._eyes = eyes
        self._messages = messages
        self._uploads = uploads
        self._answers = answers
        # By message, also when it was made: a message that Slack wants plainer says the same again.
        self._works: OrderedDict[str, Work] = OrderedDict()
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
        tasks = [*self._telling, *(work.answer for work in self._works.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def compose(self, due: Due) -> Composed | None:
        """The answer, or that it comes; None where the environment is no longer there."""
        payload = due.payload or {}
        if payload.get("environment") not in self._eyes:
            return None
        environment, names, person = payload["environment"], tuple(payload["names"]), payload["person"]
        work = self._works.get(due.id) or self._begin(due.id, environment, names, person)
        done, _ = await asyncio.wait([work.answer], timeout=AGAIN_SECONDS if due.ts else FIRST_SECONDS)
        if done:
            return Composed(work.answer.result(), due.version)
        waited = time.monotonic() - work.began
        return Composed(view.reading(environment, names, person, waited), UNFINISHED)

    def _begin(self, message_id: str, environment: str, names: tuple[str, ...], person: str) -> Work:
        answer = asyncio.create_task(self._answer(environment, names, person, upload=True))
        work = self._works[message_id] = Work(answer, time.monotonic())
        while len(self._works) > REMEMBERED:
            _, oldest = self._works.popitem(last=False)
            oldest.answer.cancel()
        return work

    async def _tell(
        self, environment: str, names: tuple[str, ...], person: str, response_url: str | None
    ) -> None:
        message = await self._answer(environment, names, person, upload=False)
        # Classic blocks: whether this workspace takes newer ones is in the store.
        await self._answers.tell(response_url, message.text, message.fallback_blocks)

    async def _answer(
        self, environment: str, names: tuple[str, ...], person: str, *, upload: bool
    ) -> Message:
        try:
            return await self._message(environment, names, person, upload=upload)
        except Exception as error:  # noqa: BLE001 - the border: whoever asked is told, whatever happened
            return ephemeral.problem(log_unforeseen(error))

    async def _message(
        self, environment: str, names: tuple[str, ...], person: str, *, upload: bool
    ) -> Message:
        eyes = self._eyes[environment]
        try:
            async with asyncio.timeout(SECONDS):
                found = await survey(eyes, choose(eyes.environment, names), seconds=CLOUD_SECONDS)
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
