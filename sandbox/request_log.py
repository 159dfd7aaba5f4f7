"""Tells of each request that an ASGI application has answered, as Cloud Run's request log does."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Tell = Callable[[str, int, float], None]
"""Hears path, status and seconds of a request once it is over."""

SWITCHING = 101
BROKEN = 500


class RequestLog:
    """The application and who hears of its requests; a WebSocket is one request, told when it ends."""

    def __init__(self, application: ASGIApp, tell: Tell) -> None:
        self._application = application
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        status, began = BROKEN, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = SWITCHING
            elif message["type"].endswith("response.start"):  # of a request, or of a refused upgrade
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, watched)
        finally:
            self._tell(scope["path"], status, time.perf_counter() - began)
