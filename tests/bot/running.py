"""A whole bot inside the test's own loop, on a local Slack, with checks that answer when the test says so."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bot.outbox import Patience
from bot.settings import Settings, load_settings
from bot.store.messages import Rates
from bot.wiring import Bot, build
from sandbox.server import SandboxServer
from sandbox.slack.workspace import Message
from tests.servers.tcp import serving
from tests.servers.web import message, read_request

T = TypeVar("T")
CHANNEL = "C0INCIDENTS"
NO_STORE = "postgresql://nobody@127.0.0.1:1/none"
"""Where no PostgreSQL listens."""
QUICK = Patience(call=1.0, lease=6.0, settle=0.5, longest=0.5)
PLENTY = Rates(channel_rate=1000, channel_burst=1000, update_rate=1000, update_burst=1000)


async def until(question: Callable[[], T | Awaitable[T]], limit: float = 60.0) -> T:
    """Asks again until the answer is true; raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while True:
            answer = question()
            known = await answer if isinstance(answer, Awaitable) else answer
            if known:
                return known
            await asyncio.sleep(0.02)


@dataclass
class Target:
    """One target of a check: answers 200 once its gate is open."""

    port: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        self.asked += 1
        await self.gate.wait()
        writer.write(message(200, b"fine"))
        await writer.drain()


@dataclass
class Staging:
    """An environment of three checks, each on a target of its own, and the files that describe it."""

    folder: Path
    targets: dict[str, Target]

    @property
    def variables(self) -> dict[str, str]:
        return {
            "WHYBOT_ENVIRONMENTS": str(self.folder / "environments"),
            "WHYBOT_OVERLAY": str(self.folder / "overlay.yaml"),
            "WHYBOT_VANTAGE": "a test",
            "WHYBOT_HTTP_PORT": "0",
        }

    def open(self, *names: str) -> None:
        """Lets these targets answer, or all of them."""
        for name in names or self.targets:
            self.targets[name].gate.set()

    def close(self) -> None:
        """Lets no target answer any more."""
        for target in self.targets.values():
            target.gate.clear()


@asynccontextmanager
async def staging(
    folder: Path, names: tuple[str, ...] = ("redis", "backend", "frontend")
) -> AsyncIterator[Staging]:
    """The environment `staging`, its targets closed."""
    targets = {name: Target() for name in names}
    async with AsyncExitStack() as stack:
        for target in targets.values():
            target.port = await stack.enter_async_context(serving(target.handle))
        (folder / "environments").mkdir(parents=True)
        checks = {
            name: {
                "kind": "http",
                "url": f"http://203.0.113.10:{8000 + n}/",
                "budget": "20s",
                "timeout": "30s",
            }
            for n, name in enumerate(names)
        }
        document = {"schema": "whybot/environment/1", "name": "staging", "checks": checks}
        (folder / "environments" / "staging.yaml").write_text(json.dumps(document))
        addresses = {
            f"203.0.113.10:{8000 + n}": f"127.0.0.1:{target.port}"
            for n, target in enumerate(targets.values())
        }
        (folder / "overlay.yaml").write_text(json.dumps({"addresses": addresses}))
        yield Staging(folder, targets)
        for target in targets.values():
            target.gate.set()


def settings(sandbox: SandboxServer, place: Staging, **more: str) -> Settings:
    """Settings of a bot for that Slack and that environment."""
    return load_settings(sandbox.slack.variables | place.variables | more)


@asynccontextmanager
async def running_bot(
    sandbox: SandboxServer, place: Staging, address: str, *, rates: Rates = PLENTY, patience: Patience = QUICK
) -> AsyncIterator[Bot]:
    """A connected bot."""
    async with build(settings(sandbox, place), address, patience, rates) as bot:
        work = asyncio.create_task(bot.work())
        try:
            assert await sandbox.slack.sockets.wait_connected(60)
            yield bot
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await bot.end()


def cards(sandbox: SandboxServer, channel: str = CHANNEL) -> list[Message]:
    """What the bot posted for all to see, oldest first."""
    found = sandbox.slack.workspace.channels[channel].messages.values()
    return [one for one in found if one.bot_id and not one.ephemeral_to]


def private(sandbox: SandboxServer, person: str, channel: str = CHANNEL) -> list[str]:
    """What only one person sees, oldest first."""
    found = sandbox.slack.workspace.channels[channel].messages.values()
    return [one.text for one in found if one.ephemeral_to == person]


def ended(card: Message) -> bool:
    """Whether a card shows its last state."""
    return "run_again" in json.dumps(card.blocks)


async def ask(sandbox: SandboxServer, text: str = "", person: str = "UALICE", channel: str = CHANNEL) -> Any:
    """Types `/staging-health`; returns the acknowledgement."""
    return await sandbox.slack.gestures.command(person, channel, "/staging-health", text)
