"""A sweep as a table for people: with colours on a terminal, plain for pipes."""

import re
from typing import IO

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from checks.durations import spoken
from checks.output import headline as words
from checks.output.origin import believed, origin
from checks.result import CheckResult, Status, Sweep

HEADINGS = ("check", "status", "time", "budget", "what")
STYLES = {
    Status.PASS: "green",
    Status.DEGRADED: "yellow",
    Status.FAIL: "bold red",
    Status.UNKNOWN: "dim",
    Status.SKIPPED: "dim",
}
RIGHT = frozenset({"time", "budget"})
GAP = "  "
# A server's words must not steer the terminal: C0, C1, and marks that turn the direction of writing.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
EXPLAINED = {
    1: "exit code 1: the environment is not healthy",
    2: "exit code 2: it could not be told whether the environment is healthy",
}


def exit_code(sweep: Sweep) -> int:
    """0 healthy, 1 not healthy, 2 could not be told. Unknown is never healthy."""
    return {Status.PASS: 0, Status.FAIL: 1, Status.DEGRADED: 1}.get(sweep.status, 2)


def text(sweep: Sweep) -> str:
    """Plain lines without colours, each column as wide as it needs to be."""
    rows = [HEADINGS, *(_cells(result) for result in sweep.worst_first())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    lines = [_plain(words.headline(sweep)), *(_line(row, widths) for row in rows), _origin(sweep)]
    if sweep.finished and (explained := EXPLAINED.get(exit_code(sweep))):
        lines.append(explained)
    return "\n".join(lines) + "\n"


def rendered(sweep: Sweep) -> RenderableType:
    """The same for Rich: in colours, long words wrapped in their own column."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        side: JustifyMethod = "right" if heading in RIGHT else "left"
        table.add_column(heading, justify=side, no_wrap=heading != "what")
    for result in sweep.worst_first():
        cells = _cells(result)
        style = STYLES[result.status]
        table.add_row(Text(cells[0]), Text(cells[1], style), *(Text(cell) for cell in cells[2:]))
    parts: list[RenderableType] = [
        Text(_plain(words.headline(sweep)), "bold"),
        Padding(table, (0, 0, 0, 2)),
        Text(_origin(sweep), "dim"),
    ]
    if sweep.finished and (explained := EXPLAINED.get(exit_code(sweep))):
        parts.append(Text(explained))
    return Group(*parts)


def write(sweep: Sweep, stream: IO[str], *, colours: bool) -> None:
    """Writes the table to a stream."""
    if colours:
        Console(file=stream, force_terminal=True, highlight=False).print(rendered(sweep))
    else:
        stream.write(text(sweep))


def _cells(result: CheckResult) -> tuple[str, str, str, str, str]:
    what = _plain(words.what(result))
    return (result.name, words.status(result), words.time(result), words.budget(result), what)


def _plain(text: str) -> str:
    return CONTROL.sub("", " ".join(text.split()))


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if heading in RIGHT else cell.ljust(width)
        for heading, cell, width in zip(HEADINGS, row, [*widths, 0], strict=True)
    ]
    return f"{GAP}{GAP.join(padded)}".rstrip()


def _origin(sweep: Sweep) -> str:
    lines = [f"{origin(sweep)} · took {spoken(sweep.duration_ms)}", believed(sweep)]
    return "\n".join(f"{GAP}{_plain(line)}" for line in lines if line)
