"""The connection to PostgreSQL: opened, migrated, asked. Errors of drivers end here as `StoreUnavailable`.

Every statement of whybot is complete in itself and safe to repeat, so that connections run in autocommit, a
command costs one round trip, and a statement that met a lost connection is simply sent again.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.embedded import StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that nothing else in the database uses; "why" in ASCII.
MIGRATION_LOCK = 0x776879
POOL_SIZE = 10
POOL_WAIT_SECONDS = 2.0  # a slash command has 3 s until Slack shows an error
CONNECT_SECONDS = 2.0
STATEMENT_SECONDS = 10.0
CLOSED = "The store is closed, since whybot is stopping."

# Classes of https://www.postgresql.org/docs/18/errcodes-appendix.html: connections, read-only, resources,
# shutting down, the system; and tables that another replica is about to make.
NOT_NOW = ("08", "25", "53", "57", "58", "42P01")

Row = Mapping[str, Any]


class Database:
    """A pool of connections to one PostgreSQL, whose address is a libpq URL."""

    def __init__(self, address: str, *, pool_size: int = POOL_SIZE) -> None:
        self.address = _libpq(address)
        self._closed = False
        # Weak, so that a connection that somebody lost is still warned about.
        self._open: WeakSet[asyncpg.Connection] = WeakSet()
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_recycle=900,
        )

    async def _connect(self, **options: Any) -> asyncpg.Connection:
        """A connection for the pool. Raises asyncpg's errors, and `StoreUnavailable` once it is closed."""
        self._refuse_if_closed()
        connection = await asyncpg.connect(
            self.address, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS, **options
        )
        try:
            self._refuse_if_closed()
        except StoreUnavailable:
            connection.terminate()
            raise
        self._open.add(connection)
        return connection

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreUnavailable(CLOSED)

    async def fetch(self, statement: TextClause, **values: object) -> Sequence[Row]:
        """Runs one statement and returns its rows. Raises `StoreUnavailable`."""
        with _translated():
            try:
                return await self._fetch(statement, values)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return await self._fetch(statement, values)

    async def fetch_one(self, statement: TextClause, **values: object) -> Row | None:
        """The first row of one statement, or None. Raises `StoreUnavailable`."""
        rows = await self.fetch(statement, **values)
        return rows[0] if rows else None

    async def _fetch(self, statement: TextClause, values: Mapping[str, object]) -> Sequence[Row]:
        async with self.engine.connect() as connection:
            result = await connection.execute(statement, values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    async def ping(self) -> None:
        """Raises `StoreUnavailable` unless the database answers."""
        await self.fetch(text("SELECT 1"))

    async def migrate(self) -> None:
        """Brings the tables up to date; replicas that start together take turns."""
        with _translated():
            async with self._locked() as connection:
                await connection.execution_options(isolation_level="READ COMMITTED")
                await connection.run_sync(_upgrade)
                await connection.commit()

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as holder, self.engine.connect() as connection:
            await holder.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            try:
                yield connection
            finally:
                await holder.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})

    async def close(self) -> None:
        """Closes every connection for good. Who still uses one hears that the store is unavailable."""
        self._closed = True
        try:
            await self.engine.dispose()
        finally:
            # The pool forgets connections that are in use, and nobody would close them afterwards.
            for connection in list(self._open):
                connection.terminate()


def _libpq(address: str) -> str:
    """SQLAlchemy's spelling of an address (`postgresql+asyncpg://`) is understood too."""
    return address.replace("postgresql+asyncpg://", "postgresql://", 1)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # 0.2 s that only a start with a store needs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, OSError, PoolTimeout, OperationalError, InterfaceError) as error:
        raise StoreUnavailable(_explained(error)) from error
    except asyncpg.PostgresError as error:  # raised as it is while connecting
        raise StoreUnavailable(_explained(error)) from error
    except DBAPIError as error:
        # A statement that the database could not run now: shutting down, out of connections, read-only, …
        if error.connection_invalidated or _sqlstate(error).startswith(NOT_NOW):
            raise StoreUnavailable(_explained(error)) from error
        raise


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or "     "


def _explained(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return f"The store does not answer ({type(cause).__name__}: {cause})".removesuffix(": )") + "."
