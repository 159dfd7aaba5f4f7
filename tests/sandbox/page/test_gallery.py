"""Every block type is drawn as Slack draws it."""

import pytest
from playwright.async_api import expect

from tests.sandbox.page.conftest import Open, Stage, message
from tests.sandbox.page.gallery import ALERT, CARD, PLAN, TASK, TEXTS, chart

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_card_has_its_header_table_context_and_buttons(stage: Stage, open_page: Open) -> None:
    """Header, table with settings of its columns, small print and buttons stand in one message."""
    ts = await stage.post("staging: Redis unreachable", CARD)
    page = await open_page()
    card = message(page, ts)
    await expect(card.get_by_role("heading")).to_contain_text("staging: Redis unreachable")
    await expect(card.get_by_role("columnheader")).to_have_text(
        ["check", "status", "time", "budget", "what is wrong"]
    )
    redis = card.get_by_role("row").nth(1)
    await expect(redis.get_by_role("cell").last).to_contain_text(
        "no answer in 3 s at 10.166.204.83:6379 (connect"
    )
    await expect(redis.get_by_role("cell").nth(2)).to_have_css("text-align", "right")
    await expect(redis.get_by_role("cell").last).to_have_css("white-space", "normal")
    await expect(redis.get_by_role("cell").first).to_have_css("white-space", "nowrap")
    await expect(card.get_by_role("button", name="Why?")).to_have_class("button button-primary")
    await expect(card.locator("[data-block=context]")).to_contain_text("asked by @alice")


async def test_mrkdwn_is_drawn(stage: Stage, open_page: Open) -> None:
    """Styles, links, mentions, quotes, code and dates become what Slack shows."""
    ts = await stage.post("texts", TEXTS)
    page = await open_page(**{"as": "UALICE"})
    intro = message(page, ts).locator("[data-block-id=intro]")
    for tag, text in (("strong", "bold"), ("em", "italic"), ("s", "struck")):
        await expect(intro.locator(tag)).to_have_text(text)
    await expect(intro.locator("p, div").locator("code").first).to_have_text("code")
    await expect(intro.get_by_role("link", name="a runbook")).to_have_attribute(
        "href", "https://example.com/runbook"
    )
    await expect(intro.locator("blockquote")).to_have_text("quoted & escaped")
    await expect(intro.locator("pre")).to_have_text("Error -3 connecting to 10.166.204.83:6379")
    await expect(intro.locator(".mention")).to_have_text(
        ["@alice", "@bob", "#staging", "@sre-staging", "@here"]
    )
    await expect(intro.locator(".mention-me").first).to_have_text("@alice")
    await expect(intro.locator("time")).to_have_attribute("datetime", "2026-11-23T14:00:00.000Z")
    await expect(message(page, ts).locator(".fields .field")).to_have_text(
        ["Connectorstaging-connector", "Egressall traffic"]
    )


async def test_dates_and_times_are_those_of_the_person(stage: Stage, open_page: Open) -> None:
    """The same moment is another clock time for someone in Tokyo than in Stockholm."""
    ts = await stage.post("texts", TEXTS)
    for person, clock in (("UDAVE", "2026-11-23 23:00"), ("UBOB", "2026-11-23 15:00")):
        page = await open_page(**{"as": person})
        await expect(message(page, ts).locator("[data-block-id=rich] time")).to_have_text(clock)


async def test_rich_text_and_markdown_are_drawn(stage: Stage, open_page: Open) -> None:
    """Lists, quotes, preformatted text, task lists and tables have their HTML elements."""
    ts = await stage.post("texts", TEXTS)
    page = await open_page()
    rich = message(page, ts).locator("[data-block-id=rich]")
    await expect(rich.locator("ol li")).to_have_text(["first", "second"])
    await expect(rich.locator("ul.indent-1 li")).to_have_text(["below"])
    await expect(rich.locator("pre")).to_have_text("gcloud run services describe")
    await expect(rich.locator("blockquote em")).to_have_text("it worked yesterday")
    await expect(rich.locator("strong")).to_have_text("differs")
    markdown = message(page, ts).locator("[data-block-id=md]")
    await expect(markdown.get_by_role("heading")).to_have_text("For good")
    await expect(markdown.get_by_role("checkbox").first).to_be_checked()
    await expect(markdown.get_by_role("cell")).to_have_text(["1", "2"])
    await expect(markdown.locator("pre")).to_have_text("whybot gate staging")


