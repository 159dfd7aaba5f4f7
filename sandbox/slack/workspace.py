"""What the local Slack knows: people, channels, messages, views. Plain state, no protocol."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.slack.errors import JSON

TEAM = "T0STAGING"
TEAM_NAME = "Netra"
PARTNER_TEAM = "T0PARTNER"
BOT_USER = "UWHYBOT"
BOT_ID = "B0WHYBOT"
APP_ID = "A0WHYBOT"
SLACKBOT = "USLACKBOT"


@dataclass
class User:
    """A person or a bot. `role` is what the page shows beside the name."""

    id: str
    name: str
    real_name: str
    role: str
    tz: str = "America/Los_Angeles"
    team_id: str = TEAM
    is_bot: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_stranger: bool = False

    def document(self) -> JSON:
        """As `users.info` gives it."""
        now = datetime.now(ZoneInfo(self.tz))
        offset = now.utcoffset()
        profile = {"real_name": self.real_name, "display_name": self.name, "team": self.team_id}
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": False,
            "tz": self.tz,
            "tz_label": now.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": profile,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
            **({"is_stranger": True} if self.is_stranger else {}),
        }


@dataclass
class Message:
    """One message. `ephemeral_to` names the only user who sees it."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    bot_id: str | None = None
    thread_ts: str | None = None
    edited: JSON | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: JSON | None = None
    ephemeral_to: str | None = None
    subtype: str | None = None
    username: str | None = None


@dataclass
class Channel:
    """A channel or a direct conversation; `messages` by timestamp, in order."""

    id: str
    name: str
    topic: str = ""
    members: list[str] = field(default_factory=list)
    is_im: bool = False
    is_ext_shared: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    def replies(self, thread_ts: str) -> list[Message]:
        """Answers in a thread, without the parent and without ephemeral ones."""
        return [
            m
            for m in self.messages.values()
            if m.thread_ts == thread_ts and m.ts != thread_ts and not m.ephemeral_to
        ]


@dataclass
class Usergroup:
    """A user group such as `@sre-staging`."""

    id: str
    handle: str
    name: str
    users: list[str]


@dataclass
class View:
    """A modal or a Home tab of one user, with what the user has entered so far."""

    id: str
    user: str
    body: JSON
    hash: str
    root_id: str
    previous_id: str | None = None
    values: dict[str, dict[str, JSON]] = field(default_factory=dict)


Listener = Callable[[JSON], None]


