"""What the store knows of whys: asking, claiming, recording, ending, and those of the past.

As with sweeps: one statement each, one worker at a time, and a write with an old token changes nothing.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from bot.store.database import Database, Row

COMPOSER = "why"
LONGEST_PAST = 20

# Made of what makes it the only one, so that whoever asks for the same in the same place finds the same.
_CARD_ID = "'why-' || md5(why.number || '/' || :workspace || '/' || :channel || '/' || :thread)"

# Begins a run or joins the one that is under way, with the message and the job, at once. A card's sweep is
# diagnosed once: a second press finds that answer. Joining writes the row that it joins, so that it waits for
# a run that ends at this moment, and then begins another.
ASK = text(f"""
WITH new AS (
    INSERT INTO deliveries (id) VALUES (:delivery) ON CONFLICT DO NOTHING RETURNING id
  ), told AS (
    SELECT number, asked_at FROM whys, new WHERE :sweep_id <> '' AND environment = :environment
        AND runbook = :runbook AND sweep_id = :sweep_id AND phase = 'finished'
    ORDER BY number DESC LIMIT 1
  ), run AS (
    INSERT INTO whys AS known (environment, runbook, sweep_id, deadline_at)
    SELECT :environment, :runbook, :sweep_id, clock_timestamp() + :seconds * interval '1 second'
    FROM new WHERE NOT EXISTS (SELECT FROM told)
    ON CONFLICT (environment, runbook, sweep_id) WHERE phase IN ('queued', 'running')
        DO UPDATE SET runbook = known.runbook
    RETURNING number, asked_at, xmax = 0 AS begun
  ), why AS (
    SELECT number, asked_at, begun, false AS told FROM run
    UNION ALL SELECT number, asked_at, false, true FROM told
  ), placed AS (
    INSERT INTO why_cards AS known (id, number, people, response_url)
    SELECT {_CARD_ID}, number, ARRAY[CAST(:person AS text)], :response_url FROM why
    ON CONFLICT (id) DO UPDATE SET people = CASE WHEN :person = ANY (known.people) THEN known.people
        ELSE known.people || CAST(:person AS text) END
    RETURNING id, people
  ), wanted AS (
    INSERT INTO messages AS known (id, composer, workspace, channel, thread)
    SELECT {_CARD_ID}, '{COMPOSER}', :workspace, :channel, (SELECT id FROM messages WHERE id = :thread)
    FROM why
    ON CONFLICT (id) DO UPDATE SET desired = known.desired + 1,
        changed_at = CASE WHEN known.sent = known.desired THEN clock_timestamp() ELSE known.changed_at END
  ), job AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, status)
    SELECT 0, 'why', convert_to(number::text, 'UTF8'), 'queued' FROM why WHERE begun
    RETURNING id, priority, entrypoint
  ), logged AS (
    INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, 'queued', priority, entrypoint FROM job
  )
SELECT why.number, why.begun, why.told, placed.people[1] AS first_person,
    extract(epoch FROM clock_timestamp() - why.asked_at)::float AS age
FROM why, placed
""")  # noqa: S608 - parts of our own statement, values are bound

CLAIM = text("""
UPDATE whys SET phase = 'running', token = token + 1, lease_owner = :owner,
    lease_until = clock_timestamp() + :lease * interval '1 second',
    started_at = coalesce(started_at, clock_timestamp())
WHERE number = :number AND phase IN ('queued', 'running')
    AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING number, environment, runbook, sweep_id, token,
    extract(epoch FROM deadline_at - clock_timestamp())::float AS remaining
""")

PHASE = text("SELECT phase FROM whys WHERE number = :number")

_BUMP = """
    UPDATE messages SET desired = desired + 1, final = held.phase NOT IN ('queued', 'running'),
        changed_at = CASE WHEN sent = desired THEN clock_timestamp() ELSE changed_at END
    FROM held, why_cards WHERE why_cards.number = held.number AND messages.id = why_cards.id
"""

# Keeps what is known, renews the lease and, with a last phase, ends the run: all of it or nothing.
RECORD = text(f"""
WITH held AS (
    UPDATE whys SET phase = :phase, note = :note,
        progress = CAST(:progress AS jsonb), diagnosis = coalesce(CAST(:diagnosis AS jsonb), diagnosis),
        bundle = coalesce(CAST(:bundle AS bytea), bundle),
        lease_until = CASE WHEN :phase = 'running' THEN clock_timestamp() + :lease * interval '1 second' END,
        finished_at = CASE WHEN :phase = 'running' THEN NULL ELSE clock_timestamp() END
    WHERE number = :number AND token = :token AND phase = 'running'
    RETURNING number, phase
  ), told AS ({_BUMP})
