"""Under whys: *Details*, a modal with all evidence, and remedies, which say what they would do."""

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.interactions.details import LOADING, PATIENCE_SECONDS, show
from bot.interactions.presses import asker, pressed_card
from bot.services import Services
from bot.store.whys import StoredWhy
from bot.views import ephemeral
from bot.views.message import View
from bot.views.why import DETAILS, REMEDY
from bot.views.why_details import details, remedy
from bot.why_cards import state


def register(app: AsyncApp, services: Services) -> None:
    """Takes the buttons."""

    async def on_details(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        reading = asyncio.create_task(services.whys.card(pressed_card(body)))
        await asyncio.wait({reading}, timeout=PATIENCE_SECONDS)
        if not reading.done():
            opened = await services.slack.views_open(trigger_id=body["trigger_id"], view=LOADING)
            await show(services, _view(await reading), view_id=opened["view"]["id"])
        elif (stored := reading.result()) is None:
            await services.answers.tell(asker(body).response_url, ephemeral.old_button().text)
        else:
            await show(services, _view(stored), trigger_id=body["trigger_id"])

    async def on_remedy(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        stored = await services.whys.card(pressed_card(body))
        wanted = str(body["actions"][0]["action_id"]).removeprefix(REMEDY)
        shown = state(stored) if stored is not None else None
        offered = shown.all("remedies") if shown is not None else []
        found = next((each for each in offered if each["id"] == wanted), None)
        told = remedy(found, shown.spoken) if shown is not None and found is not None else None
        message = told or ephemeral.old_button()
        await services.answers.tell(asker(body).response_url, message.text, message.blocks)

    app.action(DETAILS)(on_details)
    app.action(re.compile(f"^{re.escape(REMEDY)}"))(on_remedy)


def _view(stored: StoredWhy | None) -> View:
    if stored is not None:
        return details(state(stored))
    gone = LOADING | {"blocks": ephemeral.old_button().blocks}
    return View(gone, gone)
