"""asyncpg over a socket that the dialer connected.

asyncpg connects by itself, through the event loop that it is given, and checks certificates against the
host that it was told. So it is given a loop whose only difference is that `create_connection` hands the
dialed socket out, once: the host stays the one of the environment file, the socket the dialer's.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

import asyncpg

from checks.probe import Probe
from checks.result import Phase, Status


class SocketLoop:
    """An event loop for asyncpg that connects nowhere; notes phase `tls` on the probe."""

    def __init__(self, connected: socket.socket, probe: Probe) -> None:
        self._loop = asyncio.get_running_loop()
        self._connected: socket.socket | None = connected
        self._probe = probe
        self._began = time.perf_counter()
        self.secured = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Hands the socket out; a second call, which would be a CancelRequest of asyncpg, is refused."""
        connected, self._connected = self._connected, None
        if connected is None:
            raise ConnectionRefusedError("whybot makes no further connection for this check")
        self._began = time.perf_counter()
        return await self._loop.create_connection(factory, sock=connected)

    async def start_tls(
        self,
        transport: asyncio.WriteTransport,
        protocol: asyncio.BaseProtocol,
        context: ssl.SSLContext,
        *,
        server_hostname: str,
    ) -> asyncio.Transport | None:
        """The TLS handshake, timed from PostgreSQL's SSLRequest on."""
        upgraded = await self._loop.start_tls(transport, protocol, context, server_hostname=server_hostname)
        self.secured = True
        self._probe.phases.append(Phase("tls", self.waited_ms))
        self._began = time.perf_counter()
        return upgraded

    @property
    def waited_ms(self) -> float:
        """Milliseconds since the socket was handed out, or since TLS was established."""
        return (time.perf_counter() - self._began) * 1000

    def close(self) -> None:
        """Closes the socket where asyncpg never took it."""
        if self._connected is not None:
            self._connected.close()


async def connect(
    connected: socket.socket,
    probe: Probe,
    *,
    host: str,
    port: int,
    user: str,
    password: str,
    database: str,
    tls: ssl.SSLContext | None,
) -> "asyncpg.Connection[Any]":
    """Logs in over a connected socket; notes the phases `tls` and `auth`.

    Everything that asyncpg would otherwise read from `PG…` variables and files of the home folder is given.
    Raises what asyncpg raises; `TlsFailed` where the handshake failed. The socket is closed in that case.
    """
    loop = SocketLoop(connected, probe)
    status = Status.FAIL
    with contextlib.closing(loop):
        try:
            connection = await asyncpg.connect(
                host=host,
                port=port,
                user=user,
                password=password,
                database=database,
                ssl=tls if tls is not None else False,
                direct_tls=False,
                target_session_attrs="any",
                statement_cache_size=0,  # no named statements: a pooler in between may not keep them
                timeout=None,  # the probe's deadline ends every wait
                loop=cast(asyncio.AbstractEventLoop, loop),
            )
            status = Status.PASS
        except OSError as error:
            if tls is not None and not loop.secured:
                raise TlsFailed(error, loop.waited_ms) from error
            raise
        finally:
            step = "tls" if tls is not None and not loop.secured else "auth"
            probe.phases.append(Phase(step, loop.waited_ms, status))
    return connection


class TlsFailed(Exception):  # noqa: N818 - what happened; the kind decodes it
    """The TLS handshake failed with `error`, after `waited_ms`."""

    def __init__(self, error: OSError, waited_ms: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.waited_ms = waited_ms
