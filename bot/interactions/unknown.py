"""What no other file takes: buttons of an older version get an answer; other events are acknowledged."""

import re
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.services import Services

log = structlog.get_logger(__name__)

OLDER = (
    "This button is from an older version of whybot, so nothing was done. Ask again with a command; "
    "`/triage help` lists them."
)
ANYTHING = re.compile("")


def register(app: AsyncApp, services: Services) -> None:
    """Takes the rest; comes last in the tuple."""

    async def on_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        log.info("an unknown button was pressed", action_id=body["actions"][0].get("action_id"))
        await services.answers.tell(body.get("response_url"), OLDER)

    async def on_anything(ack: AsyncAck) -> None:
        await ack()

    app.action(ANYTHING)(on_press)
    app.view(ANYTHING)(on_anything)
    app.view_closed(ANYTHING)(on_anything)
    app.event(ANYTHING)(on_anything)
