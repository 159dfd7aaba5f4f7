"""Whatever a message holds, it is shown and never becomes HTML or a script."""

import pytest
from playwright.async_api import expect

from sandbox.server import PAGE
from tests.sandbox.page.conftest import CHANNEL, Open, Stage, message
from tests.sandbox.page.gallery import Block, mrkdwn, plain, rich, says

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ADDRESS = "javascript:alert(3)"


def hostile_blocks() -> list[Block]:
    """The hostile texts wherever a block takes a text or an address."""
    return [
        {"type": "header", "text": plain(SCRIPT)},
        {"type": "section", "text": mrkdwn(f"{SCRIPT} <{ADDRESS}|press> *{SCRIPT}* `{SCRIPT}`")},
        {"type": "context", "elements": [mrkdwn(f"<!date^x^{SCRIPT}|{SCRIPT}> <@U1|{SCRIPT}>")]},
        {"type": "markdown", "text": f"{SCRIPT}\n\n[press]({ADDRESS})\n\n```\n{SCRIPT}\n```"},
        rich(says(SCRIPT, bold=True), {"type": "link", "url": ADDRESS, "text": "press"}),
        {"type": "table", "rows": [[{"type": "raw_text", "text": SCRIPT}]]},
        {"type": "image", "image_url": ADDRESS, "alt_text": SCRIPT},
        {
            "type": "plan",
            "title": SCRIPT,
            "tasks": [{"task_id": SCRIPT, "title": SCRIPT, "status": "__proto__"}],
        },
        {"type": "constructor", "block_id": "__proto__"},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": SCRIPT, "text": plain(SCRIPT), "url": ADDRESS},
                {"type": "toString", "action_id": "x"},
            ],
        },
        {
            "type": "data_visualization",
            "title": SCRIPT,
            "chart": {"type": "pie", "segments": [{"label": SCRIPT, "value": 1}]},
        },
    ]


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_hostile_texts_stay_texts(stage: Stage, open_page: Open) -> None:
    """No element, no handler, no address of theirs comes to life; `open_page` fails on a page error."""
    ts = await stage.post(SCRIPT)
    blocks = await stage.post("blocks", [{"type": "divider"}])
    stage.sandbox.slack.workspace.channels[CHANNEL].messages[blocks].blocks = hostile_blocks()
    page = await open_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    await expect(message(page, ts)).to_contain_text(SCRIPT)
    card = message(page, blocks)
    await expect(card.get_by_role("heading").first).to_have_text(SCRIPT)
    assert await card.locator("script, img[src='x'], [onerror]").count() == 0
    assert await card.locator("a[href^='javascript']").count() == 0
    assert await card.locator("[data-block]").count() == len(hostile_blocks())
    assert alerts == []


def test_no_module_parses_html() -> None:
    """The page has no way from text to HTML at all."""
    ways = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "srcdoc")
    for module in PAGE.rglob("*.js"):
        found = [way for way in ways if way in module.read_text(encoding="utf-8")]
        assert not found, f"{module.name}: {found}"


def test_the_page_names_no_other_host() -> None:
    """Everything comes from the page's own server."""
    allowed = ("http://www.w3.org/", "https://docs.slack.dev/")
    for file in [*PAGE.rglob("*.js"), *PAGE.rglob("*.css"), *PAGE.rglob("*.html"), *PAGE.rglob("*.svg")]:
        text = file.read_text(encoding="utf-8")
        for host in allowed:
            text = text.replace(host, "")
        assert "//cdn" not in text
        assert "http://" not in text.replace("http://${", ""), file.name
