"""`/staging-health` from the keystroke to the finished card, through a real Slack client and a real store."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.wiring import Bot
from sandbox.server import SandboxServer
from sandbox.slack.web_api import Failure
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
from tests.servers.tcp import serving, silent


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Staging]:
    async with staging(tmp_path) as made:
        yield made


@pytest.fixture
async def bot(local_slack: SandboxServer, place: Staging, address: str) -> AsyncIterator[Bot]:
    async with running_bot(local_slack, place, address) as running:
        yield running


async def test_a_card_is_posted_at_once_and_fills_in(
    bot: Bot, local_slack: SandboxServer, place: Staging
) -> None:
    """There is one message per run: first without answers, then with those that came, then with buttons."""
    ack = await ask(local_slack)
    assert ack.payload["text"] == "Checking staging: 3 checks. The card comes into this channel."
    await until(lambda: cards(local_slack))
    assert not ended(cards(local_slack)[0])
    place.open("backend")
    await until(lambda: "1 of 3" in cards(local_slack)[0].text)
    place.open()
    await until(lambda: ended(cards(local_slack)[0]))
    assert len(cards(local_slack)) == 1
    assert "a test" in cards(local_slack)[0].text


async def test_two_people_share_one_sweep(bot: Bot, local_slack: SandboxServer, place: Staging) -> None:
    """The second is told whose check it is; both are on the card; nothing is asked twice."""
    await ask(local_slack)
    ack = await ask(local_slack, person="UBOB")
    assert "Joined the check of staging that <@UALICE> started" in ack.payload["text"]
    place.open()
    await until(lambda: cards(local_slack) and ended(cards(local_slack)[0]))
    shown = json.dumps(cards(local_slack)[0].blocks)
    assert "UALICE" in shown
    assert "UBOB" in shown
    assert len(cards(local_slack)) == 1
    assert [target.asked for target in place.targets.values()] == [1, 1, 1]


async def test_another_channel_gets_its_own_card(
    bot: Bot, local_slack: SandboxServer, place: Staging
) -> None:
    """Two channels, two cards, one sweep."""
    other = next(
        channel.id
        for channel in local_slack.slack.workspace.channels.values()
        if channel.id != CHANNEL and {"UALICE", "UWHYBOT"} <= set(channel.members)
    )
    await ask(local_slack)
    await ask(local_slack, channel=other)
    place.open()
    for channel in (CHANNEL, other):
        await until(lambda channel=channel: any(map(ended, cards(local_slack, channel))))
    assert [target.asked for target in place.targets.values()] == [1, 1, 1]


async def test_only_the_named_checks_run(bot: Bot, local_slack: SandboxServer, place: Staging) -> None:
    """A name asks for that check alone."""
    place.open()
    ack = await ask(local_slack, "Redis")
    assert "1 check." in ack.payload["text"]
    await until(lambda: any(map(ended, cards(local_slack))))
    assert {name: target.asked for name, target in place.targets.items()} == {
        "redis": 1,
        "backend": 0,
        "frontend": 0,
    }


async def test_an_unknown_name_is_answered_with_the_nearest(bot: Bot, local_slack: SandboxServer) -> None:
    """A slip of the finger costs no search, and starts nothing."""
    ack = await ask(local_slack, "reddis")
    assert 'No check "reddis" in staging. Did you mean redis?' in ack.payload["text"]
    assert ack.payload["response_type"] == "ephemeral"
    assert cards(local_slack) == []


async def test_triage_and_help(bot: Bot, local_slack: SandboxServer, place: Staging) -> None:
    """The long form does the same, and help names the commands."""
    place.open()
    gestures = local_slack.slack.gestures
    said = await gestures.command("UALICE", CHANNEL, "/triage", "help")
    assert "/staging-health" in said.payload["text"]
    await gestures.command("UALICE", CHANNEL, "/triage", "health staging redis")
    await until(lambda: any(map(ended, cards(local_slack))))


async def test_run_again_makes_a_new_card(bot: Bot, local_slack: SandboxServer, place: Staging) -> None:
    """The same checks once more; the old card stays as it was."""
    place.open()
    await ask(local_slack, "redis backend")
    await until(lambda: any(map(ended, cards(local_slack))))
    before = cards(local_slack)[0].text
    await local_slack.slack.gestures.press("UBOB", CHANNEL, cards(local_slack)[0].ts, "run_again", None, {})
    await until(lambda: sum(map(ended, cards(local_slack))) == 2)
    assert cards(local_slack)[0].text == before
    assert place.targets["frontend"].asked == 0


async def test_details_open_a_modal(bot: Bot, local_slack: SandboxServer, place: Staging) -> None:
    """Everything about the worst check, and a menu over the others that changes what is shown."""
    place.open()
    await ask(local_slack)
    await until(lambda: any(map(ended, cards(local_slack))))
    slack = local_slack.slack
    await slack.gestures.press("UALICE", CHANNEL, cards(local_slack)[0].ts, "details", None, {})
    (view,) = await until(lambda: slack.workspace.modals.get("UALICE"))
    assert "staging" in view.body["title"]["text"]
    chosen = {"selected_option": _option(view.body, "frontend")}
    await slack.gestures.press_in_view("UALICE", view.id, "details_check", None, chosen)
    await until(lambda: "8002" in json.dumps(view.body["blocks"][1:]))


def _option(view: dict[str, Any], name: str) -> Any:
    found = [
        option
        for block in view["blocks"]
        for element in [block.get("accessory"), *block.get("elements", [])]
        if isinstance(element, dict)
        for group in element.get("option_groups", [element])
        for option in group.get("options", [])
    ]
    return next(option for option in found if name in json.dumps(option))


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"status": 500}, "Slack did not take the answer (`http_500`). Ask again in a moment."),
        ({"status": 429, "retry_after": 1}, "Slack did not take the answer (`ratelimited`)"),
        ({"status": 200, "error": "expired_trigger_id"}, "Press the button again"),
        ({"status": 200, "error": "token_revoked"}, "install the app again"),
    ],
)
async def test_details_that_slack_does_not_take_are_answered(
    bot: Bot, local_slack: SandboxServer, place: Staging, trouble: dict[str, Any], said: str
) -> None:
    """Whoever pressed reads what to do, and it is not taken for a fault of whybot."""
    place.open()
    await ask(local_slack)
    await until(lambda: any(map(ended, cards(local_slack))))
    before = len(private(local_slack, "UALICE"))
    local_slack.slack.web_api.failures.append(Failure("views.open", **trouble))
    await local_slack.slack.gestures.press("UALICE", CHANNEL, cards(local_slack)[0].ts, "details", None, {})
    (told,) = await until(lambda: private(local_slack, "UALICE")[before:])
    assert said in told


async def test_why_answers_honestly(bot: Bot, local_slack: SandboxServer, place: Staging) -> None:
    """As long as there are no runbooks, the button says so."""
    place.targets["redis"].gate.set()
    await local_slack.slack.gestures.press(
        "UALICE", CHANNEL, (await posted_button(bot, "why")), "why", None, {}
    )
    await until(lambda: private(local_slack, "UALICE"))
    assert "no longer kept" in private(local_slack, "UALICE")[0]


async def test_an_unknown_button_is_answered(bot: Bot, local_slack: SandboxServer) -> None:
    """A button of an older version is never silent."""
    ts = await posted_button(bot, "approve_everything")
    await local_slack.slack.gestures.press("UALICE", CHANNEL, ts, "approve_everything", None, {})
    await until(lambda: private(local_slack, "UALICE"))
    assert "older version" in private(local_slack, "UALICE")[0]


async def posted_button(bot: Bot, action: str) -> str:
    """Posts a message with one button whose card does not exist; returns its ts."""
    button = {
        "type": "button",
        "action_id": action,
        "value": "x",
        "text": {"type": "plain_text", "text": "x"},
    }
    posted = await bot.services.slack.chat_postMessage(
        channel=CHANNEL, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    return str(posted["ts"])


async def test_the_home_tab_shows_the_last_verdict(
    bot: Bot, local_slack: SandboxServer, place: Staging
) -> None:
    """Opening the tab draws every environment; its button brings a card to the asker alone."""
    slack = local_slack.slack
    place.open()
    slack.gestures.open_home("UALICE")
    home = await until(lambda: slack.workspace.homes.get("UALICE"))
    assert "not checked yet" in json.dumps(home.body)
    await slack.gestures.press_in_view("UALICE", home.id, "home_check", None, {})
    direct = await until(
        lambda: next(
            (c for c in slack.workspace.channels.values() if c.id.startswith("D") and c.messages), None
        )
    )
    await until(lambda: any(map(ended, cards(local_slack, direct.id))))


async def test_the_home_tab_does_without_newer_blocks(
    bot: Bot, local_slack: SandboxServer, place: Staging
) -> None:
    """Where Slack has no charts yet, the tab shows the same times as text."""
    slack = local_slack.slack
    place.open()
    await ask(local_slack)
    await until(lambda: any(map(ended, cards(local_slack))))
    slack.newer_blocks = False
    slack.gestures.open_home("UALICE")
    home = await until(lambda: slack.workspace.homes.get("UALICE"))
    assert "all 3 ok" in json.dumps(home.body)


async def test_without_a_store_the_checks_still_answer(local_slack: SandboxServer, place: Staging) -> None:
    """Everyone who asks is told so at once, and gets the result of one shared run, without buttons."""
    async with running_bot(local_slack, place, NO_STORE):
        for person in ("UALICE", "UBOB"):
            ack = await ask(local_slack, person=person)
            assert "whybot's store does not answer" in ack.payload["text"]
        place.open()
        for person in ("UALICE", "UBOB"):
            told = await until(lambda person=person: private(local_slack, person)[1:])
            assert "all 3 ok" in told[0]
    assert [target.asked for target in place.targets.values()] == [1, 1, 1]
    assert cards(local_slack) == []


async def test_without_a_store_the_home_tab_says_so(local_slack: SandboxServer, place: Staging) -> None:
    """Opening the tab never shows nothing."""
    async with running_bot(local_slack, place, NO_STORE):
        local_slack.slack.gestures.open_home("UALICE")
        home = await until(lambda: local_slack.slack.workspace.homes.get("UALICE"))
    assert "store does not answer" in json.dumps(home.body)


async def test_a_store_that_hangs_does_not_keep_anyone_waiting(
    local_slack: SandboxServer, place: Staging
) -> None:
    """A store that takes a connection and never answers is told within Slack's three seconds."""
    async with (
        serving(silent) as port,
        running_bot(local_slack, place, f"postgresql://nobody@127.0.0.1:{port}/none"),
    ):
        place.open()
        ack = await ask(local_slack)
        assert ack.ok
        assert "whybot's store does not answer" in ack.payload["text"]
        await until(lambda: private(local_slack, "UALICE")[1:])


