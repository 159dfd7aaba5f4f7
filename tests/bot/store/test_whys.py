"""Asking why and answering, as the store keeps it."""

import asyncio
from typing import Any

from sqlalchemy import text

from bot.store.database import Database
from bot.store.messages import Messages
from bot.store.whys import WhyClaim, Whys, WhyWish
from tests.bot.store.test_sweeps import count
from tests.bot.whys import SEED, document


def wish(delivery: str, **changes: Any) -> WhyWish:
    """Alice's wish in one channel."""
    plain: dict[str, Any] = {
        "delivery": delivery,
        "environment": "staging",
        "runbook": "",
        "workspace": "T1",
        "channel": "C1",
        "person": "UALICE",
    }
    return WhyWish(**(plain | changes))


async def begun(whys: Whys, **changes: Any) -> WhyClaim:
    """A run that was asked for and claimed."""
    asked = await whys.ask(wish("d1", **changes), 60)
    claim = await whys.claim(asked.number, "me", 60)
    assert claim is not None
    return claim


async def card_id(database: Database) -> str:
    row = await database.fetch_one(text("SELECT id FROM why_cards"))
    assert row is not None
    return str(row["id"])


async def test_a_wish_makes_run_message_and_job(database: Database) -> None:
    """All that a command leads to is in the store when it is acknowledged."""
    assert (await Whys(database).ask(wish("d1"), 60)).begun
    tables = ("whys", "why_cards", "messages", "pgqueuer", "deliveries")
    assert [await count(database, table) for table in tables] == [1] * 5


async def test_a_repeated_delivery_does_nothing_twice(database: Database) -> None:
    """Slack may deliver again, while it runs and after its end."""
    whys = Whys(database)
    claim = await begun(whys)
    assert (await whys.ask(wish("d1"), 60)).repeated
    await whys.record(claim, lease=0, phase="finished")
    assert (await whys.ask(wish("d1"), 60)).repeated
    assert await count(database, "whys") == 1


async def test_a_hundred_at_once_share_one_run(database: Database) -> None:
    """However many ask at the same moment: one run, one job, one message, and everyone is named once."""
    whys = Whys(database)
    asked = await asyncio.gather(*(whys.ask(wish(f"d{n}", person=f"U{n % 50}"), 60) for n in range(100)))
    assert sum(each.begun for each in asked) == 1
    assert [await count(database, table) for table in ("whys", "why_cards", "messages", "pgqueuer")] == [
        1
    ] * 4
    stored = await whys.card(await card_id(database))
    assert stored is not None
    assert len(stored.people) == len(set(stored.people)) == 50


async def test_what_differs_is_a_run_of_its_own(database: Database) -> None:
    """Another runbook, another environment, and the sweep of a card are other questions."""
    whys = Whys(database)
    changes = ({}, {"runbook": "redis"}, {"environment": "production"}, {"sweep_id": "s1"})
    asked = [await whys.ask(wish(f"d{n}", **change), 60) for n, change in enumerate(changes)]
    assert all(each.begun for each in asked)


async def test_a_sweep_is_diagnosed_once(database: Database) -> None:
    """Who presses again after the answer is told that it is there; an interrupted one is begun again."""
    whys = Whys(database)
    claim = await begun(whys, sweep_id="s1")
    await whys.record(claim, lease=0, phase="interrupted")
    again = await whys.ask(wish("d2", sweep_id="s1"), 60)
    assert again.begun
    claim_again = await whys.claim(again.number, "me", 60)
    assert claim_again is not None
    await whys.record(claim_again, lease=0, phase="finished")
    assert (await whys.ask(wish("d3", sweep_id="s1", person="UBOB"), 60)).told
    assert (await whys.ask(wish("d4"), 60)).begun


async def test_one_worker_at_a_time(database: Database) -> None:
    """A run that is leased cannot be claimed; afterwards the first worker's words are not taken."""
    whys = Whys(database)
    first = await begun(whys)
    assert await whys.claim(first.number, "other", 60) is None
    await database.fetch(text("UPDATE whys SET lease_until = now() - interval '1 second'"))
    second = await whys.claim(first.number, "other", 60)
    assert second is not None
    assert not await whys.record(first, lease=60, diagnosis=SEED)
    assert not await whys.renew(first, 60)
    assert await whys.renew(second, 60)
    await whys.release(second)
    assert await whys.claim(first.number, "third", 60) is not None


