"""CPU of a check over the bare call of its client library, each on a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import httpx
import redis.asyncio

from benchmarks.measure import Row, cpu_of, in_turns
from benchmarks.place import environment, overlay, runner, swept
from benchmarks.targets import ADDRESS, Targets
from sandbox.servers.postgres import Postgres
from sandbox.servers.redis import Redis

REPEAT = 9
AT_ONCE = 9
TARGET = 1.30
PASSWORD = "benchmark"
Call = Callable[[], Awaitable[object]]


async def rows(targets: Targets) -> list[Row]:
    """PostgreSQL, Redis and HTTP."""
    async with Postgres(password=PASSWORD) as postgres, Redis(password=PASSWORD) as cache:
        secret = {"env": "BENCH_PASSWORD"}
        database = {"kind": "postgres", "host": ADDRESS, "port": postgres.port, "database": postgres.database}
        database |= {"user": postgres.user, "password": secret}
        store = {"kind": "redis", "host": ADDRESS, "port": cache.port, "password": secret}
        page = {"kind": "http", "url": f"http://{ADDRESS}:{targets.http}/"}
        ports = {"postgres": postgres.port, "redis": cache.port}
        async with httpx.AsyncClient(
            limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        ) as client:

            async def get() -> None:
                (await client.get(f"http://127.0.0.1:{targets.http}/")).raise_for_status()

            return [
                await _row(
                    "postgres check over asyncpg connect, SELECT 1",
                    database,
                    _select(postgres),
                    targets,
                    ports,
                ),
                await _row("redis check over redis-py connect, PING", store, _ping(cache), targets, ports),
                await _row("http check over httpx connect, GET", page, get, targets, ports),
            ]


def _select(server: Postgres) -> Call:
    async def call() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=server.port,
            user=server.user,
            password=PASSWORD,
            database=server.database,
            ssl=False,
        )
        await connection.fetchval("SELECT 1")
        await connection.close()

    return call


def _ping(server: Redis) -> Call:
    async def call() -> None:
        client = redis.asyncio.Redis(host="127.0.0.1", port=server.port, password=PASSWORD)
        await client.ping()
        await client.aclose()

    return call


async def _row(
    name: str, check: Mapping[str, Any], bare: Call, targets: Targets, ports: Mapping[str, int]
) -> Row:
    """CPU of one check in a sweep of nine against CPU of one of nine bare calls at once."""
    made = environment({f"check-{n}": {**check, "budget": "5s"} for n in range(AT_ONCE)})
    specs = made.select()
    async with runner(made, overlay(targets, **ports), {"BENCH_PASSWORD": PASSWORD}) as running:

        async def nine_checks() -> None:
            await swept(running, specs)

        async def nine_calls() -> None:
            await asyncio.gather(*(bare() for _ in range(AT_ONCE)))

        async def ours() -> float:
            return await cpu_of(nine_checks, 5) / AT_ONCE * 1000

        async def theirs() -> float:
            return await cpu_of(nine_calls, 5) / AT_ONCE * 1000

        check_cpu, call_cpu = await in_turns(ours, theirs, repeat=REPEAT)
    return Row(name, check_cpu, call_cpu, "ms CPU", TARGET)
