"""The pool of connections: closed to the last one, whoever is using it."""

import asyncio
import gc

import asyncpg
import pytest
from sqlalchemy import text

from bot.store.database import Database
from bot.store.embedded import StoreUnavailable
from tests.bot.running import until


async def sessions(address: str, where: str = "true") -> int:
    """How many others are connected to this database."""
    connection = await asyncpg.connect(address)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    try:
        return int(
            await connection.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND {where}")
        )
    finally:
        await connection.close()


async def waiting(address: str) -> bool:
    return await sessions(address, "wait_event = 'advisory'") == 2


async def nobody(address: str) -> bool:
    return await sessions(address) == 0


async def test_closing_closes_connections_that_are_in_use(address: str) -> None:
    """Who waits for a statement hears that the store is closed, and no connection stays behind."""
    database = Database(address)
    lock = await asyncpg.connect(address)
    try:
        await lock.execute("SELECT pg_advisory_lock(1)")
        statement = text("SELECT pg_advisory_lock_shared(1)")
        asking = [asyncio.create_task(database.fetch(statement)) for _ in range(2)]
        await until(lambda: waiting(address))
        await database.close()
    finally:
        await lock.close()
    for outcome in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(outcome, StoreUnavailable)
    gc.collect()  # a connection that nobody closed is warned about here


async def test_closing_at_any_moment_leaves_no_connection(address: str) -> None:
    """Whether somebody is about to connect, is connecting, is asking or has been answered."""
    for rounds in range(0, 400, 10):
        database = Database(address)
        asking = asyncio.create_task(database.ping())
        for _ in range(rounds):
            await asyncio.sleep(0)
        await database.close()
        (outcome,) = await asyncio.gather(asking, return_exceptions=True)
        assert outcome is None or isinstance(outcome, StoreUnavailable)
    gc.collect()
    await until(lambda: nobody(address))


async def test_a_connection_given_back_after_closing_is_closed(address: str) -> None:
    """The pool of before does not keep it."""
    database = Database(address)
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        await database.close()
    del connection
    gc.collect()
    await until(lambda: nobody(address))


async def test_a_closed_store_does_not_answer(address: str) -> None:
    """What asks too late opens no connection."""
    database = Database(address)
    await database.ping()
    await database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.ping()
    await until(lambda: nobody(address))
