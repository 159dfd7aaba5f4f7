"""The staging application by itself: its pools, its health and its ways to misbehave."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

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


@asynccontextmanager
async def misbehaving(**faults: Mapping[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the auth service with these faults."""
    application = Misbehaving(auth_application())
    application.faults = dict(faults)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://auth") as client:
        yield client


@pytest.mark.parametrize(("fault", "status"), [("app_error", 500), ("app_unavailable", 503)])
async def test_an_application_that_fails_complains(
    fault: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each request, in the words that it was given."""
    async with misbehaving(**{fault: {"log": "KeyError: 'max_threads'"}}) as client:
        answer = await client.get("/health")
    assert answer.status_code == status
    assert [record.getMessage() for record in caplog.records] == ["KeyError: 'max_threads'"]


async def test_where_no_container_runs_cloud_run_answers(caplog: pytest.LogCaptureFixture) -> None:
    """With its own text, and the application says nothing."""
    async with misbehaving(no_container={"status": 429, "body": "Rate exceeded."}) as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.text) == (429, "Rate exceeded.")
    assert not caplog.records


async def test_who_comes_first_waits_for_a_container_and_who_comes_with_it_shares_the_wait() -> None:
    """Two requests at once start one container; the next one, when all is idle, another."""
    async with misbehaving(app_cold_start={"ms": 200}) as client:
        began = time.perf_counter()
        await asyncio.gather(client.get("/health"), client.get("/health"))
        together = time.perf_counter()
        await client.get("/health")
        alone = time.perf_counter()
    assert together - began >= 0.19
    assert alone - together >= 0.19
