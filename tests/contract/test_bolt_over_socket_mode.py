"""Slack's own clients, unchanged, against the local Slack: Bolt over Socket Mode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import SandboxServer
from tests.slack_workspace import running_slack

BUTTON = {
    "type": "actions",
    "block_id": "next",
    "elements": [
        {
            "type": "button",
            "action_id": "why",
            "value": "42",
            "text": {"type": "plain_text", "text": "Why?"},
        }
    ],
}
MODAL = {
    "type": "modal",
    "callback_id": "note",
    "title": {"type": "plain_text", "text": "Note"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "text",
            "label": {"type": "plain_text", "text": "Text"},
            "element": {"type": "plain_text_input", "action_id": "typed"},
        }
    ],
}


def bolt_app(sandbox: SandboxServer) -> AsyncApp:
    """A Bolt app as a product makes one; only the base URL is the sandbox's."""
    client = AsyncWebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url)
    return AsyncApp(client=client, signing_secret=sandbox.slack.signing_secret)


@asynccontextmanager
async def connected(app: AsyncApp, sandbox: SandboxServer) -> AsyncIterator[AsyncSocketModeHandler]:
    """Runs the app over Socket Mode."""
    handler = AsyncSocketModeHandler(
        app, sandbox.slack.app_token, web_client=app.client, ping_interval=0.2, logger=app.logger
    )
    await handler.connect_async()
    try:
        assert await sandbox.slack.sockets.wait_connected(60)
        yield handler
    finally:
        await handler.close_async()
        await handler.client.aiohttp_client_session.close()


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    async with running_slack() as server:
        yield server


async def test_a_command_is_acknowledged_and_answered_in_the_channel(sandbox: SandboxServer) -> None:
    """`ack`, `say` and `respond` of Bolt do what they do at Slack."""
    app = bolt_app(sandbox)
    seen: dict[str, Any] = {}
    done = asyncio.Event()

    @app.command("/staging-health")
    async def health(ack: Any, command: Any, say: Any, respond: Any) -> None:
        await ack()
        seen.update(command)
        await say(text="checking", blocks=[BUTTON])
        await respond("only for you")
        done.set()

    async with connected(app, sandbox):
        ack = await sandbox.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "redis")
        await asyncio.wait_for(done.wait(), 60)
    assert ack.ok
    assert (seen["user_id"], seen["text"], seen["channel_name"]) == ("UALICE", "redis", "incidents")
    posted, private = sandbox.slack.workspace.channels["C0INCIDENTS"].messages.values()
    assert (posted.text, posted.ephemeral_to) == ("checking", None)
    assert (private.text, private.ephemeral_to) == ("only for you", "UALICE")


async def test_a_button_opens_a_modal_whose_submission_is_checked(sandbox: SandboxServer) -> None:
    """Press, `views_open`, a submission with errors, then one that is taken."""
    app = bolt_app(sandbox)

    @app.command("/staging-health")
    async def health(ack: Any, say: Any) -> None:
        await ack()
        await say(text="checking", blocks=[BUTTON])

    @app.action("why")
    async def why(ack: Any, body: Any, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    @app.view("note")
    async def note(ack: Any, view: Any) -> None:
        if view["state"]["values"]["text"]["typed"]["value"] == "no":
            await ack(response_action="errors", errors={"text": "Say more."})
        else:
            await ack()

    gestures, workspace = sandbox.slack.gestures, sandbox.slack.workspace
    async with connected(app, sandbox):
        await gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
        while not workspace.channels["C0INCIDENTS"].messages:
            await asyncio.sleep(0.01)
        [message] = workspace.channels["C0INCIDENTS"].messages.values()
        pressed = await gestures.press("UBOB", "C0INCIDENTS", message.ts, "why", "next", {})
        assert pressed.ok
        [view] = workspace.modals["UBOB"]
        typed = {"text": {"typed": {"type": "plain_text_input", "value": ""}}}
        assert "text" in await gestures.submit("UBOB", view.id, typed)
        typed["text"]["typed"]["value"] = "no"
        assert await gestures.submit("UBOB", view.id, typed) == {"text": "Say more."}
        typed["text"]["typed"]["value"] = "because"
        assert await gestures.submit("UBOB", view.id, typed) == {}
    assert workspace.modals["UBOB"] == []


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", None])
async def test_the_client_reconnects_after_every_kind_of_disconnect(
    sandbox: SandboxServer, reason: str | None
) -> None:
    """An announced disconnect, and a cut cable, both end with a new connection that delivers."""
    app = bolt_app(sandbox)

    @app.command("/staging-health")
    async def health(ack: Any) -> None:
        await ack("hello")

    async with connected(app, sandbox):
        [before] = sandbox.slack.sockets.connections
        if reason is None:
            await sandbox.slack.sockets.cut()
        else:
            await sandbox.slack.sockets.disconnect(reason)
        while before in sandbox.slack.sockets.connections or not sandbox.slack.sockets.connected:
            await asyncio.sleep(0.02)
        ack = await sandbox.slack.gestures.command("UALICE", "C0INCIDENTS", "/staging-health", "")
    assert ack.payload == {"text": "hello"}
