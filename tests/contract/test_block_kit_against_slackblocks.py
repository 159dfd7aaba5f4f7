"""Our Block Kit validation and `slackblocks`, which others wrote from Slack's documentation, agree."""

from collections.abc import Callable
from typing import Any

import pytest
from slackblocks import _limits as limits
from slackblocks import blocks as theirs
from slackblocks import elements, objects
from slackblocks.rich_text import RichText, RichTextSection

from sandbox.slack.blocks import MESSAGE_BLOCKS, VIEW_BLOCKS, message_problems, view_problems

WORDS = objects.Text("Why?", type_=objects.TextType.PLAINTEXT)
RICH = theirs.RichTextBlock([RichTextSection([RichText("a", bold=True)])])
CHOICE = objects.Option(WORDS, "a")
AXES = objects.AxisConfig(["a", "b"], y_label="ms")
POINTS = [objects.DataPoint("a", 1), objects.DataPoint("b", 2)]

BUILT = [
    theirs.SectionBlock("*Redis*", fields=["a", "b"], accessory=elements.Button("Why?", "why")),
    theirs.HeaderBlock("Why?"),
    theirs.ContextBlock(
        [objects.Text("a"), elements.Image(image_url="https://a.example/a.png", alt_text="a")]
    ),
    theirs.DividerBlock(),
    theirs.ImageBlock("https://a.example/a.png", "a map", "map"),
    theirs.MarkdownBlock("# Why"),
    RICH,
    theirs.TableBlock([[objects.RawText("redis"), RichTextSection([RichText("ok")])]]),
    theirs.PlanBlock("Why", [theirs.TaskCardBlock("1", "Redis", details=RICH, status="pending")]),
    theirs.TaskCardBlock(
        "1", "Redis", output=RICH, sources=[elements.URLSource("https://a.example", "log")], status="error"
    ),
    theirs.DataVisualizationBlock("Latency", objects.LineChart([objects.DataSeries("pg", POINTS)], AXES)),
    theirs.DataVisualizationBlock("Share", objects.PieChart([objects.ChartSegment("a", 1)])),
    theirs.ActionsBlock(
        [
            elements.Button("Why?", "why", style="primary", value="1"),
            elements.StaticSelectMenu("s", placeholder="choose", options=[CHOICE]),
            elements.OverflowMenu("o", [CHOICE]),
            elements.DatePicker("d", "2026-11-23"),
            elements.RadioButtonGroup("r", [CHOICE]),
            elements.CheckboxGroup("c", [CHOICE]),
            elements.UserSelectMenu("u", "who"),
        ]
    ),
    theirs.InputBlock(WORDS, elements.PlainTextInput("t", placeholder="…", multiline=True)),
]


@pytest.mark.parametrize("block", BUILT, ids=lambda block: type(block).__name__)
def test_what_slackblocks_builds_is_taken(block: Any) -> None:
    """A block made by the library, within its checks, passes ours."""
    assert message_problems([block._resolve()]) == []


def text(count: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * count}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": [{"type": "button", "text": text(1), **fields}]}


def option(text_length: int = 1, value_length: int = 1) -> dict[str, Any]:
    return {"text": text(text_length), "value": "x" * value_length}


def options(count: int) -> list[dict[str, Any]]:
    return [{"text": text(1), "value": str(number)} for number in range(count)]


def menu(kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "actions", "elements": [{"type": kind, "options": choices}]}


def table(rows: int, columns: int) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def plan(tasks: int) -> dict[str, Any]:
    each = [{"task_id": str(n), "title": "x", "status": "complete"} for n in range(tasks)]
    return {"type": "plan", "title": "x", "tasks": each}


def pie(segments: int, label: int = 1) -> dict[str, Any]:
    chart = {"type": "pie", "segments": [{"label": "x" * label, "value": 1}] * segments}
    return {"type": "data_visualization", "title": "x", "chart": chart}


def bars(categories: int) -> dict[str, Any]:
    names = [str(n) for n in range(categories)]
    series = [{"name": "x", "data": [{"label": name, "value": 1} for name in names]}]
    return {
        "type": "data_visualization",
        "title": "x",
        "chart": {"type": "bar", "series": series, "axis_config": {"categories": names}},
    }


