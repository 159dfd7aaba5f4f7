"""The staging map shows the world, and breaks and mends it."""

import pytest
from playwright.async_api import expect

from tests.browser import PHONE
from tests.sandbox.page.conftest import Open, Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_map_turns_red_and_green_with_the_world(stage: Stage, open_page: Open) -> None:
    """A scenario closes and impairs ways, by itself, with the reason in words; mending opens them."""
    page = await open_page()
    panel = page.get_by_test_id("staging-map")
    await expect(page.get_by_test_id("map-verdict")).to_contain_text("All 10 ways are open")
    await stage.world.apply_scenario("seed-503")
    await expect(page.get_by_test_id("map-verdict")).to_contain_text("4 of 10 ways are not open")
    edges = panel.locator(".edge")
    assert sorted([str(await e.get_attribute("data-state")) for e in await edges.all()]) == [
        *["closed"] * 2, *["impaired"] * 2, *["open"] * 6,
    ]  # fmt: skip
    trouble = panel.locator(".troubled li").first
    await expect(trouble).to_contain_text("this machine → Redis closed 10.166.204.83:6379")
    await expect(trouble).to_contain_text("Unreachable")
    await expect(page.get_by_test_id("scenario")).to_have_text("The incident of the write-up")
    await stage.world.mend()
    await expect(page.get_by_test_id("map-verdict")).to_contain_text("All 10 ways are open")


async def test_a_scenario_is_played_and_mended_from_the_panel(stage: Stage, open_page: Open) -> None:
    """Play, see its faults, mend one, mend all."""
    page = await open_page()
    await page.get_by_test_id("scenario-select").select_option("seed-503")
    await page.get_by_test_id("play-scenario").click()
    faults = page.get_by_test_id("faults").locator("li")
    await expect(faults).to_have_count(2)
    await page.get_by_role("button", name="Mend Redis: Unreachable").click()
    await expect(faults).to_have_count(1)
    await page.get_by_test_id("mend-all").click()
    await expect(page.get_by_test_id("faults")).to_contain_text("Nothing is broken.")
    assert stage.world.faults == {}


async def test_a_single_fault_takes_its_target_and_options(stage: Stage, open_page: Open) -> None:
    """The form is made of what the world offers, and sends what was entered."""
    page = await open_page()
    form = page.get_by_test_id("fault-form")
    await form.get_by_test_id("fault-select").select_option("latency")
    await form.get_by_test_id("target-select").select_option(label="PostgreSQL")
    await form.get_by_label("For", exact=True).select_option("backend")
    await form.get_by_role("spinbutton").first.fill("250")
    await form.get_by_test_id("apply-fault").click()
    await expect(page.get_by_test_id("faults").locator("li")).to_have_count(1)
    [(kind, order)] = stage.world.faults.values()
    assert (kind.fault, order.target, order.options["source"]) == ("latency", "postgres", "backend")
    assert 250 in order.options.values()


async def test_the_configuration_closes_and_opens_a_way(stage: Stage, open_page: Open) -> None:
    """A deployment with the wrong connector marks the step that closes the way; the repair opens it."""
    page = await open_page()
    redis = page.get_by_test_id("cloud-paths").locator('[data-path="redis"]')
    await expect(redis).to_have_attribute("data-state", "open")
    await page.get_by_test_id("break-connector").click()
    await expect(redis).to_have_attribute("data-state", "closed")
    await expect(redis.locator("[data-broken]").first).to_have_text("✖default (ends here)")
    await expect(redis).to_contain_text("default has no route to it")
    await expect(page.get_by_test_id("cloud-facts")).to_contain_text("legacy-connector")
    await expect(page.get_by_test_id("faults")).to_contain_text("deploy-bot deploys legacy-connector")
    await page.get_by_test_id("repair-connector").click()
    await expect(redis).to_have_attribute("data-state", "open")
    await page.get_by_test_id("mend-all").click()
    await expect(page.get_by_test_id("faults")).to_contain_text("Nothing is broken.")


async def test_it_says_whether_the_bot_is_connected(stage: Stage, open_page: Open) -> None:
    """The connection is shown in the sidebar, as the state says."""
    page = await open_page()
    await expect(page.get_by_test_id("bot-status")).to_have_attribute("data-connected", "true")


async def test_on_a_phone_the_map_is_a_tab(stage: Stage, open_page: Open) -> None:
    """One view at a time: chat, Home, staging, traffic."""
    page = await open_page(PHONE)
    await expect(page.get_by_test_id("staging-map")).to_be_hidden()
    await page.get_by_test_id("tab-staging").click()
    await expect(page.get_by_test_id("map")).to_be_visible()
    await page.get_by_test_id("tab-traffic").click()
    await expect(page.get_by_test_id("inspector")).to_be_visible()
    await expect(page.get_by_test_id("staging-map")).to_be_hidden()
    await page.get_by_test_id("tab-chat").click()
    await expect(page.get_by_test_id("composer-input")).to_be_visible()