@pytest.mark.parametrize("action", ["details", "run_again"])
async def test_a_press_without_a_store_is_acknowledged_and_answered(
    bot: Bot, local_slack: SandboxServer, place: Staging, action: str
) -> None:
    """Whoever presses hears that the store does not answer; Slack shows no warning of its own."""
    place.open()
    await ask(local_slack)
    await until(lambda: any(map(ended, cards(local_slack))))
    before = len(private(local_slack, "UALICE"))
    await bot.database.close()
    ack = await local_slack.slack.gestures.press(
        "UALICE", CHANNEL, cards(local_slack)[0].ts, action, None, {}
    )
    assert ack.ok
    (told,) = await until(lambda: private(local_slack, "UALICE")[before:])
    assert "whybot's store does not answer" in told


async def test_a_press_in_a_modal_without_a_store_is_answered(
    bot: Bot, local_slack: SandboxServer, place: Staging
) -> None:
    """A modal has no way to answer in the channel, so that another modal on top of it says what is wrong."""
    place.open()
    await ask(local_slack)
    await until(lambda: any(map(ended, cards(local_slack))))
    slack = local_slack.slack
    await slack.gestures.press("UALICE", CHANNEL, cards(local_slack)[0].ts, "details", None, {})
    (view,) = await until(lambda: slack.workspace.modals.get("UALICE"))
    await bot.database.close()
    chosen = {"selected_option": _option(view.body, "frontend")}
    ack = await slack.gestures.press_in_view("UALICE", view.id, "details_check", None, chosen)
    assert ack.ok
    _, told = await until(lambda: slack.workspace.modals["UALICE"][1:] and slack.workspace.modals["UALICE"])
    assert "whybot's store does not answer" in json.dumps(told.body["blocks"])


