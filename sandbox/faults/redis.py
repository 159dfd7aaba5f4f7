"""Faults of Redis itself, made with the real server's own configuration."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis as Client
from redis.exceptions import BusyLoadingError

from sandbox.faults.kind import Effect, Enter, FaultKind, Option, Order
from sandbox.faults.patience import until
from sandbox.servers import Redis
from sandbox.staging import Staging

TARGET = ("redis",)
KEYS = 8_000
VALUE_BYTES = 1_024
"""A loading server looks at its clients after so many bytes: here after each key."""
FILL = "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'key:' .. i, string.rep('x', ARGV[2])) end"
SLOTS, FREE_SLOTS = 200, 18
"""Of a leak: more than nine in ten are taken, and enough are free for who asks."""
# Without compression each key has its bytes; without delay the copy begins at once.
PRIMARY = ("--rdbcompression", "no", "--repl-diskless-sync-delay", "0")


@asynccontextmanager
async def _wrong_password(staging: Staging, order: Order) -> AsyncIterator[None]:
    admin, right = staging.redis_admin, staging.redis.password or ""
    try:
        await admin.config_set("requirepass", secrets.token_urlsafe(12))
        await _end_sessions(staging)
        yield
    finally:
        await admin.config_set("requirepass", right)


@asynccontextmanager
async def _out_of_memory(staging: Staging, order: Order) -> AsyncIterator[None]:
    admin = staging.redis_admin
    used = int((await admin.info("memory"))["used_memory"])
    try:
        await admin.config_set("maxmemory-policy", "noeviction")
        await admin.config_set("maxmemory", used // 2)
        yield
    finally:
        await admin.config_set("maxmemory", 0)


@asynccontextmanager
async def _read_only(staging: Staging, order: Order) -> AsyncIterator[None]:
    # A replica whose primary (nobody on port 1) is lost still reads, and refuses every write.
    await staging.redis_admin.replicaof(staging.redis.host, 1)
    try:
        yield
    finally:
        await staging.redis_admin.replicaof("NO", "ONE")


@asynccontextmanager
async def _max_clients(staging: Staging, order: Order) -> AsyncIterator[None]:
    admin = staging.redis_admin
    before = str((await admin.config_get("maxclients"))["maxclients"])
    try:
        await admin.config_set("maxclients", 1)  # our own connection is the one
        await _end_sessions(staging)
        yield
    finally:
        await admin.config_set("maxclients", before)


@asynccontextmanager
async def _connection_leak(staging: Staging, order: Order) -> AsyncIterator[None]:
    """Really holds idle connections, as a pool that does not give them back; a few slots stay free."""
    admin, server = staging.redis_admin, staging.redis
    before = str((await admin.config_get("maxclients"))["maxclients"])
    async with AsyncExitStack() as stack:
        try:
            await admin.config_set("maxclients", SLOTS)
            for _ in range(SLOTS - FREE_SLOTS):
                held = Client(
                    host=server.host,
                    port=server.port,
                    password=server.password,
                    single_connection_client=True,
                    client_name="netra-backend",
                )
                stack.push_async_callback(held.aclose)
                await held.initialize()
            yield
        finally:
            await admin.config_set("maxclients", before)


@asynccontextmanager
async def _loading(staging: Staging, order: Order) -> AsyncIterator[None]:
    """A full resynchronisation from a primary, whose data is then loaded very slowly: a real -LOADING."""
    admin, password = staging.redis_admin, staging.redis.password
    async with Redis(password=password, extra=PRIMARY) as primary:
        async with primary.client() as client:
            await client.eval(FILL, 0, str(KEYS), str(VALUE_BYTES))
        try:
            await admin.config_set("loading-process-events-interval-bytes", VALUE_BYTES)
            await admin.config_set("key-load-delay", int(order.options["seconds"] * 1e6 / KEYS))
            await admin.config_set("masterauth", password or "")
            await admin.replicaof(primary.host, primary.port)
            await until(lambda: _is_loading(admin))
            await _end_sessions(staging)
            yield
        finally:
            await admin.config_set("key-load-delay", 0)
            await until(lambda: _stands_alone(admin))
            await admin.flushall()


async def _is_loading(admin: Client) -> bool:
    return bool((await admin.info("persistence"))["loading"])


async def _stands_alone(admin: Client) -> bool:
    try:
        await admin.replicaof("NO", "ONE")
    except BusyLoadingError:
        return False
    return True


async def _end_sessions(staging: Staging) -> None:
    """Closes every other session, so that applications have to log in anew."""
    await staging.redis_admin.client_kill_filter(_type="normal", skipme=True)


def _kind(
    fault: str, title: str, description: str, enter: Enter, *options: Option, effect: Effect, slot: str = ""
) -> FaultKind:
    return FaultKind(f"redis_{fault}", title, description, TARGET, enter, options, effect=effect, slot=slot)


FAULTS = (
    _kind(
        "wrong_password",
        "Redis: other password",
        "The password was changed on the server, and nobody was told.",
        _wrong_password,
        effect="closed",
    ),
    _kind(
        "out_of_memory",
        "Redis: out of memory",
        "maxmemory is reached and nothing may be evicted: it reads, but every write is refused.",
        _out_of_memory,
        effect="impaired",
    ),
    _kind(
        "read_only",
        "Redis: read-only replica",
        "After a failover it is a replica without a primary: it reads, but every write is refused.",
        _read_only,
        effect="impaired",
        slot="replication",
    ),
    _kind(
        "max_clients",
        "Redis: no client slot free",
        "maxclients is reached: new connections are turned away.",
        _max_clients,
        effect="closed",
    ),
    _kind(
        "loading",
        "Redis: loading its data",
        "It has restarted and answers LOADING until its data is in memory.",
        _loading,
        Option("seconds", "s", 600.0),
        effect="closed",
        slot="replication",
    ),
    _kind(
        "connection_leak",
        "Redis: connections leak",
        "Idle connections of the application take nearly every client slot, and their number only grows.",
        _connection_leak,
        effect="impaired",
        slot="redis_max_clients",
    ),
)
