"""What Slack tells the bot: the shapes of slash commands, interactions and events. Pure functions."""

import secrets
import time
from typing import Any

from sandbox.slack.errors import JSON
from sandbox.slack.workspace import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM,
    Channel,
    Message,
    User,
    View,
    Workspace,
    message_document,
)

DOMAINS = {TEAM: "netra"}
VERIFICATION_TOKEN = "local-slack"


def domain(team_id: str) -> str:
    """The workspace's subdomain."""
    return DOMAINS.get(team_id, "partner")


def channel_name(channel: Channel) -> str:
    """Slash commands and interactions call direct conversations `directmessage`."""
    return "directmessage" if channel.is_im else channel.name


def slash_command(
    user: User, channel: Channel, command: str, text: str, trigger: str, response_url: str
) -> JSON:
    """All fields of a slash command (docs.slack.dev/interactivity/implementing-slash-commands)."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM,
        "team_domain": domain(TEAM),
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }


def _interaction(kind: str, user: User) -> JSON:
    """What all interactions share. `team` is the actor's own: in Slack Connect it may be another
    workspace."""
    return {
        "type": kind,
        "team": {"id": user.team_id, "domain": domain(user.team_id)},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(
    workspace: Workspace,
    user: User,
    message: Message,
    action: JSON,
    trigger: str,
    response_url: str,
    state: JSON,
) -> JSON:
    """`block_actions` of a message (docs.slack.dev/reference/interaction-payloads/block_actions-payload)."""
    channel = workspace.channels[message.channel]
    container: JSON = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = _interaction("block_actions", user) | {
        "container": container,
        "trigger_id": trigger,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": state},
        "response_url": response_url,
        "actions": [action],
    }
    if message.ephemeral_to is None:  # Slack does not send the contents of ephemeral messages
        payload["message"] = message_document(workspace, message)
    return payload


def view_action(user: User, view: View, action: JSON, trigger: str, document: JSON) -> JSON:
    """`block_actions` of a modal or Home tab."""
    return _interaction("block_actions", user) | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger,
        "view": document,
        "actions": [action],
    }


def view_submission(user: User, trigger: str, document: JSON) -> JSON:
    """`view_submission` (docs.slack.dev/reference/interaction-payloads/view-interactions-payload)."""
    return _interaction("view_submission", user) | {
        "trigger_id": trigger,
        "view": document,
        "response_urls": [],
    }


def view_closed(user: User, document: JSON, *, is_cleared: bool) -> JSON:
    """`view_closed`, sent for views with `notify_on_close`."""
    return _interaction("view_closed", user) | {"view": document, "is_cleared": is_cleared}


def view_document(view: View, state: JSON) -> JSON:
    """A view as the Web API and interactions give it."""
    body = view.body
    document: JSON = {
        "id": view.id,
        "team_id": TEAM,
        "type": body["type"],
        "blocks": body["blocks"],
        "private_metadata": body.get("private_metadata") or "",
        "callback_id": body.get("callback_id") or "",
        "external_id": body.get("external_id") or "",
        "state": {"values": state},
        "hash": view.hash,
        "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "close": body.get("close"),
        "submit": body.get("submit"),
        "clear_on_close": bool(body.get("clear_on_close")),
        "notify_on_close": bool(body.get("notify_on_close")),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM,
        "bot_id": BOT_ID,
    }
    return document


def event_callback(event: JSON, *, shared: bool = False) -> JSON:
    """The envelope of the Events API around one event (docs.slack.dev/apis/events-api)."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": secrets.token_urlsafe(24),
    }


def message_event(workspace: Workspace, message: Message) -> JSON:
    """A `message` event of a new message."""
    channel = workspace.channels[message.channel]
    document = message_document(workspace, message)
    author = workspace.users.get(message.user)
    extra: dict[str, Any] = {
        "channel": channel.id,
        "channel_type": "im" if channel.is_im else "channel",
        "event_ts": message.ts,
    }
    if author is not None and author.team_id != TEAM:
        extra |= {"user_team": author.team_id, "source_team": author.team_id}
    return document | extra
