"""The tables that migrations make are those that the code speaks of."""

import asyncio

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pgqueuer.queries import Queries
from sqlalchemy import Connection

from bot.store.database import Database
from bot.store.tables import metadata


def differences(connection: Connection) -> list[object]:
    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
        return not (kind == "table" and str(name).startswith(("pgqueuer", "alembic")))

    context = MigrationContext.configure(
        connection, opts={"include_object": ours, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_migrations_make_the_tables(database: Database) -> None:
    """Nothing is missing and nothing is left over."""
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_job_queue_is_the_one_that_pgqueuer_wants(address: str) -> None:
    """A newer PgQueuer that wants other tables fails here, and needs a migration."""
    connection = await asyncpg.connect(address)
    try:
        plan = await Queries.from_asyncpg_connection(connection).plan_upgrade()
    finally:
        await connection.close()
    assert list(plan.statements) == []


async def test_replicas_that_start_together_take_turns(empty_address: str) -> None:
    """Three migrations at the same moment leave one set of tables."""
    replicas = [Database(empty_address) for _ in range(3)]
    await asyncio.gather(*(replica.migrate() for replica in replicas))
    for replica in replicas:
        await replica.ping()
        await replica.close()