SELECT number FROM held
""")  # noqa: S608 - see above

RENEW = text("""
UPDATE whys SET lease_until = clock_timestamp() + :lease * interval '1 second'
WHERE number = :number AND token = :token AND phase = 'running' RETURNING number
""")

RELEASE = text(
    "UPDATE whys SET lease_until = NULL WHERE number = :number AND token = :token AND phase = 'running'"
)

# Ends what nobody works on and nobody will, as with sweeps.
RETIRE = text(f"""
WITH held AS (
    UPDATE whys SET phase = 'interrupted', finished_at = clock_timestamp(), token = token + 1, note = :note
    WHERE phase IN ('queued', 'running') AND deadline_at < clock_timestamp()
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING number, phase
  ), told AS ({_BUMP})
SELECT number FROM held
""")  # noqa: S608 - see above

# Whoever joined while the run ended has a message of which the end's own statement did not know.
SETTLE = text("""
UPDATE messages SET desired = desired + 1, final = true,
    changed_at = CASE WHEN sent = desired THEN clock_timestamp() ELSE changed_at END
FROM why_cards JOIN whys USING (number)
WHERE messages.id = why_cards.id AND NOT messages.final AND whys.phase IN ('finished', 'interrupted')
RETURNING messages.id
""")

FORGET = text("""
WITH old AS (
    SELECT why_cards.id FROM why_cards JOIN whys USING (number)
    WHERE whys.finished_at < clock_timestamp() - :days * interval '1 day'
  ), gone AS (DELETE FROM messages USING old WHERE messages.id = old.id)
  , spent AS (
    UPDATE why_cards SET response_url = NULL
    WHERE response_url IS NOT NULL AND asked_at < clock_timestamp() - interval '1 hour'
        AND id NOT IN (SELECT id FROM old)
  )
DELETE FROM whys WHERE finished_at < clock_timestamp() - :days * interval '1 day'
""")

CARD = text("""
SELECT whys.number, whys.environment, whys.runbook, whys.sweep_id, whys.phase, whys.progress, whys.diagnosis,
    whys.note, whys.asked_at, whys.started_at, whys.finished_at,
    why_cards.id AS card_id, why_cards.people, why_cards.response_url, messages.workspace, messages.channel,
    messages.thread, messages.desired
