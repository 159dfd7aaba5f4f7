"""What the store knows of messages to Slack: what is wanted, what was sent, and what may be sent now.

A message is a row with two numbers, `desired` and `sent`; its content is read when it is sent, so that only
the newest state ever goes out. Budgets are token buckets in the store, so that neither a second replica nor a
restart spends more than Slack allows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from bot.store.database import Database

ADD = text("""
INSERT INTO messages (id, composer, payload, workspace, channel, thread, final)
VALUES (:id, :composer, CAST(:payload AS jsonb), :workspace, :channel, :thread, true)
ON CONFLICT DO NOTHING
""")

CHANGE = text("""
UPDATE messages SET desired = desired + 1, payload = coalesce(CAST(:payload AS jsonb), payload),
    changed_at = CASE WHEN sent = desired THEN clock_timestamp() ELSE changed_at END
WHERE id = :id
""")

_CHANNEL_KEY = "'channel/' || {0}.workspace || '/' || {0}.channel"
_UPDATE_KEY = "'update/' || {0}.workspace"
_SINCE = "greatest(0, extract(epoch FROM clock_timestamp() - {0}.refilled_at))"
_LEFT = "least(:{1}_burst, {0}.tokens + " + _SINCE + " * :{1}_rate)"


def _open(alias: str, kind: str) -> str:
    """Whether a bucket lets one more through; a bucket that was never used does."""
    left = _LEFT.format(alias, kind)
    free = f"({alias}.blocked_until IS NULL OR {alias}.blocked_until <= clock_timestamp())"
    return f"({alias}.key IS NULL OR ({free} AND {left} >= 1))"


def _spend(kind: str, key: str, condition: str) -> str:
    left = _LEFT.format("budgets", kind)
    return f"""
    INSERT INTO budgets (key, tokens, refilled_at)
    SELECT {key.format("due")}, :{kind}_burst - 1, clock_timestamp() FROM due WHERE {condition}
    ON CONFLICT (key) DO UPDATE SET tokens = {left} - 1, refilled_at = clock_timestamp()
    WHERE {left} >= 1 AND (budgets.blocked_until IS NULL OR budgets.blocked_until <= clock_timestamp())
    RETURNING key
    """  # noqa: S608 - parts of our own statement, values are bound


# Takes the next message that may go out now. Posts and last states come first, in the order in which they
# were wanted; progress comes after them. In a thread, nothing overtakes its parent or an earlier sibling.
CLAIM = text(f"""
WITH due AS (
    SELECT m.id, m.workspace, m.channel, m.ts, m.posting_at FROM messages m
    LEFT JOIN budgets c ON c.key = {_CHANNEL_KEY.format("m")}
    LEFT JOIN budgets u ON u.key = {_UPDATE_KEY.format("m")}
    WHERE m.sent < m.desired AND m.failed IS NULL AND m.due_at <= clock_timestamp()
        AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
        AND {_open("c", "channel")} AND (m.ts IS NULL OR {_open("u", "update")})
        AND (m.thread IS NULL OR m.ts IS NOT NULL OR (
            EXISTS (SELECT FROM messages parent WHERE parent.id = m.thread AND parent.ts IS NOT NULL)
            AND NOT EXISTS (SELECT FROM messages elder WHERE elder.thread = m.thread AND elder.ts IS NULL
                AND elder.failed IS NULL AND elder.position < m.position)))
    ORDER BY (m.ts IS NOT NULL AND NOT m.final), m.changed_at, m.position
    LIMIT 1 FOR UPDATE OF m SKIP LOCKED
  ), from_channel AS ({_spend("channel", _CHANNEL_KEY, "true")}
  ), from_updates AS ({_spend("update", _UPDATE_KEY, "due.ts IS NOT NULL")})
UPDATE messages SET token = token + 1, attempts = attempts + 1,
    lease_until = clock_timestamp() + :lease * interval '1 second',
    posting_at = CASE WHEN messages.ts IS NULL THEN coalesce(messages.posting_at, clock_timestamp()) END
FROM due
WHERE messages.id = due.id AND EXISTS (SELECT FROM from_channel)
    AND (due.ts IS NULL OR EXISTS (SELECT FROM from_updates))
RETURNING messages.id, messages.composer, messages.payload, messages.workspace, messages.channel, messages.ts,
    messages.desired, messages.token, messages.attempts,
    (SELECT parent.ts FROM messages parent WHERE parent.id = messages.thread) AS thread_ts,
    extract(epoch FROM due.posting_at)::float AS posting_since,
    extract(epoch FROM clock_timestamp() - messages.changed_at)::float AS lag
""")  # noqa: S608 - see above

SENT = text("""
UPDATE messages SET ts = :ts, sent = greatest(sent, :version), posting_at = NULL, lease_until = NULL,
    attempts = 0, changed_at = CASE WHEN desired > :version THEN clock_timestamp() ELSE changed_at END
WHERE id = :id AND token = :token RETURNING id
""")

LATER = text("""
UPDATE messages SET lease_until = NULL, due_at = clock_timestamp() + :delay * interval '1 second',
    posting_at = CASE WHEN :unknown THEN posting_at END
WHERE id = :id AND token = :token
""")

FAILED = text("""
UPDATE messages SET failed = :code, lease_until = NULL, posting_at = NULL WHERE id = :id AND token = :token
""")

BLOCK = text("""
INSERT INTO budgets (key, tokens, blocked_until)
VALUES (:key, 0, clock_timestamp() + :seconds * interval '1 second')
ON CONFLICT (key) DO UPDATE SET tokens = 0, refilled_at = clock_timestamp(),
    blocked_until = greatest(budgets.blocked_until, excluded.blocked_until)
