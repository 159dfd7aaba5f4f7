"""`response_url`s: up to five answers within thirty minutes, in a channel or to one person
(docs.slack.dev/interactivity/handling-user-interaction#message_responses)."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack import blocks as block_kit
from sandbox.slack.errors import JSON, SlackError
from sandbox.slack.workspace import BOT_ID, BOT_USER, Message, Workspace

MOST_USES = 5
LIFE_SECONDS = 1800.0
KNOWN_FIELDS = frozenset(
    {
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "metadata",
        "mrkdwn",
        "unfurl_links",
        "unfurl_media",
    }
)


@dataclass
class ResponseUrl:
    """One address: where its answers go, and how often it was used. `source` is the message that
    was acted on."""

    id: str
    channel: str
    user: str
    expires: float
    source: str | None = None
    uses: int = 0


@dataclass
class ResponseUrls:
    """Makes `response_url`s and takes what the bot sends to them."""

    workspace: Workspace
    announce: Callable[[Message], None]
    announce_change: Callable[[Message], None]
    remove: Callable[[Message], None]
    clock: Callable[[], float] = time.monotonic
    newer_blocks: bool = True
    _urls: dict[str, ResponseUrl] = field(default_factory=dict)

    def new(self, channel: str, user: str, source: str | None = None) -> str:
        """A new address's id."""
        url = ResponseUrl(secrets.token_urlsafe(18), channel, user, self.clock() + LIFE_SECONDS, source)
        self._urls[url.id] = url
        return url.id

    def use(self, url_id: str, body: JSON) -> None:
        """Handles one answer; raises `SlackError` with the code that Slack gives."""
        url = self._urls.get(url_id)
        if url is None or self.clock() > url.expires:
            raise SlackError("expired_url", status=404)
        if url.uses >= MOST_USES:
            raise SlackError("used_url", status=404)
        self.respond(url, body)
        url.uses += 1

    def respond(self, url: ResponseUrl, body: JSON) -> None:
        """Posts, replaces or deletes as `body` says."""
        source = self.workspace.channels[url.channel].messages.get(url.source or "")
        if body.get("delete_original") and source is not None:
            self.remove(source)
            return
        self._check(body)
        if body.get("replace_original") and source is not None:
            self._replace(source, body)
            return
        self._post(url, body)

    def acknowledged(self, channel: str, user: str, body: JSON) -> None:
        """An answer that came with the acknowledgement of a slash command. A wrong one raises
        `SlackError`."""
        self.respond(ResponseUrl("", channel, user, 0.0), body)

    def _check(self, body: JSON) -> None:
        if not isinstance(body, dict) or not (
            body.get("text") or body.get("blocks") or body.get("attachments")
        ):
            raise SlackError("no_text", status=400)
        if block_kit.message_problems(body.get("blocks"), newer_blocks=self.newer_blocks):
            raise SlackError("invalid_blocks", status=400)

    def _replace(self, source: Message, body: JSON) -> None:
        source.text = str(body.get("text") or "")
        source.blocks = block_kit.with_ids(body.get("blocks") or [])
        if source.ephemeral_to is None:
            source.edited = {"user": BOT_USER, "ts": self.workspace.next_ts()}
            self.announce_change(source)
        self.workspace.touch(source)

    def _post(self, url: ResponseUrl, body: JSON) -> None:
        in_channel = body.get("response_type") == "in_channel"
        message = Message(
            ts=self.workspace.next_ts(),
            channel=url.channel,
            user=BOT_USER,
            bot_id=BOT_ID,
            text=str(body.get("text") or ""),
            blocks=block_kit.with_ids(body.get("blocks") or []),
            attachments=body.get("attachments") or [],
            thread_ts=body.get("thread_ts"),
            metadata=body.get("metadata"),
            ephemeral_to=None if in_channel else url.user,
        )
        self.workspace.post(message)
        self.announce(message)
