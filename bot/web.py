"""The web server: signed requests of Slack, and what a platform asks of a service."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive

from bot.metrics import REGISTRY

MOST_BYTES = 2**20
"""The longest body that is read; Slack's are a few kilobytes, a modal with all its blocks some hundred."""

Part = Callable[[], Awaitable[str | None]]
"""Says in a sentence why a part is not ready, or None."""


@dataclass(slots=True)
class Readiness:
    """What must work before whybot takes requests, each part with its question."""

    parts: dict[str, Part] = field(default_factory=dict)

    async def problems(self) -> dict[str, str]:
        """The parts that are not ready, with the reason."""
        asked = {name: await part() for name, part in self.parts.items()}
        return {name: why for name, why in asked.items() if why is not None}


class Web:
    """The Starlette application. `slack` is set once the bot is connected, in HTTP mode only."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness
        self._handler: AsyncSlackRequestHandler | None = None
        self.app = Starlette(
            routes=[
                Route("/slack/events", self._slack, methods=["POST"]),
                Route("/healthz", self._alive),
                Route("/readyz", self._ready),
                Route("/metrics", self._metrics),
            ]
        )

    def take_requests(self, app: AsyncApp) -> None:
        """Hands requests of Slack to the app from now on; it checks their signature and answers 401."""
        self._handler = AsyncSlackRequestHandler(app)

    async def _slack(self, request: Request) -> Response:
        if self._handler is None:
            # Slack tells the person that the app did not respond, and repeats events.
            return JSONResponse({"error": "whybot takes no requests here (Socket Mode, or starting)"}, 503)
        try:
            return await self._handler.handle(Request(request.scope, _bounded(request.receive)))
        except _TooLong:
            return JSONResponse({"error": f"the body is longer than {MOST_BYTES:,} bytes"}, 413)

    async def _alive(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _ready(self, _request: Request) -> Response:
        problems = await self._readiness.problems()
        if problems:
            return JSONResponse({"status": "not ready", "problems": problems}, 503)
        return JSONResponse({"status": "ready"})

    async def _metrics(self, _request: Request) -> Response:
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


class _TooLong(Exception):  # noqa: N818 - the request's fault, answered with 413
    """A body is longer than `MOST_BYTES`."""


def _bounded(receive: Receive) -> Receive:
    """The parts of a body as they come, up to `MOST_BYTES`: it is read before its signature can be told."""
    left = MOST_BYTES

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _TooLong
        return message

    return bounded


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: `whybot serve` ends all of its parts in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to whoever runs the server."""
        yield


def server(web: Web) -> Server:
    """A server for the application; it is given its sockets when it runs."""
    return Server(
        uvicorn.Config(
            web.app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
    )
