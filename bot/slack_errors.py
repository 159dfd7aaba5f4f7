"""What Slack's errors mean: whether trying again helps, whether it took the call anyway, what people can do.

Foreign errors of the Slack libraries end here. Codes: https://docs.slack.dev/reference/methods/chat.postMessage
"""

import asyncio
import json
from dataclasses import dataclass
from enum import Enum

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

FOREIGN = (SlackClientError, aiohttp.ClientError, asyncio.TimeoutError, json.JSONDecodeError)
"""What a call of the Slack client may raise."""


class Next(Enum):
    """What to do after a failed call."""

    WAIT = "wait"  # Slack refused it for now: nothing was taken
    UNSURE = "unsure"  # Slack may have taken it
    CLASSIC = "classic"  # Slack does not take these blocks
    STOP = "stop"  # the same call will be refused again


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call failed. `retry_after` (seconds) is what Slack asked for; `details` are its own words."""

    code: str
    next: Next
    retry_after: float | None = None
    details: tuple[str, ...] = ()


# Slack's own troubles, of which it says that "some aspect of the operation may have succeeded".
UNSURE = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
WAIT = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "accesslimited", "team_added_to_org"}
)
BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
# `views.*` say so of the blocks of a view: "unsupported type: … [json-pointer:/view/blocks/3/type]".
VIEW_BLOCKS = BLOCKS | {"invalid_arguments"}
# The token itself: nothing works until someone installs the app again.
TOKEN = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "not_allowed_token_type",
    }
)

INVITE = "I can't post in this channel, since I'm not in it. Invite me: `/invite @whybot`, then ask again."
REINSTALL = (
    "Slack no longer takes my token, so I can't post here. An administrator has to install the app again "
    "and set SLACK_BOT_TOKEN anew."
)
WORDS = {
    "not_in_channel": INVITE,
    "channel_not_found": INVITE,
    "is_archived": "This channel is archived, so I can't post here. Ask again in another channel.",
    "restricted_action": "This workspace's settings don't let me post in this channel. Ask an administrator.",
    "restricted_action_read_only_channel": "Only some people may post here, and I'm not one of them.",
    "missing_scope": "I lack a permission to post here: an administrator has to install the app again "
    "from its current manifest (`whybot manifest`).",
    "gave_up": "Slack took no message from me for a day, so I stopped trying. Ask again.",
} | dict.fromkeys(TOKEN, REINSTALL)
# Someone deleted the message, or it is too old to change. Nobody needs to hear of it.
SILENT = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})


def refusal(error: Exception) -> Refusal:
    """What a failed call means. Takes the errors of `FOREIGN`."""
    if isinstance(error, SlackApiError):
        return _answered(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Refusal("not_connected", Next.WAIT)
    return Refusal(type(error).__name__, Next.UNSURE)


def _answered(error: SlackApiError) -> Refusal:
    response = error.response
    status = getattr(response, "status_code", 200)
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    code = str(data.get("error") or f"http_{status}")
    if status == 429:
        return Refusal(code, Next.WAIT, _seconds(response.headers.get("Retry-After")))
    if status >= 500 or code in UNSURE:
        return Refusal(code, Next.UNSURE)
    if code in WAIT:
        return Refusal(code, Next.WAIT)
    metadata = data.get("response_metadata") or {}
    details = tuple(map(str, metadata.get("messages") or data.get("errors") or ()))
    return Refusal(code, Next.CLASSIC if code in BLOCKS else Next.STOP, details=details)


def _seconds(header: str | None) -> float:
    try:
        return max(1.0, float(header or ""))
    except ValueError:
        return 1.0


def what_to_do(code: str) -> str | None:
    """The sentence for the person who waits for a message that Slack refused; None where none is needed."""
    if code in SILENT:
        return None
    return WORDS.get(code, f"Slack did not take my message ({code}), so there is no card here.")
