"""Slack's own clients, unchanged, against the local Slack: Bolt behind a request URL, with signatures."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.server import QuietServer, SandboxServer
from tests.slack_workspace import running_slack

Endpoint = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def web_server(endpoint: Endpoint) -> AsyncIterator[str]:
    """Serves one endpoint on a free port and gives its URL."""
    app = Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])
    listener = socket.create_server(("127.0.0.1", 0))
    server = QuietServer(uvicorn.Config(app, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    server.should_exit = True
    await serving


def bolt_app(sandbox: SandboxServer, secret: str | None = None) -> AsyncApp:
    client = AsyncWebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url)
    return AsyncApp(client=client, signing_secret=secret or sandbox.slack.signing_secret)


async def test_bolt_takes_what_the_local_slack_signs() -> None:
    """A challenge, a command with an answer in its acknowledgement, an action and an event arrive signed."""
    async with running_slack(request_url="http://127.0.0.1:9/") as sandbox:
        app = bolt_app(sandbox)
        mentioned = asyncio.Event()

        @app.command("/staging-health")
        async def health(ack: Any, say: Any) -> None:
            button = {"type": "button", "action_id": "why", "text": {"type": "plain_text", "text": "Why?"}}
            await say(text="card", blocks=[{"type": "actions", "elements": [button]}])
            await ack({"text": "running", "response_type": "in_channel"})

        @app.action("why")
        async def why(ack: Any) -> None:
            await ack()

        @app.event("app_mention")
        async def mention(event: Any) -> None:
            mentioned.set()

        async with web_server(AsyncSlackRequestHandler(app).handle) as url:
            sandbox.slack.delivery.request_url = url
            assert await sandbox.slack.reached(0.0)
            gestures, channel = sandbox.slack.gestures, sandbox.slack.workspace.channels["C0INCIDENTS"]
            assert (await gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")).ok
            card, running = channel.messages.values()
            assert (card.text, running.text, running.ephemeral_to) == ("card", "running", None)
            assert (await gestures.press("UBOB", "C0INCIDENTS", card.ts, "why", None, {})).ok
            gestures.say("UALICE", "C0INCIDENTS", "<@UWHYBOT> hello")
            await asyncio.wait_for(mentioned.wait(), 60)


async def test_bolt_refuses_another_secret() -> None:
    """With a wrong signature nothing is dispatched, and the person reads so."""
    async with running_slack(request_url="http://127.0.0.1:9/") as sandbox:
        app = bolt_app(sandbox, secret="another")
        async with web_server(AsyncSlackRequestHandler(app).handle) as url:
            sandbox.slack.delivery.request_url = url
            assert not await sandbox.slack.reached(0.0)
            ack = await sandbox.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
        assert ack.error == "dispatch_failed"
        [note] = sandbox.slack.workspace.channels["C0INCIDENTS"].messages.values()
        assert (note.user, note.ephemeral_to) == ("USLACKBOT", "UALICE")
        assert note.text == '/staging-health failed with the error "dispatch_failed"'


@pytest.mark.parametrize(("no_retry", "deliveries"), [(False, 4), (True, 1)])
async def test_events_are_repeated_until_they_are_taken(no_retry: bool, deliveries: int) -> None:
    """An answer other than 200 brings the event again with X-Slack-Retry-Num, unless the bot forbids it."""
    seen: list[tuple[str | None, str | None, str]] = []
    enough = asyncio.Event()

    async def endpoint(request: Request) -> Response:
        body = await request.json()
        headers = request.headers
        seen.append((headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason"), body["event_id"]))
        if len(seen) == deliveries:
            enough.set()
        return PlainTextResponse("no", 500, {"X-Slack-No-Retry": "1"} if no_retry else {})

    async with (
        web_server(endpoint) as url,
        running_slack(request_url=url, event_retries=(0, 0, 0)) as sandbox,
    ):
        sandbox.slack.gestures.open_home("UALICE")
        await asyncio.wait_for(enough.wait(), 60)
        while sandbox.slack.delivery.pending:
            await asyncio.sleep(0.01)
    expected = [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")][:deliveries]
    assert [(number, reason) for number, reason, _ in seen] == expected
    assert len({event_id for _, _, event_id in seen}) == 1


async def test_a_bot_that_hangs_is_given_up_at_the_deadline() -> None:
    """No answer in time is `operation_timeout`, and so the person reads."""
    release = asyncio.Event()

    async def endpoint(_request: Request) -> Response:
        await release.wait()
        return PlainTextResponse("late")

    async with web_server(endpoint) as url, running_slack(request_url=url, ack_seconds=0.1) as sandbox:
        ack = await sandbox.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
        release.set()
        assert ack.error == "operation_timeout"
        [note] = sandbox.slack.workspace.channels["C0INCIDENTS"].messages.values()
        assert "operation_timeout" in note.text
        assert [call.status for call in sandbox.slack.calls.since()] == ["timeout"]
