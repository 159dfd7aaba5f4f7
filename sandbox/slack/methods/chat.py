"""`chat.*`: post, update, delete, ephemeral, permalink."""

from typing import Any

from sandbox.slack import blocks as block_kit
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.payloads import domain
from sandbox.slack.web_api import Invocation, Method
from sandbox.slack.workspace import BOT_ID, BOT_USER, TEAM, Channel, Message, message_document

MOST_TEXT = 40_000
"""Longer texts are cut at 40 000 characters (docs.slack.dev/reference/methods/chat.postMessage); an
update longer than that is `msg_too_long`."""


async def post_message(call: Invocation) -> JSON:
    """`chat.postMessage`."""
    channel = writable_channel(call)
    content = read_content(call)
    message = Message(
        ts=call.slack.workspace.next_ts(),
        channel=channel.id,
        user=BOT_USER,
        bot_id=BOT_ID,
        thread_ts=_thread(call, channel),
        metadata=_metadata(call),
        **content,
    )
    call.slack.workspace.post(message)
    call.slack.announce(message)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": message_document(call.slack.workspace, message),
    }


async def update(call: Invocation) -> JSON:
    """`chat.update`: only the bot's own messages."""
    channel = writable_channel(call, public=False)
    message = find_message(channel, call.need("ts"))
    if message.bot_id != BOT_ID or message.ephemeral_to:
        raise SlackError("cant_update_message")
    fresh = read_content(call, current=message)
    message.text, message.blocks = fresh["text"], fresh["blocks"]
    if call.arguments.get("metadata") is not None:
        message.metadata = _metadata(call)
    message.edited = {"user": BOT_USER, "ts": call.slack.workspace.next_ts()}
    call.slack.workspace.touch(message)
    call.slack.announce_change(message)
    document = message_document(call.slack.workspace, message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": document}


async def delete(call: Invocation) -> JSON:
    """`chat.delete`: only the bot's own messages."""
    channel = writable_channel(call, public=False)
    message = find_message(channel, call.need("ts"))
    if message.bot_id != BOT_ID:
        raise SlackError("cant_delete_message")
    call.slack.remove(message)
    return {"channel": channel.id, "ts": message.ts}


async def post_ephemeral(call: Invocation) -> JSON:
    """`chat.postEphemeral`: only one member of the channel sees it."""
    channel = writable_channel(call)
    user = str(call.need("user", "user_not_in_channel"))
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    message = Message(
        ts=call.slack.workspace.next_ts(),
        channel=channel.id,
        user=BOT_USER,
        bot_id=BOT_ID,
        thread_ts=_thread(call, channel),
        ephemeral_to=user,
        **read_content(call),
    )
    call.slack.workspace.post(message)
    return {"message_ts": message.ts}


async def get_permalink(call: Invocation) -> JSON:
    """`chat.getPermalink`."""
    channel = known_channel(call)
    message = find_message(channel, call.need("message_ts", "message_not_found"))
    link = f"https://{domain(TEAM)}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def known_channel(call: Invocation) -> Channel:
    """The channel of the argument, by id or name; `channel_not_found`."""
    workspace = call.slack.workspace
    name = str(call.need("channel", "channel_not_found"))
    channel = workspace.channel_named(name)
    if channel is None:
        raise SlackError("channel_not_found")
    return channel


def writable_channel(call: Invocation, *, public: bool = True) -> Channel:
    """A channel in which the bot may write. A user's id means the direct conversation with that user."""
    name = str(call.need("channel", "channel_not_found"))
    if name in call.slack.workspace.users:
        return call.slack.workspace.direct_channel(name)
    channel = known_channel(call)
    may_write_anywhere = public and "chat:write.public" in call.slack.scopes
    if BOT_USER not in channel.members and not may_write_anywhere:
        raise SlackError("not_in_channel")
    return channel


def find_message(channel: Channel, ts: Any) -> Message:
    """The message of a channel; `message_not_found`."""
    message = channel.messages.get(str(ts))
    if message is None:
        raise SlackError("message_not_found")
    return message


def read_content(call: Invocation, current: Message | None = None) -> JSON:
    """Text and blocks of a call, checked; where a call updates a message, what it does not name stays."""
    text = call.arguments.get("text")
    blocks = call.arguments.get("blocks")
    attachments = call.arguments.get("attachments") or []
    if blocks is not None:
        check_blocks(call.slack, blocks)
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if current is not None and len(str(text or "")) > MOST_TEXT:
        raise SlackError("msg_too_long")
    if current is not None and blocks is None and text is None:
        blocks = current.blocks
    # Slack drops old blocks when only a text is given to an update
    return {
        "text": str(text or "")[:MOST_TEXT],
        "blocks": block_kit.with_ids(blocks or []),
        "attachments": attachments,
    }


def check_blocks(slack: Any, blocks: Any) -> None:
    """Raises `invalid_blocks` with Slack's messages, or `msg_blocks_too_long`."""
    problems = block_kit.message_problems(blocks, newer_blocks=slack.newer_blocks)
    problems += slack.files.problems(blocks)
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise SlackError("invalid_blocks", errors=problems, response_metadata={"messages": messages})
    if block_kit.too_long(blocks):
        raise SlackError("msg_blocks_too_long")


def _thread(call: Invocation, channel: Channel) -> str | None:
    """The thread's parent. A message that is itself a reply stands for its own parent; a lost one
    is no error."""
    ts = call.arguments.get("thread_ts")
    if not ts:
        return None
    parent = channel.messages.get(str(ts))
    if parent is None:
        raise SlackError("thread_not_found")
    return parent.thread_ts or parent.ts


def _metadata(call: Invocation) -> JSON | None:
    metadata = call.arguments.get("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not metadata.get("event_type") or "event_payload" not in metadata:
        raise SlackError("invalid_metadata_format")
    return metadata


METHODS = (
    Method("chat.postMessage", post_message, ("chat:write", "chat:write.public")),
    Method("chat.update", update, ("chat:write",), tier=3),
    Method("chat.delete", delete, ("chat:write",), tier=3),
    Method("chat.postEphemeral", post_ephemeral, ("chat:write",), tier=4),
    Method("chat.getPermalink", get_permalink, tier=None),
)
