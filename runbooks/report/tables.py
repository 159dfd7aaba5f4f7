"""The tables of a report, cell by cell; `markdown.table` escapes what is text."""

from collections.abc import Sequence

from checks.durations import spoken
from runbooks.report.case import share
from runbooks.report.document import (
    ChangeRow,
    CheckRow,
    DriftRow,
    ErrorRow,
    EventDocument,
    MetricDocument,
    PathRow,
    ReadDocument,
    RequestsRow,
    RevisionRow,
)
from runbooks.report.markdown import Markdown, clock, code, escaped, table
from runbooks.said import span, time_ms

SILENT = "—"
STATUS = {"pass": "ok", "fail": "failing", "degraded": "degraded", "unknown": "could not be told"}
STEP = {"pass": "ok", "fail": "**closed here**", "unknown": "could not be told", "skipped": "not needed"}


def _time(milliseconds: float | None, budget: float = 0.0) -> str:
    return SILENT if milliseconds is None else time_ms(milliseconds, budget)


def checks(rows: Sequence[CheckRow]) -> Markdown:
    """What each check found, its time against its budget."""
    cells = [
        [
            row["title"],
            _status(row),
            _time(row["duration_ms"], row["budget_ms"]),
            spoken(row["budget_ms"]) if row["budget_ms"] else SILENT,
            row["target"] if " " in row["target"] else code(row["target"]),
            row["what"],
        ]
        for row in rows
    ]
    return table(["check", "status", "time", "budget", "target", "what"], cells)


def _status(row: CheckRow) -> str:
    if row["reason"] == "over_budget":
        times = row["times_over"]
        return f"{times:.1f}× over budget" if times >= 1.05 else "over budget"
    return STATUS[row["status"]]


def path(row: PathRow) -> Markdown:
    """One path, step by step."""
    cells = [
        [
            str(step["key"]).replace("_", " "),
            Markdown(STEP.get(step["status"], escaped(step["status"]))),
            step["message"],
            code(step["field"]),
        ]
        for step in row["steps"]
    ]
    return table(["step", "state", "what", "field"], cells)


def revisions(rows: Sequence[RevisionRow]) -> Markdown:
    """What serves, and how it goes out into the network."""
    cells = [
        [
            code(row["name"]),
            SILENT if row["percent"] is None else f"{row['percent']:g} %",
            _flag(row["ready"]),
            " / ".join(filter(None, (row["connector"], row["network"], row["egress"]))) or "none",
            f"{clock(row['created_at'])} by {row['creator']}" if row["creator"] else clock(row["created_at"]),
            _flag(row["same_image"]),
            _flag(row["validated"]),
        ]
        for row in rows
    ]
    headings = ["revision", "traffic", "ready", "VPC access", "made", "same image as before", "validated"]
    return table(headings, cells)


def _flag(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "could not be told"}[value]


def drift(rows: Sequence[DriftRow]) -> Markdown:
    """Declared, Terraform and live side by side; a dash where a side is silent or could not be told."""
    cells = [
        [
            code(row["field"]),
            *(code(side) if side else SILENT for side in (row["declared"], row["terraform"], row["live"])),
            row["severity"] + (" (accepted)" if row["accepted"] else ""),
            row["effect"],
            _changed(row),
        ]
        for row in rows
    ]
    return table(["field", "declared", "Terraform", "live", "severity", "effect", "changed"], cells)


def _changed(row: DriftRow) -> Markdown:
    changed = row["changed"]
    return Markdown(f"{clock(changed['at'])} by {code(changed['who'])}" if changed else SILENT)


def requests(rows: Sequence[RequestsRow]) -> Markdown:
    """Requests of each service in the window of the log."""
    cells = [
        [
            row["service"],
            f"{row['total']:,}",
            f"{row['failed']:,} ({share(row['share_failed'])})",
            ", ".join(f"{status}: {many:,}" for status, many in row["by_status"].items()),
            f"{_time(row['median_failed_ms'])} / {_time(row['longest_failed_ms'])}",
            f"{clock(row['since'])} – {clock(row['until'])}" + (" (cut short)" if row["truncated"] else ""),
        ]
        for row in rows
    ]
    headings = ["service", "requests", "ended in 5xx", "by status", "5xx median / longest", "window"]
    return table(headings, cells)


def errors(rows: Sequence[ErrorRow]) -> Markdown:
    """What services logged, in their own words."""
    cells = [
        [row["service"], f"{row['count']:,}", code(row["message"]), clock(row["first"]), clock(row["last"])]
        for row in rows
    ]
    return table(["service", "times", "message as it was logged", "first", "last"], cells)


def changes(rows: Sequence[ChangeRow]) -> Markdown:
    """Who changed what, and how long before the first failure."""
    cells = [
        [
            clock(row["at"]),
            _against(row["seconds_before_onset"]),
            code(row["who"]),
            row["what"] + (" (Terraform)" if row["terraform"] else ""),
            code(row["resource"]),
            code(row["revision"]) if row["revision"] else SILENT,
        ]
        for row in rows
    ]
    return table(["when", "first failure", "who", "what", "on", "made"], cells)


def _against(seconds: float | None) -> str:
    if seconds is None:
        return SILENT
    far = span(abs(seconds) * 1000)
    return f"{far} before it" if seconds >= 0 else f"{far} after it"


def metrics(rows: Sequence[MetricDocument]) -> Markdown:
    """Numbers against their targets."""
    met = {True: "met", False: "missed", None: "could not be told"}
    cells = [[row["title"], row["target"], row["measured"], met[row["met"]]] for row in rows]
    return table(["metric", "target", "measured", ""], cells)


def timeline(rows: Sequence[EventDocument]) -> Markdown:
    """What happened when."""
    return table(["UTC", "what"], [[clock(row["at"]).removesuffix(" UTC"), row["text"]] for row in rows])


def read(rows: Sequence[ReadDocument]) -> Markdown:
    """When each source was read, or why not."""
    cells = [
        [row["title"], clock(row["at"]), row["blind"]["why"] if row["blind"] else span(row["took_ms"])]
        for row in rows
    ]
    return table(["evidence", "read at", "took"], cells)
