"""`reactions.add` and `reactions.remove`."""

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.methods.chat import find_message, known_channel
from sandbox.slack.web_api import Invocation, Method
from sandbox.slack.workspace import BOT_USER, Message


async def add(call: Invocation) -> JSON:
    """Adds the bot's reaction; a second one of the same name is `already_reacted`."""
    message, name = _target(call)
    if BOT_USER in message.reactions.get(name, []):
        raise SlackError("already_reacted")
    call.slack.react(message, name, BOT_USER)
    return {}


async def remove(call: Invocation) -> JSON:
    """Takes the bot's reaction back."""
    message, name = _target(call)
    if BOT_USER not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    call.slack.unreact(message, name, BOT_USER)
    return {}


def _target(call: Invocation) -> tuple[Message, str]:
    channel = known_channel(call)
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    message = find_message(channel, call.need("timestamp", "no_item_specified"))
    return message, str(call.need("name", "invalid_name")).strip(":")


METHODS = (
    Method("reactions.add", add, ("reactions:write",), tier=3),
    Method("reactions.remove", remove, ("reactions:write",), tier=2),
)
