"""What people are told when something goes wrong. The one error listener of the Slack app is here.

StoreUnavailable     the store does not answer            → nothing was started, and what still works
UnknownCheck, …      a name that was mistyped             → the nearest ones
FOREIGN              Slack refused a call                 → what to do about that
anything else        a bug                                → a reference that finds the log line
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.answers import Answers, show
from bot.slack_errors import FOREIGN, WORDS, refusal
from bot.store.embedded import StoreUnavailable
from bot.views import ephemeral
from bot.views.message import Message
from checks.environment import UnknownCheck, UnknownEnvironment

log = structlog.get_logger(__name__)

# No letter or figure that is mistaken for another when it is read out.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
EXPIRED = frozenset({"expired_trigger_id", "trigger_expired", "trigger_exchanged"})
STORE_DOWN = (
    "Nothing was started: whybot's store does not answer. The slash command (`/triage health`) works without "
    "it, and so does `whybot check` in a terminal. This button works again once the store does."
)
TOO_SLOW = "That took longer than the 3 seconds that Slack gives. Press the button again."

# Bolt looks for an acknowledgement every 10 ms, and forgets one that it has not seen when the listener ends
# with an error: Slack would show a warning, and the next listener would be asked. So the listener ends later.
ACK_SEEN_SECONDS = 0.05


def log_unforeseen(error: BaseException) -> str:
    """Logs an error with its trace; returns the reference that finds it."""
    reference = "".join(random.choices(LETTERS, k=4))  # noqa: S311 - a label, guards nothing
    metrics.ERRORS.inc()
    log.error("unforeseen error", reference=reference, exc_info=error)
    return reference


def explain(error: Exception) -> Message:
    """What the person who asked is told."""
    if isinstance(error, StoreUnavailable):
        log.warning("a request was refused", error=str(error))
        return ephemeral.known_problem(STORE_DOWN)
    if isinstance(error, UnknownCheck | UnknownEnvironment):
        return ephemeral.known_problem(str(error))
    if isinstance(error, FOREIGN):
        code = refusal(error).code
        log.warning("Slack refused a call", error=code)
        if code in EXPIRED:
            return ephemeral.known_problem(TOO_SLOW)
        return ephemeral.known_problem(WORDS[code]) if code in WORDS else ephemeral.slack_refused(code)
    return ephemeral.problem(log_unforeseen(error))


def listener(answers: Answers, slack: AsyncWebClient) -> Callable[..., Awaitable[BoltResponse | None]]:
    """The error listener of the app: everyone who asked gets an answer, whatever happened."""

    async def on_error(error: Exception, body: dict[str, Any], ack: Any) -> BoltResponse | None:
        message = explain(error)
        acknowledged = ack.response is not None
        if "command" in body and not acknowledged:
            return BoltResponse(status=200, headers=_JSON, body=json.dumps(_ephemeral(message)))
        if acknowledged:
            await asyncio.sleep(ACK_SEEN_SECONDS)
        if "view" in body and not body.get("response_url"):
            await show(slack, body, message)
        elif "event" not in body:
            await answers.tell(body.get("response_url"), message.text, message.blocks)
        return None if acknowledged else BoltResponse(status=200, body="")

    return on_error


_JSON: dict[str, str | Sequence[str]] = {"content-type": "application/json"}


def _ephemeral(message: Message) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": message.text, "blocks": message.blocks}
