"""Faults of PostgreSQL: with the real server's own configuration and locks, and on its link."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import asyncpg

from sandbox.faults.kind import SOURCE, Effect, Enter, FaultKind, Option, Order
from sandbox.faults.links import impaired
from sandbox.faults.patience import LIMIT_S, PAUSE_S, until
from sandbox.impairments import SlowServer
from sandbox.servers import Postgres
from sandbox.staging import Staging

TARGET = ("postgres",)
TABLE = "sessions"
CONNECT_TIMEOUT_S = 20.0
KEEP_FILLED_S = 0.1
WRITABLE = {"default_transaction_read_only": "off"}
"""For sessions of faults: another fault may have made the server read-only."""
END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND NOT pid = ANY($2::int[])
"""


def _slow(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
    wanted = order.options
    return impaired(staging, order, SlowServer(wanted["login_ms"], wanted["query_ms"], wanted["next_ms"]))


@asynccontextmanager
async def _too_many_connections(staging: Staging, order: Order) -> AsyncIterator[None]:
    """Really fills every slot that is not kept for superusers, as a leaking pool does."""
    server = staging.postgres
    usable = await _usable_slots(server)
    await _end_sessions(server)
    held: list[asyncpg.Connection[Any]] = []
    try:
        async with asyncio.timeout(LIMIT_S):
            await _fill_slots(server, held, usable)
        keeping = asyncio.create_task(_keep_filled(server, held, usable))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
    finally:
        given_back = [connection.get_server_pid() for connection in held]
        for connection in held:
            connection.terminate()
    await until(lambda: _have_ended(server, given_back))


@asynccontextmanager
async def _read_only(staging: Staging, order: Order) -> AsyncIterator[None]:
    try:
        await staging.postgres.set_read_only()
        yield
    finally:
        await staging.postgres.set_read_only(False)


@asynccontextmanager
async def _wrong_password(staging: Staging, order: Order) -> AsyncIterator[None]:
    server = staging.postgres
    try:
        await _set_password(server, secrets.token_hex(12))
        await _end_sessions(server)
        yield
    finally:
        await _set_password(server, server.password)


@asynccontextmanager
async def _locks(staging: Staging, order: Order) -> AsyncIterator[None]:
    """One transaction holds a table, others wait for it."""
    server = staging.postgres
    async with AsyncExitStack() as stack:
        holder = await _as_user(server)
        stack.callback(holder.terminate)
        await holder.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigint)")
        await holder.execute("BEGIN")
        await holder.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        for _ in range(order.options["waiting"]):
            waiter = await _as_user(server)
            stack.callback(waiter.terminate)
            task = asyncio.create_task(_wait_for_table(waiter))
            stack.callback(task.cancel)
        await until(lambda: _waiting(server, order.options["waiting"]))
        yield
    await until(lambda: _none_waits(server))


async def _wait_for_table(connection: "asyncpg.Connection[Any]") -> None:
    # These say that the connection was ended: the fault is over.
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await connection.execute(f"SELECT count(*) FROM {TABLE}")


async def _waiting(server: Postgres, sessions: int) -> bool:
    """Whether so many have waited for more than a second: what is shorter is everyday life."""
    return await _count_waits(server, "waitstart < clock_timestamp() - interval '1 second'") >= sessions


async def _none_waits(server: Postgres) -> bool:
    return await _count_waits(server, "true") == 0


async def _count_waits(server: Postgres, condition: str) -> int:
    async with _as_superuser(server) as connection:
        query = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND {condition}"
        found: int = await connection.fetchval(query)
        return found


async def _as_user(server: Postgres) -> "asyncpg.Connection[Any]":
    """A session of the plain role that no other fault keeps out: the Unix socket asks no password."""
    return await asyncpg.connect(
        host=str(server.process.folder),
        port=server.port,
        user=server.user,
        database=server.database,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=WRITABLE,
    )


@asynccontextmanager
async def _as_superuser(server: Postgres) -> "AsyncIterator[asyncpg.Connection[Any]]":
    connection = await server.superuser()
    try:
        for name, value in WRITABLE.items():
            await connection.execute(f"SET {name} = {value}")
        yield connection
    finally:
        await connection.close()


async def _usable_slots(server: Postgres) -> int:
    """How many sessions the plain role can have."""
    async with _as_superuser(server) as connection:
        usable: int = await connection.fetchval(
            "SELECT current_setting('max_connections')::int - current_setting('reserved_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        return usable


async def _fill_slots(server: Postgres, held: "list[asyncpg.Connection[Any]]", usable: int) -> None:
    """Takes slots until all that are usable are ours.

    One refusal does not say that they are: every other session has a slot, also one that is about to be
    refused or to end, and gives it back a moment later.
    """
    while len(held) < usable:
        try:
            held.append(await _as_user(server))
        except asyncpg.TooManyConnectionsError:
            await _end_others(server, held)
            await asyncio.sleep(PAUSE_S)


async def _keep_filled(server: Postgres, held: "list[asyncpg.Connection[Any]]", usable: int) -> None:
    """Takes slots anew whose sessions another fault has ended."""
    while True:
        await asyncio.sleep(KEEP_FILLED_S)
        held[:] = [connection for connection in held if not connection.is_closed()]
        # The server may be stopped while the fault is in force; then there is nothing to fill.
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await _fill_slots(server, held, usable)


async def _have_ended(server: Postgres, sessions: Collection[int]) -> bool:
    async with _as_superuser(server) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::int[])"
        return bool(await connection.fetchval(query, list(sessions)) == 0)


async def _end_others(server: Postgres, held: "list[asyncpg.Connection[Any]]") -> None:
    """Ends the plain role's other sessions, from one of its own: a superuser would take a slot."""
    if not held:
        await _end_sessions(server)
        return
    spared = [connection.get_server_pid() for connection in held]
    await held[-1].execute(END_SESSIONS, server.user, spared)


async def _end_sessions(server: Postgres) -> None:
    """Ends the sessions of the plain role, so that applications have to log in anew."""
    async with _as_superuser(server) as connection:
        await connection.execute(END_SESSIONS, server.user, [])


async def _set_password(server: Postgres, password: str) -> None:
    quoted = password.replace("'", "''")
    async with _as_superuser(server) as connection:
        await connection.execute(f"ALTER ROLE \"{server.user}\" PASSWORD '{quoted}'")


def _kind(
    fault: str, title: str, description: str, enter: Enter, *options: Option, effect: Effect = "impaired"
) -> FaultKind:
    return FaultKind(f"postgres_{fault}", title, description, TARGET, enter, options, effect=effect)


FAULTS = (
    _kind(
        "slow",
        "PostgreSQL: slow",
        "The login and the first query of each connection take long; later queries less.",
        _slow,
        Option("login_ms", "ms", 0.0),
        Option("query_ms", "ms", 2300.0),
        Option("next_ms", "ms", 600.0),
        SOURCE,
    ),
    _kind(
        "too_many_connections",
        "PostgreSQL: connections used up",
        "Every connection slot is taken by idle sessions, as by a pool that leaks.",
        _too_many_connections,
        effect="closed",
    ),
    _kind(
        "read_only",
        "PostgreSQL: read-only",
        "Transactions are read-only, as after a failover to a replica or with a full disk.",
        _read_only,
    ),
    _kind(
        "locks",
        "PostgreSQL: lock waits",
        "A forgotten transaction holds a table, and others wait for it.",
        _locks,
        Option("waiting", "sessions", 3),
    ),
    _kind(
        "wrong_password",
        "PostgreSQL: other password",
        "The password of the role was changed, and nobody was told.",
        _wrong_password,
        effect="closed",
    ),
)
