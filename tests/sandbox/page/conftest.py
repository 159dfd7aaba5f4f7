"""A local Slack with a world of words and a small Bolt app, seen through Debian's Chromium."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import SandboxServer
from tests.browser import DESKTOP, running_browser
from tests.sandbox.page.gallery import CARD, MODAL
from tests.sandbox.page.world import WorldOfWords
from tests.slack_workspace import running_slack

CHANNEL = "C0INCIDENTS"
PATIENCE = 60_000
"""Milliseconds that a condition may take on a busy machine; no measure of speed."""


@dataclass
class Stage:
    """The local Slack, its world, and what the small bot was sent."""

    sandbox: SandboxServer
    world: WorldOfWords
    client: AsyncWebClient
    commands: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    submissions: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, text: str, blocks: list[dict[str, Any]] | None = None, **more: Any) -> str:
        """Posts as whybot; gives the message's ts."""
        answer = await self.client.chat_postMessage(channel=CHANNEL, text=text, blocks=blocks, **more)
        return str(answer["ts"])

    def address(self, **place: str) -> str:
        """The page's address, at a place."""
        return f"{self.sandbox.url}/#" + "&".join(f"{key}={value}" for key, value in place.items())


Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a worker."""
    expect.set_options(timeout=PATIENCE)
    async with running_browser() as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    """A sandbox whose bot answers commands with a card, and opens a modal on "Details"."""
    world = WorldOfWords()
    async with running_slack(world=world) as sandbox:
        client = AsyncWebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url)
        stage = Stage(sandbox, world, client)
        app = AsyncApp(client=client, signing_secret=sandbox.slack.signing_secret)
        _listen(app, stage)
        handler = AsyncSocketModeHandler(app, sandbox.slack.app_token, web_client=client, logger=app.logger)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        assert await sandbox.slack.sockets.wait_connected(60)
        yield stage
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        await handler.client.aiohttp_client_session.close()


def _listen(app: AsyncApp, stage: Stage) -> None:
    @app.command("/staging-health")
    async def health(ack: Any, command: dict[str, Any], say: Any) -> None:
        stage.commands.append(command)
        await ack()
        await say(text="staging: Redis unreachable", blocks=CARD)

    @app.command("/triage")
    async def silent(command: dict[str, Any]) -> None:
        stage.commands.append(command)

    @app.action(re.compile("."))
    async def pressed(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        stage.actions.append(body)
        if body["actions"][0]["action_id"] == "details":
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    @app.view("note")
    async def note(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        stage.submissions.append(body)
        if view["state"]["values"]["reason"]["typed"]["value"] == "no":
            await ack(response_action="errors", errors={"reason": "Say more than no."})
        else:
            await ack()

    @app.event("app_home_opened")
    async def home(event: dict[str, Any], client: AsyncWebClient) -> None:
        block = {"type": "section", "text": {"type": "mrkdwn", "text": f"Hello <@{event['user']}>"}}
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [block]})

    @app.event(re.compile("message|reaction_added"))
    async def heard() -> None:
        """Bolt complains of events without a listener."""


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stage: Stage) -> AsyncIterator[Open]:
    """Opens the page at a place; fails where the page had an error or called another host."""
    troubles: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_at(viewport: ViewportSize = DESKTOP, scheme: Any = "light", **place: str) -> Page:
            context = await browser.new_context(viewport=viewport, color_scheme=scheme, timezone_id="UTC")
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("request", lambda request: _check_origin(request.url, stage.sandbox.url, troubles))
            await page.goto(stage.address(**place))
            await page.get_by_test_id("sidebar").get_by_text("incidents").wait_for(state="attached")
            return page

        yield open_at
    assert not troubles


def _check_origin(address: str, own: str, troubles: list[str]) -> None:
    if not address.startswith((own, "data:", "blob:", "about:")):
        troubles.append(f"the page asked for {address}")


def message(page: Page, ts: str) -> Locator:
    """The message with this ts in the channel's list."""
    return page.get_by_test_id("message-list").locator(f"[data-ts='{ts}']")
