"""The staging application: backend, auth and frontend, each as a small Cloud Run service would be.

The backend really uses Redis, PostgreSQL and ClickHouse, each through a link of its own, with pools and
time-outs. Its container stays up (`/` answers 200) while `/health` says what a dependency does.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import asyncpg
import httpx
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

REDIS_TIMEOUT_S = 4.0
POSTGRES_TIMEOUT_S = 8.0
CLICKHOUSE_TIMEOUT_S = 5.0
STORE_ERRORS = (OSError, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx.HTTPError)
TIMEOUTS = (TimeoutError, RedisTimeoutError, httpx.TimeoutException)
LOG = logging.getLogger("sandbox.application")
INTERNAL_ERROR = 1011
"""RFC 6455: the server met a condition that it did not expect."""

C = TypeVar("C")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Store:
    """Where the application finds a dependency. `address` is the declared one, for texts."""

    host: str
    port: int
    address: str
    password: str


class Pool(Generic[C]):
    """Idle connections, newest first.

    A failure empties it, so that a link that was mended is noticed at once. A connection that had lain
    idle may be dead without fault of the server, so its failure is tried once more on a fresh one.
    """

    def __init__(self, connect: Callable[[], Awaitable[C]], close: Callable[[C], Awaitable[None]]) -> None:
        self._connect = connect
        self._close = close
        self._idle: list[C] = []

    async def run(self, use: Callable[[C], Awaitable[R]]) -> R:
        """Uses a connection and puts it back; raises what connecting or using it raised."""
        if self._idle:
            try:
                return await self._use(self._idle.pop(), use)
            except TIMEOUTS:
                raise
            except STORE_ERRORS:
                pass
        return await self._use(await self._connect(), use)

    async def close(self) -> None:
        """Closes every idle connection."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await self._close(connection)

    async def _use(self, connection: C, use: Callable[[C], Awaitable[R]]) -> R:
        try:
            result = await use(connection)
        except BaseException:
            await self._close(connection)
            await self.close()
            raise
        self._idle.append(connection)
        return result


class Backend:
    """The backend's routes and its connections to the stores."""

    def __init__(self, *, redis: Store, postgres: Store, clickhouse: Store, database: str, user: str) -> None:
        self._redis_at, self._postgres_at, self._clickhouse_at = redis, postgres, clickhouse
        self._database, self._user = database, user
        self._redis: Pool[Redis] = Pool(self._connect_redis, Redis.aclose)
        self._postgres: Pool[asyncpg.Connection[Any]] = Pool(self._connect_postgres, _terminate)
        self._clickhouse = httpx.AsyncClient(
            base_url=f"http://{clickhouse.host}:{clickhouse.port}",
            headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": clickhouse.password},
            timeout=CLICKHOUSE_TIMEOUT_S,
            trust_env=False,
        )

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._home),
                Route("/health", self._health),
                WebSocketRoute("/ws", self._websocket),
            ]
        )

    async def close(self) -> None:
        """Closes all connections to the stores."""
        await self._redis.close()
        await self._postgres.close()
        await self._clickhouse.aclose()

    async def _home(self, request: Request) -> Response:
        return JSONResponse({"service": "netra-backend-staging", "status": "running"})

    async def _health(self, request: Request) -> Response:
        names = ("redis", "postgres", "clickhouse")
        found = await asyncio.gather(
            _checked(self._redis_at, self._redis.run(Redis.ping)),
            _checked(self._postgres_at, self._postgres.run(_select_1)),
            _checked(self._clickhouse_at, self._ask_clickhouse()),
        )
        healthy = all(each["status"] == "healthy" for each in found)
        return JSONResponse(
            {"status": "healthy" if healthy else "unhealthy", "checks": dict(zip(names, found, strict=True))},
            status_code=200 if healthy else 503,
        )

    async def _websocket(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                if await socket.receive_text() == "ping":
                    await self._redis.run(_count_ping)
                    await socket.send_text("pong")
        except WebSocketDisconnect:
            return
        except STORE_ERRORS:
            await socket.close(INTERNAL_ERROR, "Redis cannot be used")

    async def _connect_redis(self) -> Redis:
        client = Redis(
            host=self._redis_at.host,
            port=self._redis_at.port,
            password=self._redis_at.password,
            single_connection_client=True,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            socket_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            # One limit for the whole: the library's own holds for each step of connecting anew.
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await client.initialize()
        except BaseException:
            await client.aclose()
            raise
        return client

    async def _connect_postgres(self) -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(
            host=self._postgres_at.host,
            port=self._postgres_at.port,
            user=self._user,
            password=self._postgres_at.password,
            database=self._database,
            ssl=False,
            timeout=POSTGRES_TIMEOUT_S,
            command_timeout=POSTGRES_TIMEOUT_S,
        )

    async def _ask_clickhouse(self) -> None:
        answer = await self._clickhouse.post("/", content="SELECT 1")
        answer.raise_for_status()


async def _count_ping(client: Redis) -> None:
    """Writes, as a chat session does: a Redis that only reads is of no use to it."""
    await client.incr("websocket:pings")


async def _select_1(connection: "asyncpg.Connection[Any]") -> None:
    await connection.execute("SELECT 1")


async def _terminate(connection: "asyncpg.Connection[Any]") -> None:
    connection.terminate()  # a polite end would wait for a server that may be the trouble


async def _checked(store: Store, question: Awaitable[Any]) -> dict[str, object]:
    began = time.perf_counter()
    outcome: dict[str, object] = {"status": "healthy"}
    try:
        await question
    except STORE_ERRORS as error:
        outcome = {"status": "unhealthy", "error": _words(error, store)}
        LOG.error("health check failed: %s", outcome["error"])
    return outcome | {"response_time_ms": round((time.perf_counter() - began) * 1000, 1)}


def _words(error: BaseException, store: Store) -> str:
    """The error with the declared address in place of the link's."""
    if isinstance(error, TIMEOUTS):
        return f"{store.address}: timed out"
    text = " ".join(str(error).split()) or type(error).__name__
    for local in (f"{store.host}:{store.port}", f"('{store.host}', {store.port})"):
        text = text.replace(local, store.address)
    return f"{store.address}: {text}"


def auth_application() -> Starlette:
    """The auth service: it needs nobody."""

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "healthy", "service": "netra-auth-staging"})

    return Starlette(routes=[Route("/health", health)])


