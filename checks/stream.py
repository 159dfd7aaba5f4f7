"""A connection through the dialer, plain or TLS, whose steps are timed and whose errors are decoded."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator

from checks.errors import connection_failed, tls_failed
from checks.probe import Probe

READ_BYTES = 65536


class Stream:
    """Bytes to and from one target. `where` names it in messages; `tls` is set where TLS is spoken."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str, probe: Probe
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._probe = probe
        self.where = where
        self.tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")

    async def read(self) -> bytes:
        """What has come, or empty bytes at the end of the stream. Raises OSError."""
        return await self._reader.read(READ_BYTES)

    async def write(self, data: bytes) -> None:
        """Sends. Raises OSError."""
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """Ends the connection at once, without waiting for the other side to agree."""
        self._writer.transport.abort()

    @contextlib.asynccontextmanager
    async def step(self, name: str, doing: str) -> AsyncIterator[None]:
        """A phase of the probe until its deadline; `doing` completes "timed out …" and "closed while …"."""
        began = time.perf_counter()
        with self._probe.phase(name):
            try:
                async with self._probe.timeout():
                    yield
            except (OSError, EOFError) as error:
                waited = (time.perf_counter() - began) * 1000
                raise connection_failed(error, self.where, doing, waited) from error


@contextlib.asynccontextmanager
async def open_stream(
    probe: Probe, host: str, port: int, *, tls: ssl.SSLContext | None = None, server_name: str | None = None
) -> AsyncIterator[Stream]:
    """Connects, with a TLS handshake for `server_name` (by default the host) where `tls` is given.

    Notes the phases `resolve`, `connect` and `tls`. Raises `CheckFailed`. The connection ends with the block.
    """
    connection = await probe.dialer.connect(host, port, probe)
    where = str(probe.facts["address"])
    if tls is None:
        reader, writer = await asyncio.open_connection(sock=connection)
    else:
        reader, writer = await handshake(probe, connection, where, tls, server_name or host)
    stream = Stream(reader, writer, where, probe)
    try:
        yield stream
    finally:
        stream.close()


async def handshake(
    probe: Probe, connection: socket.socket, where: str, tls: ssl.SSLContext, name: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The TLS handshake over a connected socket, as phase `tls`."""
    began = time.perf_counter()
    with probe.phase("tls"):
        try:
            async with probe.timeout():
                return await asyncio.open_connection(sock=connection, ssl=tls, server_hostname=name)
        except (OSError, EOFError) as error:
            raise tls_failed(error, where, name, (time.perf_counter() - began) * 1000) from error
