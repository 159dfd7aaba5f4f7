"""A bot whose inquiries say what the test wants, when the test wants it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from bot.inquiry import Found, Question
from bot.wiring import Bot
from sandbox.server import SandboxServer
from sandbox.slack.workspace import Message
from tests.bot.running import CHANNEL, cards
from tests.bot.whys import document

BUNDLE = {"schema": "whybot/bundle/1", "sections": {}}


@dataclass
class Scripted:
    """Says each of `states` when its step is allowed, then `last`. `asked` is what it was asked."""

    last: dict[str, Any] = field(default_factory=document)
    states: list[dict[str, Any]] = field(default_factory=list)
    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1_000))
    asked: list[Question] = field(default_factory=list)
    error: Exception | None = None

    async def ask(self, question: Question) -> AsyncGenerator[Found, None]:
        """An inquiry."""
        self.asked.append(question)
        for state in self.states:
            await self.steps.acquire()
            yield Found(state, ("Cloud Logging",))
        await self.steps.acquire()
        if self.error is not None:
            raise self.error
        yield Found(self.last, (), BUNDLE)

    def hold(self) -> None:
        """Nothing more is said until `go`."""
        self.steps = asyncio.Semaphore(0)

    def go(self, steps: int = 1_000) -> None:
        """Lets that many states come."""
        for _ in range(steps):
            self.steps.release()


def answering(bot: Bot, script: Scripted) -> None:
    """From now on the bot's inquiries are these; its runbooks are two."""
    desk: Any = bot.services.whys
    worker: Any = bot.jobs
    desk._inquiry = worker._whys._inquiry = script.ask
    desk.runbooks = ("http-503", "redis")


async def type_(
    sandbox: SandboxServer, command: str = "/staging-why", text: str = "", person: str = "UALICE"
) -> str:
    """Types a command; returns what is said at once."""
    ack = await sandbox.slack.gestures.command(person, CHANNEL, command, text)
    return str(ack.payload["text"])


async def press(sandbox: SandboxServer, on: Message, action: str, person: str = "UALICE") -> Any:
    """Presses a button; returns the acknowledgement."""
    return await sandbox.slack.gestures.press(person, CHANNEL, on.ts, action, None, {})


def whys(sandbox: SandboxServer, channel: str = CHANNEL) -> list[Message]:
    """Messages about whys, oldest first."""
    return [each for each in cards(sandbox, channel) if '"why-' in json.dumps(each.metadata)]


def finished(sandbox: SandboxServer, number: int = 1) -> list[Message]:
    """Those that show their end, once there are so many."""
    found = [each for each in whys(sandbox) if "why_again" in json.dumps(each.blocks)]
    return found if len(found) >= number else []
