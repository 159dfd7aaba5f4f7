"""A server process of the sandbox: its folder, its port, its keeper."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

KEEPER = Path(__file__).with_name("keeper.py")
HOST = "127.0.0.1"
START_TIMEOUT = 60.0


class ServerError(Exception):
    """A server of the sandbox did not come up; the message holds the end of its log."""


def free_port() -> int:
    """A loopback port that the system gives to nobody else for the next minute.

    A connection that was closed from the server's side stays in TIME_WAIT: the system does not choose
    its port again for others, yet a server that sets SO_REUSEADDR, as all do, may listen on it.
    """
    with socket.socket() as listener, socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, 0))
        listener.listen(1)
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.close()
        port: int = listener.getsockname()[1]
        return port


class ServerProcess:
    """A running server with its keeper."""

    def __init__(self, keeper: asyncio.subprocess.Process, pid: int, folder: Path) -> None:
        self._keeper = keeper
        self.pid = pid
        self.folder = folder

    def log(self) -> str:
        """The end of what the server wrote."""
        with suppress(OSError):
            return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
        return ""

    async def ended(self) -> None:
        """Returns when the server has ended by itself."""
        assert self._keeper.stdout is not None
        await self._keeper.stdout.read()

    def pause(self) -> None:
        """Freezes the server and its children: the kernel still accepts connections, nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            for process in (parent, *parent.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    async def stop(self) -> None:
        """Ends the server and returns when its process and its folder are gone."""
        self.resume()
        await end(self._keeper)


async def start(
    command: Sequence[str], folder: Path, *, stop_signal: signal.Signals, user: str | None = None
) -> ServerProcess:
    """Starts a command under a keeper, which owns `folder` from now on and removes it at the end."""
    starting = asyncio.ensure_future(_start_keeper(command, folder, stop_signal, user))
    try:
        keeper = await asyncio.shield(starting)
        assert keeper.stdout is not None
        line = await keeper.stdout.readline()
    except asyncio.CancelledError:
        await end(await starting)
        raise
    if not line:
        await end(keeper)
        raise ServerError(f"{command[0]} could not be started")
    return ServerProcess(keeper, int(line), folder)


async def end(keeper: asyncio.subprocess.Process) -> None:
    """Lets a keeper end its server and tidy up, and returns when it has."""
    assert keeper.stdin is not None
    keeper.stdin.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await keeper.stdin.wait_closed()
    await keeper.wait()


async def _start_keeper(
    command: Sequence[str], folder: Path, stop_signal: signal.Signals, user: str | None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(KEEPER), str(folder), str(int(stop_signal)), user or "-", *command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C in a terminal reaches everyone in it; only the owner decides when the server ends.
        start_new_session=True,
    )


def temporary_folder(kind: str) -> Path:
    """A new folder for one server, for its owner's eyes only."""
    return Path(tempfile.mkdtemp(prefix=f"whybot-{kind}-")).resolve()


async def wait_until_ready(process: ServerProcess, ready: Callable[[], Awaitable[bool]]) -> None:
    """Waits until `ready` answers True; raises `ServerError` where the server ends first or is too slow."""
    ended = asyncio.ensure_future(process.ended())
    give_up = time.monotonic() + START_TIMEOUT
    try:
        while not await ready():
            await asyncio.wait([ended], timeout=0.01)
            if ended.done() or time.monotonic() > give_up:
                raise ServerError(f"the server did not come up: {process.log()}")
    finally:
        ended.cancel()
        with suppress(asyncio.CancelledError):
            await ended


async def accepts(port: int) -> bool:
    """Whether something listens on the loopback port."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


@asynccontextmanager
async def stopped_on_failure(process: ServerProcess) -> AsyncIterator[ServerProcess]:
    """Stops the process where the body raises or is cancelled, so that a failed start leaves nothing."""
    try:
        yield process
    except BaseException:
        await asyncio.shield(process.stop())
        raise


def is_root() -> bool:
    """Whether this process runs as root, which some servers refuse to do."""
    return os.geteuid() == 0
