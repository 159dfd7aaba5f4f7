"""Asking for sweeps and running them, as the store keeps it."""

import asyncio
from typing import Any

from sqlalchemy import text

from bot.store.database import Database
from bot.store.sweeps import Claim, Request, Sweeps

EVERYTHING = ("sweeps", "cards", "messages", "pgqueuer")
VANTAGES = {"staging": {"kind": "here", "label": "a test"}}


def request(delivery: str, **changes: Any) -> Request:
    values: dict[str, Any] = {
        "delivery": delivery,
        "environment": "staging",
        "names": ("redis", "postgres"),
        "everything": True,
        "titles": {"redis": "Redis"},
        "seconds": 60.0,
        "workspace": "T1",
        "channel": "C1",
        "person": "UALICE",
        "response_url": None,
    }
    return Request(**(values | changes))


async def begun(sweeps: Sweeps, database: Database, lease: float = 60) -> Claim:
    """A sweep that was asked for and claimed."""
    await sweeps.ask(request("d1"))
    row = await database.fetch_one(text("SELECT id FROM sweeps"))
    assert row is not None
    claim = await sweeps.claim(row["id"], "me", lease, VANTAGES)
    assert claim is not None
    return claim


async def count(database: Database, table: str) -> int:
    row = await database.fetch_one(text(f"SELECT count(*) AS n FROM {table}"))
    assert row is not None
    return int(row["n"])


async def test_a_request_makes_sweep_card_message_and_job(database: Database) -> None:
    """All that a command leads to is in the store when it is acknowledged."""
    asked = await Sweeps(database).ask(request("d1"))
    assert asked.begun
    assert [await count(database, table) for table in ("sweeps", "cards", "messages", "pgqueuer")] == [
        1,
        1,
        1,
        1,
    ]


async def test_a_second_person_joins_the_same_card(database: Database) -> None:
    """Two people who ask for the same in one channel share sweep and card, and both are listed."""
    sweeps = Sweeps(database)
    first = await sweeps.ask(request("d1"))
    second = await sweeps.ask(request("d2", person="UBOB"))
    assert (second.begun, second.card_id, second.first_person) == (False, first.card_id, "UALICE")
    card = await sweeps.card(first.card_id or "")
    assert card is not None
    assert card.requesters == ("UALICE", "UBOB")


async def test_another_channel_gets_a_card_of_its_own(database: Database) -> None:
    """The same question in another channel shares the sweep but not the card."""
    sweeps = Sweeps(database)
    first = await sweeps.ask(request("d1"))
    second = await sweeps.ask(request("d2", channel="C2"))
    assert first.card_id != second.card_id
    assert [await count(database, table) for table in ("sweeps", "cards", "pgqueuer")] == [1, 2, 1]


async def test_another_selection_is_another_sweep(database: Database) -> None:
    """Who asks for one check does not wait for all of them."""
    sweeps = Sweeps(database)
    await sweeps.ask(request("d1"))
    assert (await sweeps.ask(request("d2", names=("redis",), everything=False))).begun


async def test_a_repeated_delivery_does_nothing_twice(database: Database) -> None:
    """Slack may deliver a command again, while the sweep runs and after it has ended."""
    sweeps = Sweeps(database)
    claim = await begun(sweeps, database)
    assert (await sweeps.ask(request("d1"))).repeated
    await sweeps.record(claim, [], lease=60, phase="finished")
    assert (await sweeps.ask(request("d1"))).repeated
    assert await count(database, "sweeps") == 1


async def test_a_hundred_at_once_share_one_sweep(database: Database) -> None:
    """However many ask at the same moment, there is one sweep, one card, one job, and everyone is listed."""
    sweeps = Sweeps(database)
    asked = await asyncio.gather(*(sweeps.ask(request(f"d{n}", person=f"U{n}")) for n in range(100)))
    assert sum(one.begun for one in asked) == 1
    assert len({one.card_id for one in asked}) == 1
    assert [await count(database, table) for table in ("sweeps", "cards", "messages", "pgqueuer")] == [
        1,
        1,
        1,
        1,
    ]
    card = await sweeps.card(asked[0].card_id or "")
    assert card is not None
    assert len(card.requesters) == 100


async def test_one_worker_at_a_time(database: Database) -> None:
    """A sweep that is leased cannot be claimed; when the lease has ended it can, and the first one is out."""
    sweeps = Sweeps(database)
    first = await begun(sweeps, database)
    assert await sweeps.claim(first.sweep_id, "other", 60, VANTAGES) is None
    await database.fetch(text("UPDATE sweeps SET lease_until = now() - interval '1 second'"))
    second = await sweeps.claim(first.sweep_id, "other", 60, VANTAGES)
    assert second is not None
    assert not await sweeps.record(first, [{"name": "redis"}], lease=60)
    assert not await sweeps.renew(first, 60)
    assert await count(database, "results") == 0
    assert await sweeps.record(second, [{"name": "redis"}], lease=60)


async def test_a_claim_names_what_is_still_missing(database: Database) -> None:
    """Whoever takes a sweep over asks only what was not answered."""
    sweeps = Sweeps(database)
    claim = await begun(sweeps, database)
    await sweeps.record(claim, [{"name": "redis"}], lease=60)
    await sweeps.release(claim)
    again = await sweeps.claim(claim.sweep_id, "other", 60, VANTAGES)
    assert again is not None
    assert (claim.missing, again.missing) == (("redis", "postgres"), ("postgres",))


async def test_a_result_is_kept_once(database: Database) -> None:
    """The same answer kept twice, as after a lost connection, is one answer."""
    sweeps = Sweeps(database)
    claim = await begun(sweeps, database)
    for _ in range(2):
        assert await sweeps.record(claim, [{"name": "redis", "n": 1}], lease=60)
    assert await count(database, "results") == 1


async def test_a_finished_sweep_is_not_shared(database: Database) -> None:
    """Who asks after the end gets fresh answers."""
    sweeps = Sweeps(database)
    claim = await begun(sweeps, database)
    assert await sweeps.record(claim, [], lease=60, phase="finished", duration_ms=12.5)
    assert (await sweeps.ask(request("d2"))).begun
    assert set(await sweeps.latest()) == {"staging"}


async def test_only_the_forgotten_are_retired(database: Database) -> None:
    """A sweep past its deadline ends when nobody holds it, and not while somebody does."""
    sweeps = Sweeps(database)
    claim = await begun(sweeps, database)
    await database.fetch(text("UPDATE sweeps SET deadline_at = now() - interval '1 second'"))
    assert await sweeps.retire("late") == []
    await sweeps.release(claim)
    assert await sweeps.retire("late") == [claim.sweep_id]
    assert not await sweeps.record(claim, [], lease=60)
    assert await sweeps.retire("late") == []


async def test_old_sweeps_are_forgotten_with_their_cards(database: Database) -> None:
    """What ended long ago leaves no row behind."""
    sweeps = Sweeps(database)
    claim = await begun(sweeps, database)
    await sweeps.record(claim, [{"name": "redis"}], lease=60, phase="finished")
    await sweeps.forget(90)
    assert await count(database, "cards") == 1
    await database.fetch(text("UPDATE sweeps SET finished_at = now() - interval '91 days'"))
    await sweeps.forget(90)
    tables = ("sweeps", "cards", "requesters", "results", "messages")
    assert [await count(database, table) for table in tables] == [0] * 5


async def test_an_event_is_first_once(database: Database) -> None:
    """A redelivered event is told from a new one."""
    sweeps = Sweeps(database)
    assert [await sweeps.first_delivery("event/1") for _ in range(2)] == [True, False]
