"""A workspace with an app in it: what is there, what changes, and that the app hears of it."""

import secrets
from collections.abc import Sequence
from typing import Any

from sandbox.slack import payloads
from sandbox.slack.calls import CallLog
from sandbox.slack.delivery import ACK_SECONDS, EVENT_RETRIES_SECONDS, Delivery
from sandbox.slack.errors import JSON
from sandbox.slack.files import Files
from sandbox.slack.limits import RateLimits
from sandbox.slack.modals import TRIGGER_SECONDS, Modals
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.workspace import BOT_USER, Channel, Message, Workspace, message_document, staging_workspace

MENTION = f"<@{BOT_USER}>"


class Installation:
    """One workspace with one installed app, described by its `manifest` (the dict of an app manifest).

    `base_url` is where the server of this Slack is reached; it may be set after construction. With a
    `request_url` the app is reached as signed HTTP, otherwise over Socket Mode.
    `newer_blocks=False` makes the workspace refuse table, plan, task_card and data_visualization,
    as one does before Slack's roll-out reaches it.
    """

    def __init__(
        self,
        manifest: JSON,
        *,
        base_url: str = "",
        request_url: str | None = None,
        newer_blocks: bool = True,
        ack_seconds: float = ACK_SECONDS,
        trigger_seconds: float = TRIGGER_SECONDS,
        event_retries: Sequence[float] = EVENT_RETRIES_SECONDS,
    ) -> None:
        self.manifest = manifest
        self.base_url = base_url
        self.bot_token = f"xoxb-{secrets.randbelow(10**12)}-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-A0WHYBOT-{secrets.token_hex(24)}"
        self.signing_secret = secrets.token_hex(16)
        self.revoked: set[str] = set()
        self.workspace: Workspace = staging_workspace()
        self.files = Files()
        self.limits = RateLimits()
        self.calls = CallLog((self.bot_token, self.app_token, self.signing_secret))
        self.sockets = SocketMode()
        self.modals = Modals(self.workspace, trigger_seconds=trigger_seconds)
        self.delivery = Delivery(
            self.sockets,
            self.calls,
            self.signing_secret,
            request_url=request_url,
            ack_seconds=ack_seconds,
            event_retries=event_retries,
        )
        self.response_urls = ResponseUrls(self.workspace, self.announce, self.announce_change, self.remove)
        self.newer_blocks = newer_blocks
        self.sockets.changed.append(lambda: self.workspace.tell("state"))
        self.calls.changed.append(lambda: self.workspace.tell("call"))

    @property
    def newer_blocks(self) -> bool:
        """Whether the workspace takes newer blocks."""
        return self._newer_blocks

    @newer_blocks.setter
    def newer_blocks(self, value: bool) -> None:
        self._newer_blocks = self.response_urls.newer_blocks = value

    @property
    def scopes(self) -> frozenset[str]:
        """The bot's scopes, from the manifest."""
        return frozenset(self.manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))

    @property
    def commands(self) -> dict[str, JSON]:
        """Slash commands of the manifest, by name."""
        commands = self.manifest.get("features", {}).get("slash_commands", [])
        return {command["command"]: command for command in commands}

    @property
    def subscriptions(self) -> frozenset[str]:
        """Event types that the manifest subscribes the bot to."""
        events = self.manifest.get("settings", {}).get("event_subscriptions", {})
        return frozenset(events.get("bot_events", []))

    @property
    def mode(self) -> str:
        """`socket` or `http`."""
        return "http" if self.delivery.request_url else "socket"

    def socket_url(self) -> str:
        """The address of one new Socket Mode connection."""
        address = self.base_url.replace("http://", "ws://", 1)
        return f"{address}/socket/{self.sockets.ticket()}"

    def response_url(self, channel: str, user: str, source: str | None = None) -> str:
        """A new `response_url`."""
        return f"{self.base_url}/response/{self.response_urls.new(channel, user, source)}"

    # What changes, and who hears of it

    def log_call(self, method: str, arguments: JSON, answer: JSON, status: int, duration_s: float) -> None:
        """Keeps one Web API call."""
        self.calls.add("bot→slack", method, arguments, answer, status, duration_s)

    def publish_event(self, event: JSON, *, kind: str | None = None, channel: Channel | None = None) -> None:
        """Sends an event to the bot, where its manifest subscribes to it (`kind`, such as
        `message.channels`)."""
        if (kind or event["type"]) in self.subscriptions:
            shared = channel is not None and channel.is_ext_shared
            self.delivery.send_event(payloads.event_callback(event, shared=shared))

    def _publish_message(self, event: JSON, channel: Channel) -> None:
        if BOT_USER in channel.members:
            kind = "message.im" if channel.is_im else "message.channels"
            self.publish_event(event, kind=kind, channel=channel)

    def announce(self, message: Message) -> None:
        """Events of a new message: `message.*`, and `app_mention` where the bot is named."""
        if message.ephemeral_to is not None:
            return
        channel = self.workspace.channels[message.channel]
        event = payloads.message_event(self.workspace, message)
        self._publish_message(event, channel)
        if MENTION in message.text and not channel.is_im and message.user != BOT_USER:
            self.publish_event({**event, "type": "app_mention"}, channel=channel)

    def announce_change(self, message: Message) -> None:
        """`message_changed`."""
        self._announce_subtype(message, "message_changed", message=message_document(self.workspace, message))

    def _announce_subtype(self, about: Message, subtype: str, /, **fields: Any) -> None:
        channel = self.workspace.channels[about.channel]
        ts = self.workspace.next_ts()
        event = {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": channel.id,
            "channel_type": "im" if channel.is_im else "channel",
            "ts": ts,
            "event_ts": ts,
            **fields,
        }
        self._publish_message(event, channel)

    def remove(self, message: Message) -> None:
        """Deletes a message."""
        self.workspace.channels[message.channel].messages.pop(message.ts, None)
        self.workspace.touch(message)
        if message.ephemeral_to is None:
            self._announce_subtype(message, "message_deleted", deleted_ts=message.ts)

    def react(self, message: Message, name: str, user: str) -> None:
        """Adds one user's reaction."""
        message.reactions.setdefault(name, []).append(user)
        self._reacted("reaction_added", message, name, user)

    def unreact(self, message: Message, name: str, user: str) -> None:
        """Takes one user's reaction back."""
        message.reactions[name].remove(user)
        if not message.reactions[name]:
            del message.reactions[name]
        self._reacted("reaction_removed", message, name, user)

    def _reacted(self, kind: str, message: Message, name: str, user: str) -> None:
        self.workspace.touch(message)
        channel = self.workspace.channels[message.channel]
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
            "event_ts": self.workspace.next_ts(),
        }
        if BOT_USER in channel.members:
            self.publish_event(event, channel=channel)

    def join(self, channel: Channel, user: str) -> None:
        """Adds a member to a channel."""
        if user in channel.members:
            return
        channel.members.append(user)
        self.workspace.tell("state")
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel.id,
            "channel_type": "C",
            "team": self.workspace.users[user].team_id,
            "event_ts": self.workspace.next_ts(),
        }
        if BOT_USER in channel.members:
            self.publish_event(event, channel=channel)
