"""The outbox: the only way of messages to Slack.

It takes what may be sent now from the store, reads the newest state of it, sends that, and notes the outcome.
A post whose outcome is unknown (time-out, crash) is looked for in the channel by its metadata before it is
posted again, so that no card is doubled and none is lost.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.answers import Answers
from bot.slack_errors import FOREIGN, Next, Refusal, refusal, what_to_do
from bot.store.embedded import StoreUnavailable
from bot.store.messages import Due, Messages
from bot.views.message import NEWER, Blocks, Message

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.1
AT_ONCE = 8
PAGES = 10
SKEW = 900.0
"""Seconds by which Slack's clock and the store's may differ."""
PAGE = 100
EVENT = "whybot_card"
"""The metadata's event type by which whybot finds its own messages again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: `call` until an answer of Slack is given up, `lease` until another process may send the
    message, `settle` until a post that was cut off is in the channel or lost, `longest` between two attempts.
    """

    call: float = 6.0
    lease: float = 15.0
    settle: float = 5.0
    longest: float = 30.0


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in its newest state. `version` is what the store calls that state."""

    message: Message
    version: int
    response_url: str | None = None


Composer = Callable[[Due], Awaitable[Composed | None]]
"""Reads the newest state of a message; None where it is no longer wanted."""


async def plain(due: Due) -> Composed:
    """Composes a message whose content is in its row: `text`, and `blocks` where it has some."""
    payload = due.payload or {}
    blocks: Blocks = list(payload.get("blocks", []))
    return Composed(Message(payload["text"], blocks, blocks), due.version)


