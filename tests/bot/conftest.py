"""A real PostgreSQL for the bot's tests: one server for the run, one database for each test."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bot import log as logs
from bot.store.database import Database
from bot.store.embedded import EmbeddedPostgres

TEMPLATE = "migrated"
LEAVING_SECONDS = 15.0
"""A session whose client is gone ends within milliseconds, or with its statement (10 s at most)."""
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
    connection = await asyncpg.connect(postgres)
    try:
        left = await _left_behind(connection, name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
    assert not left, f"this test left connections to its database open, which last ran {left}"


async def _left_behind(connection: "asyncpg.Connection[Any]", name: str) -> list[str]:
    """What the sessions of a database last ran, once those that are just ending have had time to."""
    asked = "SELECT query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'"
    end = time.monotonic() + LEAVING_SECONDS
    while (left := await connection.fetch(asked, name)) and time.monotonic() < end:
        await asyncio.sleep(0.01)
    return [row["query"] for row in left]


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
