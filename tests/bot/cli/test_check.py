"""`whybot check`, as a process, against servers of the test."""

import asyncio
import contextlib
import json
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from docs.generate import check_schema
from tests.servers.tcp import serving, silent
from tests.servers.web import answering

WELL, BROKEN, SILENT = "203.0.113.10", "203.0.113.11", "203.0.113.12"
FILE = f"""\
schema: whybot/environment/1
name: staging
network: {{ranges: [203.0.113.0/24]}}
checks:
  backend: {{kind: http, layer: service, url: "http://{WELL}/health", budget: 10s, timeout: 20s}}
  broken: {{kind: http, layer: service, url: "http://{BROKEN}/health", budget: 10s, timeout: 20s}}
  silent: {{kind: http, layer: service, url: "http://{SILENT}/health", budget: 100ms, timeout: 60s}}
  cache: {{kind: redis, host: {WELL}, password: {{env: CACHE_PASSWORD}}}}
"""


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Staging:
    """An environment file, its overlay, and a way to run whybot in them."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    async def start(
        self, *arguments: str, stderr: int = asyncio.subprocess.PIPE
    ) -> asyncio.subprocess.Process:
        """Starts `whybot check` with these arguments."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from bot.cli import main; main()",
            "check",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **self.variables},
        )

    async def check(self, *arguments: str) -> Ran:
        """Runs it to its end."""
        process = await self.start(*arguments)
        out, err = await process.communicate()
        return Ran(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def staging(tmp_path: Path) -> AsyncIterator[Staging]:
    """A healthy server, one that answers 503, and one that never answers."""
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "staging.yaml").write_text(FILE)
    async with contextlib.AsyncExitStack() as stack:
        ports = {
            WELL: await stack.enter_async_context(serving(answering(200, b"ok"))),
            BROKEN: await stack.enter_async_context(serving(answering(503, b"no"))),
            SILENT: await stack.enter_async_context(serving(silent)),
        }
        addresses = {f"{address}:80": f"127.0.0.1:{port}" for address, port in ports.items()}
        overlay = tmp_path / "overlay.json"
        overlay.write_text(json.dumps({"addresses": addresses}))
        yield Staging(
            tmp_path,
            {
                "WHYBOT_OVERLAY": str(overlay),
                "WHYBOT_ENVIRONMENTS": str(environments),
                "WHYBOT_VANTAGE": "the test",
            },
        )


async def test_healthy_is_0(staging: Staging) -> None:
    """One line and a table, nothing on standard error, no colours in a pipe."""
    ran = await staging.check("staging", "backend")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("🟢 staging: backend ok, ")
    assert "from the test" in ran.out.splitlines()[-1]
    assert "\x1b" not in ran.out


async def test_unhealthy_is_1_and_said_last(staging: Staging) -> None:
    """The failing one comes first, the exit code is explained on the last line."""
    ran = await staging.check("staging", "backend", "broken")
    lines = ran.out.splitlines()
    assert ran.code == 1
    assert lines[0] == "🔴 staging: broken HTTP 503 — 1 of 2 failing"
    assert [line.split()[0] for line in lines[2:4]] == ["broken", "backend"]
    assert lines[-1] == "exit code 1: the environment is not healthy"


async def test_names_may_be_apart_by_commas(staging: Staging) -> None:
    """As they may in Slack; a document has them in the order of the file."""
    ran = await staging.check("staging", "broken,backend", "--format", "json")
    assert [check["name"] for check in json.loads(ran.out)["checks"]] == ["backend", "broken"]


async def test_untold_is_2(staging: Staging) -> None:
    """Without its password the cache cannot be asked, which is no pass and names the variable."""
    ran = await staging.check("staging", "backend", "cache")
    assert ran.code == 2
    assert "$CACHE_PASSWORD" in ran.out
    assert ran.out.splitlines()[-1].startswith("exit code 2: it could not be told")


async def test_json_is_the_published_document(staging: Staging) -> None:
    """Standard output is the document alone, whatever the exit code."""
    ran = await staging.check("staging", "backend", "broken", "--format", "json")
    document = json.loads(ran.out)
    jsonschema.validate(document, check_schema())
    assert (ran.code, document["status"], ran.err) == (1, "fail", "")
    assert {check["name"]: check["reason"] for check in document["checks"]} == {
        "backend": "ok",
        "broken": "http_503",
    }


async def test_junit_is_xml(staging: Staging) -> None:
    """For build servers."""
    ran = await staging.check("staging", "backend", "broken", "--format", "junit")
    assert ran.code == 1
    assert [case.get("name") for case in ET.fromstring(ran.out.encode()).iter("testcase")] == [
        "backend",
        "broken",
    ]


