"""*Run again*: asks for the same checks once more, in a new card; joins where someone else did so already."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.commands.health import said
from bot.interactions.presses import asker, pressed_card
from bot.services import Services
from bot.views import ephemeral
from bot.views.card import RUN_AGAIN


def register(app: AsyncApp, services: Services) -> None:
    """Takes the button."""

    async def on_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        who = asker(body)
        card = await services.sweeps.card(pressed_card(body))
        if card is None or card.sweep.environment not in services.environments:
            await ack()
            await services.answers.tell(who.response_url, ephemeral.old_button().text)
            return
        asked = await services.ask(card.sweep.environment, card.sweep.selection, who)
        await ack()
        if not asked.begun:
            message = said(card.sweep.environment, len(card.sweep.expected), asked)
            await services.answers.tell(who.response_url, message.text)

    app.action(RUN_AGAIN)(on_press)