async def test_an_image_from_elsewhere_is_never_fetched(stage: Stage, open_page: Open) -> None:
    """The alternative text stands where an image of another host would be."""
    ts = await stage.post("texts", TEXTS)
    page = await open_page()
    await expect(message(page, ts).get_by_role("img", name="a graph of latencies")).to_have_text(
        "a graph of latencies"
    )


async def test_a_plan_shows_the_state_of_each_task(stage: Stage, open_page: Open) -> None:
    """Status marks are named for screen readers; details fold; a failed task stands open."""
    ts = await stage.post("repair", [PLAN])
    page = await open_page()
    card = message(page, ts)
    await expect(card.locator(".plan-count")).to_have_text("2 of 4")
    marks = card.locator(".plan-tasks .status-icon")
    titles = [await mark.get_attribute("title") for mark in await marks.all()]
    assert titles == ["complete", "in progress", "pending", "error"]
    await expect(card.get_by_text("the world had moved")).to_be_visible()
    hidden = card.get_by_text("redis answered in 3 ms")
    await expect(hidden).to_be_hidden()
    await card.get_by_text("Redis, PostgreSQL and the backend checked").click()
    await expect(hidden).to_be_visible()
    await expect(card.get_by_role("link", name="log")).to_be_visible()


async def test_what_was_unfolded_stays_so_when_the_message_is_updated(stage: Stage, open_page: Open) -> None:
    """A live card that changes does not close what its reader opened."""
    ts = await stage.post("reading", [TASK])
    page = await open_page()
    card = message(page, ts)
    await card.get_by_text("Reading Cloud Logging").click()
    await expect(card.get_by_text("240 requests")).to_be_visible()
    done = {**TASK, "title": "Read Cloud Logging", "status": "complete"}
    await stage.client.chat_update(channel="C0INCIDENTS", ts=ts, text="read", blocks=[done])
    await expect(card.get_by_text("Read Cloud Logging")).to_be_visible()
    await expect(card.get_by_text("240 requests")).to_be_visible()


@pytest.mark.parametrize("kind", ["line", "bar", "area", "pie"])
async def test_charts_are_pictures_with_words(stage: Stage, open_page: Open, kind: str) -> None:
    """Each chart has a title, a description, marks, and its numbers as a table."""
    ts = await stage.post("chart", [chart(kind)])
    page = await open_page()
    card = message(page, ts)
    picture = card.get_by_role("img", name=f"As a {kind}")
    await expect(picture).to_be_visible()
    marks = {"line": "path.line", "bar": "rect.bar", "area": "path.area", "pie": "path.slice"}[kind]
    assert await picture.locator(marks).count() == (8 if kind == "bar" else 2)
    await card.get_by_text("Show as a table").click()
    values = card.get_by_role("cell")
    expected = ["212", "28"] if kind == "pie" else ["120", "101", "480", "99", "2,400", "120", "5,187", "109"]
    await expect(values).to_have_text(expected)


async def test_a_block_that_is_not_known_is_named(stage: Stage, open_page: Open) -> None:
    """A type that the page cannot draw says so, and the rest of the message still stands."""
    workspace = stage.sandbox.slack.workspace
    ts = await stage.post("mixed", [{"type": "divider"}])
    stored = workspace.channels["C0INCIDENTS"].messages[ts]
    stored.blocks = [{"type": "hologram", "block_id": "x"}, CARD[0], ALERT]
    page = await open_page()
    await expect(message(page, ts)).to_contain_text('cannot draw a "hologram" block')
    await expect(message(page, ts).get_by_role("note")).to_have_text(
        "Nothing changes before someone else approves."
    )
    await expect(message(page, ts).get_by_role("heading")).to_contain_text("Redis unreachable")
