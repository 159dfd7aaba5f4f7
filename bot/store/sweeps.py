"""What the store knows of sweeps and their cards: asking, claiming, recording, ending.

One statement each. A sweep has one worker at a time: a claim raises `token`, every later write names it, and
a write that finds another token changes nothing and says so.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from bot.store.database import Database, Row
from bot.store.embedded import StoreUnavailable
from bot.store.together import Together

# A card's id is made of what makes it the only one, so that people who join at the same moment agree on it
# without waiting for each other.
CARD_ID = "md5(sweep.id || '/' || :workspace || '/' || :channel)"

_PLACE_CARD = f"""
  placed AS (
    INSERT INTO cards (id, sweep_id, workspace, channel, response_url)
    SELECT {CARD_ID}, sweep.id, :workspace, :channel, :response_url FROM sweep, new
    ON CONFLICT DO NOTHING
  ), listed AS (
    INSERT INTO requesters (card_id, person) SELECT {CARD_ID}, :person FROM sweep, new
    ON CONFLICT DO NOTHING
  ), wanted AS (
    INSERT INTO messages (id, composer, workspace, channel)
    SELECT {CARD_ID}, 'card', :workspace, :channel FROM sweep, new
    ON CONFLICT DO NOTHING
  )
"""  # noqa: S608 - parts of our own statements, values are bound

# Joins the sweeps that are under way, for many people at once. Locks no row that others would wait for, and
# inserts in the order of keys, so that replicas that do the same cannot wait for each other in a circle.
JOIN = text("""
WITH asked AS (
    SELECT * FROM unnest(
        CAST(:deliveries AS text[]), CAST(:environments AS text[]), CAST(:selections AS text[]),
        CAST(:workspaces AS text[]), CAST(:channels AS text[]), CAST(:persons AS text[]),
        CAST(:response_urls AS text[])
    ) WITH ORDINALITY AS a (delivery, environment, selection, workspace, channel, person, response_url, place)
  ), joined AS MATERIALIZED (
    SELECT asked.*, sweeps.id AS sweep_id, sweeps.asked_at,
        md5(sweeps.id || '/' || asked.workspace || '/' || asked.channel) AS card_id
    FROM asked JOIN sweeps USING (environment, selection) WHERE sweeps.phase IN ('queued', 'running')
  ), new AS (
    INSERT INTO deliveries (id) SELECT DISTINCT delivery FROM joined ORDER BY delivery
    ON CONFLICT DO NOTHING RETURNING id
  ), fresh AS MATERIALIZED (
    SELECT joined.* FROM joined JOIN new ON new.id = joined.delivery
  ), placed AS (
    INSERT INTO cards (id, sweep_id, workspace, channel, response_url)
    SELECT DISTINCT ON (card_id) card_id, sweep_id, workspace, channel, response_url FROM fresh
    ORDER BY card_id, place ON CONFLICT DO NOTHING
  ), people AS (
    SELECT card_id, person, min(place) AS place FROM fresh GROUP BY card_id, person
  ), listed AS (
    INSERT INTO requesters (card_id, person) SELECT card_id, person FROM people ORDER BY card_id, place
    ON CONFLICT DO NOTHING
  ), wanted AS (
    INSERT INTO messages (id, composer, workspace, channel)
    SELECT DISTINCT ON (card_id) card_id, 'card', workspace, channel FROM fresh
    ORDER BY card_id ON CONFLICT DO NOTHING
  ), first AS (
    SELECT DISTINCT ON (cards.sweep_id) cards.sweep_id, requesters.person
    FROM requesters JOIN cards ON cards.id = requesters.card_id
    WHERE cards.sweep_id IN (SELECT sweep_id FROM joined)
    ORDER BY cards.sweep_id, requesters.position
  )
SELECT joined.place, joined.card_id, new.id IS NOT NULL AS new, first.person AS first_person,
    extract(epoch FROM clock_timestamp() - joined.asked_at)::float AS age
FROM joined LEFT JOIN new ON new.id = joined.delivery LEFT JOIN first ON first.sweep_id = joined.sweep_id
""")

# Begins a sweep, unless one is under way (then no row comes back) or Slack delivered the same request before.
# The last part is what `pgqueuer.Queries.enqueue` does, in the same statement: one round trip for a command.
BEGIN = text(f"""
WITH sweep AS (
    INSERT INTO sweeps (id, environment, selection, expected, titles, deadline_at)
    SELECT :sweep_id, :environment, :selection, CAST(:expected AS text[]), CAST(:titles AS jsonb),
        clock_timestamp() + :seconds * interval '1 second'
    WHERE NOT EXISTS (SELECT FROM deliveries WHERE id = :delivery)
    ON CONFLICT DO NOTHING RETURNING id
  ), new AS (
    INSERT INTO deliveries (id) SELECT :delivery FROM sweep RETURNING id
  ), {_PLACE_CARD}, job AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, status)
    SELECT 0, 'sweep', convert_to(sweep.id, 'UTF8'), 'queued' FROM sweep, new
    RETURNING id, priority, entrypoint
  ), logged AS (
    INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, 'queued', priority, entrypoint FROM job
  )
