"""Messages come, change and stay in place; people see what is theirs."""

import pytest
from playwright.async_api import expect

from tests.sandbox.page.conftest import CHANNEL, Open, Stage, message
from tests.sandbox.page.gallery import CARD, TEXTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_new_message_appears_and_is_announced(stage: Stage, open_page: Open) -> None:
    """Nobody reloads: the message comes by itself, and the live region says it."""
    page = await open_page()
    await expect(
        page.get_by_text("No messages yet. Type /staging-health to ask how staging is.")
    ).to_be_visible()
    ts = await stage.post("staging: all 9 ok")
    await expect(message(page, ts)).to_contain_text("staging: all 9 ok")
    await expect(page.get_by_test_id("announcer")).to_have_text("whybot: staging: all 9 ok")
    await expect(page.get_by_text("No messages yet")).to_have_count(0)


async def test_an_update_shows_in_place_with_its_mark(stage: Stage, open_page: Open) -> None:
    """chat.update replaces the text of the same message and says (edited)."""
    page = await open_page()
    ts = await stage.post("staging: 3 of 9 checked")
    await expect(message(page, ts)).to_contain_text("3 of 9")
    await stage.client.chat_update(channel=CHANNEL, ts=ts, text="staging: 9 of 9 checked")
    await expect(message(page, ts)).to_contain_text("9 of 9 checked")
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_focus_stays_on_a_button_whose_message_is_updated(stage: Stage, open_page: Open) -> None:
    """A keyboard user does not lose the place when a live card fills in."""
    ts = await stage.post("card", CARD)
    page = await open_page()
    await message(page, ts).get_by_role("button", name="Details").focus()
    await stage.client.chat_update(
        channel=CHANNEL, ts=ts, text="card", blocks=[{**CARD[0], "block_id": "new"}, *CARD[1:]]
    )
    await expect(message(page, ts).locator("[data-block-id=new]")).to_be_visible()
    await expect(message(page, ts).get_by_role("button", name="Details")).to_be_focused()


async def test_ephemeral_messages_are_for_one_person(stage: Stage, open_page: Open) -> None:
    """Alice sees "Only visible to you"; bob, chosen in the sidebar, sees nothing of it."""
    await stage.client.chat_postEphemeral(channel=CHANNEL, user="UALICE", text="for alice alone")
    page = await open_page()
    own = page.get_by_test_id("message").filter(has_text="for alice alone")
    await expect(own).to_contain_text("Only visible to you")
    await page.get_by_test_id("person-bob").check()
    await expect(page.get_by_test_id("me")).to_have_text("bob")
    await expect(own).to_have_count(0)


