"""Which results a card shows, in which order, and what each row says: for table, code block and text."""

from dataclasses import dataclass

from bot.views.blocks import one_line, shorten
from checks.output import headline as words
from checks.result import CheckResult, Status, Sweep

HEADINGS = ("check", "status", "time", "budget", "what")
WELL = frozenset({Status.PASS, Status.SKIPPED})
SHOWN_WELL = 3
NAME, WHAT = 40, 240
LEAST_WHAT = 40
TEXT_OF_ROW = 70
"""About what a row needs besides its words, when the words of many rows share one budget."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a card; `bad` where someone should look at it."""

    cells: tuple[str, str, str, str, str]
    bad: bool = False

    @property
    def length(self) -> int:
        """Characters of all cells."""
        return sum(map(len, self.cells))


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that fit, and what was left out: `well` of the missing are healthy, `other` are not."""

    shown: tuple[Row, ...]
    well: int
    other: int


def wrong(sweep: Sweep) -> list[CheckResult]:
    """What is not well, failing first, then over budget, then unknown."""
    return [result for result in sweep.worst_first() if result.status not in WELL]


def slowest(results: list[CheckResult], number: int = SHOWN_WELL) -> list[CheckResult]:
    """The slowest first; results without a time come last."""
    return sorted(results, key=lambda result: -(result.duration_ms or 0.0))[:number]


def worth_showing(sweep: Sweep) -> list[CheckResult]:
    """Healthy results that a card shows: the slowest three, neighbours of what is wrong before others.

    A pass by a detour comes first. Where Redis and PostgreSQL fail, "ClickHouse is fine" says more
    than a fast certificate does.
    """
    troubled = {result.layer for result in wrong(sweep)}
    well = slowest([result for result in sweep.worst_first() if result.status in WELL], len(sweep.results))
    well.sort(
        key=lambda result: (
            result.status is Status.SKIPPED,
            not words.what(result),
            result.layer not in troubled,
        )
    )
    return well[:SHOWN_WELL]


def rows(sweep: Sweep, *, most: int, characters: int) -> Rows:
    """The rows of a card, at most `most` and at most `characters` long together.

    A finished sweep folds what is healthy; a running one shows every check, those still out last.
    """
    well = [result for result in sweep.worst_first() if result.status in WELL]
    listed = wrong(sweep) + (worth_showing(sweep) if sweep.finished else well)
    room = max(LEAST_WHAT, min(WHAT, characters // max(1, min(len(listed), most)) - TEXT_OF_ROW))
    candidates = [_row(result, room) for result in listed]
    if not sweep.finished:
        candidates += [_waiting(sweep, name) for name in _out(sweep)]
    shown: list[Row] = []
    for row in candidates[:most]:
        characters -= row.length
        if characters < 0:
            break
        shown.append(row)
    left = len(sweep.expected) - len(shown)
    other = sum(row.bad for row in candidates[len(shown) :])
    return Rows(tuple(shown), max(0, left - other), other)


def name(result: CheckResult) -> str:
    """A check as people call it on a card: by the name that they would type."""
    return shorten(one_line(result.name), NAME)


def _row(result: CheckResult, room: int) -> Row:
    time = words.time(result)
    what = one_line(words.what(result))
    cells = (name(result), words.status(result), time, words.budget(result), shorten(what, room))
    return Row(cells, result.status not in WELL)


def _out(sweep: Sweep) -> list[str]:
    answered = {result.name for result in sweep.results}
    return [name for name in sweep.expected if name not in answered]


def _waiting(sweep: Sweep, check: str) -> Row:
    return Row((shorten(one_line(check), NAME), "running", "", "", ""))
