"""What the store knows of drift: messages that were asked for, and what the schedule has seen.

One statement each. A schedule has one row for an environment: whoever moves its time on looks, for as long as
its lease; a result with an older token changes nothing and says nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from bot.store.database import Database

# The message, the job and the delivery at once; a repeated delivery of Slack's changes nothing.
ASK = text("""
WITH new AS (
    INSERT INTO deliveries (id) VALUES (:delivery) ON CONFLICT DO NOTHING RETURNING id
  ), wanted AS (
    INSERT INTO messages (id, composer, payload, workspace, channel, final)
    SELECT :id, 'drift', CAST(:payload AS jsonb), :workspace, :channel, false FROM new
    ON CONFLICT DO NOTHING RETURNING id
  ), job AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, status)
    SELECT 0, 'drift', convert_to(id, 'UTF8'), 'queued' FROM wanted
    RETURNING id, priority, entrypoint
  ), logged AS (
    INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, 'queued', priority, entrypoint FROM job
  )
SELECT id FROM wanted
""")

ASKED = text("SELECT payload, final FROM messages WHERE id = :id AND composer = 'drift'")

ANSWER = text("""
UPDATE messages SET payload = payload || CAST(:payload AS jsonb), desired = desired + 1, final = true,
    changed_at = CASE WHEN sent = desired THEN clock_timestamp() ELSE changed_at END
WHERE id = :id AND NOT final
""")

TAKE = text("""
INSERT INTO drift_watches AS watch (environment, token, due_at)
VALUES (:environment, 1, CAST(:now AS timestamptz) + :lease * interval '1 second')
ON CONFLICT (environment) DO UPDATE SET token = watch.token + 1,
    due_at = CAST(:now AS timestamptz) + :lease * interval '1 second'
WHERE watch.due_at <= CAST(:now AS timestamptz)
RETURNING token, state
""")

# What was seen and what is said of it, together or not at all.
KEEP = text("""
WITH held AS (
    UPDATE drift_watches SET state = CAST(:state AS jsonb), seen_at = :now,
        due_at = CAST(:now AS timestamptz) + :interval * interval '1 second'
    WHERE environment = :environment AND token = :token RETURNING environment
  ), said AS (
    SELECT one.id, one.payload FROM held, jsonb_to_recordset(CAST(:messages AS jsonb))
        AS one (id text, payload jsonb)
  ), told AS (
    INSERT INTO messages AS known (id, composer, payload, workspace, channel, final)
    SELECT id, 'drift', payload, :workspace, :channel, true FROM said
    ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, desired = known.desired + 1,
        failed = CASE WHEN known.ts IS NULL THEN NULL ELSE known.failed END,
        changed_at = CASE WHEN known.sent = known.desired THEN clock_timestamp() ELSE known.changed_at END
  )
SELECT environment FROM held
""")

FORGET = text("""
WITH spent AS (
    UPDATE messages SET payload = payload - 'response_url' WHERE composer = 'drift'
        AND payload ? 'response_url' AND changed_at < clock_timestamp() - interval '1 hour'
  )
DELETE FROM messages WHERE composer = 'drift' AND changed_at < clock_timestamp() - :days * interval '1 day'
    AND NOT EXISTS (
        SELECT FROM drift_watches, jsonb_array_elements(state -> 'episodes') AS episode
        WHERE episode ->> 'id' = messages.id)
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """The right to look at one environment once. `state` is what was known before."""

    environment: str
    token: int
    state: Mapping[str, Any]


class Drifts:
    """Drift in the store. Every method may raise `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(
        self, message_id: str, delivery: str, workspace: str, channel: str, payload: Mapping[str, Any]
    ) -> bool:
        """Wants a message of drift and a worker for it; False where Slack delivered the wish before."""
        row = await self._database.fetch_one(
            ASK,
            id=message_id,
            delivery=delivery,
            workspace=workspace,
            channel=channel,
            payload=json.dumps(dict(payload)),
        )
        return row is not None

    async def asked(self, message_id: str) -> tuple[Mapping[str, Any], bool] | None:
        """What a message shows now and whether that is its answer; None where there is no such message."""
        row = await self._database.fetch_one(ASKED, id=message_id)
        return None if row is None else (row["payload"], row["final"])

    async def answer(self, message_id: str, payload: Mapping[str, Any]) -> None:
        """Gives a message its answer, once."""
        await self._database.fetch(ANSWER, id=message_id, payload=json.dumps(dict(payload)))

    async def take(self, environment: str, now: datetime, lease: float) -> Taken | None:
        """The right to look at an environment, for `lease` seconds; None where it is not time, or taken."""
        row = await self._database.fetch_one(TAKE, environment=environment, now=now, lease=lease)
        return None if row is None else Taken(environment, row["token"], row["state"])

    async def keep(
        self,
        taken: Taken,
        now: datetime,
        interval: float,
        state: Mapping[str, Any],
        workspace: str,
        channel: str,
        messages: Sequence[tuple[str, Mapping[str, Any]]],
    ) -> bool:
        """Keeps what was seen with what is said of it (ids and payloads), and the time of the next look,
        `interval` seconds from now. False where another has looked meanwhile.
        """
        row = await self._database.fetch_one(
            KEEP,
            environment=taken.environment,
            token=taken.token,
            now=now,
            interval=interval,
            state=json.dumps(dict(state)),
            workspace=workspace,
            channel=channel,
            messages=json.dumps([{"id": name, "payload": dict(payload)} for name, payload in messages]),
        )
        return row is not None

    async def forget(self, days: int) -> None:
        """Deletes messages of drift that have not changed for so many days, and answers' addresses sooner."""
        await self._database.fetch(FORGET, days=days)
