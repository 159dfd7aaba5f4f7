"""Block Kit validation: what Slack takes is taken, what it refuses is refused in its words."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.slack.blocks import message_problems, too_long, view_problems, with_ids
from sandbox.slack.blocks.elements import ELEMENTS
from sandbox.slack.blocks.inspector import Inspector
from sandbox.slack.blocks.layout import CLASSIC
from sandbox.slack.blocks.newer import NEWER

PLAIN = {"type": "plain_text", "text": "Why?"}
MRKDWN = {"type": "mrkdwn", "text": "*Redis* unreachable"}
BUTTON = {"type": "button", "action_id": "why", "text": PLAIN, "value": "1"}
OPTION = {"text": PLAIN, "value": "a"}
SECTION = {"type": "section", "text": MRKDWN}
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "a", "style": {"bold": True}}]},
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://a.example"}]}
            ],
        },
    ],
}
TABLE = {
    "type": "table",
    "column_settings": [{"align": "right", "is_wrapped": True}],
    "rows": [
        [{"type": "raw_text", "text": "redis"}, {"type": "raw_number", "value": 3, "text": "3 ms"}, RICH]
    ],
}
TASK = {"task_id": "1", "title": "Redis", "status": "complete", "details": RICH}
PLAN = {"type": "plan", "title": "Why", "tasks": [TASK, {"task_id": "2", "title": "PG", "status": "pending"}]}
CHART = {
    "type": "data_visualization",
    "title": "Latency",
    "chart": {
        "type": "line",
        "axis_config": {"categories": ["01:00", "02:00"], "y_label": "ms"},
        "series": [{"name": "pg", "data": [{"label": "01:00", "value": 1}, {"label": "02:00", "value": 2}]}],
    },
}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def changed(node: dict[str, Any], /, **fields: Any) -> dict[str, Any]:
    return {**node, **fields}


GOOD = [
    SECTION,
    {"type": "section", "fields": [MRKDWN, PLAIN], "accessory": BUTTON},
    {"type": "header", "text": PLAIN},
    {
        "type": "context",
        "elements": [MRKDWN, {"type": "image", "image_url": "https://a.example", "alt_text": "x"}],
    },
    {"type": "divider"},
    {"type": "image", "image_url": "https://a.example/x.png", "alt_text": "a map", "title": PLAIN},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a map"},
    {"type": "markdown", "text": "# Why"},
    RICH,
    TABLE,
    PLAN,
    {"type": "task_card", **TASK},
    CHART,
    {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
    },
    actions(
        BUTTON,
        {"type": "button", "text": PLAIN, "url": "https://a.example", "style": "primary"},
        {"type": "static_select", "action_id": "s", "options": [OPTION], "initial_option": OPTION},
        {"type": "static_select", "action_id": "g", "option_groups": [{"label": PLAIN, "options": [OPTION]}]},
        {"type": "multi_static_select", "action_id": "m", "options": [OPTION], "initial_options": [OPTION]},
        {"type": "users_select", "action_id": "u", "initial_user": "UALICE", "placeholder": PLAIN},
        {"type": "multi_conversations_select", "action_id": "c", "max_selected_items": 2},
        {"type": "external_select", "action_id": "e", "min_query_length": 0},
        {"type": "overflow", "action_id": "o", "options": [OPTION]},
        {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-23"},
        {"type": "datetimepicker", "action_id": "dt", "initial_date_time": 1700000000},
        {"type": "radio_buttons", "action_id": "r", "options": [OPTION]},
        {"type": "checkboxes", "action_id": "b", "options": [{"text": MRKDWN, "value": "b"}]},
    ),
    {
        "type": "input",
        "label": PLAIN,
        "hint": PLAIN,
        "element": {"type": "plain_text_input", "action_id": "t", "multiline": True, "min_length": 2},
    },
    {"type": "input", "label": PLAIN, "element": {"type": "number_input", "is_decimal_allowed": False}},
    {"type": "input", "label": PLAIN, "element": {"type": "rich_text_input"}},
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_a_correct_block_is_taken(block: dict[str, Any]) -> None:
    """Each kind of block that Slack documents for messages passes as documented."""
    assert message_problems([block]) == []


LONG = "x" * 3001
BAD: list[tuple[str, Any, str]] = [
    ("an unknown block", {"type": "foo"}, "unsupported type: foo [json-pointer:/blocks/0/type]"),
    ("no object", "text", "must provide an object [json-pointer:/blocks/0]"),
    (
        "a long section",
        changed(SECTION, text=changed(MRKDWN, text=LONG)),
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "an empty text",
        changed(SECTION, text=changed(MRKDWN, text="")),
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "a section of nothing",
        {"type": "section"},
        "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ),
    ("a foreign field", changed(SECTION, foo=1), "invalid additional property: foo [json-pointer:/blocks/0]"),
    (
        "eleven fields",
        {"type": "section", "fields": [MRKDWN] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "a header in mrkdwn",
        {"type": "header", "text": MRKDWN},
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        "a long header",
        {"type": "header", "text": changed(PLAIN, text="x" * 151)},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "emoji beside mrkdwn",
        changed(SECTION, text=changed(MRKDWN, emoji=True)),
        "invalid additional property: emoji [json-pointer:/blocks/0/text]",
    ),
    (
        "26 actions",
        actions(*(changed(BUTTON, action_id=str(n)) for n in range(26))),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "no actions",
        actions(),
        "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "one action_id twice",
        actions(BUTTON, BUTTON),
        "`action_id` 'why' already exists [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    (
        "a long button",
        actions(changed(BUTTON, text=changed(PLAIN, text="x" * 76))),
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        "a long value",
        actions(changed(BUTTON, value="x" * 2001)),
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "a style of one's own",
        actions(changed(BUTTON, style="green")),
        "must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        "a broken address",
        actions(changed(BUTTON, url="staging")),
        "invalid url [json-pointer:/blocks/0/elements/0/url]",
    ),
    (
        "a text input among actions",
        actions({"type": "plain_text_input"}),
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "six entries in an overflow menu",
        actions({"type": "overflow", "options": [changed(OPTION, value=str(n)) for n in range(6)]}),
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "an initial option that is none",
        actions({"type": "static_select", "options": [OPTION], "initial_option": changed(OPTION, value="z")}),
        "must match one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        "a select without options",
        actions({"type": "static_select"}),
        "must define either options or option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "a dialogue without words",
        actions(changed(BUTTON, confirm={"title": PLAIN})),
        "missing required field: text [json-pointer:/blocks/0/elements/0/confirm]",
    ),
    (
        "eleven elements of context",
        {"type": "context", "elements": [MRKDWN] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "an image of nothing",
        {"type": "image", "alt_text": "x"},
        "must define either image_url or slack_file [json-pointer:/blocks/0]",
    ),
    (
        "an image without words",
        {"type": "image", "image_url": "https://a.example"},
        "missing required field: alt_text [json-pointer:/blocks/0]",
    ),
    (
        "a long markdown",
        {"type": "markdown", "text": "x" * 12001},
        "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ),
    (
        "a table of 101 rows",
        changed(TABLE, rows=[TABLE["rows"][0]] * 101),
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    (
        "a table of 21 columns",
        changed(TABLE, rows=[[{"type": "raw_text", "text": "x"}] * 21]),
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    (
        "a cell of an unknown kind",
        changed(TABLE, rows=[[{"type": "mrkdwn", "text": "x"}]]),
        "unsupported type: mrkdwn [json-pointer:/blocks/0/rows/0/0/type]",
    ),
    (
        "an empty cell",
        changed(TABLE, rows=[[{"type": "raw_text", "text": ""}]]),
        "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
    ),
    (
        "one task_id twice",
        changed(PLAN, tasks=[TASK, TASK]),
        "`task_id` '1' already exists [json-pointer:/blocks/0/tasks/1/task_id]",
    ),
    (
        "a task of no known status",
        changed(PLAN, tasks=[changed(TASK, status="done")]),
        (
            "must be a valid enum value: pending, in_progress, complete, error "
            "[json-pointer:/blocks/0/tasks/0/status]"
        ),
    ),
    (
        "details that are no rich text",
        changed(PLAN, tasks=[changed(TASK, details="x")]),
        "must provide a rich_text block [json-pointer:/blocks/0/tasks/0/details]",
    ),
    (
        "a pending card of its own",
        {"type": "task_card", **changed(TASK, status="pending")},
        "only tasks of a plan can be pending [json-pointer:/blocks/0/status]",
    ),
    (
        "a chart with a foreign label",
        changed(
            CHART,
            chart=changed(CHART["chart"], axis_config={"categories": ["01:00"]}),  # type: ignore[arg-type] # a dict
        ),
        "labels must match the axis categories [json-pointer:/blocks/0/chart/series/0/data]",
    ),
    (
        "a chart with a long title",
        changed(CHART, title="x" * 51),
        "must be less than 51 characters [json-pointer:/blocks/0/title]",
    ),
    (
        "a slice of nothing",
        changed(CHART, chart={"type": "pie", "segments": [{"label": "a", "value": 0}]}),
        "must be greater than 0 [json-pointer:/blocks/0/chart/segments/0/value]",
    ),
    (
        "a rich text of an unknown kind",
        {"type": "rich_text", "elements": [{"type": "paragraph"}]},
        "unsupported type: paragraph [json-pointer:/blocks/0/elements/0/type]",
    ),
]


@pytest.mark.parametrize(("block", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_wrong_block_is_refused_in_slacks_words(block: Any, problem: str) -> None:
    """The message names what is wrong and points at it."""
    assert problem in message_problems([block])


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([SECTION] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (
            [changed(SECTION, block_id="a"), changed(SECTION, block_id="a")],
            "`block_id` 'a' already exists [json-pointer:/blocks/1/block_id]",
        ),
        ([TABLE, TABLE], "only one table block is allowed [json-pointer:/blocks/1]"),
        ([CHART] * 3, "no more than 2 data_visualization blocks allowed [json-pointer:/blocks/2]"),
        (
            [{"type": "markdown", "text": "x" * 7000}] * 2,
            "all markdown blocks together must be less than 12001 characters [json-pointer:/blocks/1/text]",
        ),
        ("text", "must provide an array [json-pointer:/blocks]"),
    ],
)
def test_what_a_message_cannot_hold_together(blocks: Any, problem: str) -> None:
    """Some limits are those of the whole message."""
    assert problem in message_problems(blocks)


def test_an_action_id_may_come_again_in_another_block() -> None:
    """Only within one block must action ids differ."""
    assert message_problems([actions(BUTTON), actions(BUTTON)]) == []


@pytest.mark.parametrize("block", [TABLE, PLAN, {"type": "task_card", **TASK}, CHART])
def test_a_workspace_without_newer_blocks_knows_none_of_them(block: dict[str, Any]) -> None:
    """Before the roll-out a newer block is an unsupported type, however correct it is."""
    [problem] = message_problems([block], newer_blocks=False)
    assert problem == f"unsupported type: {block['type']} [json-pointer:/blocks/0/type]"


def test_all_text_of_a_message_together_has_a_limit() -> None:
    """What people measured at Slack is taken and refused here as well."""

    def sections(count: int, characters: int) -> list[dict[str, Any]]:
        return [changed(SECTION, text=changed(MRKDWN, text="x" * (characters // count)))] * count

    assert not too_long(sections(50, 9_597))
    assert not too_long([{"type": "markdown", "text": "x" * 13_297}])
    assert too_long(sections(45, 11_341 + 45))


MODAL = {"type": "modal", "title": PLAIN, "blocks": [SECTION]}


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (changed(MODAL, type="page"), "unsupported type: page [json-pointer:/view/type]"),
        (
            changed(MODAL, title=changed(PLAIN, text="x" * 25)),
            "must be less than 25 characters [json-pointer:/view/title/text]",
        ),
        ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
        (
            changed(
                MODAL, blocks=[{"type": "input", "label": PLAIN, "element": {"type": "plain_text_input"}}]
            ),
            "missing required field: submit [json-pointer:/view]",
        ),
        (changed(MODAL, blocks=[PLAN]), "unsupported type: plan [json-pointer:/view/blocks/0/type]"),
        (changed(MODAL, blocks=[TABLE]), "unsupported type: table [json-pointer:/view/blocks/0/type]"),
        (
            changed(MODAL, blocks=[SECTION] * 101),
            "no more than 100 items allowed [json-pointer:/view/blocks]",
        ),
        (
            changed(MODAL, private_metadata="x" * 3001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        ([], "must provide an object [json-pointer:/view]"),
    ],
)
def test_a_wrong_view_is_refused(view: Any, problem: str) -> None:
    """Views have limits of their own, and fewer kinds of blocks."""
    assert problem in view_problems(view)


def test_modals_and_home_take_what_they_may_hold() -> None:
    """A modal and a Home tab of correct blocks pass."""
    assert view_problems(MODAL) == []
    assert view_problems({"type": "home", "blocks": [SECTION, TABLE, CHART]}) == []


def test_missing_ids_are_made_up() -> None:
    """Every stored block has a block_id and every element an action_id, as at Slack."""
    accessory = {"type": "button", "text": PLAIN}
    [section, row] = with_ids([changed(SECTION, accessory=accessory), actions(BUTTON)])
    assert section["block_id"]
    assert section["accessory"]["action_id"]
    assert row["elements"][0]["action_id"] == "why"


KINDS = [
    *CLASSIC,
    *NEWER,
    *ELEMENTS,
    "mrkdwn",
    "plain_text",
    "rich_text_section",
    "rich_text_list",
    "pie",
    "line",
]
NAMES = [
    "type",
    "text",
    "fields",
    "elements",
    "accessory",
    "element",
    "options",
    "option_groups",
    "initial_options",
    "initial_option",
    "rows",
    "tasks",
    "chart",
    "series",
    "data",
    "segments",
    "axis_config",
    "categories",
    "confirm",
    "details",
    "sources",
    "style",
    "value",
    "label",
    "block_id",
    "action_id",
    "url",
    "column_settings",
    "status",
]


def nodes(kinds: list[str], inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of a few kinds with any fields."""
    fields = st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    return st.builds(lambda kind, rest: {**rest, "type": kind}, st.sampled_from(kinds), fields)