SELECT sweep.id AS sweep_id, {CARD_ID} AS card_id FROM sweep
""")  # noqa: S608 - see above

SEEN = text("SELECT id FROM deliveries WHERE id = :delivery")

CLAIM = text("""
UPDATE sweeps SET phase = 'running', token = token + 1, lease_owner = :owner,
    lease_until = clock_timestamp() + :lease * interval '1 second',
    started_at = coalesce(started_at, clock_timestamp()),
    vantage = coalesce(vantage, CAST(:vantages AS jsonb) -> environment)
WHERE id = :sweep_id AND phase IN ('queued', 'running')
    AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING id, environment, expected, token,
    extract(epoch FROM deadline_at - clock_timestamp())::float AS remaining,
    (SELECT coalesce(array_agg(name), '{}') FROM results WHERE sweep_id = sweeps.id) AS answered
""")

PHASE = text("SELECT phase FROM sweeps WHERE id = :sweep_id")

_BUMP_CARDS = """
    UPDATE messages SET desired = desired + 1, final = held.phase NOT IN ('queued', 'running'),
        changed_at = CASE WHEN sent = desired THEN clock_timestamp() ELSE changed_at END
    FROM held, cards WHERE cards.sweep_id = held.id AND messages.id = cards.id
"""

# Keeps results, renews the lease and, with a last phase, ends the sweep: all of it or nothing.
RECORD = text(f"""
WITH held AS (
    UPDATE sweeps SET phase = :phase, duration_ms = :duration_ms, note = :note,
        lease_until = CASE WHEN :phase = 'running' THEN clock_timestamp() + :lease * interval '1 second' END,
        finished_at = CASE WHEN :phase = 'running' THEN NULL ELSE clock_timestamp() END
    WHERE id = :sweep_id AND token = :token AND phase = 'running'
    RETURNING id, phase
  ), stored AS (
    INSERT INTO results (sweep_id, name, document)
    SELECT held.id, one.name, one.document
    FROM held, jsonb_to_recordset(CAST(:results AS jsonb)) AS one (name text, document jsonb)
    ON CONFLICT DO NOTHING
  ), told AS ({_BUMP_CARDS})
SELECT id FROM held
""")  # noqa: S608 - see above

RENEW = text("""
UPDATE sweeps SET lease_until = clock_timestamp() + :lease * interval '1 second'
WHERE id = :sweep_id AND token = :token AND phase = 'running' RETURNING id
""")

RELEASE = text(
    "UPDATE sweeps SET lease_until = NULL WHERE id = :sweep_id AND token = :token AND phase = 'running'"
)

# Ends what nobody works on and nobody will: past its deadline, with no lease. A zombie's token is made old.
RETIRE = text(f"""
WITH held AS (
    UPDATE sweeps SET phase = 'interrupted', finished_at = clock_timestamp(), token = token + 1, note = :note
    WHERE phase IN ('queued', 'running') AND deadline_at < clock_timestamp()
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING id, phase
  ), told AS ({_BUMP_CARDS})
SELECT id FROM held
""")  # noqa: S608 - see above

# Old conversations: messages go with their cards by hand, since other rooms will have messages without cards.
FORGET = text("""
WITH old AS (
    SELECT cards.id FROM cards JOIN sweeps ON sweeps.id = cards.sweep_id
    WHERE sweeps.finished_at < clock_timestamp() - :days * interval '1 day'
  ), gone AS (DELETE FROM messages USING old WHERE messages.id = old.id)
  , swept AS (DELETE FROM sweeps WHERE finished_at < clock_timestamp() - :days * interval '1 day')
  , spent AS (
    -- It lets whoever has it write into the channel, and Slack takes it for half an hour only.
    UPDATE cards SET response_url = NULL FROM sweeps WHERE sweeps.id = cards.sweep_id
      AND response_url IS NOT NULL AND sweeps.asked_at < clock_timestamp() - interval '1 hour'
  )
DELETE FROM deliveries WHERE at < clock_timestamp() - interval '1 day'
""")

_SWEEP_COLUMNS = """
    sweeps.id AS sweep_id, sweeps.environment, sweeps.selection, sweeps.expected, sweeps.titles, sweeps.phase,
    sweeps.vantage, sweeps.duration_ms, sweeps.note, sweeps.asked_at, sweeps.started_at, sweeps.finished_at,
    (SELECT coalesce(jsonb_agg(document ORDER BY position), '[]') FROM results
     WHERE results.sweep_id = sweeps.id) AS results
