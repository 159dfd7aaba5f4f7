"""`/staging-why` and *Why?* from the keystroke to the answer, through a real Slack client and store."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import manifest
from bot.store.whys import Whys
from bot.wiring import Bot
from sandbox.server import SandboxServer
from sandbox.slack.web_api import Failure
from tests.acceptance.serving import serving
from tests.bot.asking import Scripted, answering, finished, press, type_, whys
from tests.bot.running import (
    CHANNEL,
    NO_STORE,
    Staging,
    ask,
    cards,
    ended,
    private,
    running_bot,
    staging,
    until,
)
from tests.bot.test_health_command import posted_button
from tests.bot.whys import PARTIAL, SEED, so_far
from tests.slack_workspace import running_slack


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    """A Slack whose app has all commands."""
    async with running_slack(manifest.build(["staging"])) as made:
        yield made


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Staging]:
    async with staging(tmp_path) as made:
        yield made


@pytest.fixture
async def bot(sandbox: SandboxServer, place: Staging, address: str) -> AsyncIterator[Bot]:
    async with running_bot(sandbox, place, address) as running:
        yield running


@pytest.fixture
def script(bot: Bot) -> Scripted:
    made = Scripted()
    answering(bot, made)
    return made


async def card(sandbox: SandboxServer, place: Staging, bot: Bot) -> str:
    """The ts of a finished card of health that has a *Why?* button, since something is over budget."""
    place.open()
    await ask(sandbox)
    await until(lambda: any(map(ended, cards(sandbox))))
    (posted,) = cards(sandbox)
    failing = text("UPDATE results SET document = document || '{\"status\": \"fail\"}' WHERE name = 'redis'")
    await bot.database.fetch(failing)
    await bot.database.fetch(text("UPDATE messages SET desired = desired + 1 WHERE composer = 'card'"))
    bot.outbox.wake()
    await until(lambda: '"why"' in json.dumps(cards(sandbox)[0].blocks))
    return posted.ts


@pytest.mark.parametrize(
    ("command", "typed", "runbook"),
    [("/staging-why", "", ""), ("/triage", "why staging", ""), ("/staging-why", "HTTP-503", "http-503")],
)
async def test_why_is_answered_in_the_channel(
    script: Scripted, sandbox: SandboxServer, command: str, typed: str, runbook: str
) -> None:
    """Acknowledged at once, then one message with the chain, for all to see."""
    assert "The answer comes into this channel." in await type_(sandbox, command, typed)
    (shown,) = await until(lambda: finished(sandbox))
    assert len(cards(sandbox)) == 1
    assert shown.thread_ts is None
    assert "5 whys, confirmed" in shown.text
    assert [each.runbook for each in script.asked] == [runbook]
    assert (
        next(block for block in shown.blocks if block["type"] == "plan")["tasks"][4]["status"] == "complete"
    )


async def test_the_message_fills_in_as_evidence_comes(script: Scripted, sandbox: SandboxServer) -> None:
    """First that it looks, then the whys that hold so far, in the same message."""
    script.states = [so_far(number) for number in (1, 3)]
    script.hold()
    await type_(sandbox)
    await until(lambda: whys(sandbox))
    assert "Reading the evidence" in json.dumps(whys(sandbox)[0].blocks)
    for words in ("so far: The container is ready", "so far: backend-00042 leaves"):
        script.go(1)
        await until(lambda words=words: words in whys(sandbox)[0].text)
    assert "Waiting for Cloud Logging" in json.dumps(whys(sandbox)[0].blocks)
    script.go()
    await until(lambda: finished(sandbox))
    assert len(whys(sandbox)) == 1


async def test_evidence_that_changes_nothing_is_not_told(
    bot: Bot, script: Scripted, sandbox: SandboxServer
) -> None:
    """Slack allows few updates, so that the same words are not sent again."""
    script.states = [so_far(1)] * 20
    await type_(sandbox)
    await until(lambda: finished(sandbox))
    row = await bot.database.fetch_one(text("SELECT desired FROM messages WHERE composer = 'why'"))
    assert row is not None
    assert row["desired"] == 3


async def test_progress_under_a_rate_limit_is_coalesced(script: Scripted, sandbox: SandboxServer) -> None:
    """However often Slack answers 429, the last state arrives, and what was overtaken is never sent."""
    script.states = [so_far(1) | {"notes": [f"{number} of 20"]} for number in range(20)]
    script.hold()
    await type_(sandbox)
    await until(lambda: whys(sandbox))
    sandbox.slack.web_api.failures.append(Failure("chat.update", status=429, times=2, retry_after=1))
    script.go()
    await until(lambda: finished(sandbox))
    taken = [
        call for call in sandbox.slack.calls.since(0) if call.method == "chat.update" and call.status == 200
    ]
    assert 1 <= len(taken) < 20


async def test_people_who_ask_at_once_share_one_run(script: Scripted, sandbox: SandboxServer) -> None:
    """The second is told whose question it is, and both are named below the one answer."""
    script.hold()
    await type_(sandbox)
    said = await type_(sandbox, person="UBOB")
    assert "Joined the why of staging that <@UALICE> asked" in said
    script.go()
    (shown,) = await until(lambda: finished(sandbox))
    assert "asked by <@UALICE>, <@UBOB>" in json.dumps(shown.blocks)
    assert len(script.asked) == 1


async def test_another_channel_gets_its_own_message(script: Scripted, sandbox: SandboxServer) -> None:
    """Two channels, two messages, one run."""
    other = next(
        channel.id
        for channel in sandbox.slack.workspace.channels.values()
        if channel.id != CHANNEL and {"UALICE", "UWHYBOT"} <= set(channel.members)
    )
    script.hold()
    await type_(sandbox)
    await sandbox.slack.gestures.command("UALICE", other, "/staging-why", "")
    script.go()
    for channel in (CHANNEL, other):
        await until(
            lambda channel=channel: [one for one in whys(sandbox, channel) if "confirmed" in one.text]
        )
    assert len(script.asked) == 1


async def test_an_unknown_runbook_is_answered_with_the_nearest(
    script: Scripted, sandbox: SandboxServer
) -> None:
    """A slip of the finger starts nothing."""
    assert 'No runbook "http-50". Did you mean http-503?' in await type_(sandbox, text="http-50")
    assert script.asked == []
    assert "/staging-why" in await type_(sandbox, text="help")


async def test_a_command_that_slack_delivers_again_changes_nothing(bot: Bot, script: Scripted) -> None:
    """The same trigger is one run, also when the run is over."""
    from bot.store.whys import WhyWish

    wish = WhyWish("command/1", "staging", "", "T1", "C1", "UALICE")
    assert (await bot.services.whys.ask(wish)).begun
    assert (await bot.services.whys.ask(wish)).repeated


async def test_why_of_a_card_is_told_in_its_thread_of_its_own_sweep(
    bot: Bot, script: Scripted, sandbox: SandboxServer, place: Staging
) -> None:
    """Fresh checks are not asked again, and the answer stands below what it is about."""
    ts = await card(sandbox, place, bot)
    await press(sandbox, cards(sandbox)[0], "why")
    (shown,) = await until(lambda: finished(sandbox))
    assert shown.thread_ts == ts
    assert script.asked[0].sweep is not None
    assert len(script.asked[0].sweep.results) == 3
    assert "of the checks above" in json.dumps(shown.blocks)


async def test_pressed_twice_it_is_answered_once(
    bot: Bot, script: Scripted, sandbox: SandboxServer, place: Staging
) -> None:
    """A double click joins; a press after the answer says where it is."""
    await card(sandbox, place, bot)
    script.hold()
    await press(sandbox, cards(sandbox)[0], "why")
    await press(sandbox, cards(sandbox)[0], "why", "UBOB")
    await until(lambda: any("Joined the why" in each for each in private(sandbox, "UBOB")))
    script.go()
    await until(lambda: finished(sandbox))
    await press(sandbox, cards(sandbox)[0], "why", "UBOB")
    await until(lambda: any("in its thread already" in each for each in private(sandbox, "UBOB")))
    assert len(script.asked) == 1
    assert len(whys(sandbox)) == 1


async def test_why_of_an_old_card_checks_anew(
    bot: Bot, script: Scripted, sandbox: SandboxServer, place: Staging
) -> None:
    """What was found a while ago says nothing of now."""
    await card(sandbox, place, bot)
    await bot.database.fetch(text("UPDATE sweeps SET started_at = now() - interval '5 minutes'"))
    await press(sandbox, cards(sandbox)[0], "why")
    (shown,) = await until(lambda: finished(sandbox))
    assert script.asked[0].sweep is None
    assert "of the checks above" not in json.dumps(shown.blocks)


async def test_a_button_whose_card_is_gone_says_so(
    bot: Bot, script: Scripted, sandbox: SandboxServer
) -> None:
    """Nothing is begun, and nobody is left without a word."""
    for action in ("why", "why_again", "why_details", "why_remedy/repair-vpc-access"):
        before = len(private(sandbox, "UALICE"))
        await sandbox.slack.gestures.press(
            "UALICE", CHANNEL, await posted_button(bot, action), action, None, {}
        )
        (told,) = await until(lambda before=before: private(sandbox, "UALICE")[before:])
        assert "no longer kept" in told
    assert script.asked == []


async def test_ask_again_asks_the_same_anew_in_the_same_place(
    bot: Bot, script: Scripted, sandbox: SandboxServer, place: Staging
) -> None:
    """A new message where the old one is, with fresh checks; the old one stays as it was."""
    ts = await card(sandbox, place, bot)
    await press(sandbox, cards(sandbox)[0], "why")
    (first,) = await until(lambda: finished(sandbox))
    before = first.text
    await press(sandbox, first, "why_again", "UBOB")
    both = await until(lambda: finished(sandbox, 2))
    assert [each.thread_ts for each in both] == [ts, ts]
    assert both[0].text == before
    assert script.asked[1].sweep is None


async def test_details_open_a_modal(script: Scripted, sandbox: SandboxServer) -> None:
    """All evidence, for whoever looks, while the message stays short."""
    await type_(sandbox)
    (shown,) = await until(lambda: finished(sandbox))
    await press(sandbox, shown, "why_details", "UBOB")
    (view,) = await until(lambda: sandbox.slack.workspace.modals.get("UBOB"))
    assert "connected in 2.9 s" in json.dumps(view.body["blocks"])
    assert view.body["title"]["text"] == "W-1: staging"


@pytest.mark.parametrize("person", ["UBOB", "UERIN"])
async def test_a_remedy_tells_the_one_who_pressed_what_it_would_do(
    script: Scripted, sandbox: SandboxServer, person: str
) -> None:
    """Whoever presses, a guest too, nothing runs: it is told to that person alone, with the commands."""
    await type_(sandbox)
    (shown,) = await until(lambda: finished(sandbox))
    before = shown.text
    await press(sandbox, shown, "why_remedy/repair-vpc-access", person)
    (told,) = await until(lambda: private(sandbox, person))
    assert shown.text == before
    assert "whybot cannot run this yet" in told
    assert "gcloud run services update" in told
    assert all("cannot run this" not in each for each in private(sandbox, "UALICE"))


async def test_a_remedy_that_is_no_longer_offered_is_not_explained(
    bot: Bot, script: Scripted, sandbox: SandboxServer
) -> None:
    """What a button says is looked up in the store; its name alone leads to nothing."""
    await type_(sandbox)
    (shown,) = await until(lambda: finished(sandbox))
    await bot.database.fetch(text("UPDATE whys SET diagnosis = diagnosis || '{\"remedies\": []}'"))
    await press(sandbox, shown, "why_remedy/repair-vpc-access")
    await until(lambda: any("no longer kept" in each for each in private(sandbox, "UALICE")))


async def test_a_workspace_without_plans_gets_classic_blocks(
    script: Scripted, sandbox: SandboxServer
) -> None:
    """The same whys, in the same message, where Slack does not know the newer blocks."""
    sandbox.slack.newer_blocks = False
    await type_(sandbox)
    (shown,) = await until(lambda: finished(sandbox))
    assert {block["type"] for block in shown.blocks} <= {"section", "context", "actions"}
    assert "✔ *5*  backend-00042 took all traffic" in json.dumps(shown.blocks, ensure_ascii=False)
    assert len(whys(sandbox)) == 1


async def test_a_crash_ends_the_message_with_a_reference(
    bot: Bot, script: Scripted, sandbox: SandboxServer
) -> None:
    """Whoever asked is not left waiting, keeps what was found, and can ask again."""
    script.states, script.error = [PARTIAL], RuntimeError("unforeseen")
    await type_(sandbox)
    (shown,) = await until(lambda: finished(sandbox))
    assert "interrupted" in shown.text
    assert "reference" in json.dumps(shown.blocks)


async def test_a_run_that_nobody_ends_is_ended(bot: Bot, script: Scripted, sandbox: SandboxServer) -> None:
    """The message says so and offers to ask again."""
    bot.jobs.stop()
    await asyncio.sleep(0)
    await type_(sandbox)
    await until(lambda: whys(sandbox))
    await bot.database.fetch(text("UPDATE whys SET deadline_at = now() - interval '1 second'"))
    await bot.sweeper.retire()
    (shown,) = await until(lambda: finished(sandbox))
    assert "interrupted" in shown.text


async def test_a_worker_that_dies_has_its_run_taken_over(
    bot: Bot, script: Scripted, sandbox: SandboxServer
) -> None:
    """The gathering begins again, in the same message, and what the dead worker says late is not heard."""
    script.states = [PARTIAL]
    script.hold()
    await type_(sandbox)
    await until(lambda: script.asked)
    await bot.database.fetch(text("UPDATE whys SET lease_until = NULL"))
    taken_over = await Whys(bot.database).claim(1, "other", 60)
    assert taken_over is not None
    script.go()
    await until(lambda: whys(sandbox))
    assert not finished(sandbox)
    assert await Whys(bot.database).record(taken_over, lease=0, diagnosis=SEED, phase="finished")
    bot.outbox.wake()
    await until(lambda: finished(sandbox))
    assert len(whys(sandbox)) == 1


async def test_without_a_store_the_answer_is_private(sandbox: SandboxServer, place: Staging) -> None:
    """Why is told all the same, to whoever asked alone, without buttons that would find nothing."""
    async with running_bot(sandbox, place, NO_STORE) as bot:
        answering(bot, Scripted())
        assert "for you only" in await type_(sandbox)
        await until(lambda: any("5 whys, confirmed" in each for each in private(sandbox, "UALICE")))
    assert cards(sandbox) == []


async def test_without_a_store_a_crash_is_told(sandbox: SandboxServer, place: Staging) -> None:
    """Whoever asked gets a reference."""
    async with running_bot(sandbox, place, NO_STORE) as bot:
        answering(bot, Scripted(error=RuntimeError("unforeseen")))
        await type_(sandbox)
        await until(lambda: any("reference" in each for each in private(sandbox, "UALICE")))


async def test_a_press_without_a_store_is_answered(
    bot: Bot, script: Scripted, sandbox: SandboxServer
) -> None:
    """Every button below whys says that the store does not answer; Slack shows no warning of its own."""
    await type_(sandbox)
    (shown,) = await until(lambda: finished(sandbox))
    await bot.database.close()
    bot.database.address = NO_STORE
    for action in ("why_again", "why_details", "why_remedy/repair-vpc-access"):
        before = len(private(sandbox, "UALICE"))
        assert (await press(sandbox, shown, action)).ok
        (told,) = await until(lambda before=before: private(sandbox, "UALICE")[before:])
        assert "whybot's store does not answer" in told


async def test_the_home_tab_asks_why(
    bot: Bot, script: Scripted, sandbox: SandboxServer, place: Staging
) -> None:
    """Where the last verdict is not well, a button brings the whys to the asker alone."""
    await card(sandbox, place, bot)
    sandbox.slack.gestures.open_home("UALICE")
    home = await until(lambda: sandbox.slack.workspace.homes.get("UALICE"))
    await sandbox.slack.gestures.press_in_view("UALICE", home.id, "home_why", None, {})
    channels = sandbox.slack.workspace.channels
    direct = await until(
        lambda: next((id_ for id_ in channels if id_.startswith("D") and whys(sandbox, id_)), "")
    )
    await until(lambda: "5 whys, confirmed" in whys(sandbox, direct)[0].text)


async def test_the_home_tab_of_an_environment_that_is_gone_is_answered(
    bot: Bot, script: Scripted, sandbox: SandboxServer, place: Staging
) -> None:
    """A tab that was drawn before a restart may name what is no longer there; that is said."""
    await card(sandbox, place, bot)
    slack = sandbox.slack
    slack.gestures.open_home("UALICE")
    home = await until(lambda: slack.workspace.homes.get("UALICE"))
    await slack.gestures.press_in_view("UALICE", home.id, "home_why", None, {"value": "gone"})
    (told,) = await until(lambda: slack.workspace.modals.get("UALICE"))
    assert "no environment gone" in json.dumps(told.body["blocks"])


async def test_killed_while_gathering_it_is_told_once(sandbox: SandboxServer, place: Staging) -> None:
    """A bot killed with -9 leaves its question to the next one, which answers it in the same message."""
    sandbox.slack.limits.enabled = False
    with tempfile.TemporaryDirectory(prefix="whybot-test-", ignore_cleanup_errors=True) as folder:
        async with serving(sandbox.slack.variables | place.variables, Path(folder)) as process:
            assert await sandbox.slack.sockets.wait_connected(120)
            assert "The answer comes" in await type_(sandbox)
            await until(lambda: all(target.asked for target in place.targets.values()))
            await until(lambda: whys(sandbox))
            await process.kill()
            place.open()
            await process.start()
            (shown,) = await until(lambda: finished(sandbox), 120)
    assert len(whys(sandbox)) == 1
    assert shown.text.startswith("🟢 staging: ")
