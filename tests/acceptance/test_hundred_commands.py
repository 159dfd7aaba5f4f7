"""A hundred commands within a minute in one channel, at the product's own rates."""

import asyncio
import random
from pathlib import Path

import pytest

from bot.store.messages import Rates
from sandbox.server import SandboxServer
from tests.bot.conftest import address, postgres  # noqa: F401 - the fixtures of the bot's store
from tests.bot.running import ask, cards, ended, private, running_bot, staging, until

COMMANDS = 100
WITHIN = 20.0  # seconds; three times as dense as the promise
PEOPLE = ("UALICE", "UBOB")
DRAIN = 240.0
"""Seconds until all is shown: Slack takes one message a second, so a hundred need about that many."""


@pytest.mark.timeout(400)
async def test_every_command_is_answered_and_nothing_is_lost(
    local_slack: SandboxServer,
    tmp_path: Path,
    address: str,  # noqa: F811 - the fixture
) -> None:
    """Every command is acknowledged, Slack never has to refuse a call, and every card ends."""
    names = ("redis", "backend", "frontend")
    selections = [" ".join(names[: 1 + n % 3]) for n in range(COMMANDS)]
    chance = random.Random(7)
    async with (
        staging(tmp_path, names) as place,
        running_bot(local_slack, place, address, rates=Rates()) as bot,
    ):
        place.open()

        async def one(number: int) -> str:
            await asyncio.sleep(chance.uniform(0, WITHIN))
            ack = await ask(local_slack, selections[number], PEOPLE[number % len(PEOPLE)])
            assert ack.ok
            return str(ack.payload["text"])

        said = await asyncio.gather(*map(one, range(COMMANDS)))
        assert all(text.startswith(("Checking staging", "Joined the check")) for text in said)
        begun = sum(text.startswith("Checking") for text in said)

        async def all_shown() -> bool:
            waiting, _ = await bot.outbox.waiting()
            return waiting == 0 and sum(map(ended, cards(local_slack))) == begun

        await until(all_shown, DRAIN)
        assert len(cards(local_slack)) == begun
        assert sum(len(private(local_slack, person)) for person in PEOPLE) == COMMANDS
        assert local_slack.slack.limits.breaches == []