class Outbox:
    """Sends what the store wants sent, until it is stopped."""

    def __init__(
        self,
        messages: Messages,
        slack: AsyncWebClient,
        answers: Answers,
        composers: Mapping[str, Composer],
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._messages = messages
        self._slack = slack
        self._answers = answers
        self._composers = {"plain": plain, **composers}
        self._woken = asyncio.Event()
        self._stopping = False
        self._sending: set[asyncio.Task[None]] = set()
        self._plainer: dict[str, int] = {}

    def wake(self) -> None:
        """Says that there may be something to send."""
        self._woken.set()

    async def run(self) -> None:
        """Sends until `stop`; afterwards only what may go out at once."""
        while True:
            due = await self._next()
            if due is not None:
                task = asyncio.create_task(self._deliver(due))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
                if len(self._sending) >= AT_ONCE:
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            elif self._sending:
                await asyncio.wait(self._sending, timeout=BUSY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            elif self._stopping:
                return
            else:
                await self._pause()

    async def waiting(self) -> tuple[int, float]:
        """How many messages are behind their newest state, and for how many seconds the oldest is."""
        return await self._messages.waiting()

    def stop(self) -> None:
        """Ends `run` once nothing more may be sent at this moment."""
        self._stopping = True
        self.wake()

    async def _pause(self) -> None:
        """Waits until something may be sendable: at once when woken, soon while budgets refill."""
        try:
            waiting, lag = await self.waiting()
        except StoreUnavailable:
            waiting, lag = 0, 0.0
        metrics.WAITING.set(waiting)
        metrics.LAG.set(lag)
        try:
            async with asyncio.timeout(BUSY_SECONDS if waiting else IDLE_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _next(self) -> Due | None:
        try:
            return await self._messages.claim(self._patience.lease)
        except StoreUnavailable as error:
            log.warning("the outbox waits for the store", error=str(error))
            return None

    async def _deliver(self, due: Due) -> None:
        try:
            await self._send(due)
        except StoreUnavailable as error:
            # The lease ends by itself; what was sent is found again by its metadata.
            log.warning("a delivery could not be noted", message_id=due.id, error=str(error))
        except Exception:
            # The border: a message that cannot be composed must not stop the others.
            log.exception("a message could not be sent", message_id=due.id)
            await self._messages.later(due, self._backoff(due), unknown=due.ts is None)

    async def _send(self, due: Due) -> None:
        composed = await self._composers[due.composer](due)
        if composed is None:
            await self._messages.failed(due, "not_wanted")
            return
        try:
            if due.posting_since is not None and (found := await self._find(due)) is not None:
                log.info("found a message that had been posted", message_id=due.id)
                await self._messages.sent(due, found, version=0)
                return
            arguments = await self._arguments(due, composed.message)
            async with asyncio.timeout(self._patience.call):
                ts = await self._call(due, arguments)
        except FOREIGN as error:
            await self._failed(due, composed, refusal(error))
            return
        self._plainer.pop(due.id, None)
        await self._messages.sent(due, ts, composed.version)
        metrics.SENT.labels("update" if due.ts else "post").inc()
        self.wake()

    async def _call(self, due: Due, arguments: dict[str, Any]) -> str:
        if due.ts is not None:
            await self._slack.chat_update(channel=due.channel, ts=due.ts, **arguments)
            return due.ts
        response = await self._slack.chat_postMessage(
            channel=due.channel,
            thread_ts=due.thread_ts,
            metadata={"event_type": EVENT, "event_payload": {"card": due.id}},
            unfurl_links=False,
            unfurl_media=False,
            **arguments,
        )
        return str(response["ts"])

    async def _arguments(self, due: Due, message: Message) -> dict[str, Any]:
        """Text and blocks in the form that this workspace takes."""
        steps = self._plainer.get(due.id, 0)
        if steps > 1:
            return {"text": message.text, "blocks": []}
        if steps or (message.newer and message.newer & await self._messages.refused(due.workspace)):
            return {"text": message.text, "blocks": message.fallback_blocks}
        return {"text": message.text, "blocks": message.blocks}

    async def _find(self, due: Due) -> str | None:
        """The `ts` of a message that an earlier attempt posted, if it did."""
        cursor = ""
        for _ in range(PAGES):
            arguments: dict[str, Any] = {
                "channel": due.channel,
                "limit": PAGE,
                "include_all_metadata": True,
                # Earlier than it was posted, since Slack's clock is not the store's.
                "oldest": f"{(due.posting_since or SKEW) - SKEW:.6f}",
                "cursor": cursor,
            }
            try:
                async with asyncio.timeout(self._patience.call):
                    page = (
                        await self._slack.conversations_replies(ts=due.thread_ts, **arguments)
                        if due.thread_ts
                        else await self._slack.conversations_history(**arguments)
                    )
            except FOREIGN as error:
                if (why := refusal(error)).next is not Next.STOP:
                    raise
                # A channel that may be written but not read: better a second card than none.
                log.warning("cannot look for a message, posting it again", message_id=due.id, error=why.code)
                return None
            for message in page["messages"]:
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == EVENT and metadata["event_payload"].get("card") == due.id:
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
        return None

    async def _failed(self, due: Due, composed: Composed, why: Refusal) -> None:
        metrics.REFUSED.labels(why.code).inc()
        # What was unknown before stays so: an earlier post may be in the channel although this call was not.
        unknown = due.ts is None and (why.next is Next.UNSURE or due.posting_since is not None)
        if why.next is Next.STOP or (why.next is Next.CLASSIC and self._plainer.get(due.id, 0) > 1):
            await self._give_up(due, composed, why)
        elif why.next is Next.CLASSIC:
            await self._make_plainer(due, composed.message, why)
            await self._messages.later(due, 0, unknown=unknown)
        elif why.retry_after is not None:
            log.info("Slack asks to slow down", channel=due.channel, seconds=why.retry_after)
            await self._messages.block(due, why.retry_after)
            await self._messages.later(due, why.retry_after, unknown=unknown)
        else:
            delay = max(self._backoff(due), self._patience.settle if unknown else 0)
            log.warning("a message is sent again later", message_id=due.id, error=why.code, delay=delay)
            await self._messages.later(due, delay, unknown=unknown)

    async def _give_up(self, due: Due, composed: Composed, why: Refusal) -> None:
        log.warning(
            "Slack refused a message for good",
            message_id=due.id, channel=due.channel, error=why.code, details=why.details,
        )  # fmt: skip
        await self._messages.failed(due, why.code)
        if (words := what_to_do(why.code)) is not None:
            await self._answers.tell(composed.response_url, words)

    async def _make_plainer(self, due: Due, message: Message, why: Refusal) -> None:
        """Takes the next plainer form: classic blocks, then text; remembers unknown types of blocks."""
        unknown_types = {kind for kind in message.newer if any(_names(kind, line) for line in why.details)}
        log.warning("Slack refused blocks", message_id=due.id, unknown=unknown_types, details=why.details)
        if unknown_types:
            await self._messages.refuse(due.workspace, unknown_types)
        else:
            self._plainer[due.id] = self._plainer.get(due.id, 0) + 1

    def _backoff(self, due: Due) -> float:
        longest = min(self._patience.longest, 0.5 * 2.0 ** min(due.attempts, 10))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


def _names(kind: str, line: str) -> bool:
    """Whether Slack's complaint says that it does not know a type of block at all."""
    return kind in NEWER and f"unsupported type: {kind}" in line
