"""`/staging-drift` from the keystroke to the answer, through a real Slack client and a real store."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.drifts import DriftDesk
from bot.wiring import Bot
from checks.drift.model import Drift
from sandbox.server import SandboxServer
from tests.bot.drifts import difference, drift
from tests.bot.running import NO_STORE, cards, private, running_bot, staging, until
from tests.slack_workspace import MANIFEST, running_slack

ALICE, CHANNEL = "UALICE", "C0INCIDENTS"


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    """A Slack whose app has the command of drift."""
    manifest = json.loads(json.dumps(MANIFEST))
    more = {"command": "/staging-drift", "description": "Compares staging", "usage_hint": "[help]"}
    manifest["features"]["slash_commands"].append(more)
    async with running_slack(manifest) as made:
        yield made


@pytest.fixture
async def bot(sandbox: SandboxServer, tmp_path: Path, address: str) -> AsyncIterator[Bot]:
    async with staging(tmp_path) as place, running_bot(sandbox, place, address) as running:
        yield running


def answering(bot: Bot, look: Callable[[], Awaitable[Drift]]) -> None:
    """Staging has a project of which this is seen."""
    looks: dict[str, Any] = bot.services.drift._looks
    looks["staging"] = look


async def type_(sandbox: SandboxServer, command: str = "/staging-drift", text: str = "") -> str:
    ack = await sandbox.slack.gestures.command(ALICE, CHANNEL, command, text)
    return str(ack.payload["text"])


def answered(sandbox: SandboxServer) -> bool:
    return any("drift_again" in json.dumps(each.blocks) for each in cards(sandbox))


@pytest.mark.parametrize(("command", "text"), [("/staging-drift", ""), ("/triage", "drift staging")])
async def test_drift_is_answered_in_the_channel(
    bot: Bot, sandbox: SandboxServer, command: str, text: str
) -> None:
    """Acknowledged at once, then one message with the three sides, for all to see."""

    async def look() -> Drift:
        return drift(difference())

    answering(bot, look)
    assert "The answer comes into this channel." in await type_(sandbox, command, text)
    await until(lambda: answered(sandbox))
    assert len(cards(sandbox)) == 1
    message = cards(sandbox)[0]
    assert "cuts Redis off" in message.text
    assert all(word in json.dumps(message.blocks) for word in ("declared", "Terraform", "live", "UALICE"))


async def test_run_again_compares_once_more(bot: Bot, sandbox: SandboxServer) -> None:
    """The button brings a new message with what is so now."""
    seen = [drift(difference()), drift()]

    async def look() -> Drift:
        return seen.pop(0)

    answering(bot, look)
    await type_(sandbox)
    await until(lambda: answered(sandbox))
    await sandbox.slack.gestures.press("UBOB", CHANNEL, cards(sandbox)[0].ts, "drift_again", None, {})
    await until(lambda: any("no drift in 40 fields" in each.text for each in cards(sandbox)))
    assert len(cards(sandbox)) == 2


async def test_an_environment_without_a_project_says_so(bot: Bot, sandbox: SandboxServer) -> None:
    """Nothing is begun, and the file's missing fields are named."""
    assert "Add project: and region:" in await type_(sandbox)
    assert cards(sandbox) == []


async def test_a_crash_gives_a_reference(bot: Bot, sandbox: SandboxServer) -> None:
    """Whoever asked is not left waiting."""

    async def look() -> Drift:
        raise RuntimeError("unforeseen")

    answering(bot, look)
    await type_(sandbox)
    await until(lambda: any("reference" in each.text for each in cards(sandbox)))


async def test_without_a_store_the_answer_is_private(sandbox: SandboxServer, tmp_path: Path) -> None:
    """Drift is compared all the same, for whoever asked alone."""

    async def look() -> Drift:
        return drift(difference())

    async with staging(tmp_path) as place, running_bot(sandbox, place, NO_STORE) as bot:
        answering(bot, look)
        assert "for you only" in await type_(sandbox)
        await until(lambda: any("cuts Redis off" in each for each in private(sandbox, ALICE)))
    assert cards(sandbox) == []


async def test_a_job_that_comes_twice_answers_once(bot: Bot, sandbox: SandboxServer) -> None:
    """A worker that was killed after answering has its job done again, which changes nothing."""
    looks = 0

    async def look() -> Drift:
        nonlocal looks
        looks += 1
        return drift(difference())

    answering(bot, look)
    await type_(sandbox)
    await until(lambda: answered(sandbox))
    desk: DriftDesk = bot.services.drift
    button = next(
        element["value"]
        for block in cards(sandbox)[0].blocks
        for element in block.get("elements", [])
        if element.get("action_id") == "drift_again"
    )
    await desk.run(button)
    assert looks == 1
