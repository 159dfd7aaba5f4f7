"""Which message may be sent when, as the store decides it."""

import asyncio

import pytest
from sqlalchemy import text

from bot.store.database import Database
from bot.store.messages import Messages, Rates

# So slow that a test never sees a bucket refill.
STILL = Rates(channel_rate=0.0001, channel_burst=2, update_rate=0.0001, update_burst=1)


@pytest.fixture
def messages(database: Database) -> Messages:
    return Messages(database, STILL)


async def test_only_the_newest_state_is_due(messages: Messages) -> None:
    """However often a message changes before it is sent, it is sent once, in its last state."""
    await messages.add("m", "T", "C", payload={"text": "one"})
    await messages.change("m", {"text": "two"})
    await messages.change("m", {"text": "three"})
    due = await messages.claim(60)
    assert due is not None
    assert (due.payload, due.version) == ({"text": "three"}, 3)
    await messages.sent(due, "1.0", due.version)
    assert await messages.claim(60) is None
    assert await messages.waiting() == (0, 0.0)


async def test_a_change_while_sending_is_sent_afterwards(messages: Messages) -> None:
    """What changes during a call is not lost with it."""
    await messages.add("m", "T", "C", payload={"text": "one"})
    first = await messages.claim(60)
    assert first is not None
    await messages.change("m", {"text": "two"})
    await messages.sent(first, "1.0", first.version)
    second = await messages.claim(60)
    assert second is not None
    assert (second.ts, second.payload) == ("1.0", {"text": "two"})


async def test_one_sender_at_a_time(messages: Messages) -> None:
    """Many processes that look at once take each message once."""
    for number in range(2):
        await messages.add(f"m{number}", "T", f"C{number}", payload={"text": "x"})
    taken = [due.id for due in await asyncio.gather(*(messages.claim(60) for _ in range(8))) if due]
    assert sorted(taken) == ["m0", "m1"]


async def test_a_channel_has_a_budget(messages: Messages) -> None:
    """A channel takes no more than its burst at once; another channel is not held back by it."""
    for number in range(4):
        await messages.add(f"m{number}", "T", "C", payload={"text": "x"})
    await messages.add("other", "T", "D", payload={"text": "x"})
    taken = [due.id for due in [await messages.claim(60) for _ in range(6)] if due]
    assert taken == ["m0", "m1", "other"]


async def test_a_budget_refills(database: Database) -> None:
    """With time, more may be sent."""
    messages = Messages(database, STILL)
    for number in range(4):
        await messages.add(f"m{number}", "T", "C", payload={"text": "x"})
    assert [due is not None for due in [await messages.claim(60) for _ in range(3)]] == [True, True, False]
    await database.fetch(text("UPDATE budgets SET refilled_at = refilled_at - interval '3 hours'"))
    assert await messages.claim(60) is not None


async def test_updates_share_a_budget_of_the_workspace(messages: Messages) -> None:
    """`chat.update` is limited per workspace, so updates in two channels use the same budget."""
    for channel in ("C", "D"):
        await messages.add(channel, "T", channel, payload={"text": "one"})
        due = await messages.claim(60)
        assert due is not None
        await messages.sent(due, "1.0", due.version)
    for channel in ("C", "D"):
        await messages.change(channel, {"text": "two"})
    taken = [due.id for due in [await messages.claim(60) for _ in range(2)] if due]
    assert taken == ["C"]


async def test_a_retry_after_is_obeyed(messages: Messages, database: Database) -> None:
    """After a 429 nothing goes to that channel until the time is over."""
    await messages.add("m", "T", "C", payload={"text": "x"})
    due = await messages.claim(60)
    assert due is not None
    await messages.block(due, 3600)
    await messages.later(due, 0)
    assert await messages.claim(60) is None
    await database.fetch(
        text("UPDATE budgets SET blocked_until = now(), refilled_at = now() - interval '3 hours'")
    )
    assert await messages.claim(60) is not None


async def test_a_lost_post_is_remembered(messages: Messages, database: Database) -> None:
    """A post with an unknown outcome says so when it is taken again, also after a crash."""
    await messages.add("m", "T", "C", payload={"text": "x"})
    first = await messages.claim(60)
    assert first is not None
    assert first.posting_since is None
    await database.fetch(text("UPDATE messages SET lease_until = now() - interval '1 second'"))
    second = await messages.claim(60)
    assert second is not None
    assert second.posting_since is not None


async def test_a_refused_post_is_not_looked_for(messages: Messages) -> None:
    """Where Slack said that it took nothing, the next attempt simply posts."""
    await messages.add("m", "T", "C", payload={"text": "x"})
    first = await messages.claim(60)
    assert first is not None
    await messages.later(first, 0, unknown=False)
    second = await messages.claim(60)
    assert second is not None
    assert second.posting_since is None


async def test_a_thread_keeps_its_order(messages: Messages) -> None:
    """An answer waits for its parent, and for the answers that were wanted before it."""
    await messages.add("parent", "T", "C", payload={"text": "x"})
    await messages.add("first", "T", "C", payload={"text": "x"}, thread="parent")
    await messages.add("second", "T", "C", payload={"text": "x"}, thread="parent")
    messages.rates = Rates(channel_burst=10)
    parent = await messages.claim(60)
    assert parent is not None
    assert (parent.id, await messages.claim(60)) == ("parent", None)
    await messages.sent(parent, "1.0", parent.version)
    first = await messages.claim(60)
    assert first is not None
    assert (first.id, first.thread_ts, await messages.claim(60)) == ("first", "1.0", None)
    await messages.failed(first, "msg_too_long")
    second = await messages.claim(60)
    assert second is not None
    assert second.id == "second"


async def test_a_late_writer_changes_nothing(messages: Messages, database: Database) -> None:
    """Who lost a message to another process cannot write its outcome any more."""
    await messages.add("m", "T", "C", payload={"text": "x"})
    late = await messages.claim(60)
    await database.fetch(text("UPDATE messages SET lease_until = now() - interval '1 second'"))
    holder = await messages.claim(60)
    assert late is not None
    assert holder is not None
    await messages.failed(late, "gone")
    await messages.sent(holder, "1.0", holder.version)
    assert await messages.waiting() == (0, 0.0)


async def test_what_nobody_waits_for_is_given_up(messages: Messages, database: Database) -> None:
    """A message that could not be sent for a day is no longer tried."""
    await messages.add("m", "T", "C", payload={"text": "x"})
    await messages.give_up(24)
    assert (await messages.waiting())[0] == 1
    await database.fetch(text("UPDATE messages SET changed_at = now() - interval '25 hours'"))
    await messages.give_up(24)
    assert await messages.waiting() == (0, 0.0)


async def test_refused_blocks_are_remembered_by_workspace(messages: Messages) -> None:
    """One workspace's refusal says nothing about another."""
    await messages.refuse("T", {"table"})
    await messages.refuse("T", {"table", "plan"})
    assert await messages.refused("T") == {"table", "plan"}
    assert await messages.refused("T2") == frozenset()
