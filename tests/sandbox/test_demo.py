"""`whybot demo` as a process: it comes up, says where, and leaves nothing behind, however it ends."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sandbox.janitor import MARK

MAIN = (sys.executable, "-c", "from bot.cli import main; main()", "demo", "--headless")
LIMIT = 100.0
"""Seconds for one step on a busy machine; a guard against hanging, no measure of speed."""
pytestmark = pytest.mark.timeout(400)


@dataclass
class Started:
    """A demo's process, its ready file and all that it wrote."""

    process: asyncio.subprocess.Process
    ready_file: Path
    log: Path

    async def ready(self) -> dict[str, Any]:
        def there() -> bool:
            assert self.process.returncode is None, self.log.read_text()
            return self.ready_file.exists()

        await until(there)
        told: dict[str, Any] = json.loads(self.ready_file.read_text())
        return told

    async def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), LIMIT)

    def family(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]


Start = Callable[..., Awaitable[Started]]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder for the demo alone; short, since Unix sockets need short paths."""
    path = Path(tempfile.mkdtemp(prefix="wb-"))
    path.chmod(0o711)  # as root, PostgreSQL runs as another user
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def start(folder: Path, tmp_path: Path) -> Start:
    """Starts a demo whose temporary files are in `folder`, with further variables as keywords."""

    async def begin(*arguments: str, name: str = "ready", **variables: str) -> Started:
        log, ready = tmp_path / f"{name}.log", tmp_path / f"{name}.json"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *MAIN,
                "--ready-file",
                str(ready),
                *arguments,
                env={**os.environ, "TMPDIR": str(folder), **variables},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return Started(process, ready, log)

    return begin


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def state_of(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        state: dict[str, Any] = (await http.get(f"{url}/sandbox/api/state")).json()
        return state


async def test_interrupted_it_leaves_no_process_and_no_file(folder: Path, start: Start) -> None:
    """The ready file has address and variables, for its owner only; Ctrl-C removes all there was."""
    demo = await start("--port", "0", "--no-bot")
    told = await demo.ready()
    assert (await state_of(told["url"]))["channels"]
    assert demo.ready_file.stat().st_mode & 0o077 == 0
    variables = told["environment"]
    assert variables["WHYBOT_SLACK_API_URL"] == f"{told['url']}/api/"
    assert {"WHYBOT_OVERLAY", "WHYBOT_DATA_DIR", "SLACK_BOT_TOKEN", "STAGING_REDIS_PASSWORD"} <= set(
        variables
    )
    family = demo.family()
    assert await demo.end(signal.SIGINT) == 0
    assert not any(process.is_running() for process in family)
    assert (left_in(folder), demo.ready_file.exists()) == ([], False)


async def test_killed_it_leaves_no_process_and_no_file(folder: Path, start: Start) -> None:
    """After kill -9 of the demo, the bot, its database and every server end, and the folders go."""
    demo = await start("--port", "0")
    told = await demo.ready()
    state = await state_of(told["url"])
    assert state["bot"]["connected"]
    # the bot's database is a daemon: no child of the demo, but it works in the demo's folder
    family = [*demo.family(), *(each for each in psutil.process_iter() if works_in(each, folder))]
    assert state["bot"]["pid"] in {process.pid for process in family}
    await demo.end(signal.SIGKILL)
    demo.ready_file.unlink()
    await until(lambda: not any(process.is_running() for process in family))
    await until(lambda: left_in(folder) == [])


def works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return any(str(folder) in argument for argument in process.cmdline())
    except psutil.Error:
        return False


async def test_the_line_that_it_prints_points_a_terminal_at_it(start: Start) -> None:
    """Pasted into another shell, `whybot check` asks this sandbox; nobody else may read its passwords."""
    demo = await start("--no-bot", "--port", "0")
    await demo.ready()
    line = next(line for line in demo.log.read_text().splitlines() if line.strip().startswith("5."))
    variables = Path(line.split(": . ")[1].split(" && ")[0])
    assert variables.stat().st_mode & 0o077 == 0
    whybot = Path(sys.executable).with_name("whybot")
    asking = await asyncio.create_subprocess_shell(
        f". {variables} && {whybot} check staging dns --format json",
        env={"PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(asking.communicate(), LIMIT)
    assert json.loads(out)["checks"][0]["facts"]["records"] == ["203.0.113.10"]
    await demo.end(signal.SIGTERM)
    assert not variables.exists()


async def test_two_demos_run_side_by_side(folder: Path, start: Start) -> None:
    """The second takes another port; each has a Slack of its own."""
    demos = [await start("--no-bot", name=name) for name in ("one", "two")]
    try:
        first, second = [await demo.ready() for demo in demos]
        assert (await state_of(first["url"]))["channels"]
        assert (await state_of(second["url"]))["channels"]
        assert first["url"] != second["url"]
        assert first["environment"]["SLACK_BOT_TOKEN"] != second["environment"]["SLACK_BOT_TOKEN"]
    finally:
        codes = [await demo.end(signal.SIGTERM) for demo in demos]
    assert (codes, left_in(folder)) == ([0, 0], [])


async def test_signed_http_with_a_real_workspace_in_the_environment(folder: Path, start: Start) -> None:
    """With `--http` the bot's web server is called; the caller's tokens and proxies do not reach the bot."""
    demo = await start(
        "--port",
        "0",
        "--http",
        SLACK_BOT_TOKEN="xoxb-real",
        WHYBOT_DATABASE_URL="postgresql://real",
        HTTP_PROXY="http://proxy.example:3128",
    )
    told = await demo.ready()
    body = {"user": "UALICE", "channel": "C0INCIDENTS", "command": "/staging-health", "text": "help"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = (await http.post(f"{told['url']}/sandbox/api/command", json=body)).json()
    bot = (await state_of(told["url"]))["bot"]
    assert (answer["ok"], bot["mode"], bot["connected"]) == (True, "http", True)
    environment = psutil.Process(bot["pid"]).environ()
    assert environment["SLACK_BOT_TOKEN"] == told["environment"]["SLACK_BOT_TOKEN"]
    assert not {"WHYBOT_DATABASE_URL", "HTTP_PROXY"} & set(environment)
    assert environment[MARK]
    assert await demo.end(signal.SIGINT) == 0
    assert left_in(folder) == []


async def test_it_says_why_it_did_not_come_up(folder: Path, start: Start) -> None:
    """An unknown scenario (code 64) and a taken port (code 1) end with a sentence; nothing is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments, words, code in (
            (("--port", "0", "--scenario", "sed-503"), "seed-503", 64),
            (("--port", port, "--no-bot"), port, 1),
        ):
            demo = await start(*arguments)
            assert await asyncio.wait_for(demo.process.wait(), LIMIT) == code
            assert words in demo.log.read_text()
            assert left_in(folder) == []
