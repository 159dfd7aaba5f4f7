"""The processes that the Slack benchmarks drive: a stub of Slack, a bare Bolt app, and `whybot serve`."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from benchmarks.measure import until
from benchmarks.slack_stub import SECRET, TOKEN
from benchmarks.targets import ADDRESS, Targets
from sandbox.servers.process import free_port

START_SECONDS = 60
CHECKS = 9
FILE = """\
schema: whybot/environment/1
name: staging
checks:
"""


@contextlib.asynccontextmanager
async def process(*command: str, environ: dict[str, str] | None = None, log: Path) -> AsyncIterator[None]:
    """Runs a command for the block and then ends it as Ctrl-C would. Its output goes to `log`."""
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **(environ or {})}, stdin=asyncio.subprocess.DEVNULL,
            stdout=output, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(running.wait(), 20)
        except TimeoutError:
            running.kill()
            await running.wait()


@contextlib.asynccontextmanager
async def slack(folder: Path) -> AsyncIterator[str]:
    """The stub of Slack in a process of its own; gives its base URL."""
    port = free_port()
    command = (sys.executable, "-m", "uvicorn", "benchmarks.slack_stub:app", "--port", str(port))
    async with process(*command, "--log-level", "error", log=folder / "slack.log"):
        await until(lambda: answers(f"http://127.0.0.1:{port}/api/auth.test"), START_SECONDS)
        yield f"http://127.0.0.1:{port}/api/"


@contextlib.asynccontextmanager
async def bare_bolt(api: str, folder: Path) -> AsyncIterator[int]:
    """The bare Bolt app; gives its port."""
    port = free_port()
    async with process(sys.executable, "-m", "benchmarks.bare_bolt", str(port), api, log=folder / "bolt.log"):
        await until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), START_SECONDS)
        yield port


@contextlib.asynccontextmanager
async def whybot(variables: dict[str, str], folder: Path) -> AsyncIterator[int]:
    """`whybot serve` once it is ready; gives its port."""
    port = int(variables["WHYBOT_HTTP_PORT"])
    async with process(*WHYBOT, "serve", environ=variables, log=folder / "whybot.log"):
        await until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), START_SECONDS)
        yield port


WHYBOT = (sys.executable, "-c", "import sys; from bot.cli import main; sys.argv[0] = 'whybot'; main()")


def whybot_variables(api: str, targets: Targets, folder: Path) -> dict[str, str]:
    """Variables under which whybot serves signed HTTP and checks nine targets that answer within 200 ms."""
    environments = folder / "environments"
    environments.mkdir(exist_ok=True)
    url = f"http://{ADDRESS}:{targets.http}"
    lines = (f"  target-{n}: {{kind: http, url: '{url}/{n * 25}'}}\n" for n in range(CHECKS))
    (environments / "staging.yaml").write_text(FILE + "".join(lines))
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"addresses": {f"{ADDRESS}:{targets.http}": f"127.0.0.1:{targets.http}"}}))
    return {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "WHYBOT_SLACK_MODE": "http",
        "WHYBOT_SLACK_API_URL": api,
        "WHYBOT_HTTP_PORT": str(free_port()),
        "WHYBOT_DATA_DIR": str(folder / "data"),
        "WHYBOT_ENVIRONMENTS": str(environments),
        "WHYBOT_OVERLAY": str(overlay),
        "WHYBOT_LOG_LEVEL": "warning",
    }


async def answers(url: str) -> bool:
    """Whether something answers there with a success."""
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).is_success
    except httpx.TransportError:
        return False
