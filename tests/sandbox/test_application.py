"""The staging application by itself: its pools, its health and its ways to misbehave."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sandbox.application import Backend, Misbehaving, Pool, Store, auth_application


class Line:
    """A connection that answers with its number, or fails as told."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.closed = False
        self.failure: Exception | None = None

    async def answer(self) -> int:
        """The number, unless something is wrong."""
        if self.failure is not None:
            raise self.failure
        return self.number


class Exchange:
    """Makes lines and remembers them."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.failure: Exception | None = None
        self.pool: Pool[Line] = Pool(self.connect, self.hang_up)

    async def connect(self) -> Line:
        """A new line, which fails like its predecessors where that is wanted."""
        self.lines.append(Line(len(self.lines) + 1))
        self.lines[-1].failure = self.failure
        return self.lines[-1]

    async def hang_up(self, line: Line) -> None:
        """Closes it."""
        line.closed = True


async def test_a_pool_uses_a_connection_again() -> None:
    """Two questions, one connection."""
    exchange = Exchange()
    assert [await exchange.pool.run(Line.answer) for _ in range(2)] == [1, 1]


async def test_a_connection_that_died_while_idle_is_replaced_without_a_word() -> None:
    """The question is asked once more, on a fresh one."""
    exchange = Exchange()
    await exchange.pool.run(Line.answer)
    exchange.lines[0].failure = RedisConnectionError("closed by server")
    assert await exchange.pool.run(Line.answer) == 2
    assert exchange.lines[0].closed


@pytest.mark.parametrize("failure", [RedisTimeoutError(), TimeoutError()])
async def test_a_time_out_is_not_tried_again(failure: Exception) -> None:
    """Waiting twice would double the time of /health; the next question has a fresh connection."""
    exchange = Exchange()
    await exchange.pool.run(Line.answer)
    exchange.lines[0].failure = failure
    with pytest.raises(type(failure)):
        await exchange.pool.run(Line.answer)
    assert await exchange.pool.run(Line.answer) == 2


async def test_a_failing_server_is_told_and_no_connection_is_kept() -> None:
    """What failed on a fresh connection is raised, and every connection closed."""
    exchange = Exchange()
    exchange.failure = RedisConnectionError("down")
    with pytest.raises(RedisConnectionError):
        await exchange.pool.run(Line.answer)
    assert all(line.closed for line in exchange.lines)


@pytest.fixture
async def lonely() -> AsyncIterator[Backend]:
    """A backend whose stores nobody runs."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))  # taken, but nobody listens
        port = made.getsockname()[1]
        stores = {
            name: Store("127.0.0.1", port, address, "secret-word")
            for name, address in (
                ("redis", "10.0.0.1:6379"),
                ("postgres", "10.0.0.2:5432"),
                ("clickhouse", "10.0.0.3:8123"),
            )
        }
        backend = Backend(**stores, database="netra", user="whybot")
        yield backend
        await backend.close()


async def test_health_names_what_fails_and_where_it_is_declared(lonely: Backend) -> None:
    """503 with one entry per dependency, no address of the sandbox, no password; `/` is fine meanwhile."""
    transport = httpx.ASGITransport(lonely.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://backend") as client:
        health, home = await client.get("/health"), await client.get("/")
    assert home.status_code == 200
    assert health.status_code == 503
    body = health.json()
    assert body["status"] == "unhealthy"
    assert {name: each["status"] for name, each in body["checks"].items()} == dict.fromkeys(
        ("redis", "postgres", "clickhouse"), "unhealthy"
    )
    assert body["checks"]["postgres"]["error"].startswith("10.0.0.2:5432: ")
    assert "127.0.0.1" not in health.text
    assert "secret-word" not in health.text


async def test_a_site_misbehaves_only_while_it_is_told_to() -> None:
    """Without faults the application's own answer comes through."""
    application = Misbehaving(auth_application())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://auth"
    ) as client:
        application.faults = {"redirect_elsewhere": {"to": "https://elsewhere.example/"}}
        redirected = await client.get("/health")
        application.faults = {}
        healthy = await client.get("/health")
    assert redirected.headers["location"] == "https://elsewhere.example/"
    assert healthy.json()["status"] == "healthy"
