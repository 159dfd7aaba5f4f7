"""WebSocket servers that greet, echo, lie, stay silent or close with a code, on websockets' own server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Talk = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def talking(talk: Talk, *, subprotocols: list[str] | None = None) -> AsyncIterator[int]:
    """A server on a free port; yields the port."""

    async def handle(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await talk(connection)

    async with serve(handle, "127.0.0.1", 0, subprotocols=subprotocols, close_timeout=0.5) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def answering(text: str, *, greeting: str | None = None) -> Talk:
    """Answers every message with the same text, after a greeting if there is one."""

    async def talk(connection: ServerConnection) -> None:
        if greeting is not None:
            await connection.send(greeting)
        async for _ in connection:
            await connection.send(text)

    return talk


def closing(code: int, reason: str = "") -> Talk:
    """Closes right away."""

    async def talk(connection: ServerConnection) -> None:
        await connection.close(code, reason)

    return talk


async def chattering(connection: ServerConnection) -> None:
    """Talks without end."""
    while True:
        await connection.send("noise")
        await asyncio.sleep(0)  # the client lives on the same loop


async def silent(connection: ServerConnection) -> None:
    """Listens and never answers; the protocol's own pings are answered below."""
    async for _ in connection:
        await asyncio.sleep(0)
