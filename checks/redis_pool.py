"""The pool test of Redis: more checkouts than connections, all at once, as a busy service does it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio.connection import AbstractConnection, BlockingConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from checks.failures import CheckFailed

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Streams]]


class DialedConnection(AbstractConnection):
    """redis-py's connection over streams from elsewhere, so that the dialer alone decides where they lead.

    Nothing is tried again and nothing is announced (no CLIENT SETINFO): one connection is one question.
    """

    def __init__(self, *, dial: Dial, username: str | None, password: str | None, **options: Any) -> None:
        super().__init__(
            username=username,
            password=password,
            protocol=2,  # HELLO is refused by servers before Redis 6 and adds nothing here
            driver_info=None,
            socket_timeout=None,  # the probe's deadline ends every wait
            **options,
        )
        self._dial = dial

    async def _connect(self) -> None:
        self._reader, self._writer = await self._dial()

    def _host_error(self) -> str:
        return "the server"

    def repr_pieces(self) -> list[tuple[str, str | int]]:
        """What its `repr` shows: nothing that could hold a secret."""
        return [("db", self.db)]

    def abandon(self) -> None:
        """Closes at once, without waiting for the other side; safe at cancellation."""
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.transport.abort()


class PoolExhausted(Exception):  # noqa: N818 - a finding about the server's pool, no error of whybot
    """A checkout waited for longer than it may."""


# What is a finding about the server; anything else is a bug of this file.
FAILURES = (RedisError, CheckFailed, PoolExhausted, OSError, EOFError, ValueError)


@dataclass(slots=True)
class PoolOutcome:
    """What the pool test saw. `waits_ms` has one entry for every checkout that got a connection."""

    opened: int = 0
    waits_ms: list[float] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    recovery_failures: list[Exception] = field(default_factory=list)
    leaked: int = 0


class PoolTest:
    """Checks `checkouts` connections out of a pool of `size`, gives them back, and does it again.

    The first ones hold theirs until the pool is empty, so that the others have to wait for real. Each
    connection answers PING before it goes back. `patience` is how long one may wait, in seconds.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        size: int,
        checkouts: int,
        patience: float,
        username: str | None,
        password: str | None,
    ) -> None:
        self._dial = dial
        self._size = size
        self._checkouts = checkouts
        self._writers: list[asyncio.StreamWriter] = []
        self._concluded = 0
        self._drained = asyncio.Event()
        self.outcome = PoolOutcome()
        self._pool = BlockingConnectionPool(
            max_connections=size,
            timeout=patience,
            connection_class=DialedConnection,
            dial=self._counted_dial,
            username=username,
            password=password,
        )

    async def run(self) -> PoolOutcome:
        """Runs the test to its end; every connection is closed then, also at cancellation."""
        outcome = self.outcome
        try:
            outcome.failures = await self._wave(self._checkouts, outcome.waits_ms)
            if not outcome.failures:
                outcome.recovery_failures = await self._wave(self._size, [])
        finally:
            await self._close()
        return outcome

    async def _wave(self, checkouts: int, waits_ms: list[float]) -> list[Exception]:
        self._concluded = 0
        self._drained.clear()
        answers = await asyncio.gather(
            *(self._checkout(min(self._size, checkouts), waits_ms) for _ in range(checkouts)),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, FAILURES):
                raise answer
        return [answer for answer in answers if isinstance(answer, FAILURES)]

    async def _checkout(self, holders: int, waits_ms: list[float]) -> None:
        began = time.perf_counter()
        try:
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py's own gap
        except RedisConnectionError as error:
            # redis-py has no class of its own for it; its cause is the time-out of the wait.
            if isinstance(error.__cause__, TimeoutError):
                raise PoolExhausted from error
            raise
        finally:
            self._concluded += 1
            if self._concluded >= holders:
                self._drained.set()
        waits_ms.append((time.perf_counter() - began) * 1000)
        try:
            await self._drained.wait()
            await connection.send_command("PING", check_health=False)
            await connection.read_response()
        finally:
            await self._pool.release(connection)

    async def _counted_dial(self) -> Streams:
        streams = await self._dial()
        self._writers.append(streams[1])
        self.outcome.opened += 1
        return streams

    async def _close(self) -> None:
        await self._pool.disconnect(inuse_connections=True)
        self.outcome.leaked = sum(not writer.is_closing() for writer in self._writers)
        for writer in self._writers:
            writer.transport.abort()