"""

CARD = text(f"""
SELECT {_SWEEP_COLUMNS}, cards.id AS card_id, cards.workspace, cards.channel, cards.response_url,
    (SELECT array_agg(person ORDER BY position) FROM requesters WHERE card_id = cards.id) AS requesters,
    messages.ts, messages.desired, messages.sent,
    extract(epoch FROM clock_timestamp() - messages.changed_at)::float AS lag
FROM cards JOIN sweeps ON sweeps.id = cards.sweep_id JOIN messages ON messages.id = cards.id
WHERE cards.id = :card_id
""")  # noqa: S608 - see above

SWEEP = text(f"SELECT {_SWEEP_COLUMNS} FROM sweeps WHERE sweeps.id = :sweep_id")  # noqa: S608 - see above

LATEST = text(f"""
SELECT DISTINCT ON (sweeps.environment) {_SWEEP_COLUMNS} FROM sweeps
WHERE sweeps.phase = 'finished' AND sweeps.selection = ''
ORDER BY sweeps.environment, sweeps.finished_at DESC
""")  # noqa: S608 - see above

NOTE_DELIVERY = text("INSERT INTO deliveries (id) VALUES (:delivery) ON CONFLICT DO NOTHING RETURNING id")


@dataclass(frozen=True, slots=True)
class Request:
    """One person's wish for a sweep in one channel. `delivery` is what Slack repeats on delivering again."""

    delivery: str
    environment: str
    names: tuple[str, ...]  # the checks wanted, in the order of the file
    everything: bool  # whether that is all of them
    titles: Mapping[str, str]
    seconds: float  # after this the sweep is given up
    workspace: str
    channel: str
    person: str
    response_url: str | None = None

    @property
    def selection(self) -> str:
        """What two requests must have in common to share a sweep, besides the environment."""
        return "" if self.everything else ",".join(self.names)


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request: a sweep `begun`, one joined (`age` in seconds), or a repeated delivery."""

    card_id: str | None
    begun: bool
    repeated: bool = False
    age: float = 0.0
    first_person: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one sweep until the lease ends. `remaining` seconds are left until its deadline."""

    sweep_id: str
    token: int
    environment: str
    missing: tuple[str, ...]
    remaining: float


