"""Relays in front of a real server, which change how it is reached."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from tests.servers.tcp import LOOPBACK, Handler

Passing = Callable[[int, bytes], Awaitable[None]]


async def _pass_nothing_special(connection: int, data: bytes) -> None:
    pass


class Relay:
    """A handler for `serving` that relays to a local port.

    `answered(connection, data)` is awaited before bytes of the server are passed on; connections are
    counted from 1. After `cut()`, open connections end and new ones are closed at once.
    """

    def __init__(self, port: int, answered: Passing = _pass_nothing_special) -> None:
        self._port = port
        self._answered = answered
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relays one connection."""
        if self._is_cut:
            return
        self.connections += 1
        number = self.connections
        server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._port)
        self._open.add(writer)
        back = asyncio.create_task(self._back(number, server_reader, writer))
        try:
            while data := await reader.read(65536):
                server_writer.write(data)
        finally:
            back.cancel()
            self._open.discard(writer)
            server_writer.transport.abort()

    def cut(self) -> None:
        """Ends every connection, and lets no new one through."""
        self._is_cut = True
        for writer in self._open:
            writer.close()

    async def _back(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._answered(number, data)
            writer.write(data)
        writer.close()


def postgres_tls(port: int, context: ssl.SSLContext) -> Handler:
    """Gives a PostgreSQL on a local port TLS: answers the SSLRequest itself and relays what is inside."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(context)
        await Relay(port)(reader, writer)

    return handler