""")

WAITING = text("""
SELECT count(*) AS messages,
    coalesce(extract(epoch FROM clock_timestamp() - min(changed_at)), 0)::float AS lag
FROM messages WHERE sent < desired AND failed IS NULL
""")

# Slack was down, or the message was refused, for so long that nobody waits for it any more.
GIVE_UP = text("""
UPDATE messages SET failed = 'gave_up', lease_until = NULL
WHERE sent < desired AND failed IS NULL AND changed_at < clock_timestamp() - :hours * interval '1 hour'
    AND (lease_until IS NULL OR lease_until < clock_timestamp())
""")

REFUSE = text("""
INSERT INTO refused_blocks (workspace, block_type)
SELECT :workspace, unnest(CAST(:types AS text[]))
ON CONFLICT (workspace, block_type) DO UPDATE SET at = clock_timestamp()
""")

# Slack rolls new blocks out in steps: what a workspace refused is tried again after a while.
REFUSED = text("""
SELECT block_type FROM refused_blocks
WHERE workspace = :workspace AND at > clock_timestamp() - :days * interval '1 day'
""")


REFUSED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Rates:
    """What Slack allows: calls per second and burst, for one channel and for all updates of a workspace.

    `chat.postMessage` allows about one a second and channel, with short bursts; `chat.update` is of tier 3,
    about 50 a minute and workspace. https://docs.slack.dev/apis/web-api/rate-limits
    """

    channel_rate: float = 1.0
    channel_burst: float = 3.0
    update_rate: float = 50 / 60
    update_burst: float = 10.0


@dataclass(frozen=True, slots=True)
class Due:
    """A message that may be sent now, by the holder of `token`, until its lease ends.

    `posting_since` (epoch seconds) is set where an earlier post had no known outcome. `lag` is how many
    seconds the newest state waits.
    """

    id: str
    composer: str
    payload: Mapping[str, Any] | None
    workspace: str
    channel: str
    ts: str | None
    thread_ts: str | None
    version: int
    token: int
    attempts: int
    posting_since: float | None
    lag: float


class Messages:
    """Messages to Slack in the store. Every method may raise `StoreUnavailable`."""

    def __init__(self, database: Database, rates: Rates | None = None) -> None:
        self._database = database
        self.rates = rates or Rates()

    async def add(
        self,
        message_id: str,
        workspace: str,
        channel: str,
        *,
        composer: str = "plain",
        payload: Mapping[str, Any] | None = None,
        thread: str | None = None,
    ) -> None:
        """Wants a message in a channel, or under the message `thread`; the same id again changes nothing."""
        await self._database.fetch(
            ADD,
            id=message_id,
            composer=composer,
            payload=json.dumps(payload) if payload is not None else None,
            workspace=workspace,
            channel=channel,
            thread=thread,
        )

    async def change(self, message_id: str, payload: Mapping[str, Any] | None = None) -> None:
        """Says that a message has a newer state."""
        await self._database.fetch(
            CHANGE, id=message_id, payload=json.dumps(payload) if payload is not None else None
        )

    async def claim(self, lease: float) -> Due | None:
        """Takes the next message that may be sent now, and spends its budget; None where there is none."""
        rates = self.rates
        row = await self._database.fetch_one(
            CLAIM,
            lease=lease,
            channel_rate=rates.channel_rate,
            channel_burst=rates.channel_burst,
            update_rate=rates.update_rate,
            update_burst=rates.update_burst,
        )
        if row is None:
            return None
        return Due(
            id=row["id"],
            composer=row["composer"],
            payload=row["payload"],
            workspace=row["workspace"],
            channel=row["channel"],
            ts=row["ts"],
            thread_ts=row["thread_ts"],
            version=row["desired"],
            token=row["token"],
            attempts=row["attempts"],
            posting_since=row["posting_since"],
            lag=row["lag"],
        )

    async def sent(self, due: Due, ts: str, version: int) -> None:
        """Notes that Slack has the state `version` of a message, at `ts`."""
        await self._database.fetch(SENT, id=due.id, token=due.token, ts=ts, version=version)

    async def later(self, due: Due, delay: float, *, unknown: bool = False) -> None:
        """Tries again in `delay` seconds; `unknown` where Slack may have taken the message."""
        await self._database.fetch(LATER, id=due.id, token=due.token, delay=delay, unknown=unknown)

    async def failed(self, due: Due, code: str) -> None:
        """Gives a message up: Slack's answer will not change by itself."""
        await self._database.fetch(FAILED, id=due.id, token=due.token, code=code)

    async def block(self, due: Due, seconds: float) -> None:
        """Obeys a Retry-After: nothing to that channel, or no update in that workspace, for so long."""
        posting = due.ts is None
        key = f"channel/{due.workspace}/{due.channel}" if posting else f"update/{due.workspace}"
        await self._database.fetch(BLOCK, key=key, seconds=seconds)

    async def waiting(self) -> tuple[int, float]:
        """How many messages wait, and for how many seconds the oldest does."""
        row = await self._database.fetch_one(WAITING)
        return (row["messages"], row["lag"]) if row else (0, 0.0)

    async def give_up(self, hours: int) -> None:
        """Stops trying what has been waiting for more than `hours`."""
        await self._database.fetch(GIVE_UP, hours=hours)

    async def refuse(self, workspace: str, types: set[str]) -> None:
        """Remembers block types that a workspace does not take yet."""
        await self._database.fetch(REFUSE, workspace=workspace, types=sorted(types))

    async def refused(self, workspace: str) -> frozenset[str]:
        """Block types that a workspace refused lately."""
        rows = await self._database.fetch(REFUSED, workspace=workspace, days=REFUSED_DAYS)
        return frozenset(row["block_type"] for row in rows)
