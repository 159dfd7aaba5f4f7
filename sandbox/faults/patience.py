"""Waiting until a server is in the state that a fault wants."""

import asyncio
from collections.abc import Awaitable, Callable

LIMIT_S = 30.0
PAUSE_S = 0.02


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    """Asks again until the answer is yes; raises TimeoutError after half a minute."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            if await question():
                return
            await asyncio.sleep(PAUSE_S)
