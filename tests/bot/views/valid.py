"""What Slack would say of a message or view: by `slackblocks`' limits and by the sandbox's validator."""

import json
from collections.abc import Iterator
from typing import Any

from slackblocks import _limits as limits
from slackblocks._surfaces import validate_surface_blocks

from bot.views.message import NEWER, Message, View
from sandbox.slack.blocks import message_problems, too_long, view_problems


def assert_message_valid(message: Message) -> None:
    """Both forms of a message are within Slack's limits."""
    assert 0 < len(message.text) <= 4_000
    for blocks in (message.blocks, message.fallback_blocks):
        assert len(blocks) <= limits.MESSAGE_BLOCKS_MAX_ITEMS
        validate_surface_blocks(blocks, "message")
        _within_limits(blocks)
        assert message_problems(blocks) == []
        assert not too_long(blocks)
    assert message_problems(message.fallback_blocks, newer_blocks=False) == []
    assert not NEWER & {block["type"] for block in message.fallback_blocks}


def assert_view_valid(view: View) -> None:
    """Both forms of a view are within Slack's limits."""
    for each, newer in ((view.view, True), (view.fallback, False)):
        assert len(each["blocks"]) <= limits.VIEW_BLOCKS_MAX_ITEMS
        validate_surface_blocks(each["blocks"], each["type"])
        _within_limits(each["blocks"])
        assert view_problems(each, newer_blocks=newer) == []


def _within_limits(blocks: list[dict[str, Any]]) -> None:
    for node in nodes(blocks):
        kind, text = node.get("type"), node.get("text")
        if kind in ("mrkdwn", "plain_text"):
            assert limits.TEXT_MIN_LENGTH <= len(text) <= limits.TEXT_MAX_LENGTH
        if kind == "button":
            assert len(text["text"]) <= limits.BUTTON_TEXT_MAX_LENGTH
            assert len(node["value"]) <= limits.BUTTON_VALUE_MAX_LENGTH
        if kind == "table":
            assert 1 <= len(node["rows"]) <= limits.TABLE_ROWS_MAX_ITEMS
            assert len({len(row) for row in node["rows"]}) == 1
        if kind == "data_visualization":
            assert len(node["title"]) <= limits.DATA_VISUALIZATION_TITLE_MAX_LENGTH
        for option in node.get("options", []):
            assert len(option["value"]) <= limits.OPTION_VALUE_MAX_LENGTH
            assert len(option["text"]["text"]) <= limits.OPTION_TEXT_MAX_LENGTH


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object within blocks."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from nodes(each)


def markup(node: Any) -> str:
    """All text in which Slack reads markup."""
    return "\n".join(each["text"] for each in nodes(node) if each.get("type") == "mrkdwn")


def drawn(node: Any) -> str:
    """The blocks as one string, for looking words up."""
    return json.dumps(node, ensure_ascii=False)
