"""Modals: a stack of forms, and the Home tab."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import PHONE
from tests.sandbox.page.conftest import Open, Stage, message
from tests.sandbox.page.gallery import CARD, MODAL

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def opened(stage: Stage, page: Page) -> str:
    """Presses Details and waits for the modal; gives the message's ts."""
    ts = await stage.post("card", CARD)
    await message(page, ts).get_by_role("button", name="Details").click()
    await expect(page.get_by_role("dialog", name="Plan a repair")).to_be_visible()
    return ts


async def test_a_modal_asks_for_what_is_missing_then_submits_everything(
    stage: Stage, open_page: Open
) -> None:
    """Required fields first; the bot's own errors stand at their field; then the modal closes."""
    page = await open_page()
    await opened(stage, page)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Reason")).to_be_focused()
    await dialog.get_by_role("button", name="Propose").click()
    await expect(dialog.locator("[data-block-id=reason]")).to_contain_text(
        "Please complete this required field."
    )
    assert stage.submissions == []
    await dialog.get_by_label("Reason").fill("no")
    await dialog.get_by_label("Service").select_option("auth")
    await dialog.get_by_role("checkbox", name="postgres").check()
    await dialog.get_by_role("button", name="Propose").click()
    await expect(dialog.get_by_text("Say more than no.")).to_be_visible()
    await expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Reason").fill("Redis is gone")
    await dialog.get_by_role("radio", name="high").check()
    await dialog.get_by_role("button", name="Propose").click()
    await expect(dialog).to_have_count(0)
    values = stage.submissions[-1]["view"]["state"]["values"]
    assert values["reason"]["typed"]["value"] == "Redis is gone"
    assert values["target"]["picked"]["selected_option"]["value"] == "auth"
    assert [o["value"] for o in values["checks"]["picked"]["selected_options"]] == ["postgres"]
    assert values["risk"]["picked"]["selected_option"]["value"] == "high"
    assert values["day"]["picked"]["selected_date"] == "2026-11-23"
    assert values["owner"]["picked"]["selected_user"] == "UBOB"


async def test_escape_closes_and_focus_returns(stage: Stage, open_page: Open) -> None:
    """Closed in Slack's eyes as well, and the button that opened it has focus again."""
    page = await open_page()
    ts = await opened(stage, page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert stage.sandbox.slack.workspace.modals.get("UALICE", []) == []
    await expect(message(page, ts).get_by_role("button", name="Details")).to_be_focused()


async def test_tab_stays_within_the_modal(stage: Stage, open_page: Open) -> None:
    """After the last control comes the first, and back."""
    page = await open_page()
    await opened(stage, page)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Propose").focus()
    await page.keyboard.press("Tab")
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(dialog.get_by_role("button", name="Propose")).to_be_focused()


async def test_a_pushed_view_lies_on_top_and_an_update_keeps_what_was_typed(
    stage: Stage, open_page: Open
) -> None:
    """The stack's top is shown; views.update leaves entered values alone."""
    page = await open_page()
    await opened(stage, page)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("half a sen")
    [view] = stage.sandbox.slack.workspace.modals["UALICE"]
    title = {"type": "plain_text", "text": "Plan it again"}
    await stage.client.views_update(view_id=view.id, view={**MODAL, "title": title})
    await expect(page.get_by_role("dialog", name="Plan it again")).to_be_visible()
    await expect(dialog.get_by_label("Reason")).to_have_value("half a sen")
    pushed = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Difference"},
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "egress"}}],
    }
    stage.sandbox.slack.modals.push("UALICE", pushed)
    await expect(page.get_by_role("dialog", name="Difference")).to_contain_text("egress")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Plan it again")).to_be_visible()
    await expect(dialog.get_by_label("Reason")).to_have_value("half a sen")


async def test_a_modal_fits_a_phone(stage: Stage, open_page: Open) -> None:
    """Nothing sticks out at 390 pixels, and the submit button is in reach."""
    page = await open_page(PHONE)
    await opened(stage, page)
    box = await page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    await expect(page.get_by_test_id("modal-submit")).to_be_in_viewport()


async def test_home_is_each_persons_own(stage: Stage, open_page: Open) -> None:
    """Opening Home tells the bot, and what it publishes is shown; another person gets another Home."""
    page = await open_page()
    await page.get_by_test_id("open-home").click()
    await expect(page.get_by_test_id("home")).to_contain_text("Hello @alice")
    await page.get_by_test_id("person-bob").check()
    await expect(page.get_by_test_id("home")).to_contain_text("Hello @bob")
