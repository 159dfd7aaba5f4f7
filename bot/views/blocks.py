"""Small constructors of Block Kit objects that keep Slack's limits (docs.slack.dev/reference/block-kit).

Text that came from elsewhere (messages of servers, titles, names) is foreign: it is escaped wherever Slack
reads markup, made one line where a line is meant, and cut with an ellipsis, never within an escape. Texts
that are read as markup are `verbatim`, so that Slack makes no links, channels or mentions out of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.views.message import Block, Blocks

TEXT = 4_000  # of a message, where `chat.update` answers msg_too_long beyond it
SECTION = 3_000
HEADER = 150
BUTTON = 75
BUTTON_VALUE = 2_000
OPTION = 75
OPTION_VALUE = 150
OPTIONS = 100
VIEW_TITLE = 24
TABLE_ROWS = 100
TABLE_TEXT = 8_500
"""Characters in all cells. Slack answers `msg_blocks_too_long` beyond some 13,000 in a message."""
CHART_TITLE = 50
CHART_LABEL = 20
CHART_POINTS = 20

ELLIPSIS = "…"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def one_line(text: str) -> str:
    """The text with every run of white space and control characters made one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shorten(text: str, limit: int) -> str:
    """The text in at most `limit` characters; what is cut ends in an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def escape(text: str, limit: int = SECTION) -> str:
    """Foreign text for a place where Slack reads markup, in at most `limit` characters after escaping."""
    pieces = [_ESCAPES.get(character, character) for character in text]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    kept, length = [], len(ELLIPSIS)
    for piece in pieces:
        if (length := length + len(piece)) > limit:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + ELLIPSIS


def date(moment: datetime, form: str = "{date_short_pretty} {time}") -> str:
    """A moment in Slack's date format: the reader's own time zone, and UTC where it cannot be shown."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{form}|{fallback}>"


def user(user_id: str) -> str:
    """A person, drawn by Slack with their present name."""
    return f"<@{escape(one_line(user_id), 50)}>"


def plain(text: str, limit: int) -> dict[str, Any]:
    """A plain text object; Slack reads no markup in it, and it may not be empty."""
    return {"type": "plain_text", "text": shorten(one_line(text), limit) or ELLIPSIS, "emoji": False}


def mrkdwn(markup: str) -> dict[str, Any]:
    """A text object of our own markup, foreign parts escaped already."""
    return {"type": "mrkdwn", "text": markup, "verbatim": True}


def section(markup: str, accessory: dict[str, Any] | None = None) -> Block:
    """A paragraph of our own markup."""
    block: Block = {"type": "section", "text": mrkdwn(markup)}
    return {**block, "accessory": accessory} if accessory else block


def context(*parts: str) -> Block:
    """A small grey line of up to ten parts, joined with dots so that it wraps as text does."""
    return {"type": "context", "elements": [mrkdwn(" · ".join(part for part in parts if part))]}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, HEADER)}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def button(text: str, action: str, value: str, *, style: str | None = None) -> dict[str, Any]:
    """A button. `action` is what listeners know it by; `value` an opaque id, never what is to be done."""
    element = {
        "type": "button",
        "text": plain(text, BUTTON),
        "action_id": action,
        "value": value[:BUTTON_VALUE],
    }
    return {**element, "style": style} if style else element


def actions(*elements: dict[str, Any]) -> Block:
    """A row of buttons or menus."""
    return {"type": "actions", "elements": list(elements)}


def option(text: str, value: str) -> dict[str, Any]:
    """One choice of a menu."""
    return {"text": plain(text, OPTION), "value": value[:OPTION_VALUE] or "-"}


def menu(
    action: str, placeholder: str, groups: Sequence[tuple[str, Sequence[dict[str, Any]]]]
) -> dict[str, Any]:
    """A menu of labelled groups of choices. A group of more than 100 becomes several, as Slack wants."""
    cut = [
        {"label": plain(label, OPTION), "options": list(options[start : start + OPTIONS])}
        for label, options in groups
        for start in range(0, len(options), OPTIONS)
    ]
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder, 150),
        "option_groups": cut,
    }


def cell(text: str, *, bold: bool = False) -> dict[str, Any]:
    """A table's cell. Slack reads no markup in it, and it may not be empty."""
    words = one_line(text) or "—"
    if not bold:
        return {"type": "raw_text", "text": words}
    inline = {"type": "text", "text": words, "style": {"bold": True}}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [inline]}]}


def table(rows: Sequence[Sequence[dict[str, Any]]], columns: Sequence[dict[str, Any]]) -> Block:
    """A table of at most 100 rows, its heading among them."""
    return {
        "type": "table",
        "rows": [list(row) for row in rows[:TABLE_ROWS]],
        "column_settings": list(columns),
    }


def preformatted(text: str) -> Block:
    """Text in fixed width, as it is. Rich text, in which Slack reads no markup at all."""
    inline = {"type": "text", "text": shorten(text, SECTION) or ELLIPSIS}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [inline]}]}


def code(lines: Iterable[str], most: int = 3) -> Blocks:
    """Lines in fixed width as at most `most` sections; a line is never split between two."""
    fence, room = "```", SECTION - 8
    pages: list[list[str]] = []
    page: list[str] = []
    length = 0
    for line in lines:
        safe = escape(line.replace("```", "ʼʼʼ"), room)
        if page and length + len(safe) + 1 > room:
            pages.append(page)
            page, length = [], 0
        page.append(safe)
        length += len(safe) + 1
    pages.append(page)
    return [section(f"{fence}\n" + "\n".join(page) + f"\n{fence}") for page in pages[:most] if page]


def pages(lines: Iterable[str], room: int = SECTION - 100) -> list[str]:
    """Lines of markup joined into as few texts of a section as they fit; a line is never split."""
    found: list[list[str]] = [[]]
    length = 0
    for line in lines:
        if found[-1] and length + len(line) + 1 > room:
            found.append([])
            length = 0
        found[-1].append(line)
        length += len(line) + 1
    return ["\n".join(page) for page in found if page]


def aligned(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Rows of cells as lines whose columns begin at the same place; `right` names columns of numbers."""
    if not rows:
        return []
    numbers = set(right)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            text.rjust(width) if column in numbers else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def bar_chart(
    title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], *, x: str = "", y: str = ""
) -> Block:
    """A bar chart (`data_visualization`, since June 2026) of at most 20 points; series are named apart."""
    names = _distinct(labels[:CHART_POINTS])
    drawn = [
        {
            "name": shorten(name, CHART_LABEL),
            "data": [{"label": label, "value": value} for label, value in zip(names, values, strict=False)],
        }
        for name, values in series.items()
    ]
    axes = {"categories": names} | ({"x_label": x} if x else {}) | ({"y_label": y} if y else {})
    chart = {"type": "bar", "series": drawn, "axis_config": axes}
    return {"type": "data_visualization", "title": shorten(one_line(title), CHART_TITLE), "chart": chart}


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels cut to what a chart takes, and numbered where two would be the same."""
    names: list[str] = []
    for label in labels:
        name, number = shorten(one_line(label), CHART_LABEL) or ELLIPSIS, 2
        while name in names:
            suffix = f" {number}"
            name, number = shorten(one_line(label), CHART_LABEL - len(suffix)) + suffix, number + 1
        names.append(name)
    return names
