"""The main job as its user does it: in a real Chromium, on the page of a running demo."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.acceptance.demo import running_demo
from tests.browser import DESKTOP, PHONE, running_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
TRIES = 6
PATIENCE = 60_000
"""Milliseconds that a condition may take on a busy machine; no measure of speed."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The page of a demo in which all is well."""
    async with running_demo(tmp_path_factory.mktemp("demo"), "--scenario", "healthy") as demo:
        yield demo.url


@pytest_asyncio.fixture(loop_scope="module")
async def page(address: str, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """The page, as Alice sees it in a channel that has no card yet."""
    viewport, channel = getattr(request, "param", (DESKTOP, "C0INCIDENTS"))
    async with running_browser() as browser:
        page = await browser.new_page(viewport=viewport)
        page.set_default_timeout(PATIENCE)
        await page.goto(f"{address}/#view={channel}")
        await expect(page.get_by_test_id("bot-status")).to_contain_text("connected", timeout=PATIENCE)
        yield page


def newest_card(page: Page) -> Locator:
    """The last message of whybot in the list."""
    return page.get_by_test_id("message").filter(has=finished_cards(page)).last


def finished_cards(page: Page) -> Locator:
    """Every card that offers to run again."""
    return page.locator("[data-action-id=run_again]")


async def ask(page: Page) -> None:
    """Types the command, and waits for the card to finish."""
    before = await finished_cards(page).count()
    composer = page.get_by_test_id("composer-input")
    await composer.fill("/staging-health")
    await composer.press("Enter")
    await expect(finished_cards(page)).to_have_count(before + 1, timeout=PATIENCE)


async def ask_until_all_is_well(page: Page) -> None:
    """Asks again where the prober was too late to tell, as it may be on a machine busy with other tests."""
    for _ in range(TRIES):
        await ask(page)
        if "all 13 ok" in await newest_card(page).inner_text():
            break
    await expect(newest_card(page)).to_contain_text("all 13 ok")


async def test_a_person_asks_breaks_redis_and_asks_again(page: Page) -> None:
    """The card finishes; the next one names the broken Redis; Details shows its phases; mended, all is ok."""
    await ask_until_all_is_well(page)

    await page.get_by_test_id("fault-select").select_option("refuse")
    await page.get_by_test_id("target-select").select_option("redis")
    await page.get_by_test_id("apply-fault").click()
    await expect(page.get_by_test_id("faults")).to_contain_text("Mend")

    await newest_card(page).locator("[data-action-id=run_again]").click()
    await expect(newest_card(page)).to_contain_text("Redis refusing connections", timeout=PATIENCE)

    await newest_card(page).locator("[data-action-id=details]").click()
    modal = page.get_by_test_id("modal")
    await expect(modal).to_contain_text("10.166.204.83:6379")
    await expect(modal).to_contain_text("connect")
    await page.keyboard.press("Escape")
    await expect(modal).to_have_count(0)

    await page.get_by_test_id("mend-all").click()
    await expect(page.get_by_test_id("faults")).to_contain_text("Nothing is broken")
    await ask_until_all_is_well(page)


@pytest.mark.parametrize("page", [(PHONE, "C0STAGING")], indirect=True)
async def test_the_main_job_works_on_a_phone(page: Page) -> None:
    """At 390 px the command can be typed, the card is seen whole, and nothing scrolls sideways."""
    await ask_until_all_is_well(page)
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
