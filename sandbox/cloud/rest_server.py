"""Serves what Google's clients ask over REST."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.cloud import errors
from sandbox.cloud.calls import Caller, Deny, GarbageError, Gate, Method
from sandbox.cloud.errors import CloudError, invalid
from sandbox.server import HOST, QuietServer

GARBAGE = b'{"kind": "compute#'
PRINCIPAL = "x-sandbox-principal"

RestHandler = Callable[[Request, Caller], Awaitable[Any]]
"""Answers a request with JSON, as text or to be made one, or with a response of its own."""


@dataclass(frozen=True, slots=True)
class RestMethod:
    """One method over REST: `verb` and `path` as Starlette writes them, and `name` as the API calls it."""

    verb: str
    path: str
    name: str
    api: str
    permission: str
    handler: RestHandler
    deny: Deny = errors.denied


class RestServer:
    """One port for all of them."""

    def __init__(self, methods: Sequence[RestMethod], gate: Gate, default_principal: str) -> None:
        self._gate = gate
        self._principal = default_principal
        self._routes = [Route(each.path, self._endpoint(each), methods=[each.verb]) for each in methods]
        self._server: QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listens on a free port; gives its address."""
        listener = socket.create_server((HOST, 0))
        app = Starlette(routes=self._routes, exception_handlers={404: _nothing_here, 405: _nothing_here})
        config = uvicorn.Config(
            app, lifespan="off", log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )
        self._server = QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            await asyncio.sleep(0.005)
            if self._serving.done():
                self._serving.result()
        return f"{HOST}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Ends all requests."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    def _endpoint(self, rest: RestMethod) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request, caller: Caller) -> Any:
            return await rest.handler(request, caller)

        method = Method(
            name=rest.name,
            api=rest.api,
            permission=rest.permission,
            handler=handle,
            scope=_scope,
            deny=rest.deny,
        )

        async def endpoint(request: Request) -> Response:
            caller = Caller(
                request.headers.get(PRINCIPAL, self._principal), request.headers.get("user-agent", "")
            )
            try:
                return _response(await self._gate.handle(method, request, caller))
            except CloudError as error:
                return JSONResponse(error.document(), error.http_status, headers=_retry_after(error))
            except GarbageError:
                return Response(GARBAGE, media_type="application/json")

        return endpoint


def _scope(request: Request) -> str:
    place = request.path_params.get("project", "")
    region = request.path_params.get("region", "")
    return (f"projects/{place}" if place else "") + (f"/regions/{region}" if region else "")


def _response(answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return Response(text, media_type="application/json")


def _retry_after(error: CloudError) -> dict[str, str]:
    return {"retry-after": "1"} if error.http_status == 429 else {}


async def _nothing_here(request: Request, _error: Exception) -> Response:
    message = f"The requested URL {request.url.path} was not found on this server."
    return JSONResponse(errors.not_found(message).document(), 404)


async def body(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; raises `CloudError` for anything else."""
    try:
        document = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise invalid("Invalid JSON payload received.") from error
    if not isinstance(document, dict):
        raise invalid("Invalid JSON payload received: an object is wanted.")
    return document