LEAVES = st.sampled_from([None, True, 0, "", "a", [], {}, [[]], [None], PLAIN, OPTION, [OPTION]])
ANYTHING = LEAVES | nodes(KINDS, LEAVES | st.lists(nodes(KINDS, LEAVES), max_size=2))
ELEMENT = nodes([*ELEMENTS], LEAVES)
INPUT = st.builds(lambda each: {"type": "input", "label": PLAIN, "element": each}, ELEMENT)
BLOCKS = st.lists(st.builds(actions, ELEMENT) | INPUT | nodes([*CLASSIC, *NEWER], ANYTHING), max_size=3)


@settings(max_examples=400, deadline=None)
@given(BLOCKS | ANYTHING)
def test_any_json_gets_an_answer(blocks: Any) -> None:
    """Whatever a bot sends, validation gives a list of problems and never breaks; what passes can
    be stored."""
    problems = message_problems(blocks)
    assert all("[json-pointer:/blocks" in problem for problem in problems)
    if not problems and blocks:
        assert message_problems(with_ids(blocks)) == []
    assert isinstance(view_problems({"type": "modal", "title": PLAIN, "blocks": blocks}), list)


def test_problems_do_not_carry_over_between_messages() -> None:
    """Each message has a fresh set of identifiers."""
    assert Inspector("message").block_ids == set()
    assert message_problems([changed(SECTION, block_id="a")]) == []
    assert message_problems([changed(SECTION, block_id="a")]) == []
