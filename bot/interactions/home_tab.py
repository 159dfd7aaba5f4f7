"""The Home tab: every environment with its last verdict, and *Check now*, whose card the asker alone gets."""

from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot import metrics
from bot.answers import show
from bot.commands.registry import commands
from bot.interactions.presses import asker
from bot.services import Services
from bot.slack_errors import VIEW_BLOCKS, refusal
from bot.store.embedded import StoreUnavailable
from bot.views import ephemeral
from bot.views.home import CHECK_NOW, HomeEnvironment, home, without_store
from bot.views.message import View

log = structlog.get_logger(__name__)


def register(app: AsyncApp, services: Services) -> None:
    """Takes the opening of the tab, and its button."""

    async def on_opened(event: dict[str, Any], body: dict[str, Any]) -> None:
        metrics.REQUESTS.labels("event").inc()
        if event.get("tab", "home") != "home":
            return
        try:
            if await services.sweeps.first_delivery(f"event/{body['event_id']}"):
                await publish(services, event["user"])
        except StoreUnavailable as error:
            log.warning("the Home tab shows that the store is down", error=str(error))
            await services.slack.views_publish(user_id=event["user"], view=without_store())

    async def on_check_now(ack: AsyncAck, body: dict[str, Any]) -> None:
        name = body["actions"][0].get("value", "")
        if name not in services.environments:
            await ack()
            await show(services.slack, body, ephemeral.no_environment(name))
            return
        opened = await services.slack.conversations_open(users=body["user"]["id"])
        await services.ask(name, (), replace(asker(body), channel=opened["channel"]["id"]))
        await ack()

    app.event("app_home_opened")(on_opened)
    app.action(CHECK_NOW)(on_check_now)


async def publish(services: Services, person: str) -> None:
    """Draws the tab anew for one person."""
    view = await _view(services)
    try:
        await services.slack.views_publish(user_id=person, view=view.view)
    except SlackApiError as error:
        if refusal(error).code not in VIEW_BLOCKS:
            raise
        await services.slack.views_publish(user_id=person, view=view.fallback)


async def _view(services: Services) -> View:
    latest = await services.sweeps.latest()
    shown = []
    for name, environment in services.environments.items():
        last = latest.get(name)
        shown.append(
            HomeEnvironment(
                name,
                environment.title or name,
                services.cards.sweep(last) if last else None,
                last.finished_at if last else None,
            )
        )
    return home(shown, commands(list(services.environments)))
