"""The embedded PostgreSQL: started, taken over, never shared by accident."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.embedded import DataFolderInUse, EmbeddedPostgres, StoreUnavailable

HOLDER = """
import os, signal, sys
from pathlib import Path
from bot.store.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True)
signal.pause()
"""


async def answers(address: str) -> bool:
    database = Database(address)
    try:
        await database.ping()
    except StoreUnavailable:
        return False
    finally:
        await database.close()
    return True


async def test_it_starts_and_stops(folder: Path) -> None:
    """It answers after `start` and is gone after `stop`; what was kept is there at the next start."""
    server = EmbeddedPostgres(folder / "data")
    address = server.start()
    assert await answers(address)
    server.stop()
    assert not await answers(address)
    assert not (folder / "data" / "postgres" / "postmaster.pid").exists()
    assert await answers(server.start())
    server.stop()


def test_a_second_whybot_is_told_what_is_wrong(folder: Path) -> None:
    """Two on one folder would be one too many; the message names process, folder and ways out."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        with pytest.raises(DataFolderInUse) as told:
            EmbeddedPostgres(folder).start()
    finally:
        server.stop()
    for said in (str(os.getpid()), str(folder), "WHYBOT_DATA_DIR", "WHYBOT_DATABASE_URL"):
        assert said in str(told.value)


async def test_a_killed_whybots_server_is_taken_over(folder: Path) -> None:
    """After kill -9 the server still runs; the next start uses it, and its stop ends it."""
    killed = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this test's loop
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None
    address = next(line.strip() for line in killed.stdout if line.startswith("postgresql"))
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert await answers(address)
    number = (folder / "postgres" / "postmaster.pid").read_text().split()[0]
    server = EmbeddedPostgres(folder)
    assert server.start() == address
    assert (folder / "postgres" / "postmaster.pid").read_text().split()[0] == number
    server.stop()
    assert not await answers(address)


async def test_a_stale_note_does_not_hinder(folder: Path) -> None:
    """After a restart of the machine the noted process may be another one, or none."""
    server = EmbeddedPostgres(folder)
    server.start()
    note = folder / "postgres" / "postmaster.pid"
    text = note.read_text()
    server.stop()
    for number in (os.getpid(), 2**22 - 3):
        note.write_text("\n".join([str(number), *text.splitlines()[1:]]) + "\n")
        assert await answers(server.start())
        server.stop()


async def test_a_long_folder_name_does_not_hinder(folder: Path) -> None:
    """The path of a Unix socket is short; the folder's may be long."""
    server = EmbeddedPostgres(folder / ("long" * 20) / "data")
    address = server.start()
    assert await answers(address)
    server.stop()
    assert not server.sockets.exists()


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    """The message names the folder."""
    (folder / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="file"):
        EmbeddedPostgres(folder / "file" / "data").start()


async def test_a_store_that_is_away_is_unavailable() -> None:
    """Errors of the driver do not leave the store."""
    assert not await answers("postgresql://nobody@127.0.0.1:1/none")