async def test_timeout_shortens_every_check(staging: Staging) -> None:
    """A hanging server ends the command after that time, as a failure."""
    ran = await staging.check("staging", "silent", "--timeout", "1s", "--format", "json")
    check = json.loads(ran.out)["checks"][0]
    assert (ran.code, check["status"], check["reason"]) == (1, "fail", "read_timeout")
    assert "1 s" in check["message"]


async def test_wrong_file_is_78_with_every_problem(staging: Staging) -> None:
    """On standard error, each with its line; nothing on standard output."""
    path = staging.folder / "environments/staging.yaml"
    path.write_text(FILE.replace("layer:", "leyer:") + "regoin: x\n")
    ran = await staging.check("staging", "--format", "json")
    assert (ran.code, ran.out) == (78, "")
    assert ran.err.count("Did you mean layer?") == 3
    assert f"{path}:9: regoin: found an unknown field" in ran.err
    assert ran.err.splitlines()[-1] == "exit code 78: the file is wrong"


async def test_wrong_overlay_and_settings_are_78(staging: Staging) -> None:
    """Whatever was configured wrongly is said in a sentence."""
    staging.variables["WHYBOT_OVERLAY"] = str(staging.folder / "none.yaml")
    ran = await staging.check("staging")
    assert (ran.code, "no such file" in ran.err) == (78, True)
    staging.variables["WHYBOT_HTTP_PORT"] = "banana"
    ran = await staging.check("staging")
    assert (ran.code, "WHYBOT_HTTP_PORT must be a port" in ran.err) == (78, True)


async def test_unknown_names_are_64_with_the_nearest(staging: Staging) -> None:
    """A mistyped environment or check leads to the right one."""
    ran = await staging.check("stagin")
    assert (ran.code, "Did you mean staging?" in ran.err) == (64, True)
    ran = await staging.check("staging", "silnt")
    assert (ran.code, ran.err.splitlines()[0]) == (64, 'No check "silnt" in staging. Did you mean silent?')


async def test_other_folder_is_read_where_one_is_named(staging: Staging) -> None:
    """`--environments` goes before the variable."""
    staging.variables["WHYBOT_ENVIRONMENTS"] = "nowhere"
    ran = await staging.check("staging", "backend", "--environments", str(staging.folder / "environments"))
    assert ran.code == 0


async def test_terminal_sees_progress_and_ctrl_c_ends_it(staging: Staging) -> None:
    """While a check hangs one line says how far it is; Ctrl-C ends the command without a stack."""
    terminal, end = pty.openpty()
    try:
        process = await staging.start("staging", "backend", "silent", stderr=end)
        os.close(end)
        seen = await read_until(terminal, "1 of 2 checked")
        process.send_signal(signal.SIGINT)
        seen += await read_until(terminal, "exit code 130")
        out, _ = await process.communicate()
    finally:
        os.close(terminal)
    assert (process.returncode, out) == (130, b"")
    assert "Traceback" not in seen


async def test_no_color_keeps_a_terminal_plain(staging: Staging) -> None:
    """With NO_COLOR not a single escape sequence is written, on a terminal either."""
    staging.variables["NO_COLOR"] = "1"
    terminal, end = pty.openpty()
    try:
        process = await staging.start("staging", "backend", stderr=end)
        os.close(end)
        out, _ = await process.communicate()
        os.set_blocking(terminal, False)
        shown = ""
        with contextlib.suppress(OSError):  # nothing was written, or the other end is closed
            shown = os.read(terminal, 65536).decode()
    finally:
        os.close(terminal)
    assert process.returncode == 0
    assert shown == ""
    assert b"\x1b" not in out


async def read_until(descriptor: int, words: str) -> str:
    """What a terminal shows until these words are there; escape sequences taken out."""
    os.set_blocking(descriptor, False)
    loop, arrived, shown = asyncio.get_running_loop(), asyncio.Event(), bytearray()

    def read() -> None:
        try:
            shown.extend(os.read(descriptor, 65536))
        except OSError:  # the other end is closed
            loop.remove_reader(descriptor)
        arrived.set()

    loop.add_reader(descriptor, read)
    try:
        async with asyncio.timeout(100):
            while words not in plain(bytes(shown)):
                await arrived.wait()
                arrived.clear()
    finally:
        loop.remove_reader(descriptor)
    return plain(bytes(shown))


def plain(shown: bytes) -> str:
    """Text without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode(errors="replace"))
