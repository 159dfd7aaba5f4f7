"""A server process of the sandbox: its folder, its port, its keeper."""

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

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

    def __init__(self, keeper: "Keeper", pid: int) -> None:
        self._keeper = keeper
        self.pid = pid
        self.folder = keeper.folder

    def log(self) -> str:
        """The end of what the server wrote."""
        with suppress(OSError):
            return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
        return ""

    async def ended(self) -> None:
        """Returns when the server has ended by itself."""
        await self._keeper.silence()

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
        await self._keeper.end()


class Keeper:
    """A process that has made `folder` and keeps one server in it; see `keeper.py`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.folder = Path()

    async def make_folder(self) -> None:
        """Waits until the keeper has made its folder, for its owner's eyes only."""
        self.folder = Path((await self._answer())["folder"])

    async def launch(
        self,
        command: Sequence[str],
        *,
        stop_signal: signal.Signals,
        user: str | None = None,
        copies: Iterable[tuple[Path, Path]] = (),
    ) -> ServerProcess:
        """Starts a server, once; raises `ServerError`.

        `user` is whom to run it as, and `copies` are folders, each with where to copy it before, readable for
        everyone.
        """
        order = {
            "command": command,
            "signal": int(stop_signal),
            "user": user,
            "copies": [(str(source), str(target)) for source, target in copies],
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        answer = await self._answer()
        if "pid" not in answer:
            raise ServerError(f"{command[0]} could not be started: {answer['error']}")
        return ServerProcess(self, answer["pid"])

    async def silence(self) -> None:
        """Returns when the keeper says no more: its server has ended."""
        assert self._process.stdout is not None
        await self._process.stdout.read()

    async def end(self) -> None:
        """Lets the keeper end its server and tidy up, and returns when it has."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await self._process.stdin.wait_closed()
        await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise ServerError("the keeper of a server has ended; what it said is on standard error")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def new_keeper(kind: str) -> AsyncIterator[Keeper]:
    """A keeper with a new folder, to launch a server with.

    Where the body raises or is cancelled it ends with its server and folder: a failed start leaves nothing.
    """
    starting = asyncio.ensure_future(_start_keeper(kind))
    try:
        keeper = Keeper(await asyncio.shield(starting))
        await keeper.make_folder()
        yield keeper
    except BaseException:
        await asyncio.shield(Keeper(await starting).end())
        raise


async def _start_keeper(kind: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(KEEPER), tempfile.gettempdir(), kind),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C in a terminal reaches everyone in it; only the owner decides when the server ends.
        start_new_session=True,
    )


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


def is_root() -> bool:
    """Whether this process runs as root, which some servers refuse to do."""
    return os.geteuid() == 0