def frontend_application() -> Starlette:
    """The frontend: one page."""

    async def page(request: Request) -> Response:
        return HTMLResponse(
            '<!doctype html><html lang="en"><title>Netra (staging)</title><h1>Netra</h1><p>Staging.</p>'
        )

    return Starlette(routes=[Route("/", page)])


class Misbehaving:
    """An ASGI application that does what the faults in force want, and otherwise its own work.

    `faults` maps the name of a fault kind (`app_error`, …) to its options. With `app_cold_start` no container
    is kept: a request that comes while none is served waits until one has started.
    """

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._served = 0
        self._started = 0.0
        self.faults: dict[str, Mapping[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._served:
            self._started = time.perf_counter()
        self._served += 1
        try:
            if cold := self.faults.get("app_cold_start"):
                await asyncio.sleep(max(0.0, self._started + cold["ms"] / 1000 - time.perf_counter()))
            if scope["type"] == "http":
                await self._http(scope, receive, send)
            else:
                await self._websocket(scope, receive, send)
        finally:
            self._served -= 1

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if slow := self.faults.get("app_slow"):
            await asyncio.sleep(slow["ms"] / 1000)
        for fault, make in WRONG_ANSWERS.items():
            if fault in self.faults:
                self._complain(self.faults[fault])
                await make(self.faults[fault])(scope, receive, send)
                return
        await self._application(scope, receive, send)

    @staticmethod
    def _complain(options: Mapping[str, Any]) -> None:
        """What the application logs of it, if it is the application that fails."""
        if options.get("log"):
            LOG.error("%s", options["log"])

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        for fault in NO_CONTAINER:
            if fault in self.faults:
                await socket.send_denial_response(WRONG_ANSWERS[fault](self.faults[fault]))
                return
        if refused := self.faults.get("websocket_refused"):
            await socket.send_denial_response(Response("no upgrade here", status_code=refused["status"]))
        elif closes := self.faults.get("websocket_closes"):
            await socket.accept()
            with contextlib.suppress(WebSocketDisconnect):
                await socket.receive_text()
                await socket.close(closes["code"], "a fault of the sandbox")
        else:
            await self._application(scope, receive, send)


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 16384
        await asyncio.sleep(0.01)  # never ends, but leaves the machine to others


WRONG_ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], Response]] = {
    "app_error": lambda _: JSONResponse({"detail": "Internal Server Error"}, status_code=500),
    "app_unavailable": lambda _: JSONResponse({"detail": "Service Unavailable"}, status_code=503),
    "no_container": lambda options: Response(options["body"], options["status"], media_type="text/plain"),
    "app_wrong_body": lambda options: Response(options["body"], media_type="application/json"),
    "app_endless_body": lambda _: StreamingResponse(_endless(), media_type="application/json"),
    "redirect_elsewhere": lambda options: RedirectResponse(options["to"], status_code=302),
}
NO_CONTAINER = ("no_container",)
"""Where Cloud Run itself answers, a WebSocket gets the same."""