async def test_evidence_and_diagnosis_are_kept(database: Database) -> None:
    """The bundle comes back as it was; a later state without one does not take it away."""
    whys = Whys(database)
    claim = await begun(whys)
    bundle = {"schema": "whybot/bundle/1", "digest": "sha256:…", "sections": {"checks": {"data": [1.5, "é"]}}}
    assert await whys.record(claim, lease=60, progress={"waiting": ["logs"]}, diagnosis=document(chain=[]))
    assert await whys.bundle(claim.number) is None
    assert await whys.record(claim, lease=0, diagnosis=SEED, bundle=bundle, phase="finished")
    assert await whys.bundle(claim.number) == bundle
    stored = await whys.card(await card_id(database))
    assert stored is not None
    assert stored.diagnosis == SEED
    assert stored.version == 3


async def test_the_past_is_what_was_finished_newest_first(database: Database) -> None:
    """At most twenty, with the id that people say; what was interrupted is no diagnosis."""
    whys = Whys(database)
    for number in range(22):
        asked = await whys.ask(wish(f"d{number}"), 60)
        claim = await whys.claim(asked.number, "me", 60)
        assert claim is not None
        phase = "interrupted" if number == 21 else "finished"
        await whys.record(claim, lease=0, diagnosis=document(question=str(number)), phase=phase)
    past = await whys.past("staging")
    assert [each["question"] for each in past] == [str(number) for number in range(20, 0, -1)]
    assert past[0]["id"] == "W-21"
    assert await whys.past("production") == []


async def test_only_the_forgotten_are_retired(database: Database) -> None:
    """A run past its deadline ends when nobody holds it, and not while somebody does."""
    whys = Whys(database)
    claim = await begun(whys)
    await database.fetch(text("UPDATE whys SET deadline_at = now() - interval '1 second'"))
    assert await whys.retire("late") == []
    await whys.release(claim)
    assert await whys.retire("late") == [claim.number]
    assert not await whys.record(claim, lease=60)
    assert not await whys.active(claim.number)


async def test_who_joins_at_the_very_end_sees_it(database: Database) -> None:
    """A message of which the end's statement did not know is settled afterwards."""
    whys = Whys(database)
    claim = await begun(whys)
    await whys.record(claim, lease=0, phase="finished")
    assert not await whys.settle()
    await database.fetch(text("UPDATE messages SET final = false"))
    assert await whys.settle()
    assert not await whys.settle()


async def test_the_answer_goes_under_the_message_where_it_was_asked(database: Database) -> None:
    """Below a card if that is still known, else into the channel."""
    whys = Whys(database)
    await Messages(database).add("card", "T1", "C1", payload={"text": "x"})
    await begun(whys, thread="card")
    stored = await whys.card(await card_id(database))
    assert stored is not None
    assert stored.thread == "card"
    await whys.ask(wish("d2", thread="gone", runbook="redis"), 60)
    row = await database.fetch_one(
        text("SELECT thread FROM messages WHERE composer = 'why' AND thread IS NULL")
    )
    assert row is not None


async def test_old_whys_are_forgotten_with_their_messages(database: Database) -> None:
    """What ended long ago leaves no row behind, and addresses of answers go sooner."""
    whys = Whys(database)
    claim = await begun(whys, response_url="https://hooks.slack.example/x")
    await whys.record(claim, lease=0, phase="finished", diagnosis=SEED)
    await database.fetch(text("UPDATE why_cards SET asked_at = now() - interval '2 hours'"))
    await whys.forget(90)
    stored = await whys.card(await card_id(database))
    assert stored is not None
    assert stored.response_url is None
    await database.fetch(text("UPDATE whys SET finished_at = now() - interval '91 days'"))
    await whys.forget(90)
    assert [await count(database, table) for table in ("whys", "why_cards", "messages")] == [0] * 3
