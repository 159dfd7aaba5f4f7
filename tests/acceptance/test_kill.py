"""A bot that is killed with -9 in the middle of its work and started again: cards end, none is doubled."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sandbox.server import SandboxServer
from sandbox.slack.web_api import Failure
from sandbox.slack.workspace import Message
from tests.acceptance.serving import Serving, serving
from tests.bot.running import Staging, ask, cards, ended, staging, until

KILLS = 100
RECOVERY = 120.0
"""Seconds for start, take-over and two posts on a busy machine; a limit against hanging."""


@dataclass
class Round:
    """One sweep of the test: what is new since it began."""

    sandbox: SandboxServer
    place: Staging
    cards_before: int
    calls_before: int

    def card(self) -> Message | None:
        """The card of this round, once it is posted."""
        found = cards(self.sandbox)[self.cards_before :]
        return found[0] if found else None

    def called(self, method: str) -> bool:
        """Whether Slack has answered such a call in this round."""
        return any(call.method == method for call in self.sandbox.slack.calls.since(self.calls_before))

    def shows(self, words: str) -> bool:
        """Whether the card says this."""
        return (card := self.card()) is not None and words in card.text


Moment = Callable[[Round], Awaitable[object]]


async def acknowledged(_round: Round) -> None:
    """Nothing but the store knows of the request."""


async def posted(round_: Round) -> None:
    """Slack has the card; the bot may not know it."""
    await until(lambda: round_.card() is not None)


async def noted(round_: Round) -> None:
    """Slack has answered the post."""
    await until(lambda: round_.called("chat.postMessage"))


async def asked(round_: Round) -> None:
    """The checks are under way and none has answered."""
    await until(lambda: all(target.asked for target in round_.place.targets.values()))


def answered(*names: str) -> Moment:
    """Some checks have just answered; the card may or may not show it."""

    async def moment(round_: Round) -> None:
        await asked(round_)
        round_.place.open(*names)

    return moment


def shown(*names: str) -> Moment:
    """The card shows that some checks have answered."""

    async def moment(round_: Round) -> None:
        await asked(round_)
        round_.place.open(*names)
        await until(lambda: round_.shows(f"{len(names)} of 3"))

    return moment


async def updating(round_: Round) -> None:
    """All has been answered, and Slack hears of it: in an update, since the card was posted before."""
    await noted(round_)
    round_.place.open()
    await until(lambda: round_.called("chat.update"))


async def done(round_: Round) -> None:
    """Everything is done and shown."""
    round_.place.open()
    await until(lambda: (card := round_.card()) is not None and ended(card))


LOST_ANSWER = Failure("chat.postMessage", status=500, applied=True)
LATE_POST = Failure("chat.postMessage", status=0, delay_s=1.0)
MOMENTS: dict[str, tuple[Moment, Failure | None]] = {
    "right after the acknowledgement": (acknowledged, None),
    "before the post": (acknowledged, LATE_POST),
    "the post's answer is lost": (posted, LOST_ANSWER),
    "posted": (noted, None),
    "checks under way": (asked, None),
    "one answered": (answered("redis"), None),
    "one shown": (shown("redis"), None),
    "two shown": (shown("redis", "backend"), None),
    "during the last update": (updating, None),
    "after the end": (done, None),
}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Staging]:
    async with staging(tmp_path) as made:
        yield made


@pytest.fixture
async def bot(local_slack: SandboxServer, place: Staging) -> AsyncIterator[Serving]:
    with tempfile.TemporaryDirectory(prefix="whybot-test-", ignore_cleanup_errors=True) as folder:
        async with serving(local_slack.slack.variables | place.variables, Path(folder)) as running:
            assert await local_slack.slack.sockets.wait_connected(RECOVERY)
            yield running


def _last_call(sandbox: SandboxServer) -> int:
    return max((call.id for call in sandbox.slack.calls.since(0)), default=0)


async def killed(round_: Round, bot: Serving, name: str, moment: Moment, failure: Failure | None) -> None:
    """Asks, kills the bot at that moment, starts it again, and sees the one card of it end."""
    sandbox, place, number = round_.sandbox, round_.place, round_.cards_before + 1
    place.close()
    for target in place.targets.values():
        target.asked = 0
    sandbox.slack.web_api.failures = [replace(failure)] if failure else []
    assert (await ask(sandbox)).ok, name
    await moment(round_)
    await bot.kill()
    await until(lambda: not sandbox.slack.sockets.connected)
    place.open()
    await bot.start()
    await until(lambda: sum(map(ended, cards(sandbox))) >= number, RECOVERY)
    assert await sandbox.slack.sockets.wait_connected(RECOVERY)
    assert len(cards(sandbox)) == number, f"doubled: {name}"


@pytest.mark.timeout(600)
async def test_killed_at_ten_points(local_slack: SandboxServer, place: Staging, bot: Serving) -> None:
    """At each of ten points of a sweep the bot is killed; after its restart the one card of it ends."""
    local_slack.slack.limits.enabled = False
    for number, (name, (moment, failure)) in enumerate(MOMENTS.items()):
        round_ = Round(local_slack, place, number, _last_call(local_slack))
        await killed(round_, bot, name, moment, failure)
    assert await bot.stop() == 0
    written = bot.log.read_text()
    for secret in (
        local_slack.slack.bot_token,
        local_slack.slack.app_token,
        local_slack.slack.signing_secret,
    ):
        assert secret not in written


def some_moment(chance: random.Random) -> Moment:
    """Any time within the life of a sweep, some of whose targets answer, or none."""
    names = chance.sample(("redis", "backend", "frontend"), k=chance.randint(0, 3))
    seconds = chance.uniform(0, 0.5)

    async def moment(round_: Round) -> None:
        if names:
            round_.place.open(*names)
        await asyncio.sleep(seconds)

    return moment


@pytest.mark.campaign
@pytest.mark.timeout(3600)
async def test_killed_at_any_moment(local_slack: SandboxServer, place: Staging, bot: Serving) -> None:
    """The long form: a hundred kills at random moments, some with an answer of Slack that is lost."""
    local_slack.slack.limits.enabled = False
    seed = random.randrange(2**32)
    print(f"\nkill campaign, seed {seed}: {KILLS} kills at random moments")  # noqa: T201 - figures of a campaign
    chance = random.Random(seed)
    for number in range(KILLS):
        failure = chance.choice([None, None, None, None, LOST_ANSWER, LATE_POST])
        round_ = Round(local_slack, place, number, _last_call(local_slack))
        await killed(round_, bot, f"kill {number} of seed {seed}", some_moment(chance), failure)
    print(f"kill campaign: {KILLS} sweeps, {len(cards(local_slack))} cards, all ended, none doubled")  # noqa: T201 - figures of a campaign
