"""Slash commands, their completion, history, and errors as Slack shows them."""

import pytest
from playwright.async_api import expect

from tests.sandbox.page.conftest import CHANNEL, Open, Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_slash_lists_the_commands_and_tab_completes(stage: Stage, open_page: Open) -> None:
    """Typed by keyboard alone: list, arrow, Tab, arguments, Enter."""
    page = await open_page()
    field = page.get_by_test_id("composer-input")
    await field.press("/")
    options = page.get_by_test_id("command-list").get_by_role("option")
    await expect(options).to_have_count(2)
    await expect(options.first).to_contain_text("/staging-health [NAME…]")
    await field.press("ArrowDown")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await field.press("ArrowUp")
    await field.press("Tab")
    await expect(field).to_have_value("/staging-health ")
    await field.press_sequentially("redis")
    await field.press("Enter")
    await expect(page.get_by_test_id("message").last).to_contain_text("Redis unreachable")
    await expect(field).to_have_value("")
    [command] = stage.commands
    assert (command["text"], command["user_id"], command["channel_id"]) == ("redis", "UALICE", CHANNEL)


async def test_enter_completes_a_part_and_runs_the_whole(stage: Stage, open_page: Open) -> None:
    """The first Enter fills in the command, the second sends it."""
    page = await open_page()
    field = page.get_by_test_id("composer-input")
    await field.press_sequentially("/stag")
    await field.press("Enter")
    await expect(field).to_have_value("/staging-health ")
    assert stage.commands == []
    await field.press("Enter")
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_up_brings_back_what_was_sent(stage: Stage, open_page: Open) -> None:
    """Up and Down walk through what one sent."""
    page = await open_page()
    field = page.get_by_test_id("composer-input")
    for text in ("first", "second"):
        await field.fill(text)
        await field.press("Enter")
        await expect(page.get_by_test_id("message").last).to_contain_text(text)
    for key, expected in (
        ("ArrowUp", "second"),
        ("ArrowUp", "first"),
        ("ArrowDown", "second"),
        ("ArrowDown", ""),
    ):
        await field.press(key)
        await expect(field).to_have_value(expected)


async def test_an_unknown_command_is_refused_as_slack_does(open_page: Open) -> None:
    """The text stays in the field, and a notice says why it was not sent."""
    page = await open_page()
    field = page.get_by_test_id("composer-input")
    await field.fill("/reboot now")
    await field.press("Enter")
    await expect(page.get_by_test_id("composer-notice")).to_contain_text("/reboot is not a valid command.")
    await expect(field).to_have_value("/reboot now")


async def test_a_command_without_acknowledgement_fails_visibly(stage: Stage, open_page: Open) -> None:
    """Slackbot tells the person alone, as at Slack."""
    page = await open_page()
    await page.get_by_test_id("composer-input").fill("/triage health")
    await page.keyboard.press("Enter")
    told = page.get_by_test_id("message").filter(has_text="operation_timeout")
    await expect(told).to_contain_text("Only visible to you")
    await expect(told).to_contain_text("Slackbot")


async def test_messages_are_sent_escaped_and_with_mentions(stage: Stage, open_page: Open) -> None:
    """What the bot reads is what Slack's own client would have sent."""
    page = await open_page()
    field = page.get_by_test_id("composer-input")
    await field.fill("@whybot is 1 < 2 & #staging up?")
    await field.press("Enter")
    await expect(page.get_by_test_id("message")).to_contain_text("@whybot is 1 < 2 & #staging up?")
    [stored] = stage.sandbox.slack.workspace.channels[CHANNEL].messages.values()
    assert stored.text == "<@UWHYBOT> is 1 &lt; 2 &amp; <#C0STAGING> up?"


async def test_shift_enter_makes_a_line(open_page: Open) -> None:
    """Several lines are one message."""
    page = await open_page()
    field = page.get_by_test_id("composer-input")
    await field.press_sequentially("one")
    await field.press("Shift+Enter")
    await field.press_sequentially("two")
    await field.press("Enter")
    await expect(page.get_by_test_id("message")).to_have_count(1)
