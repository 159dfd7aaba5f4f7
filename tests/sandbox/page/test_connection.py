"""Updates come over one event stream; none is lost when it breaks; failures are visible."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.sandbox.page.conftest import CHANNEL, Open, Stage, message
from tests.sandbox.page.gallery import CARD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_nothing_is_lost_while_the_stream_is_down(stage: Stage, open_page: Open) -> None:
    """The page says that it reconnects, and afterwards shows what was said and broken meanwhile."""
    page = await open_page()
    await page.route("**/sandbox/events", lambda route: route.abort())
    stage.sandbox.control.end_streams()
    await expect(page.get_by_test_id("connection")).to_contain_text("Reconnecting")
    ts = await stage.post("said meanwhile")
    await stage.world.apply_scenario("seed-503")
    await page.unroute("**/sandbox/events")
    await expect(message(page, ts)).to_be_visible()
    await expect(page.get_by_test_id("map-verdict")).to_contain_text("not open")
    await expect(page.get_by_test_id("connection")).to_have_text("")


async def test_a_change_during_a_read_causes_another_read(stage: Stage, open_page: Open) -> None:
    """A message that comes while an older answer is on its way is not missed."""
    page = await open_page()
    held: list[Route] = []
    caught = asyncio.Event()

    async def hold(route: Route) -> None:
        held.append(route)
        caught.set()
        if len(held) > 1:
            await route.continue_()

    await page.route("**/sandbox/api/messages**", hold)
    first = await stage.post("first")
    await asyncio.wait_for(caught.wait(), 60)
    answer = await held[0].fetch()
    second = await stage.post("second")
    await held[0].fulfill(response=answer)
    await expect(message(page, first)).to_be_visible()
    await expect(message(page, second)).to_be_visible()


async def test_a_refusal_becomes_a_notice_that_says_what_to_do(stage: Stage, open_page: Open) -> None:
    """An error of the control API is shown with its sentence, its code and advice."""
    page = await open_page()
    ts = await stage.post("card", CARD)
    await expect(message(page, ts).get_by_role("button", name="Run again")).to_be_visible()
    stage.sandbox.slack.workspace.channels[CHANNEL].messages[ts].blocks = []
    await message(page, ts).get_by_role("button", name="Run again").click()
    toast = page.get_by_test_id("toast")
    await expect(toast).to_contain_text("did not reach whybot")
    await expect(toast.locator("code")).not_to_be_empty()
    await expect(message(page, ts).get_by_role("note")).to_contain_text("did not acknowledge")
    await toast.get_by_role("button", name="Dismiss").click()
    await expect(toast).to_have_count(0)


async def test_raw_traffic_is_listed_newest_first_and_filtered(stage: Stage, open_page: Open) -> None:
    """Both directions, with arguments and answer as JSON; tokens are blotted out."""
    page = await open_page(panels="inspector")
    await stage.post("one")
    await stage.post("two")
    calls = page.get_by_test_id("calls").locator("li")
    posts = page.get_by_test_id("calls").locator("[data-method='chat.postMessage']")
    await expect(posts).to_have_count(2)
    await posts.first.locator("summary").click()
    await expect(posts.first).to_contain_text('"text": "two"')
    await page.get_by_label("Filter calls").fill("apps.connections")
    await expect(calls).to_have_count(1)
    await expect(page.get_by_test_id("calls")).not_to_contain_text(stage.sandbox.slack.app_token)
    await page.get_by_label("Filter calls").fill("")
    await page.get_by_label("Direction").select_option("slack→bot")
    for call in await calls.all():
        assert await call.get_attribute("data-direction") == "slack→bot"
