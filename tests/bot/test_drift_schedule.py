"""The schedule of drift, on a real store and a local Slack, with a clock of the test's own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text

from bot.answers import Answers
from bot.drift_schedule import DriftSchedule
from bot.drifts import compose_drift
from bot.outbox import Outbox
from bot.store.database import Database
from bot.store.drifts import Drifts
from bot.store.messages import Messages
from checks.drift.model import Drift
from checks.environment import Environment, load_environment
from sandbox.server import SandboxServer
from sandbox.slack.workspace import TEAM, Message
from tests.bot.drifts import CONNECTOR, EGRESS, NOON, RULE, difference, drift
from tests.bot.running import CHANNEL, PLENTY, QUICK, cards, until

ROOT = Path(__file__).parents[2]
STAGING = "staging"
QUARTER = timedelta(minutes=15)


@dataclass
class Watched:
    """A schedule with its world: what is live at each time, and the clock."""

    schedule: DriftSchedule
    sandbox: SandboxServer
    database: Database
    live: list[Drift] = field(default_factory=lambda: [drift()])
    now: datetime = NOON
    looks: int = 0

    async def look(self) -> Drift:
        self.looks += 1
        return self.live[-1]

    async def passes(self, time: timedelta = QUARTER) -> bool:
        """Time goes on, and the schedule has its turn."""
        self.now += time
        return await self.schedule.look(STAGING, TEAM)

    def told(self) -> list[Message]:
        return cards(self.sandbox)

    async def delivered(self) -> None:
        """Waits until Slack has the newest state of every message."""
        await until(self._nothing_waits)

    async def _nothing_waits(self) -> bool:
        return (await Messages(self.database).waiting())[0] == 0


def environment() -> Environment:
    return load_environment(ROOT / "environments/staging.yaml")


@pytest.fixture
async def watched(local_slack: SandboxServer, database: Database) -> AsyncIterator[Watched]:
    async with sending(local_slack, database) as outbox:
        yield made(local_slack, database, outbox)


def made(sandbox: SandboxServer, database: Database, outbox: Outbox) -> Watched:
    world: Watched

    async def look() -> Drift:
        return await world.look()

    schedule = DriftSchedule(
        Drifts(database), {STAGING: environment()}, {STAGING: look}, outbox.wake, now=lambda: world.now
    )
    world = Watched(schedule, sandbox, database)
    return world


@asynccontextmanager
async def sending(sandbox: SandboxServer, database: Database) -> AsyncIterator[Outbox]:
    async with aiohttp.ClientSession() as session:
        slack = AsyncWebClient(sandbox.slack.bot_token, base_url=sandbox.slack.api_url, session=session)
        slack.proxy = None
        outbox = Outbox(Messages(database, PLENTY), slack, Answers(session), {"drift": compose_drift}, QUICK)
        running = asyncio.create_task(outbox.run())
        yield outbox
        outbox.stop()
        await running


async def test_a_week_with_three_changes(watched: Watched) -> None:
    """Looked at every quarter of an hour, three changes are told as three things that appeared and went."""
    changes = {
        100: [difference(), difference(EGRESS, "private-ranges-only")],
        160: [],
        300: [difference(RULE, "deny tcp:6379")],
        310: [difference(RULE, "deny tcp:6379")],
        420: [],
        500: [difference("checks.postgres.activation", "never")],
        600: [],
    }
    for turn in range(7 * 96):
        if turn in changes:
            watched.live.append(drift(*changes[turn]))
        assert await watched.passes()
    await watched.delivered()
    assert watched.looks == 7 * 96
    told = watched.told()
    assert len(told) == 3
    assert all("drift gone after" in each.text for each in told)
    assert ["15 h" in told[0].text, "30 h" in told[1].text, "25 h" in told[2].text] == [True] * 3
    assert not any("<!" in each.text or "<@" in each.text for each in told)


async def test_a_message_shows_the_three_sides_and_follows_them(watched: Watched) -> None:
    """New drift is a message; it is updated as it changes, and says in the end that it is gone."""
    await watched.passes()
    assert watched.told() == []
    watched.live.append(drift(difference()))
    await watched.passes()
    await until(watched.told)
    message = watched.told()[0]
    assert message.text.startswith(f"🔴 staging: new drift — {CONNECTOR}: cuts Redis off")
    assert "declared staging-connector, Terraform staging-connector, live legacy-connector" in message.text
    watched.live.append(drift(difference(live="other-connector")))
    await watched.passes()
    await until(lambda: "other-connector" in watched.told()[0].text)
    watched.live.append(drift())
    await watched.passes()
    await until(lambda: watched.told()[0].text.startswith("🟢 staging: drift gone after 30 min"))
    assert len(watched.told()) == 1
    assert "table" in json.dumps(watched.told()[0].blocks)


async def test_replicas_look_once_an_interval(watched: Watched) -> None:
    """Of many that look at the same moment, one does."""
    watched.live.append(drift(difference()))
    team = TEAM
    looked = await asyncio.gather(*(watched.schedule.look(STAGING, team) for _ in range(8)))
    assert sorted(looked) == [False] * 7 + [True]
    assert watched.looks == 1
    assert not await watched.passes(timedelta(minutes=14))
    assert await watched.passes(timedelta(minutes=1))


async def test_what_one_replica_told_another_does_not_repeat(
    watched: Watched, local_slack: SandboxServer, database: Database
) -> None:
    """What is known is in the store: a restart goes on where the last one was."""
    watched.live.append(drift(difference()))
    await watched.passes()
    await watched.delivered()
    async with sending(local_slack, database) as outbox:
        again = made(local_slack, database, outbox)
        again.now, again.live = watched.now, watched.live
        assert await again.passes()
        again.live.append(drift())
        assert await again.passes()
        await until(lambda: "gone after 30 min" in watched.told()[0].text)
    assert len(watched.told()) == 1


async def test_a_look_that_was_cut_off_is_made_again(watched: Watched) -> None:
    """Killed between looking and telling, nothing is lost: another replica looks when the lease is over."""
    watched.live.append(drift(difference()))
    taken = await Drifts(watched.database).take(STAGING, watched.now, 150)
    assert taken is not None
    assert not await watched.passes(timedelta(seconds=140))
    assert await watched.passes(timedelta(seconds=20))
    await until(watched.told)
    # The one that was thought dead wakes up: what it has seen is too old to be kept or told.
    kept = await Drifts(watched.database).keep(taken, watched.now, 900, {}, "T", CHANNEL, [("x", {})])
    assert not kept
    assert len(watched.told()) == 1


async def test_a_look_that_fails_is_no_news(watched: Watched) -> None:
    """An error of ours, or a time-out, ends nothing that was told."""
    watched.live.append(drift(difference()))
    await watched.passes()
    await watched.delivered()
    watched.live.clear()  # the next look raises IndexError
    assert not await watched.passes()
    watched.live.append(drift(difference()))
    assert await watched.passes()
    await watched.delivered()
    assert len(watched.told()) == 1
    assert "gone" not in watched.told()[0].text


async def test_a_message_that_slack_refused_is_tried_again_with_the_next_news(watched: Watched) -> None:
    """whybot was not in the channel; invited later, it tells what is so by then."""
    watched.live.append(drift(difference()))
    await watched.passes()
    await watched.delivered()
    await watched.database.fetch(text("UPDATE messages SET failed = 'not_in_channel', ts = NULL, sent = 0"))
    watched.live.append(drift(difference(live="another")))
    await watched.passes()
    await until(lambda: any("another" in each.text for each in watched.told()))


async def test_environments_without_a_schedule_or_a_channel_are_left_alone(database: Database) -> None:
    """Nothing is looked at where the file does not say so."""
    silent = environment().model_copy(update={"slack": None})
    schedule = DriftSchedule(Drifts(database), {STAGING: silent}, {}, lambda: None)
    async with asyncio.timeout(10):
        await schedule.run("T")
