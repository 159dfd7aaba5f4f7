"""Answers that only the person who asked sees: to a `response_url`, or in a modal where there is none."""

from collections.abc import Sequence
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_errors import FOREIGN, refusal
from bot.views import blocks as kit
from bot.views.message import Block, Message

log = structlog.get_logger(__name__)

SECONDS = 5.0


class Answers:
    """Sends ephemeral answers. One that cannot be delivered is logged, never raised: nobody waits for it."""

    def __init__(self, session: aiohttp.ClientSession, proxy: str | None = None) -> None:
        self._session = session
        self._proxy = proxy

    async def tell(self, response_url: str | None, text: str, blocks: Sequence[Block] = ()) -> bool:
        """Says something to one person; returns whether Slack took it."""
        if not response_url:
            log.info("nobody to answer", text=text)
            return False
        body: dict[str, Any] = {"response_type": "ephemeral", "replace_original": False, "text": text}
        if blocks:
            body["blocks"] = list(blocks)
        try:
            async with self._session.post(
                response_url, json=body, proxy=self._proxy, timeout=aiohttp.ClientTimeout(total=SECONDS)
            ) as response:
                if response.status == 200:
                    return True
                log.warning("an answer was not taken", status=response.status, text=text)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("an answer could not be sent", error=repr(error), text=text)
        return False


async def show(slack: AsyncWebClient, body: dict[str, Any], message: Message) -> None:
    """Says something to whoever pressed in a modal or on the Home tab, where there is no `response_url`.

    One that cannot be delivered is logged, as above.
    """
    view = {
        "type": "modal",
        "title": kit.plain("whybot", kit.VIEW_TITLE),
        "close": kit.plain("Close", kit.VIEW_TITLE),
        "blocks": message.fallback_blocks,
    }
    # Slack opens no second stack of modals above one that is open.
    call = slack.views_push if body["view"]["type"] == "modal" else slack.views_open
    try:
        await call(trigger_id=body["trigger_id"], view=view)
    except FOREIGN as error:
        log.warning("an answer could not be shown", error=refusal(error).code, text=message.text)
