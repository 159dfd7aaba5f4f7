"""A small HTTP/1.1 server that answers as it is told, wrongly too."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.servers.tcp import Handler

Respond = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Asked:
    """A request as it came; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)


async def read_request(reader: asyncio.StreamReader) -> Asked:
    """Reads a request's head."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    return Asked(method, target, {name.lower(): value.strip() for name, _, value in pairs})


def web(respond: Respond) -> Handler:
    """A handler that reads one request and lets `respond` write the answer."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await respond(await read_request(reader), writer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return handler


def message(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A whole answer as bytes. Underscores in header names stand for hyphens."""
    fields = {"content_length": str(len(body)), "server": "test/1"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Reason\r\n{lines}\r\n".encode() + body


def answering(status: int, body: bytes = b"", seen: list[Asked] | None = None, **headers: str) -> Handler:
    """Answers every request alike; what was asked is added to `seen`."""

    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if seen is not None:
            seen.append(asked)
        writer.write(message(status, b"" if asked.method == "HEAD" else body, **headers))

    return web(respond)


async def endless(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A body that never ends, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"more " * 4096)
        await writer.drain()


async def stalling(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Half of a body, then nothing."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    await asyncio.Event().wait()


async def cut(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Half of a body, then the end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def slow_first_byte(seconds: float) -> Handler:
    """Thinks before it answers."""

    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(message(503, b"no"))

    return web(respond)
