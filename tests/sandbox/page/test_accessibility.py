"""Names, contrast and width."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import PHONE
from tests.sandbox.page.conftest import Open, Stage
from tests.sandbox.page.gallery import CARD, PLAN, TEXTS, chart

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NAMELESS = """() => [...document.querySelectorAll('button, a[href], input, select, textarea, [role=img]')]
  .filter(node => node.getClientRects().length)
  .filter(node => !(node.ariaLabel || node.getAttribute('aria-labelledby') || node.labels?.length
                    || node.textContent.trim() || node.getAttribute('title')))
  .map(node => node.outerHTML.slice(0, 120))"""

# Each visible text against the first opaque background behind it; colours as the browser paints them.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.getClientRects().length) continue;
    if (node.closest('svg, .sr-only, .skip, option, noscript, :disabled')) continue;
    if (!node.checkVisibility({opacityProperty: true})) continue;
    const [a, b] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className} ${node.textContent.slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""


async def filled(stage: Stage) -> None:
    """Something of everything on the page."""
    await stage.post("card", CARD)
    await stage.post("texts", TEXTS)
    await stage.post("plan", [PLAN, chart("line")])
    await stage.client.chat_postEphemeral(channel="C0INCIDENTS", user="UALICE", text="only you")
    await stage.world.apply_scenario("seed-503")


async def ready(page: Page) -> None:
    """Waits for the last of it."""
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await expect(page.get_by_test_id("calls").locator("li").first).to_be_attached()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_texts_have_contrast_and_controls_have_names(
    stage: Stage, open_page: Open, scheme: str
) -> None:
    """Every visible text keeps 4.5 to 1 in both themes; every control has a name."""
    await filled(stage)
    page = await open_page(scheme=scheme, panels="staging,inspector")
    await ready(page)
    assert await page.evaluate(CONTRAST) == []
    assert await page.evaluate(NAMELESS) == []


async def test_the_theme_can_be_chosen_and_is_kept(stage: Stage, open_page: Open) -> None:
    """The toggle overrules the system and survives a reload."""
    page = await open_page()
    body = page.locator("body")
    light = await body.evaluate("node => getComputedStyle(node).backgroundColor")
    await page.get_by_test_id("toggle-theme").click()
    dark = await body.evaluate("node => getComputedStyle(node).backgroundColor")
    assert light != dark
    await page.reload()
    await expect(body).to_have_css("background-color", dark)


async def test_nothing_is_wider_than_a_phone(stage: Stage, open_page: Open) -> None:
    """At 390 pixels only tables scroll sideways, within themselves; the sidebar is a drawer."""
    await filled(stage)
    page = await open_page(PHONE)
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]
    assert await page.locator(".conversation .scroller").evaluate("n => n.scrollWidth <= n.clientWidth")
    await page.get_by_role("button", name="Open the sidebar").click()
    await page.get_by_test_id("person-carol").check()
    await expect(page.get_by_test_id("me")).to_have_text("carol")
    await expect(page.get_by_test_id("sidebar")).to_be_hidden()


async def test_escape_closes_the_drawer(open_page: Open) -> None:
    """The keyboard leaves the sidebar as it came."""
    page = await open_page(PHONE)
    await page.get_by_role("button", name="Open the sidebar").click()
    await expect(page.get_by_test_id("sidebar")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("sidebar")).to_be_hidden()


async def test_the_address_brings_one_back(stage: Stage, open_page: Open) -> None:
    """A reload keeps the person, the channel and the thread."""
    ts = await stage.post("parent")
    page = await open_page(**{"as": "UBOB", "view": "C0INCIDENTS", "thread": ts, "panels": ""})
    await expect(page.get_by_test_id("thread")).to_contain_text("parent")
    await page.reload()
    await expect(page.get_by_test_id("me")).to_have_text("bob")
    await expect(page.get_by_test_id("thread")).to_contain_text("parent")
