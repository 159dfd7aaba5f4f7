"""*Run again* under drift: compares the same environment once more, in a new message."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.drifts import Wish
from bot.interactions.presses import asker, pressed_card
from bot.services import Services
from bot.views import ephemeral
from bot.views.drift import RUN_AGAIN


def register(app: AsyncApp, services: Services) -> None:
    """Takes the button."""

    async def on_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        who = asker(body)
        environment = await services.drift.environment_of(pressed_card(body))
        if environment is None or not services.drift.knows(environment):
            await ack()
            await services.answers.tell(who.response_url, ephemeral.old_button().text)
            return
        wish = Wish(environment, who.delivery, who.workspace, who.channel, who.person, who.response_url)
        await services.drift.ask(wish)
        await ack()

    app.action(RUN_AGAIN)(on_press)