async def test_threads_open_beside_and_take_replies(stage: Stage, open_page: Open) -> None:
    """The reply bar counts, the pane shows parent and replies, a reply goes to the thread alone."""
    ts = await stage.post("the incident")
    stage.sandbox.slack.gestures.say("UBOB", CHANNEL, "looking", ts)
    page = await open_page()
    await message(page, ts).get_by_test_id("reply-bar").click()
    thread = page.get_by_test_id("thread")
    await expect(thread.get_by_test_id("message")).to_have_count(2)
    await expect(page.get_by_test_id("thread-input")).to_be_focused()
    await page.keyboard.type("me too")
    await page.keyboard.press("Enter")
    await expect(thread.get_by_test_id("message").last).to_contain_text("me too")
    await expect(message(page, ts).get_by_test_id("reply-bar")).to_contain_text("2 replies")
    await expect(page.get_by_test_id("message-list").get_by_test_id("message")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()


async def test_reactions_are_counted_and_toggled(stage: Stage, open_page: Open) -> None:
    """Pressing the chip takes one's own reaction back."""
    ts = await stage.post("fixed")
    stage.sandbox.slack.gestures.react("UBOB", CHANNEL, ts, "white_check_mark")
    page = await open_page()
    chip = message(page, ts).locator("[data-reaction=white_check_mark]")
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await chip.click()
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(chip).to_contain_text("2")


async def test_another_channel_becomes_bold_when_something_is_said_there(
    stage: Stage, open_page: Open
) -> None:
    """Unread is shown, and gone once the channel is opened."""
    page = await open_page()
    row = page.locator("[data-channel=C0RANDOM]")
    await expect(row).not_to_have_class("row unread")
    stage.sandbox.slack.gestures.say("UBOB", "C0RANDOM", "lunch?", None)
    await expect(row).to_have_class("row unread")
    await row.click()
    await expect(page.get_by_test_id("message")).to_contain_text("lunch?")
    await expect(page.get_by_test_id("channel-name")).to_contain_text("random")
    await expect(row).not_to_have_class("row unread")


async def test_a_button_press_reaches_the_bot_as_the_person_shown(stage: Stage, open_page: Open) -> None:
    """The bot hears action, block, value, and who pressed."""
    ts = await stage.post("card", CARD)
    page = await open_page(**{"as": "UBOB"})
    async with page.expect_response("**/sandbox/api/action"):
        await message(page, ts).locator("[data-action-id=run_again]").click()
    [body] = stage.actions
    action = body["actions"][0]
    assert (body["user"]["id"], action["action_id"], action["value"]) == ("UBOB", "run_again", "7f3a")


async def test_a_dangerous_button_asks_first(stage: Stage, open_page: Open) -> None:
    """Denied: nothing is sent. Confirmed: the press goes out."""
    ts = await stage.post("texts", TEXTS)
    page = await open_page()
    button = message(page, ts).locator("[data-action-id=roll_back]")
    await button.click()
    dialog = page.get_by_role("dialog", name="Roll back to 00041?")
    await expect(dialog).to_contain_text("All traffic goes to 00041.")
    await dialog.get_by_role("button", name="Keep 00042").click()
    assert stage.actions == []
    await button.click()
    async with page.expect_response("**/sandbox/api/action"):
        await dialog.get_by_role("button", name="Roll back").click()
    assert stage.actions[0]["actions"][0]["action_id"] == "roll_back"


async def test_menus_send_what_was_chosen(stage: Stage, open_page: Open) -> None:
    """A select, people, and the overflow menu by keyboard."""
    ts = await stage.post("texts", TEXTS)
    page = await open_page()
    card = message(page, ts)
    async with page.expect_response("**/sandbox/api/action"):
        await card.locator("[data-action-id=environment]").select_option("production")
    async with page.expect_response("**/sandbox/api/action"):
        await card.locator("[data-action-id=owner]").select_option(label="@carol")
    await card.get_by_role("button", name="More actions").press("Enter")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    async with page.expect_response("**/sandbox/api/action"):
        await page.keyboard.press("Enter")
    environment, owner, more = (body["actions"][0] for body in stage.actions)
    assert environment["selected_option"]["value"] == "production"
    assert owner["selected_user"] == "UCAROL"
    assert more["selected_option"]["value"] == "mute"


async def test_the_view_follows_new_messages_only_at_the_end(stage: Stage, open_page: Open) -> None:
    """Who reads further up is not moved, but told; who is at the end stays there."""
    for number in range(40):
        stage.sandbox.slack.gestures.say("UBOB", CHANNEL, f"line {number}", None)
    page = await open_page()
    said = page.get_by_test_id("message-list")
    scroller = page.locator(".conversation .scroller")
    end = "node => node.scrollHeight - node.scrollTop - node.clientHeight < 3"
    await expect(said.get_by_text("line 39")).to_be_in_viewport()
    assert await scroller.evaluate(end)
    stage.sandbox.slack.gestures.say("UBOB", CHANNEL, "one more", None)
    await expect(said.get_by_text("one more")).to_be_in_viewport()
    await scroller.hover()
    await page.mouse.wheel(0, -800)
    await expect(said.get_by_text("one more")).not_to_be_in_viewport()
    stage.sandbox.slack.gestures.say("UBOB", CHANNEL, "and another", None)
    jump = page.get_by_role("button", name="New messages")
    await expect(jump).to_be_visible()
    await expect(said.get_by_text("and another")).not_to_be_in_viewport()
    await jump.click()
    await expect(said.get_by_text("and another")).to_be_in_viewport()


async def test_people_see_the_channels_that_they_are_in(stage: Stage, open_page: Open) -> None:
    """An outsider sees the shared channel alone, and is taken there."""
    page = await open_page()
    await expect(page.locator("[data-channel]")).to_have_count(4)
    await page.get_by_test_id("person-mallory").check()
    await expect(page.locator("[data-channel]")).to_have_count(1)
    await expect(page.get_by_test_id("channel-name")).to_contain_text("staging")
