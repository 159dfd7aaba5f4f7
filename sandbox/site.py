"""A service of the staging application over HTTPS, whose certificate can be changed while it runs."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from sandbox.application import Misbehaving
from sandbox.request_log import RequestLog, Tell

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says when it listens."""
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own signature
        """Leaves Ctrl-C to whoever runs the sandbox."""
        yield


class Site:
    """One service over HTTPS on a free port of loopback: `async with Site(application, certificate)`.

    `certificate` is a PEM file with the key, the certificate and its chain. `tell` hears of each request.
    """

    def __init__(self, application: ASGIApp, certificate: Path, tell: Tell | None = None) -> None:
        self.application = Misbehaving(application)
        self._served = RequestLog(self.application, tell) if tell else self.application
        self._context = _context(certificate)
        self.port = 0
        self._outer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._outer.sni_callback = self._choose
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Site":
        # asyncio turns Nagle off only where the protocol is named; with it, answers wait 40 ms for an ACK.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind((HOST, 0))
        self.port = listener.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                self._served,
                http="h11",
                ws="websockets-sansio",
                lifespan="off",
                log_config=None,
                access_log=False,
                ssl_context_factory=lambda config, default: self._outer,
                timeout_graceful_shutdown=1,
            )
        )
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="staging site")
        up = asyncio.create_task(self._server.up.wait())
        await asyncio.wait((up, self._task), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            await self._task  # raises what kept it from starting
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None

    def show(self, certificate: Path) -> None:
        """Shows another certificate from the next handshake on."""
        self._context = _context(certificate)

    def _choose(self, handshake: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        # OpenSSL calls this with a name or without one, so the certificate is always the present one.
        handshake.context = self._context


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
