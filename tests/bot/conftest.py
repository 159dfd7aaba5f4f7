"""A real PostgreSQL for the bot's tests: one server for the run, one database for each test."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bot import log as logs
from bot.store.database import Database
from bot.store.embedded import EmbeddedPostgres

TEMPLATE = "migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """Log lines as the product writes them; structlog's own way draws every local variable of a trace."""
    logs.set_up("json", "info")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for PostgreSQL's data. Not pytest's own: every new pytest run shuts that one to other users,
    and as root, PostgreSQL runs as one of them.
    """
    with tempfile.TemporaryDirectory(prefix="whybot-test-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server that is ours alone; it need not survive a power cut."""
    made = tempfile.TemporaryDirectory(prefix="whybot-test-", ignore_cleanup_errors=True)
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
    server = EmbeddedPostgres(Path(made.name), options=quick)
    address = server.start()
    yield address
    server.stop()
    made.cleanup()


def named(address: str, database: str) -> str:
    """The address of another database of the same server."""
    parts = urlsplit(address)
    # urlunsplit drops the slashes of an address without a host.
    return urlunsplit(parts._replace(path=f"/{database}"))


async def _execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def _made(postgres: str, name: str, how: str = "") -> AsyncIterator[str]:
    """A new database, dropped afterwards: hundreds of them are slow to remove at the end."""
    await _execute(postgres, f"CREATE DATABASE {name} {how}")
    yield named(postgres, name)
    try:
        # PostgreSQL waits five seconds for those who are just leaving, and refuses if somebody stays.
        await _execute(postgres, f"DROP DATABASE {name}")
    except asyncpg.ObjectInUseError as error:
        left = await _left_behind(postgres, name)
        await _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")
        raise AssertionError(
            f"this test left connections to its database open; they last ran {left}"
        ) from error


async def _left_behind(postgres: str, name: str) -> list[str]:
    """The last statement of each connection to a database."""
    connection = await asyncpg.connect(postgres)
    try:
        rows = await connection.fetch("SELECT query FROM pg_stat_activity WHERE datname = $1", name)
    finally:
        await connection.close()
    return [row["query"] for row in rows]


@pytest.fixture
async def empty_address(postgres: str) -> AsyncIterator[str]:
    """The address of a database without tables."""
    async with _made(postgres, f"empty_{next(_numbers)}") as address:
        yield address


@pytest.fixture
async def address(postgres: str) -> AsyncIterator[str]:
    """The address of a database with all tables, empty."""
    connection = await asyncpg.connect(postgres)
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE)
    finally:
        await connection.close()
    if not known:
        await _execute(postgres, f"CREATE DATABASE {TEMPLATE}")
        template = Database(named(postgres, TEMPLATE))
        await template.migrate()
        await template.close()
    async with _made(postgres, f"test_{next(_numbers)}", f"TEMPLATE {TEMPLATE}") as address:
        yield address


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """A connected database with all tables, empty."""
    connected = Database(address)
    yield connected
    await connected.close()
