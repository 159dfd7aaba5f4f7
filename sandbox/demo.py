"""`whybot demo`: a staging world, a local Slack and whybot itself; Ctrl-C leaves no trace of them."""

import asyncio
import contextlib
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot import manifest
from bot.cli.exits import WRONG_USAGE
from checks.environment import EnvironmentFileError, load_environments
from sandbox.bot_process import BotFailed, BotProcess
from sandbox.errors import UnknownNameError, WorldError
from sandbox.janitor import MARK
from sandbox.server import HOST, SandboxServer
from sandbox.servers.process import ServerError, free_port
from sandbox.slack.local_slack import LocalSlack
from sandbox.world import ENVIRONMENTS, World

FRIENDLY_PORT = 8503
"""Where the page is unless someone else is there; easy to remember for people who chase 503s."""
CONNECT_SECONDS = 60.0
JANITOR = Path(__file__).with_name("janitor.py")
NOT_INHERITED = ("WHYBOT_", "SLACK_", "STAGING_")
"""What a caller has set for the real world must not reach the demo's bot."""
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})
"""slack-sdk ignores NO_PROXY: a proxy variable would send calls to a loopback address to the proxy."""
STARTED_FAILED, STOPPED = 1, 0


@dataclass(frozen=True)
class DemoOptions:
    """What `whybot demo` was asked for. `port` None means the friendly one or a free one, 0 a free one."""

    port: int | None = None
    scenario: str = "healthy"
    ready_file: Path | None = None
    headless: bool = False
    bot: bool = True
    http: bool = False
    restart: bool = True
    environments: Path = ENVIRONMENTS


class DemoFailed(Exception):  # noqa: N818 - says what happened
    """The demo did not come up; the message says why."""


def run(options: DemoOptions) -> int:
    """Runs the demo until it is interrupted.

    Gives the exit code: 0, 1 where it did not come up, 64 for a scenario that there is not.
    """
    return asyncio.run(_Demo(options).run())


class _Demo:
    """One demo from start to end."""

    def __init__(self, options: DemoOptions) -> None:
        self._options = options
        self._console = Console(stderr=options.headless, highlight=False)
        self._mark = secrets.token_hex(8)
        self._environment: dict[str, str] = {}

    async def run(self) -> int:
        """Brings everything up, waits for an interruption, takes everything down."""
        task = asyncio.current_task()
        assert task is not None
        stopping = _Stopping(task)
        with stopping.listening():
            try:
                async with AsyncExitStack() as stack:
                    await self._start(stack)
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not stopping.asked:
                    raise
                task.uncancel()
            except UnknownNameError as error:
                self._console.print(f"[red]The demo was not started:[/] {_escaped(str(error))}")
                return WRONG_USAGE
            except (DemoFailed, EnvironmentFileError, ServerError, WorldError, OSError) as error:
                self._console.print(f"[red]The demo did not come up:[/] {_escaped(str(error))}")
                return STARTED_FAILED
        self._console.print("Stopped; nothing is left behind.")
        return STOPPED

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = await stack.enter_async_context(_tidied_folder(self._mark))
        with self._step("Redis, PostgreSQL, ClickHouse and the staging application"):
            world = await stack.enter_async_context(
                World(self._options.scenario, environments=self._options.environments)
            )
            folder.also_remove(world.overlay_file.parent)
        with self._step("Slack"):
            server = await self._start_server(stack, world, folder.port)
        self._environment = {
            **world.variables,
            **server.slack.variables,
            "WHYBOT_DATA_DIR": str(folder.path / "data"),
            "WHYBOT_HTTP_HOST": HOST,
            "WHYBOT_HTTP_PORT": str(folder.port),
            **_runbooks(),
        }
        if self._options.bot:
            with self._step("whybot"):
                await self._start_bot(stack, server, folder)
        folder.keep(self._environment)
        self._report(server, stack, folder)

    async def _start_server(self, stack: AsyncExitStack, world: World, bot_port: int) -> SandboxServer:
        bot_url = f"http://{HOST}:{bot_port}" if self._options.http else None
        names = tuple(load_environments(self._options.environments))
        slack = LocalSlack(
            manifest.build(names, http=bot_url),
            request_url=bot_url and f"{bot_url}{manifest.EVENTS_PATH}",
        )
        for port in self._ports():
            try:
                return await stack.enter_async_context(SandboxServer(slack, world, port=port))
            except OSError:
                if port == (self._options.port or 0):
                    raise
        raise AssertionError("unreachable: the last port is always taken or raises")

    def _ports(self) -> tuple[int, ...]:
        """Ports to try, in order."""
        wanted = self._options.port
        return (FRIENDLY_PORT, 0) if wanted is None else (wanted,)

    async def _start_bot(self, stack: AsyncExitStack, server: SandboxServer, folder: "_Folder") -> None:
        bot = BotProcess(
            self._inherited() | self._environment | {MARK: self._mark},
            folder.log_file,
            restart=self._options.restart,
        )
        server.attach(bot)
        stack.push_async_callback(bot.stop)
        await bot.start()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await bot.wait_until(lambda: server.slack.reached(0.2))
        except TimeoutError:
            raise DemoFailed(
                f"whybot did not connect within {CONNECT_SECONDS:.0f} s. Its log:\n{bot.log_tail()}"
            ) from None
        except BotFailed as error:
            raise DemoFailed(f"whybot ended. Its log:\n{error}") from None

    @staticmethod
    def _inherited() -> dict[str, str]:
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(NOT_INHERITED) and name.lower() not in PROXIES
        }

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        """Shows that something starts, and how long it took."""
        started = time.monotonic()
        with self._console.status(f"starting {what} …"):
            yield
        self._console.print(f"[green]✔[/] {what} [dim]{time.monotonic() - started:.1f} s[/]")

    def _report(self, server: SandboxServer, stack: AsyncExitStack, folder: "_Folder") -> None:
        log = f" whybot writes its log to {folder.log_file}." if self._options.bot else ""
        self._console.print(
            f"\nOpen [bold]{server.url}[/] and try:\n"
            "  1. type [bold]/staging-health[/] in #incidents, as Alice, and watch the card fill in\n"
            "  2. break something in the staging map, for instance Redis, and ask again\n"
            "  3. press [bold]Why?[/] on the card, or type [bold]/staging-why[/]\n"
            "  4. type [bold]/triage path staging redis[/] and [bold]/staging-drift[/]\n"
            f"  5. in another terminal: [bold]. {folder.variables_file} && {_command()} check staging[/]\n"
            "Ctrl-C ends everything." + log,
            soft_wrap=True,  # a path that is broken in two cannot be copied
        )
        if self._options.ready_file is not None:
            stack.callback(self._options.ready_file.unlink, missing_ok=True)
            _write_atomically(self._options.ready_file, {"url": server.url, "environment": self._environment})