FROM why_cards JOIN whys USING (number) JOIN messages ON messages.id = why_cards.id
WHERE why_cards.id = :card_id
""")

PAST = text("""
SELECT number, diagnosis FROM whys
WHERE environment = :environment AND phase = 'finished' AND diagnosis IS NOT NULL
ORDER BY finished_at DESC LIMIT :most
""")

BUNDLE = text("SELECT bundle FROM whys WHERE number = :number")


@dataclass(frozen=True, slots=True)
class WhyWish:
    """One person's wish to know why. `delivery` is what Slack repeats.

    `runbook` is empty for all of them. `sweep_id` names a sweep to share, empty for a new one. `thread` is
    the id of the message under which the answer goes, empty for the channel.
    """

    delivery: str
    environment: str
    runbook: str
    workspace: str
    channel: str
    person: str
    response_url: str | None = None
    sweep_id: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class WhyAsked:
    """What became of a wish: a run `begun`, one joined (`age` in seconds), one that had answered the same
    already (`told`), or a repeated delivery.
    """

    number: int = 0
    begun: bool = False
    told: bool = False
    repeated: bool = False
    age: float = 0.0
    first_person: str | None = None


@dataclass(frozen=True, slots=True)
class WhyClaim:
    """The right to do one run until the lease ends. `remaining` seconds are left until its deadline."""

    number: int
    token: int
    environment: str
    runbook: str
    sweep_id: str
    remaining: float


@dataclass(frozen=True, slots=True)
class StoredWhy:
    """A run as one message shows it. `diagnosis` is a `whybot/why/1` document, of the evidence so far."""

    card_id: str
    number: int
    environment: str
    runbook: str
    sweep_id: str
    phase: str
    progress: Mapping[str, Any]
    diagnosis: Mapping[str, Any] | None
    note: str | None
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    people: tuple[str, ...]
    response_url: str | None
    workspace: str
    channel: str
    thread: str
    version: int


def spoken(number: int) -> str:
    """The id of a run as people say it."""
    return f"W-{number}"


class Whys:
    """Whys in the store. Every method may raise `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, wish: WhyWish, seconds: float) -> WhyAsked:
        """Begins a run or joins one: durable on return. After `seconds` it is given up."""
        row = await self._database.fetch_one(
            ASK,
            delivery=wish.delivery,
            environment=wish.environment,
            runbook=wish.runbook,
            sweep_id=wish.sweep_id,
            workspace=wish.workspace,
            channel=wish.channel,
            thread=wish.thread,
            person=wish.person,
            response_url=wish.response_url,
            seconds=seconds,
        )
        if row is None:
            return WhyAsked(repeated=True)
        return WhyAsked(row["number"], row["begun"], row["told"], False, row["age"], row["first_person"])

    async def claim(self, number: int, owner: str, lease: float) -> WhyClaim | None:
        """Takes a run for `lease` seconds; None where it is over or someone else's."""
        row = await self._database.fetch_one(CLAIM, number=number, owner=owner, lease=lease)
        if row is None:
            return None
        named = (row["number"], row["token"], row["environment"], row["runbook"], row["sweep_id"])
        return WhyClaim(*named, row["remaining"])

    async def active(self, number: int) -> bool:
        """Whether the run still waits or goes on."""
        row = await self._database.fetch_one(PHASE, number=number)
        return row is not None and row["phase"] in {"queued", "running"}

    async def record(
        self,
        claim: WhyClaim,
        *,
        lease: float,
        progress: Mapping[str, Any] | None = None,
        diagnosis: Mapping[str, Any] | None = None,
        bundle: Any = None,
        phase: str = "running",
        note: str | None = None,
    ) -> bool:
        """Keeps what is known and the phase; False where the run is no longer ours."""
        row = await self._database.fetch_one(
            RECORD,
            number=claim.number,
            token=claim.token,
            lease=lease,
            phase=phase,
            note=note,
            progress=json.dumps(dict(progress or {})),
            diagnosis=json.dumps(diagnosis) if diagnosis is not None else None,
            bundle=_deflated(bundle) if bundle is not None else None,
        )
        return row is not None

    async def renew(self, claim: WhyClaim, lease: float) -> bool:
        """Keeps the lease; False where the run is no longer ours."""
        row = await self._database.fetch_one(RENEW, number=claim.number, token=claim.token, lease=lease)
        return row is not None

    async def release(self, claim: WhyClaim) -> None:
        """Gives a run back, so that another worker may take it at once."""
        await self._database.fetch(RELEASE, number=claim.number, token=claim.token)

    async def retire(self, note: str) -> list[int]:
        """Ends runs past their deadline that nobody works on; returns their numbers."""
        return [row["number"] for row in await self._database.fetch(RETIRE, note=note)]

    async def settle(self) -> bool:
        """Sees to it that every message of an ended run shows its end; returns whether one did not."""
        return bool(await self._database.fetch(SETTLE))

    async def forget(self, days: int) -> None:
        """Deletes runs that ended more than `days` days ago, with their messages, and answers' addresses."""
        await self._database.fetch(FORGET, days=days)

    async def card(self, card_id: str) -> StoredWhy | None:
        """A run with everything that one of its messages shows; None where there is none any more."""
        row = await self._database.fetch_one(CARD, card_id=card_id)
        return None if row is None else _stored(row)

    async def past(self, environment: str) -> list[Any]:
        """The last diagnoses of an environment as `whybot/why/1` with the `id` of their run, newest first."""
        rows: Sequence[Row] = await self._database.fetch(PAST, environment=environment, most=LONGEST_PAST)
        return [{**row["diagnosis"], "id": spoken(row["number"])} for row in rows]

    async def bundle(self, number: int) -> Any:
        """The evidence of a finished run as `whybot/bundle/1`; None where there is none."""
        row = await self._database.fetch_one(BUNDLE, number=number)
        return None if row is None or row["bundle"] is None else json.loads(zlib.decompress(row["bundle"]))


def _deflated(bundle: Any) -> bytes:
    return zlib.compress(json.dumps(bundle, separators=(",", ":"), ensure_ascii=False).encode())


def _stored(row: Row) -> StoredWhy:
    return StoredWhy(
        card_id=row["card_id"],
        number=row["number"],
        environment=row["environment"],
        runbook=row["runbook"],
        sweep_id=row["sweep_id"],
        phase=row["phase"],
        progress=row["progress"],
        diagnosis=row["diagnosis"],
        note=row["note"],
        asked_at=row["asked_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        people=tuple(row["people"]),
        response_url=row["response_url"],
        workspace=row["workspace"],
        channel=row["channel"],
        thread=row["thread"] or "",
        version=row["desired"],
    )
