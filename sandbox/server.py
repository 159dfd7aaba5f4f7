"""One Starlette application on one loopback port: the local Slack, the control API, and the page."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control import Control, ControlledBot, ControlledWorld
from sandbox.slack.local_slack import LocalSlack

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
NAMES = ("127.0.0.1", "localhost", "[::1]")


class SameOrigin:
    """Refuses requests that another web site sends through a visitor's browser.

    A `Host` that is no name of this machine means DNS rebinding; a foreign `Origin` on a call that changes
    something means a forged request. Programs send no `Origin`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is allowed; answers 403 otherwise."""
        if scope["type"] not in ("http", "websocket") or _allowed(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403})
        else:
            refusal = '{"ok": false, "error": "forbidden", "message": "Only this machine may call."}'
            response = PlainTextResponse(refusal, 403, media_type="application/json")
            await response(scope, receive, send)


def _allowed(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if host.rpartition(":")[0] not in NAMES and host not in NAMES:
        return False
    if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
        return True
    origin = headers.get("origin")
    return origin is None or origin == f"http://{host}"


class NoStore:
    """Forbids caching: the page must never show an older version's files, nor stale state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the header to every answer."""

        async def send_uncached(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"cache-control", b"no-cache")]
            await send(message)

        await self._app(scope, receive, send_uncached if scope["type"] == "http" else send)


async def _index(_request: Request) -> Response:
    return FileResponse(PAGE / "index.html")


class QuietServer(uvicorn.Server):
    """uvicorn within a program that handles signals by itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield


class SandboxServer:
    """Serves a local Slack, and a world where there is one. `async with` it; `url` is its address.

    `port` 0 takes a free one. Raises `OSError` when the port is taken.
    """

    def __init__(
        self,
        slack: LocalSlack,
        world: ControlledWorld | None = None,
        bot: ControlledBot | None = None,
        *,
        port: int = 0,
    ) -> None:
        self.slack = slack
        self.control = Control(slack, world)
        if bot is not None:
            self.attach(bot)
        self._wanted_port = port
        self._server: QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self.url = ""

    def attach(self, bot: ControlledBot) -> None:
        """Puts a bot's process under the control API."""
        self.control.bot = bot
        bot.changed.append(self.control.tell_state)

    def app(self) -> Starlette:
        """The application."""
        page = [Route("/", _index), Mount("/page", StaticFiles(directory=PAGE, check_dir=False))]
        routes = [*self.slack.routes, *self.control.routes, *page]
        return Starlette(routes=routes, middleware=[Middleware(SameOrigin), Middleware(NoStore)])

    async def __aenter__(self) -> Self:
        listener = socket.create_server((HOST, self._wanted_port))
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self.slack.base_url = self.url
        self.slack.sockets.abort = self._abort
        config = uvicorn.Config(
            self.app(),
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
            ws_per_message_deflate=False,
        )
        self._server = QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            await asyncio.sleep(0.005)
            if self._serving.done():
                self._serving.result()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.control.end_streams()
        await self.slack.close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    def _abort(self, peer: tuple[str, int]) -> None:
        """Resets the connection of a peer, as a broken network would."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            transport = connection.transport
            if transport is not None and tuple(transport.get_extra_info("peername") or ())[:2] == peer:
                transport.abort()