@dataclass
class Workspace:
    """All state of one workspace. `changed` listeners hear of every change as the page's events."""

    users: dict[str, User]
    channels: dict[str, Channel]
    usergroups: dict[str, Usergroup]
    modals: dict[str, list[View]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    changed: list[Listener] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    _last_ts: int = 0

    def tell(self, kind: str, **detail: Any) -> None:
        """Tells every listener that something changed."""
        event = {"kind": kind, **{key: value for key, value in detail.items() if value is not None}}
        for listener in list(self.changed):
            listener(event)

    def next_ts(self) -> str:
        """A new timestamp in Slack's form; never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(self, message: Message) -> Message:
        """Keeps a message and tells the page."""
        self.channels[message.channel].messages[message.ts] = message
        self.tell(
            "message",
            channel=message.channel,
            ts=message.ts,
            thread_ts=message.thread_ts,
            user=message.ephemeral_to,
        )
        return message

    def touch(self, message: Message) -> None:
        """Tells the page that a message changed or went."""
        self.tell(
            "message",
            channel=message.channel,
            ts=message.ts,
            thread_ts=message.thread_ts,
            user=message.ephemeral_to,
        )

    def direct_channel(self, user: str, other: str = BOT_USER) -> Channel:
        """The direct conversation of two users, made at first use."""
        pair = sorted((user, other))
        for channel in self.channels.values():
            if channel.is_im and sorted(channel.members) == pair:
                return channel
        channel = Channel(f"D{secrets.token_hex(4).upper()}", user, members=[user, other], is_im=True)
        self.channels[channel.id] = channel
        self.tell("state")
        return channel

    def channel_named(self, name: str) -> Channel | None:
        """By id or `#name`."""
        if name in self.channels:
            return self.channels[name]
        wanted = name.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == wanted and not c.is_im), None)

    def conversations(self) -> Iterator[Channel]:
        """Channels without direct conversations."""
        return (channel for channel in self.channels.values() if not channel.is_im)


def message_document(workspace: Workspace, message: Message, *, metadata: bool = True) -> JSON:
    """A message as the Web API gives it, thread counters included."""
    document: JSON = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    author = workspace.users.get(message.user)
    if author is not None:
        document["team"] = author.team_id
    optional = {
        "subtype": message.subtype,
        "blocks": message.blocks or None,
        "attachments": message.attachments or None,
        "bot_id": message.bot_id,
        "app_id": APP_ID if message.bot_id == BOT_ID else None,
        "username": message.username,
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "metadata": message.metadata if metadata else None,
        "reactions": [
            {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
        ]
        or None,
    }
    document.update({key: value for key, value in optional.items() if value is not None})
    return document | _thread_counters(workspace.channels[message.channel], message)


def _thread_counters(channel: Channel, message: Message) -> JSON:
    """Slack puts counters on a thread's parent, which then carries its own `thread_ts`."""
    replies = channel.replies(message.ts)
    if not replies or message.ephemeral_to:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": people,
        "reply_users_count": len(people),
        "latest_reply": replies[-1].ts,
    }


def staging_workspace() -> Workspace:
    """The workspace of the demo: an on-call engineer, SREs, a developer, a guest, a stranger and a
    deploy bot."""
    users = [
        User("UALICE", "alice", "Alice Ortega", "on-call engineer", is_admin=True),
        User("UBOB", "bob", "Bob Lindqvist", "SRE lead", tz="Europe/Stockholm"),
        User("UCAROL", "carol", "Carol Adeyemi", "SRE", tz="Africa/Lagos"),
        User("UDAVE", "dave", "Dave Tanaka", "developer", tz="Asia/Tokyo"),
        User("UERIN", "erin", "Erin Novak", "guest", tz="Europe/Prague", is_restricted=True),
        User(
            "UMALLORY",
            "mallory",
            "Mallory Quinn",
            "outsider (Slack Connect)",
            tz="America/New_York",
            team_id=PARTNER_TEAM,
            is_stranger=True,
        ),
        User("UDEPLOY", "deploy-bot", "deploy-bot", "bot", tz="Etc/UTC", is_bot=True),
        User(BOT_USER, "whybot", "whybot", "bot", tz="Etc/UTC", is_bot=True),
        User(SLACKBOT, "slackbot", "Slackbot", "bot", tz="Etc/UTC"),
    ]
    staff = ["UALICE", "UBOB", "UCAROL", "UDAVE"]
    channels = [
        Channel("C0INCIDENTS", "incidents", "What is broken now", [*staff, "UERIN", BOT_USER]),
        Channel(
            "C0STAGING",
            "staging",
            "Staging: deploys, health, questions",
            [*staff, "UERIN", "UMALLORY", "UDEPLOY", BOT_USER],
            is_ext_shared=True,
        ),
        Channel("C0GENERAL", "general", "For everyone", [*staff, "UERIN"]),
        Channel("C0RANDOM", "random", "Anything else", [*staff, BOT_USER]),
    ]
    groups = [Usergroup("S0SRESTAGING", "sre-staging", "SRE staging", ["UBOB", "UCAROL"])]
    return Workspace(
        {user.id: user for user in users},
        {channel.id: channel for channel in channels},
        {group.id: group for group in groups},
    )


def created_at() -> int:
    """Unix seconds that stand for "when the channel was made"."""
    return int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
