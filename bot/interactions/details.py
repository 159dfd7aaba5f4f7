"""*Details*: a modal over the results that the store has, while the sweep runs and long after."""

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.interactions.presses import asker, pressed_card
from bot.services import Services
from bot.slack_errors import VIEW_BLOCKS, refusal
from bot.store.sweeps import StoredCard
from bot.views import blocks as kit
from bot.views import ephemeral
from bot.views.card import DETAILS
from bot.views.details import CHOOSE, details
from bot.views.message import View

# A trigger lives 3 s. Where the store has not answered by then, an empty modal holds the place.
PATIENCE_SECONDS = 1.0
LOADING = {
    "type": "modal",
    "title": kit.plain("Details", kit.VIEW_TITLE),
    "close": kit.plain("Close", kit.VIEW_TITLE),
    "blocks": [kit.section("Reading the results…")],
}


def register(app: AsyncApp, services: Services) -> None:
    """Takes the button, and the menu of the modal."""

    async def on_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        reading = asyncio.create_task(services.sweeps.card(pressed_card(body)))
        await asyncio.wait({reading}, timeout=PATIENCE_SECONDS)
        if not reading.done():
            opened = await services.slack.views_open(trigger_id=body["trigger_id"], view=LOADING)
            view = _view(services, await reading, None)
            await show(services, view, view_id=opened["view"]["id"])
        elif (card := reading.result()) is None:
            await services.answers.tell(asker(body).response_url, ephemeral.old_button().text)
        else:
            await show(services, _view(services, card, None), trigger_id=body["trigger_id"])

    async def on_choose(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        chosen = (body["actions"][0].get("selected_option") or {}).get("value")
        card = await services.sweeps.card(body["view"]["private_metadata"])
        await show(services, _view(services, card, chosen), view_id=body["view"]["id"])

    app.action(DETAILS)(on_press)
    app.action(CHOOSE)(on_choose)


def _view(services: Services, card: StoredCard | None, chosen: str | None) -> View:
    if card is not None:
        return details(card.id, services.cards.sweep(card.sweep), chosen)
    gone = LOADING | {"blocks": ephemeral.old_button().blocks}
    return View(gone, gone)


async def show(
    services: Services, view: View, *, trigger_id: str | None = None, view_id: str | None = None
) -> None:
    """Opens a modal, or updates the one that is open; in classic blocks where Slack refuses newer ones."""
    try:
        await _show(services, view.view, trigger_id, view_id)
    except SlackApiError as error:
        if refusal(error).code not in VIEW_BLOCKS or view.fallback == view.view:
            raise
        await _show(services, view.fallback, trigger_id, view_id)


async def _show(
    services: Services, view: dict[str, Any], trigger_id: str | None, view_id: str | None
) -> None:
    if view_id is not None:
        await services.slack.views_update(view_id=view_id, view=view)
    else:
        await services.slack.views_open(trigger_id=trigger_id, view=view)