@dataclass(frozen=True, slots=True)
class StoredSweep:
    """A sweep as the store has it; `results` are documents in the order in which they came."""

    id: str
    environment: str
    selection: tuple[str, ...]
    expected: tuple[str, ...]
    titles: Mapping[str, str]
    phase: str
    vantage: Mapping[str, Any] | None
    duration_ms: float
    note: str | None
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    results: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A card with its sweep and how far its message is behind (`lag` seconds, `waiting` updates)."""

    id: str
    sweep: StoredSweep
    workspace: str
    channel: str
    ts: str | None
    requesters: tuple[str, ...]
    response_url: str | None
    version: int
    waiting: int
    lag: float


class Sweeps:
    """Sweeps and cards in the store. Every method may raise `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asking = Together(self._ask_all, common=(StoreUnavailable,))

    async def ask(self, request: Request) -> Asked:
        """Joins the sweep that is under way or begins one, with its card and its job; durable on return.

        Requests that come at the same moment share their statements.
        """
        return await self._asking.ask(request)

    async def _ask_all(self, requests: Sequence[Request]) -> list[Asked]:
        answers: dict[int, Asked] = {}
        while len(answers) < len(requests):
            pending = [place for place in range(len(requests)) if place not in answers]
            joined = await self._join([requests[place] for place in pending])
            answers |= {pending[place]: asked for place, asked in joined.items()}
            # One begins each sweep that is missing; the others join it in the next round.
            begun: set[tuple[str, str]] = set()
            for place in pending:
                request = requests[place]
                if place in answers or (request.environment, request.selection) in begun:
                    continue
                begun.add((request.environment, request.selection))
                if (asked := await self._begin(request)) is not None:
                    answers[place] = asked
        return [answers[place] for place in range(len(requests))]

    async def _join(self, requests: Sequence[Request]) -> dict[int, Asked]:
        """Who joined what, by place in the list; whoever found nothing to join is left out."""
        rows = await self._database.fetch(
            JOIN,
            deliveries=[request.delivery for request in requests],
            environments=[request.environment for request in requests],
            selections=[request.selection for request in requests],
            workspaces=[request.workspace for request in requests],
            channels=[request.channel for request in requests],
            persons=[request.person for request in requests],
            response_urls=[request.response_url for request in requests],
        )
        return {
            row["place"] - 1: Asked(row["card_id"], False, not row["new"], row["age"], row["first_person"])
            for row in rows
        }

    async def _begin(self, request: Request) -> Asked | None:
        """Begins a sweep, unless someone else did since the last look (then None: join theirs)."""
        begun = await self._database.fetch_one(
            BEGIN,
            delivery=request.delivery,
            environment=request.environment,
            selection=request.selection,
            workspace=request.workspace,
            channel=request.channel,
            person=request.person,
            response_url=request.response_url,
            sweep_id=secrets.token_hex(8),
            expected=list(request.names),
            titles=json.dumps(dict(request.titles)),
            seconds=request.seconds,
        )
        if begun is not None:
            return Asked(begun["card_id"], begun=True)
        if await self._database.fetch_one(SEEN, delivery=request.delivery) is not None:
            return Asked(None, begun=False, repeated=True)
        return None

    async def first_delivery(self, delivery: str) -> bool:
        """Whether this is the first time that Slack delivers this; notes it."""
        return await self._database.fetch_one(NOTE_DELIVERY, delivery=delivery) is not None

    async def claim(
        self, sweep_id: str, owner: str, lease: float, vantages: Mapping[str, Mapping[str, Any]]
    ) -> Claim | None:
        """Takes a sweep for `lease` seconds; None where it is over or someone else's.

        `vantages` are where checks are asked from, by environment.
        """
        row = await self._database.fetch_one(
            CLAIM, sweep_id=sweep_id, owner=owner, lease=lease, vantages=json.dumps(dict(vantages))
        )
        if row is None:
            return None
        missing = tuple(name for name in row["expected"] if name not in set(row["answered"]))
        return Claim(row["id"], row["token"], row["environment"], missing, row["remaining"])

    async def active(self, sweep_id: str) -> bool:
        """Whether the sweep still waits or runs."""
        row = await self._database.fetch_one(PHASE, sweep_id=sweep_id)
        return row is not None and row["phase"] in {"queued", "running"}

    async def record(
        self,
        claim: Claim,
        results: Sequence[Mapping[str, Any]],
        *,
        lease: float,
        phase: str = "running",
        duration_ms: float = 0.0,
        note: str | None = None,
    ) -> bool:
        """Keeps results (documents with a `name`) and the phase; False where the sweep is no longer ours."""
        row = await self._database.fetch_one(
            RECORD,
            sweep_id=claim.sweep_id,
            token=claim.token,
            lease=lease,
            phase=phase,
            duration_ms=duration_ms,
            note=note,
            results=json.dumps([{"name": one["name"], "document": dict(one)} for one in results]),
        )
        return row is not None

    async def renew(self, claim: Claim, lease: float) -> bool:
        """Keeps the lease; False where the sweep is no longer ours."""
        row = await self._database.fetch_one(RENEW, sweep_id=claim.sweep_id, token=claim.token, lease=lease)
        return row is not None

    async def release(self, claim: Claim) -> None:
        """Gives a sweep back, so that another worker may take it at once."""
        await self._database.fetch(RELEASE, sweep_id=claim.sweep_id, token=claim.token)

    async def retire(self, note: str) -> list[str]:
        """Ends sweeps past their deadline that nobody works on; returns their ids."""
        return [row["id"] for row in await self._database.fetch(RETIRE, note=note)]

    async def forget(self, days: int) -> None:
        """Deletes sweeps that ended more than `days` days ago, with their cards, and old delivery notes."""
        await self._database.fetch(FORGET, days=days)

    async def card(self, card_id: str) -> StoredCard | None:
        """A card with everything that it shows; None where there is no such card any more."""
        row = await self._database.fetch_one(CARD, card_id=card_id)
        if row is None:
            return None
        return StoredCard(
            id=row["card_id"],
            sweep=_sweep(row),
            workspace=row["workspace"],
            channel=row["channel"],
            ts=row["ts"],
            requesters=tuple(row["requesters"] or ()),
            response_url=row["response_url"],
            version=row["desired"],
            waiting=row["desired"] - row["sent"],
            lag=row["lag"],
        )

    async def sweep(self, sweep_id: str) -> StoredSweep | None:
        """A sweep with its results; None where it is no longer kept."""
        row = await self._database.fetch_one(SWEEP, sweep_id=sweep_id)
        return None if row is None else _sweep(row)

    async def latest(self) -> dict[str, StoredSweep]:
        """The newest finished sweep over all checks of each environment, by its name."""
        return {row["environment"]: _sweep(row) for row in await self._database.fetch(LATEST)}


def _sweep(row: Row) -> StoredSweep:
    return StoredSweep(
        id=row["sweep_id"],
        environment=row["environment"],
        selection=tuple(filter(None, row["selection"].split(","))),
        expected=tuple(row["expected"]),
        titles=row["titles"],
        phase=row["phase"],
        vantage=row["vantage"],
        duration_ms=row["duration_ms"],
        note=row["note"],
        asked_at=row["asked_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        results=tuple(row["results"]),
    )
