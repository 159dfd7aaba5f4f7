"""`whybot serve` as a process, and its web server: what it says when something is missing, how it ends."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from slack_bolt.async_app import AsyncApp

from bot.web import MOST_BYTES, Readiness, Web
from sandbox.server import SandboxServer
from tests.acceptance.serving import SERVE, serving
from tests.bot.running import Staging, ask, cards, ended, staging, until
from tests.slack_workspace import running_slack


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Staging]:
    async with staging(tmp_path) as made:
        made.open()
        yield made


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="whybot-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


async def refused(variables: dict[str, str]) -> tuple[int, str]:
    """The exit code and the words of a bot that cannot start."""
    process = await asyncio.create_subprocess_exec(
        *SERVE, env=variables, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_missing_variables_are_all_named(place: Staging) -> None:
    """Who sets whybot up reads at once everything that is missing."""
    code, said = await refused(place.variables)
    assert code == 78
    assert "SLACK_BOT_TOKEN" in said
    assert "SLACK_APP_TOKEN" in said


async def test_wrong_runbooks_are_told_at_the_start(
    local_slack: SandboxServer, place: Staging, data: Path, tmp_path: Path
) -> None:
    """A mistake in a runbook of one's own is named with its file and line before anything is answered."""
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "mine.yaml").write_text("schema: whybot/runbook/1\nrunbook: mine\ntitel: Mine\n")
    ours = {"WHYBOT_RUNBOOKS": str(folder), "WHYBOT_DATA_DIR": str(data)}
    code, said = await refused(local_slack.slack.variables | place.variables | ours)
    assert code == 78
    assert "mine.yaml:3" in said
    assert "title" in said


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_a_wrong_token_is_named(
    local_slack: SandboxServer, place: Staging, address: str, variable: str
) -> None:
    """A token that Slack does not know ends the start, instead of being tried for ever."""
    wrong = {variable: local_slack.slack.variables[variable][:-3] + "zzz"}
    store = {"WHYBOT_DATABASE_URL": address}
    code, said = await refused(local_slack.slack.variables | place.variables | store | wrong)
    assert code == 78
    assert f"Slack does not accept {variable} (invalid_auth)" in said
    assert wrong[variable] not in said


async def test_a_taken_port_is_named(local_slack: SandboxServer, place: Staging) -> None:
    """The message names address, reason and variable."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = {"WHYBOT_HTTP_PORT": str(taken.getsockname()[1])}
        code, said = await refused(local_slack.slack.variables | place.variables | port)
    assert code == 78
    assert "WHYBOT_HTTP_PORT" in said


async def test_it_works_and_ends_over_signed_http(place: Staging, data: Path) -> None:
    """As signed HTTP it does the same as over a socket; forged requests get 401; SIGTERM ends it with 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    async with (
        running_slack(request_url=f"{url}/slack/events") as sandbox,
        httpx.AsyncClient(base_url=url) as client,
    ):
        variables = sandbox.slack.variables | place.variables | {"WHYBOT_HTTP_PORT": str(port)}
        async with serving(variables, data) as bot:

            async def ready() -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready)
            assert (await ask(sandbox)).ok
            await until(lambda: any(map(ended, cards(sandbox))))
            assert await _statuses(client, sandbox.slack.signing_secret) == {
                "right": 200, "forged": 401, "old": 401, "none": 401
            }  # fmt: skip
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            metrics = (await client.get("/metrics")).text
            assert 'whybot_sweeps_total{environment="staging",outcome="finished"} 1.0' in metrics
            assert await bot.stop() == 0
        assert not (data / "data" / "postgres" / "postmaster.pid").exists()


async def test_a_killed_postgresql_is_started_again(
    local_slack: SandboxServer, place: Staging, data: Path
) -> None:
    """Whoever killed whybot's own PostgreSQL (out of memory, say), the next cards come without a restart."""
    async with serving(local_slack.slack.variables | place.variables, data):
        assert await local_slack.slack.sockets.wait_connected(60)
        await ask(local_slack)
        await until(lambda: any(map(ended, cards(local_slack))))
        note = data / "data" / "postgres" / "postmaster.pid"
        killed = _noted(note)
        assert killed
        os.kill(killed, signal.SIGKILL)
        await until(lambda: _noted(note) not in (None, killed))
        await until(lambda: _asked_for_a_card(local_slack))
        await until(lambda: len(cards(local_slack)) == 2 and all(map(ended, cards(local_slack))))


def _noted(note: Path) -> int | None:
    """The process id of a PostgreSQL, once it has written it down: the file is made before it is filled."""
    try:
        return int(note.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError):
        return None


async def _asked_for_a_card(sandbox: SandboxServer) -> bool:
    return "The card comes into this channel" in (await ask(sandbox)).payload["text"]


async def _statuses(client: httpx.AsyncClient, secret: str) -> dict[str, int]:
    """What requests with right, forged, old and no signatures are answered with."""
    body = json.dumps({"type": "url_verification", "challenge": "x"}).encode()
    now, old = str(int(time.time())), str(int(time.time()) - 3600)
    headers = {
        "right": {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": _sign(secret, now, body)},
        "forged": {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": _sign("wrong", now, body)},
        "old": {"X-Slack-Request-Timestamp": old, "X-Slack-Signature": _sign(secret, old, body)},
        "none": {},
    }
    return {
        name: (
            await client.post(
                "/slack/events", content=body, headers={"Content-Type": "application/json", **of_kind}
            )
        ).status_code
        for name, of_kind in headers.items()
    }


def _sign(secret: str, timestamp: str, body: bytes) -> str:
    text = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


async def test_health_answers_without_anything_else() -> None:
    """`/healthz` needs neither store nor Slack; `/readyz` says what is missing; requests have to wait."""

    async def away() -> str:
        return "the store does not answer"

    web = Web(Readiness({"store": away}))
    transport = httpx.ASGITransport(web.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        assert (await client.get("/healthz")).status_code == 200
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["problems"]) == (
            503,
            {"store": "the store does not answer"},
        )
        assert (await client.post("/slack/events")).status_code == 503


async def test_a_body_that_is_too_long_is_not_read() -> None:
    """Anyone can reach the address; a body is held in memory before its signature can be told."""
    web = Web(Readiness())
    web.take_requests(AsyncApp(token="xoxb-none", signing_secret="none"))
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 * MOST_BYTES:
            sent += MOST_BYTES // 4
            yield b"x" * (MOST_BYTES // 4)

    transport = httpx.ASGITransport(web.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        assert (await client.post("/slack/events", content=endless())).status_code == 413
        assert sent <= 2 * MOST_BYTES
        assert (await client.post("/slack/events", content=b"x")).status_code == 401