AT_LIMIT: list[tuple[int, Callable[[int], dict[str, Any]]]] = [
    (limits.SECTION_TEXT_MAX_LENGTH, lambda n: {"type": "section", "text": text(n)}),
    (limits.SECTION_FIELDS_MAX_ITEMS, lambda n: {"type": "section", "fields": [text(1)] * n}),
    (limits.SECTION_FIELDS_ITEM_MAX_LENGTH, lambda n: {"type": "section", "fields": [text(n)]}),
    (limits.HEADER_TEXT_MAX_LENGTH, lambda n: {"type": "header", "text": text(n)}),
    (limits.BLOCK_ID_MAX_LENGTH, lambda n: {"type": "divider", "block_id": "x" * n}),
    (limits.CONTEXT_ELEMENTS_MAX_ITEMS, lambda n: {"type": "context", "elements": [text(1)] * n}),
    (
        limits.ACTIONS_ELEMENTS_MAX_ITEMS,
        lambda n: {"type": "actions", "elements": [{"type": "button", "text": text(1)}] * n},
    ),
    (limits.MARKDOWN_TEXT_MAX_LENGTH, lambda n: {"type": "markdown", "text": "x" * n}),
    (limits.ACTION_ID_MAX_LENGTH, lambda n: button(action_id="x" * n)),
    (limits.BUTTON_TEXT_MAX_LENGTH, lambda n: button(text=text(n))),
    (limits.BUTTON_VALUE_MAX_LENGTH, lambda n: button(value="x" * n)),
    (limits.BUTTON_URL_MAX_LENGTH, lambda n: button(url="https://".ljust(n, "x"))),
    (
        limits.CONFIRMATION_TITLE_MAX_LENGTH,
        lambda n: button(confirm={"title": text(n), "text": text(1)}),
    ),
    (
        limits.CONFIRMATION_TEXT_MAX_LENGTH,
        lambda n: button(confirm={"title": text(1), "text": text(n)}),
    ),
    (limits.OPTION_TEXT_MAX_LENGTH, lambda n: menu("static_select", [option(n)])),
    (limits.OPTION_VALUE_MAX_LENGTH, lambda n: menu("static_select", [option(1, n)])),
    (limits.SELECT_OPTIONS_MAX_ITEMS, lambda n: menu("static_select", options(n))),
    (limits.OVERFLOW_OPTIONS_MAX_ITEMS, lambda n: menu("overflow", options(n))),
    (limits.CHECKBOXES_OPTIONS_MAX_ITEMS, lambda n: menu("checkboxes", options(n))),
    (limits.RADIO_BUTTONS_OPTIONS_MAX_ITEMS, lambda n: menu("radio_buttons", options(n))),
    (
        limits.IMAGE_ALT_TEXT_MAX_LENGTH,
        lambda n: {"type": "image", "image_url": "https://a.example", "alt_text": "x" * n},
    ),
    (limits.TABLE_ROWS_MAX_ITEMS, lambda n: table(n, 1)),
    (limits.TABLE_COLUMNS_MAX_ITEMS, lambda n: table(1, n)),
    (limits.PLAN_TASKS_MAX_ITEMS, plan),
    (limits.DATA_VISUALIZATION_SEGMENTS_MAX_ITEMS, pie),
    (limits.DATA_VISUALIZATION_SEGMENT_LABEL_MAX_LENGTH, lambda n: pie(1, n)),
    (limits.DATA_VISUALIZATION_CATEGORIES_MAX_ITEMS, bars),
]


@pytest.mark.parametrize(("limit", "build"), AT_LIMIT)
def test_limits_are_those_that_slackblocks_knows(limit: int, build: Callable[[int], dict[str, Any]]) -> None:
    """At the limit a block passes, one above it does not."""
    assert message_problems([build(limit)]) == []
    assert message_problems([build(limit + 1)]) != []


def test_totals_are_those_that_slackblocks_knows() -> None:
    """50 blocks in a message, 100 in a view, 24 characters in its title."""
    assert limits.MESSAGE_BLOCKS_MAX_ITEMS == MESSAGE_BLOCKS
    assert limits.VIEW_BLOCKS_MAX_ITEMS == VIEW_BLOCKS
    for length, right in ((limits.VIEW_TITLE_MAX_LENGTH, True), (limits.VIEW_TITLE_MAX_LENGTH + 1, False)):
        view = {"type": "modal", "title": text(length), "blocks": []}
        assert (view_problems(view) == []) is right
