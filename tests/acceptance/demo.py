"""Starts `whybot demo` as a newcomer would, and speaks to it through the control API."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
WHYBOT = Path(sys.executable).with_name("whybot")
START_LIMIT = 120.0
"""Seconds until a demo must be up on a busy machine; a limit against hanging, no measure of speed."""


async def until(question: Callable[[], Awaitable[T]], limit: float = 60.0) -> T:
    """Asks again until the answer is true; raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while not (answer := await question()):
            await asyncio.sleep(0.1)
        return answer


@dataclass
class Demo:
    """A running demo: its address, its variables and its control API."""

    url: str
    variables: dict[str, str]
    http: httpx.AsyncClient
    process: asyncio.subprocess.Process

    async def get(self, path: str, **query: str) -> Any:
        """What the control API answers to a GET."""
        answer = await self.http.get(f"/sandbox/api/{path}", params=query)
        answer.raise_for_status()
        return answer.json()

    async def post(self, path: str, **body: Any) -> Any:
        """What the control API answers to a POST."""
        answer = await self.http.post(f"/sandbox/api/{path}", json=body)
        return answer.json()

    async def user(self, name: str) -> str:
        """The id of the person with this name."""
        return next(user["id"] for user in (await self.get("state"))["users"] if user["name"] == name)

    async def cards(self, channel: str) -> list[dict[str, Any]]:
        """Cards of checks in a channel, oldest first; what whybot says of drift by itself is none."""
        messages = (await self.get("messages", channel=channel))["messages"]
        cards = [m for m in messages if m.get("bot_id") and not m.get("ephemeral_to")]
        return [card for card in cards if " drift" not in card["text"].splitlines()[0]]

    async def finished_card(self, channel: str, number: int = 1) -> dict[str, Any]:
        """The card number `number` (from 1) in a channel, once it offers to run again."""

        async def look() -> dict[str, Any] | None:
            cards = await self.cards(channel)
            if len(cards) < number:
                return None
            card = cards[number - 1]
            return card if "run_again" in json.dumps(card["blocks"]) else None

        card = await until(look, 90)
        assert card is not None
        return card

    async def whybot(self, *arguments: str) -> tuple[int, str, str]:
        """Runs another whybot command against this sandbox: exit code, standard output, standard error."""
        process = await asyncio.create_subprocess_exec(
            str(WHYBOT),
            *arguments,
            env={**os.environ, **self.variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def running_demo(folder: Path, *arguments: str) -> AsyncIterator[Demo]:
    """Brings a headless demo up on a free port, and ends it as Ctrl-C does."""
    ready = folder / "ready.json"
    log = folder / "demo.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(WHYBOT), "demo", "--headless", "--port", "0", "--ready-file", str(ready), *arguments,
            stdout=output, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    try:

        async def up() -> bool:
            assert process.returncode is None, log.read_text()
            return ready.exists()

        await until(up, START_LIMIT)
        told = json.loads(ready.read_text())
        async with httpx.AsyncClient(base_url=told["url"], timeout=60, trust_env=False) as http:
            yield Demo(told["url"], told["environment"], http, process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 60)
