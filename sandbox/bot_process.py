"""whybot as a child process of the sandbox: started, watched, restarted when it dies, killed on request."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

SERVE = (sys.executable, "-c", "from bot.cli import main; main()", "serve")
STOP_SECONDS = 20.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
LOG_TAIL = 4000
ACTIONS = ("start", "stop", "kill")


class BotFailed(Exception):  # noqa: N818 - says what happened to the bot
    """The bot ended before it was connected; the message holds the end of its log."""


class BotProcess:
    """One whybot. `changed` callbacks hear of every start and end."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log_file: Path,
        *,
        command: Sequence[str] = SERVE,
        restart: bool = True,
    ) -> None:
        self._environment = dict(environment)
        self._command = tuple(command)
        self._restart = restart
        self._wanted = False
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._last_code: int | None = None
        self.log_file = log_file
        self.starts = 0
        self.changed: list[Callable[[], None]] = []

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.returncode is None

    def describe(self) -> dict[str, Any]:
        """For the control API's state: `running`, `pid`, `starts`, `last_exit_code`, `log`."""
        return {
            "running": self.running,
            "pid": self._process.pid if self._process is not None and self.running else None,
            "starts": self.starts,
            "last_exit_code": self._last_code,
            "log": str(self.log_file),
        }

    def log_tail(self) -> str:
        """The end of what the bot wrote."""
        with contextlib.suppress(OSError):
            return self.log_file.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]
        return ""

    async def start(self) -> None:
        """Starts the bot, if it does not run."""
        self._wanted = True
        if self.running:
            return
        if self._watcher is not None:
            self._watcher.cancel()
        await self._spawn()
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Ends the bot as a deployment does (SIGTERM, then SIGKILL), and leaves it down."""
        self._wanted = False
        if self._process is not None and self.running:
            self._send(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._send(signal.SIGKILL)
        await self._end_of_watch()

    async def act(self, action: str, *, restart: bool = True) -> None:
        """`start`, `stop`, or `kill` (with -9; it is restarted unless told otherwise)."""
        if action not in ACTIONS:
            raise ValueError(f"`action` is one of {', '.join(ACTIONS)}.")
        if action == "start":
            await self.start()
        elif action == "stop":
            await self.stop()
        else:
            await self._kill(restart)

    async def wait_until(self, connected: Callable[[], Awaitable[bool]]) -> None:
        """Waits for `connected()` to become true; raises `BotFailed` when the bot ends first."""
        process = self._process
        assert process is not None
        while not await connected():
            if process.returncode is not None:
                raise BotFailed(self.log_tail() or f"It ended with code {process.returncode}.")

    async def _kill(self, restart: bool) -> None:
        self._wanted = self._wanted and restart
        process = self._process
        if process is not None and self.running:
            self._send(signal.SIGKILL)
            await process.wait()

    async def _spawn(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal is the demo's to handle
            )
        self.starts += 1
        self._tell()

    async def _watch(self) -> None:
        """Restarts the bot when it dies: soon at first, with growing pauses when it keeps dying."""
        pause = SHORTEST_PAUSE
        while self._process is not None:
            started = asyncio.get_running_loop().time()
            self._last_code = await self._process.wait()
            self._tell()
            if not self._comes_back():
                return
            lived = asyncio.get_running_loop().time() - started
            pause = SHORTEST_PAUSE if lived > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)
            if not self._comes_back():
                return
            await self._spawn()

    def _comes_back(self) -> bool:
        return self._wanted and self._restart

    async def _end_of_watch(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        if self._process is not None:
            self._last_code = await self._process.wait()
        self._tell()

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _tell(self) -> None:
        for callback in self.changed:
            callback()
