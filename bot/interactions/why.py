"""*Why?*: says honestly that runbooks are not there yet, and where what is known can be read."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.interactions.presses import asker, pressed_card
from bot.services import Services
from bot.views import ephemeral
from bot.views.card import WHY


def register(app: AsyncApp, services: Services) -> None:
    """Takes the button."""

    async def on_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        card = await services.sweeps.card(pressed_card(body))
        message = ephemeral.old_button() if card is None else ephemeral.why_not_yet(card.sweep.environment)
        await services.answers.tell(asker(body).response_url, message.text, message.blocks)

    app.action(WHY)(on_press)
