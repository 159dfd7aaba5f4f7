"""`conversations.*`: what the bot may read about channels and threads."""

from collections.abc import Sequence
from typing import Any

from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.methods.chat import find_message, known_channel
from sandbox.slack.web_api import Invocation, Method
from sandbox.slack.workspace import BOT_USER, TEAM, Channel, Message, created_at, message_document

READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")


def channel_document(channel: Channel, *, members: bool = False) -> JSON:
    """A channel as `conversations.info` gives it."""
    document: JSON = {
        "id": channel.id,
        "created": created_at(),
        "is_im": channel.is_im,
        "is_channel": not channel.is_im,
        "is_group": False,
        "is_mpim": False,
        "is_private": channel.is_im,
        "is_archived": False,
        "is_ext_shared": channel.is_ext_shared,
        "is_shared": channel.is_ext_shared,
        "context_team_id": TEAM,
    }
    if channel.is_im:
        document["user"] = next(member for member in channel.members if member != BOT_USER)
    else:
        document |= {
            "name": channel.name,
            "name_normalized": channel.name,
            "is_general": channel.name == "general",
            "is_member": BOT_USER in channel.members,
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }
    if members:
        document["num_members"] = len(channel.members)
    return document


async def info(call: Invocation) -> JSON:
    """`conversations.info`."""
    return {"channel": channel_document(known_channel(call), members=call.flag("include_num_members"))}


async def list_(call: Invocation) -> JSON:
    """`conversations.list`."""
    kinds = str(call.arguments.get("types") or "public_channel").split(",")
    channels = [
        channel
        for channel in call.slack.workspace.channels.values()
        if ("im" in kinds and channel.is_im) or ("public_channel" in kinds and not channel.is_im)
    ]
    page, cursor = _page(call, channels, 100)
    return {"channels": [channel_document(channel, members=True) for channel in page], **cursor}


async def members(call: Invocation) -> JSON:
    """`conversations.members`."""
    page, cursor = _page(call, known_channel(call).members, 100)
    return {"members": page, **cursor}


async def history(call: Invocation) -> JSON:
    """`conversations.history`: newest first, without replies in threads."""
    channel = _readable(call)
    top = [m for m in _shown(channel) if m.thread_ts in (None, m.ts)]
    return _messages(call, list(reversed(_between(call, top))), 100)


async def replies(call: Invocation) -> JSON:
    """`conversations.replies`: the parent first, then its answers, oldest first."""
    channel = _readable(call)
    parent = channel.messages.get(str(call.need("ts", "thread_not_found")))
    if parent is None or parent.ephemeral_to:
        raise SlackError("thread_not_found")
    root = find_message(channel, parent.thread_ts or parent.ts)
    return _messages(call, [root, *_between(call, channel.replies(root.ts))], 1000)


async def join(call: Invocation) -> JSON:
    """`conversations.join`: public channels only."""
    channel = known_channel(call)
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    call.slack.join(channel, BOT_USER)
    return {"channel": channel_document(channel)}


async def open_(call: Invocation) -> JSON:
    """`conversations.open`: the direct conversation with one user."""
    users = str(call.need("users", "users_list_not_supplied")).split(",")
    if any(user not in call.slack.workspace.users for user in users):
        raise SlackError("user_not_found")
    if len(users) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    channel = call.slack.workspace.direct_channel(users[0])
    document = channel_document(channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": document}


def _readable(call: Invocation) -> Channel:
    channel = known_channel(call)
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _shown(channel: Channel) -> list[Message]:
    """Ephemeral messages are not part of a channel's history."""
    return [message for message in channel.messages.values() if not message.ephemeral_to]


def _between(call: Invocation, messages: list[Message]) -> list[Message]:
    inclusive = call.flag("inclusive")
    oldest = float(call.arguments.get("oldest") or 0)
    latest = float(call.arguments.get("latest") or "inf")

    def within(ts: float) -> bool:
        return oldest <= ts <= latest if inclusive else oldest < ts < latest

    return [message for message in messages if within(float(message.ts))]


def _messages(call: Invocation, messages: list[Message], default: int) -> JSON:
    page, cursor = _page(call, messages, default)
    # docs.slack.dev/messaging/message-metadata: reading it in a history takes a scope of its own
    with_metadata = call.flag("include_all_metadata") and "metadata.message:read" in call.slack.scopes
    workspace = call.slack.workspace
    return {
        "messages": [message_document(workspace, message, metadata=with_metadata) for message in page],
        "has_more": bool(cursor["response_metadata"]["next_cursor"]),
        **cursor,
    }


def _page(call: Invocation, items: Sequence[Any], default: int) -> tuple[list[Any], JSON]:
    """One page of a list and the cursor of the next."""
    limit = min(max(call.number("limit", default), 1), 1000)
    cursor = str(call.arguments.get("cursor") or "")
    if cursor and not cursor.removeprefix("at:").isdigit():
        raise SlackError("invalid_cursor")
    start = int(cursor.removeprefix("at:") or 0)
    rest = f"at:{start + limit}" if start + limit < len(items) else ""
    return list(items[start : start + limit]), {"response_metadata": {"next_cursor": rest}}


METHODS = (
    Method("conversations.info", info, READ, tier=3),
    Method("conversations.list", list_, READ, tier=2),
    Method("conversations.members", members, READ, tier=4),
    Method("conversations.history", history, HISTORY, tier=3),
    Method("conversations.replies", replies, HISTORY, tier=3),
    Method("conversations.join", join, ("channels:join",), tier=3),
    Method("conversations.open", open_, ("im:write", "mpim:write", "channels:manage"), tier=3),
)
