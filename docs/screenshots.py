"""Takes the pictures of the docs from a running demo: `make screenshots`."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from bot.views.why import ASK_AGAIN
from tests.acceptance.demo import Demo, running_demo
from tests.browser import DESKTOP, PHONE, running_browser

IMAGES = Path(__file__).with_name("images")
CHANNEL = "C0INCIDENTS"
PATIENCE = 60_000
"""Milliseconds to wait for a card."""


async def main() -> None:
    """Writes every picture anew."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_demo(Path(folder), "--scenario", "seed-503") as demo,
            running_browser() as browser,
        ):
            await demo.post(
                "command", user=await demo.user("alice"), channel=CHANNEL, command="/staging-health", text=""
            )
            await demo.finished_card(CHANNEL)
            await page_picture(browser, demo)
            await path_picture(browser, demo)
            await phone_picture(browser, demo)
            await why_picture(browser, demo)
            await details_picture(browser, demo)


async def opened(browser: Browser, demo: Demo, panels: str = "", **options: object) -> Page:
    """The page in #incidents, once the card is drawn."""
    page = await browser.new_page(device_scale_factor=1.5, **options)  # type: ignore[arg-type]  # playwright's own options
    await page.goto(f"{demo.url}/#view={CHANNEL}&panels={panels}")
    await expect(page.locator("[data-action-id=details]").last).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_test_id("bot-status")).to_contain_text("connected", timeout=PATIENCE)
    return page


async def page_picture(browser: Browser, demo: Demo) -> None:
    """The card of the incident and the staging map beside it."""
    page = await opened(browser, demo, "staging", viewport=DESKTOP)
    await page.screenshot(path=IMAGES / "page.png")


async def path_picture(browser: Browser, demo: Demo) -> None:
    """The step that keeps the backend from Redis, in the channel and on the map."""
    alice = await demo.user("alice")
    await demo.post("command", user=alice, channel=CHANNEL, command="/triage", text="path staging redis")
    page = await opened(browser, demo, "staging", viewport={"width": 1280, "height": 1000})
    await expect(page.get_by_text("broken here").last).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("img[alt*='Redis']").last).to_be_visible(timeout=PATIENCE)
    await page.screenshot(path=IMAGES / "path.png")


async def details_picture(browser: Browser, demo: Demo) -> None:
    """The modal behind Details, in the dark. Comes last, since a modal stays open for its person."""
    page = await opened(browser, demo, viewport=DESKTOP, color_scheme="dark")
    await page.locator("[data-action-id=details]").last.click()
    await expect(page.get_by_test_id("modal")).to_contain_text("10.166.204.83", timeout=PATIENCE)
    await page.screenshot(path=IMAGES / "details.png")


async def why_picture(browser: Browser, demo: Demo) -> None:
    """Five whys with their evidence, one of them unfolded."""
    alice = await demo.user("alice")
    await demo.post("command", user=alice, channel=CHANNEL, command="/staging-why", text="")
    page = await opened(browser, demo, "staging", viewport={"width": 1280, "height": 1000})
    message = page.get_by_test_id("message").filter(has=page.locator(f"[data-action-id={ASK_AGAIN}]")).last
    await expect(message).to_contain_text("Ruled out", timeout=PATIENCE)
    await page.screenshot(path=IMAGES / "why.png")


async def phone_picture(browser: Browser, demo: Demo) -> None:
    """The same card at 390 px."""
    page = await opened(browser, demo, viewport=PHONE)
    await page.screenshot(path=IMAGES / "phone.png")


if __name__ == "__main__":
    asyncio.run(main())
