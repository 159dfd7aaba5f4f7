"""Blocks that Slack rolls out in phases: table, plan, task card, charts
(docs.slack.dev/reference/block-kit/blocks).

A workspace that does not have them yet answers `invalid_blocks` (`unsupported type: plan`).
"""

from typing import Any

from sandbox.slack.blocks.inspector import Checker, Inspector
from sandbox.slack.blocks.rich_text import check_rich_text
from sandbox.slack.errors import JSON

STATUSES = ("pending", "in_progress", "complete", "error")
SERIES = 6
"""Slack's page says 6 in one place and client libraries say 12; the lower number is safe everywhere."""
TABLE_CHARACTERS = 10_000


def _table(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id", "column_settings"}, {"rows"})
    before = inspector.counts.get("table", 0)
    inspector.counts["table"] = before + 1
    if before:
        inspector.complain("only one table block is allowed", at)
    characters = 0
    for row, where in inspector.items(block, "rows", at, most=100):
        if not isinstance(row, list):
            inspector.complain("must provide an array", where)
            continue
        if len(row) > 20:
            inspector.complain("no more than 20 items allowed", where)
        for index, cell in enumerate(row):
            characters += _cell(inspector, cell, f"{where}/{index}")
    if characters > TABLE_CHARACTERS:
        inspector.complain(f"must be less than {TABLE_CHARACTERS + 1} characters", f"{at}/rows")
    for settings, where in inspector.items(block, "column_settings", at, most=20):
        if isinstance(settings, dict):
            inspector.fields(settings, where, {"align", "is_wrapped"})
            inspector.choice(settings, "align", where, ("left", "center", "right"))


def _cell(inspector: Inspector, cell: Any, at: str) -> int:
    """Checks one cell and gives its number of characters."""
    if not isinstance(cell, dict):
        inspector.complain("must provide an object", at)
        return 0
    kind = cell.get("type")
    if kind == "rich_text":
        check_rich_text(inspector, cell, at)
        return _characters(cell)
    if kind not in ("raw_text", "raw_number"):
        inspector.complain(f"unsupported type: {kind}", f"{at}/type")
        return 0
    numeric = kind == "raw_number"
    inspector.fields(cell, at, {"emoji"}, {"text", "value"} if numeric else {"text"})
    inspector.number(cell, "value", at)
    inspector.string(cell, "text", at, most=3000, least=1)
    return len(str(cell.get("text", "")))


def _characters(node: Any) -> int:
    """Length of all `text` strings below a node."""
    if isinstance(node, dict):
        own = len(node["text"]) if isinstance(node.get("text"), str) else 0
        return own + sum(_characters(value) for value in node.values() if isinstance(value, dict | list))
    if isinstance(node, list):
        return sum(_characters(item) for item in node)
    return 0


def _plan(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id", "plan_id"}, {"title", "tasks"})
    inspector.string(block, "title", at, most=3000, least=1)
    seen: set[str] = set()
    for task, where in inspector.objects(block, "tasks", at, most=50):
        _task(inspector, task, where)
        if isinstance(task.get("task_id"), str):
            inspector.unique(task["task_id"], seen, "task_id", f"{where}/task_id")


def _task_card(inspector: Inspector, block: JSON, at: str) -> None:
    _task(inspector, block, at)
    if block.get("status") == "pending":
        inspector.complain("only tasks of a plan can be pending", f"{at}/status")


def _task(inspector: Inspector, task: JSON, at: str) -> None:
    if task.get("type") not in (None, "task_card"):
        inspector.complain(f"unsupported type: {task['type']}", f"{at}/type")
    optional = {"block_id", "details", "output", "sources", "status"}
    inspector.fields(task, at, optional, {"task_id", "title"})
    inspector.string(task, "task_id", at, most=255, least=1)
    inspector.string(task, "title", at, most=3000, least=1)
    inspector.choice(task, "status", at, STATUSES)
    for name in ("details", "output"):
        if task.get(name) is not None:
            _one_rich_text(inspector, task[name], f"{at}/{name}")
    for source, where in inspector.objects(task, "sources", at, most=100, least=0):
        if source.get("type") != "url":
            inspector.complain(f"unsupported type: {source.get('type')}", f"{where}/type")
        inspector.fields(source, where, set(), {"url", "text"})
        inspector.url(source, "url", where)


def _one_rich_text(inspector: Inspector, value: Any, at: str) -> None:
    if isinstance(value, dict) and value.get("type") == "rich_text":
        check_rich_text(inspector, value, at)
    else:
        inspector.complain("must provide a rich_text block", at)


def _data_visualization(inspector: Inspector, block: JSON, at: str) -> None:
    inspector.fields(block, at, {"block_id"}, {"title", "chart"})
    inspector.counts["chart"] = inspector.counts.get("chart", 0) + 1
    if inspector.counts["chart"] > 2:
        inspector.complain("no more than 2 data_visualization blocks allowed", at)
    inspector.string(block, "title", at, most=50, least=1)
    chart, where = block.get("chart"), f"{at}/chart"
    if not isinstance(chart, dict):
        inspector.complain("must provide an object", where)
    elif chart.get("type") == "pie":
        _pie(inspector, chart, where)
    elif chart.get("type") in ("bar", "line", "area"):
        _axes_chart(inspector, chart, where)
    else:
        inspector.complain(f"unsupported type: {chart.get('type')}", f"{where}/type")


def _pie(inspector: Inspector, chart: JSON, at: str) -> None:
    inspector.fields(chart, at, set(), {"segments"})
    for segment, where in inspector.objects(chart, "segments", at, most=12):
        _point(inspector, segment, where)
        value = segment.get("value")
        if isinstance(value, int | float) and value <= 0:
            inspector.complain("must be greater than 0", f"{where}/value")


def _axes_chart(inspector: Inspector, chart: JSON, at: str) -> None:
    inspector.fields(chart, at, set(), {"series", "axis_config"})
    categories = _categories(inspector, chart.get("axis_config"), f"{at}/axis_config")
    names: set[str] = set()
    for series, where in inspector.objects(chart, "series", at, most=SERIES):
        inspector.fields(series, where, set(), {"name", "data"})
        inspector.string(series, "name", where, most=20, least=1)
        inspector.unique(str(series.get("name")), names, "name", f"{where}/name")
        labels = []
        for point, place in inspector.objects(series, "data", where, most=20):
            _point(inspector, point, place)
            labels.append(point.get("label"))
        if labels != categories and sorted(map(str, labels)) != sorted(categories):
            inspector.complain("labels must match the axis categories", f"{where}/data")


def _categories(inspector: Inspector, axis: Any, at: str) -> list[str]:
    if not isinstance(axis, dict):
        inspector.complain("must provide an object", at)
        return []
    inspector.fields(axis, at, {"x_label", "y_label"}, {"categories"})
    inspector.string(axis, "x_label", at, most=50)
    inspector.string(axis, "y_label", at, most=50)
    categories = [(str(item), where) for item, where in inspector.items(axis, "categories", at, most=20)]
    seen: set[str] = set()
    for name, where in categories:
        inspector.length(name, where, most=20, least=1)
        inspector.unique(name, seen, "category", where)
    return [name for name, _ in categories]


def _point(inspector: Inspector, point: JSON, at: str) -> None:
    inspector.fields(point, at, set(), {"label", "value"})
    inspector.string(point, "label", at, most=20, least=1)
    inspector.number(point, "value", at)


NEWER: dict[str, Checker] = {
    "table": _table,
    "plan": _plan,
    "task_card": _task_card,
    "data_visualization": _data_visualization,
}