class _Stopping:
    """Ctrl-C, SIGTERM and a closed terminal end the demo once; asking again changes nothing."""

    def __init__(self, task: asyncio.Task[int]) -> None:
        self._task = task
        self.asked = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Handles the signals within the block."""
        loop = asyncio.get_running_loop()
        signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` must keep its meaning
            signals.append(signal.SIGHUP)
        for number in signals:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if not self.asked:
            self.asked = True
            self._task.cancel()


class _Folder:
    """The demo's folder, and the janitor that removes it whatever happens."""

    def __init__(self, path: Path, janitor: asyncio.subprocess.Process) -> None:
        self.path = path
        self.port = free_port()
        self._janitor = janitor
        self.also_remove(path)

    @property
    def log_file(self) -> Path:
        """Where the bot writes its log."""
        return self.path / "whybot.log"

    @property
    def variables_file(self) -> Path:
        """What a shell reads so that other commands speak to this sandbox."""
        return self.path / "variables.sh"

    def keep(self, variables: Mapping[str, str]) -> None:
        """Writes the variables, tokens and passwords among them, for their owner alone."""
        self.variables_file.touch(mode=0o600)
        self.variables_file.write_text(_exports(variables), encoding="utf-8")

    def also_remove(self, path: Path) -> None:
        """Names one more folder to remove in the end."""
        assert self._janitor.stdin is not None
        self._janitor.stdin.write(f"{path}\n".encode())

    async def tidy(self) -> None:
        """Lets the janitor do its work, and waits for it."""
        assert self._janitor.stdin is not None
        self._janitor.stdin.close()
        await self._janitor.wait()


def _runbooks() -> dict[str, str]:
    """The caller's own runbooks, which do no harm: the demo is where they are tried."""
    folder = os.environ.get("WHYBOT_RUNBOOKS")
    return {"WHYBOT_RUNBOOKS": str(Path(folder).resolve())} if folder else {}


def _exports(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _command() -> str:
    """How this very whybot is called from the folder in which the demo was started."""
    program = Path(sys.argv[0])
    return str(program) if program.parent.name == "bin" and program.exists() else "whybot"


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="whybot-demo-")).resolve()


@contextlib.asynccontextmanager
async def _tidied_folder(mark: str) -> AsyncIterator[_Folder]:
    path = _new_folder()
    try:
        # In a session of its own: Ctrl-C in a terminal must not end the janitor before the demo.
        janitor = await asyncio.create_subprocess_exec(
            sys.executable, str(JANITOR), mark, stdin=subprocess.PIPE, start_new_session=True
        )
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    folder = _Folder(path, janitor)
    try:
        yield folder
    finally:
        await asyncio.shield(folder.tidy())


def _write_atomically(path: Path, document: dict[str, object]) -> None:
    """A reader sees the whole file or none; it holds tokens, so only its owner may read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
    Path(name).replace(path)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