async def test_check_now_for_an_environment_that_is_gone_is_answered(
    bot: Bot, local_slack: SandboxServer
) -> None:
    """A Home tab that was drawn before a restart may name what is no longer there; that is said."""
    slack = local_slack.slack
    slack.gestures.open_home("UALICE")
    home = await until(lambda: slack.workspace.homes.get("UALICE"))
    await slack.gestures.press_in_view("UALICE", home.id, "home_check", None, {"value": "gone"})
    (told,) = await until(lambda: slack.workspace.modals.get("UALICE"))
    assert "gone" in json.dumps(told.body["blocks"])


async def test_an_unforeseen_error_gives_a_reference(
    bot: Bot, local_slack: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The reference that a person reads out finds the line in the log."""
    await bot.database.fetch(text("ALTER TABLE sweeps DROP COLUMN titles CASCADE"))
    ack = await ask(local_slack)
    reference = ack.payload["text"].split("`")[1]
    assert "That did not work" in ack.payload["text"]
    assert any(reference in str(record.msg) for record in caplog.records)


async def test_nobody_finishes_a_sweep_so_it_is_retired(
    bot: Bot, local_slack: SandboxServer, place: Staging
) -> None:
    """A card whose sweep is given up says so and offers to run again."""
    bot.jobs.stop()
    await asyncio.sleep(0)
    await ask(local_slack)
    await until(lambda: cards(local_slack))
    await bot.database.fetch(text("UPDATE sweeps SET deadline_at = now() - interval '1 second'"))
    await bot.sweeper.retire()
    await until(lambda: ended(cards(local_slack)[0]))
    assert "interrupted" in cards(local_slack)[0].text
