"""`/triage path` from the keystroke to the message, against the sandbox's Google Cloud."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import manifest
from bot.outbox import Patience
from bot.settings import load_settings
from bot.wiring import Bot, build
from sandbox.scenario import load_scenario
from sandbox.server import SandboxServer
from sandbox.slack.web_api import Failure
from sandbox.slack.workspace import Message
from sandbox.staging_cloud import StagingCloud
from tests.bot.running import CHANNEL, NO_STORE, PLENTY, cards, private, until
from tests.slack_workspace import running_slack

ENVIRONMENTS = Path(__file__).parents[2] / "environments"
PATIENT = Patience(call=5.0, lease=15.0, settle=0.5, longest=0.5)


@pytest.fixture
async def cloud() -> AsyncIterator[StagingCloud]:
    """The incident in the fake Google Cloud."""
    async with StagingCloud() as made:
        await made.change(load_scenario("seed-503").changes())
        yield made


@pytest.fixture
def world(cloud: StagingCloud, tmp_path: Path) -> dict[str, str]:
    """The variables that lead to that cloud."""
    overlay = tmp_path / "overlay.json"
    overlay.write_text(json.dumps({"addresses": {}, "google": cloud.addresses}))
    return {"WHYBOT_OVERLAY": str(overlay), "WHYBOT_ENVIRONMENTS": str(ENVIRONMENTS)}


@pytest.fixture
async def slack() -> AsyncIterator[SandboxServer]:
    """A workspace with the app as its manifest has it."""
    async with running_slack(manifest.build(["staging"])) as sandbox:
        yield sandbox


@asynccontextmanager
async def running(world: dict[str, str], slack: SandboxServer, address: str) -> AsyncIterator[Bot]:
    """A connected bot in that world."""
    settings = load_settings({**slack.slack.variables, **world, "WHYBOT_HTTP_PORT": "0"})
    async with build(settings, address, PATIENT, PLENTY) as bot:
        work = asyncio.create_task(bot.work())
        try:
            assert await slack.slack.sockets.wait_connected(20)
            yield bot
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await bot.end()


async def triage(slack: SandboxServer, text: str) -> str:
    """Types `/triage`; returns what is said at once."""
    ack = await slack.slack.gestures.command("UALICE", CHANNEL, "/triage", text)
    return str(ack.payload["text"])


def answers(slack: SandboxServer) -> list[Message]:
    """The messages about paths in the channel; the schedule tells of drift there as well."""
    return [each for each in cards(slack) if "path/" in json.dumps(each.metadata)]


async def answered(slack: SandboxServer) -> Message:
    """The one message about paths in the channel."""
    await until(lambda: answers(slack))
    (message,) = answers(slack)
    return message


def of_kind(message: Message, kind: str) -> list[dict[str, Any]]:
    """The blocks of one kind."""
    return [block for block in message.blocks if block["type"] == kind]


async def test_the_seed_is_told_with_its_broken_step(
    world: dict[str, str], slack: SandboxServer, address: str
) -> None:
    """Acknowledged at once; then steps, the broken one marked, what opens it, and a picture that loads."""
    async with running(world, slack, address):
        assert await triage(slack, "path staging redis") == (
            "Looking at the network path to redis in staging. The answer comes into this channel."
        )
        message = await answered(slack)
        assert message.text.startswith("🔴 staging: backend cannot reach Redis\n")
        assert "staging-connector, which is on staging-vpc" in message.text
        (plan,) = of_kind(message, "plan")
        assert [task["task_id"] for task in plan["tasks"] if task["status"] == "error"] == ["network"]
        assert "Ruled out" in json.dumps(message.blocks)
        (image,) = of_kind(message, "image")
        assert "legacy-connector" in image["alt_text"]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{slack.url}/files/{image['slack_file']['id']}") as response,
        ):
            assert response.content_type == "image/png"
            assert (await response.read()).startswith(b"\x89PNG")


async def test_a_slow_cloud_is_waited_for_in_the_message(
    cloud: StagingCloud, world: dict[str, str], slack: SandboxServer, address: str
) -> None:
    """The message says that the answer comes, and becomes it: the same one, with its picture."""
    end = cloud.fake.trouble("slow", "run.services.list", seconds=5.0)
    async with running(world, slack, address):
        await triage(slack, "path staging redis")
        assert "the answer comes into this message" in (await answered(slack)).text
        end()
        await until(lambda: answers(slack)[0].text.startswith("🔴 staging: backend cannot reach Redis\n"))
        (message,) = answers(slack)
        assert of_kind(message, "plan")
        assert of_kind(message, "image")


async def test_an_answer_under_way_is_given_by_the_next_bot(
    cloud: StagingCloud, world: dict[str, str], slack: SandboxServer, address: str
) -> None:
    """A bot that ends while it reads leaves its message to the next one; no second one is posted."""
    end = cloud.fake.trouble("slow", seconds=30.0)
    async with running(world, slack, address):
        await triage(slack, "path staging redis")
        assert "the answer comes" in (await answered(slack)).text
    end()
    async with running(world, slack, address):
        await until(lambda: answers(slack)[0].text.startswith("🔴 staging: backend cannot reach Redis\n"))
    assert len(answers(slack)) == 1


async def test_a_picture_that_cannot_be_uploaded_is_left_out(
    world: dict[str, str], slack: SandboxServer, address: str
) -> None:
    """The message stands without it, whether the scope is missing or the upload fails."""
    slack.slack.web_api.failures.append(Failure("files.getUploadURLExternal", status=503))
    slack.slack.manifest["oauth_config"]["scopes"]["bot"].remove("files:write")
    async with running(world, slack, address):
        await triage(slack, "path redis")
        message = await answered(slack)
    assert of_kind(message, "plan")
    assert not of_kind(message, "image")


async def test_a_workspace_without_plans_gets_classic_blocks(world: dict[str, str], address: str) -> None:
    """The same steps as sections, in one message."""
    async with running_slack(manifest.build(["staging"]), newer_blocks=False) as slack:
        async with running(world, slack, address):
            await triage(slack, "path staging redis postgres")
            message = await answered(slack)
        shown = json.dumps(message.blocks, ensure_ascii=False)
        assert not of_kind(message, "plan")
        assert "✖ *Network*" in shown
        assert "backend → PostgreSQL: open, by a detour" in shown


async def test_wrong_names_are_answered_at_once(
    world: dict[str, str], slack: SandboxServer, address: str
) -> None:
    """A mistyped name gives the nearest; a check that is no dependency is said to be none."""
    async with running(world, slack, address):
        assert "Did you mean redis?" in await triage(slack, "path staging reddis")
        assert 'No path to "frontend" in staging.' in await triage(slack, "path staging frontend")
        assert "Did you mean staging?" in await triage(slack, "path stagin redis")
        assert "path [environment]" in await triage(slack, "help")
    assert not answers(slack)


async def test_without_the_store_the_answer_is_private(world: dict[str, str], slack: SandboxServer) -> None:
    """The one who asked gets it through the response URL, in classic blocks."""
    async with running(world, slack, NO_STORE):
        assert "for you only" in await triage(slack, "path staging redis")
        await until(lambda: any("cannot reach Redis" in said for said in private(slack, "UALICE")))
    assert not answers(slack)
