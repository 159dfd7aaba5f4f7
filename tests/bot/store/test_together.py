import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from bot.store.database import Database
from bot.store.sweeps import Sweeps
from bot.store.together import Together
from tests.bot.store.test_sweeps import count, request


class Work:
    """Squares numbers, a batch at a time, once it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.let = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.let.wait()
        if 13 in items:
            raise ValueError("unlucky")
        if 99 in items:
            raise ConnectionError("down")
        return [item * item for item in items]


async def asking(together: Together[int, int], work: Work, *items: int) -> list["asyncio.Task[int]"]:
    """Asks for the first item, and for the others while that is worked on."""
    tasks = [asyncio.create_task(together.ask(items[0]))]
    while not work.batches:
        await asyncio.sleep(0)
    tasks += [asyncio.create_task(together.ask(item)) for item in items[1:]]
    await asyncio.sleep(0)
    work.let.set()
    return tasks


async def test_items_that_come_meanwhile_are_worked_on_together() -> None:
    """The first is not kept waiting for others; what comes meanwhile is one call, in order."""
    together = Together(work := Work())
    assert await asyncio.gather(*await asking(together, work, 1, 2, 3, 4)) == [1, 4, 9, 16]
    assert work.batches == [[1], [2, 3, 4]]


async def test_a_call_takes_no_more_than_it_may() -> None:
    """Very many at once become several calls."""
    together = Together(work := Work(), most=2)
    assert await asyncio.gather(*await asking(together, work, 1, 2, 3, 4)) == [1, 4, 9, 16]
    assert work.batches == [[1], [2, 3], [4]]


async def test_one_bad_item_does_not_spoil_the_others() -> None:
    """After an error the items are tried one by one, and only the one at fault gets it."""
    together = Together(work := Work(), common=(ConnectionError,))
    tasks = await asking(together, work, 1, 2, 13, 3)
    assert [await tasks[n] for n in (0, 1, 3)] == [1, 4, 9]
    with pytest.raises(ValueError, match="unlucky"):
        await tasks[2]


async def test_an_error_that_is_everybodys_is_told_to_everybody_at_once() -> None:
    """A store that is down is not asked again for each of a hundred commands."""
    together = Together(work := Work(), common=(ConnectionError,))
    tasks = await asking(together, work, 1, 2, 99)
    assert await tasks[0] == 1
    for task in tasks[1:]:
        with pytest.raises(ConnectionError):
            await task
    assert work.batches == [[1], [2, 99]]
    assert await together.ask(5) == 25


async def test_someone_who_gave_up_does_not_hold_up_the_others() -> None:
    """A cancelled item is left out, and the rest is answered."""
    together = Together(work := Work())
    tasks = await asking(together, work, 1, 2, 3)
    tasks[1].cancel()
    assert await tasks[2] == 9


async def test_a_hundred_requests_at_once_share_one_sweep(database: Database) -> None:
    """One of them begins it, all others join, everyone is listed once, and no request is lost."""
    sweeps = Sweeps(database)
    asked = await asyncio.gather(*(sweeps.ask(request(f"d{n}", person=f"U{n % 40}")) for n in range(100)))
    assert sum(each.begun for each in asked) == 1
    assert not any(each.repeated for each in asked)
    assert len({each.card_id for each in asked}) == 1
    counted = {table: await count(database, table) for table in ("sweeps", "cards", "messages", "pgqueuer")}
    assert counted == {"sweeps": 1, "cards": 1, "messages": 1, "pgqueuer": 1}
    assert await count(database, "requesters") == 40
    assert await count(database, "deliveries") == 100


async def test_requests_of_replicas_at_once_do_not_wait_in_a_circle(database: Database) -> None:
    """Two replicas that join the same sweeps for the same channels in opposite order both end."""
    here, there = Sweeps(database), Sweeps(database)
    forth = [request(f"h{n}", channel=f"C{n % 10}") for n in range(60)]
    back = [request(f"t{n}", channel=f"C{n % 10}") for n in reversed(range(60))]
    asked = await asyncio.gather(*map(here.ask, forth), *map(there.ask, back))
    assert sum(each.begun for each in asked) == 1
    assert await count(database, "cards") == 10
    assert await count(database, "deliveries") == 120


async def test_different_questions_at_once_get_sweeps_of_their_own(database: Database) -> None:
    """What differs in environment or selection is never mixed up."""
    sweeps = Sweeps(database)
    asked = await asyncio.gather(
        sweeps.ask(request("d1")),
        sweeps.ask(request("d2", environment="production")),
        sweeps.ask(request("d3", names=("redis",), everything=False)),
        sweeps.ask(request("d4", names=("redis",), everything=False, channel="C2")),
        sweeps.ask(request("d1")),
    )
    assert [each.begun for each in asked[:3]] == [True, True, True]
    assert (asked[3].begun, asked[4].repeated) == (False, True)
    rows = await database.fetch(text("SELECT environment, selection FROM sweeps ORDER BY 1, 2"))
    assert [(row["environment"], row["selection"]) for row in rows] == [
        ("production", ""),
        ("staging", ""),
        ("staging", "redis"),
    ]
