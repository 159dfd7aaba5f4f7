"""The card of one sweep: posted at once, filled in while it runs, and final when it ends."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.views import blocks as kit
from bot.views.message import Block, Blocks, Message
from bot.views.rows import HEADINGS, SHOWN_WELL, Rows, name, rows, slowest, worth_showing, wrong
from checks.durations import spoken
from checks.output import headline as words
from checks.output.origin import believed, origin
from checks.result import CheckResult, Status, Sweep

Phase = Literal["running", "finished", "interrupted"]

WHY, DETAILS, RUN_AGAIN = "why", "details", "run_again"
"""Action ids of the buttons. Their value is the card's id and nothing else."""

FALLBACK_TEXT = 7_500
LINE = 200
BELIEVED, ORIGIN = 600, 800
"""Characters in which a card says whom to believe and why, and in its text that with where it was asked."""
NAMED = 5
COLUMNS = (
    {"is_wrapped": False},
    {"is_wrapped": False},
    {"align": "right"},
    {"align": "right"},
    {"is_wrapped": True},
)


@dataclass(frozen=True, slots=True)
class CardState:
    """All that a card shows.

    `card_id` is empty where the store does not answer, so that the card is kept nowhere and has no buttons.
    `requesters` are user ids in the order in which they asked. `delayed` is how many seconds Slack's rate
    limit has held this card back; shown from two on, so that a late card explains itself.
    """

    card_id: str
    environment: str
    sweep: Sweep
    requesters: tuple[str, ...]
    phase: Phase
    asked_at: datetime
    finished_at: datetime | None = None
    delayed: int = 0


def card(state: CardState) -> Message:
    """The message of a card. The same state gives the same message."""
    title = first_line(state)
    foot = [kit.context(*_origin(state)), *_buttons(state)]
    return Message(
        text=_text(title, state),
        blocks=[_title(title), *_body(state), *foot],
        fallback_blocks=[_title(title), *_classic_body(state), *foot],
    )


def first_line(state: CardState) -> str:
    """The verdict, enough by itself in a notification. Not escaped."""
    line = kit.one_line(words.headline(state.sweep))
    if state.phase != "interrupted":
        return line
    done, expected = len(state.sweep.results), len(state.sweep.expected)
    bad = len(wrong(state.sweep))
    so_far = f", {bad} not healthy" if bad else ""
    return f"⚪ {state.environment}: interrupted after {done} of {expected} checks{so_far}; run it again"


def _title(line: str) -> Block:
    return kit.section(f"*{kit.escape(line.replace('*', '∗'), kit.SECTION - 2)}*")


def _healthy(sweep: Sweep) -> bool:
    return sweep.finished and sweep.status is Status.PASS


def _body(state: CardState) -> Blocks:
    if _healthy(state.sweep):
        return [kit.context(_slowest_line(state.sweep), *_more_of(state.sweep))]
    shown = rows(state.sweep, most=kit.TABLE_ROWS - 1, characters=kit.TABLE_TEXT)
    if not shown.shown:
        return []
    heading = [kit.cell(text) for text in HEADINGS]
    lines = [[kit.cell(row.cells[0], bold=row.bad), *map(kit.cell, row.cells[1:])] for row in shown.shown]
    return [kit.table([heading, *lines], COLUMNS), *_left_out(shown)]


def _classic_body(state: CardState) -> Blocks:
    if _healthy(state.sweep):
        return _body(state)
    shown = rows(state.sweep, most=kit.TABLE_ROWS - 1, characters=FALLBACK_TEXT)
    if not shown.shown:
        return []
    short = [tuple(row.cells[:4]) for row in shown.shown]
    columns = kit.aligned([HEADINGS[:4], *short], right=(2, 3))
    whats = [HEADINGS[4], *(row.cells[4] for row in shown.shown)]
    lines = [f"{line}  {what}".rstrip() for line, what in zip(_padded(columns), whats, strict=True)]
    sections = kit.code(lines, most=4)
    return [*sections, *_left_out(_without(shown, sections))]


def _padded(lines: list[str]) -> list[str]:
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]


def _without(shown: Rows, sections: Blocks) -> Rows:
    """What is left out once only so many lines fitted into the sections."""
    fitted = sum(len(block["text"]["text"].splitlines()) - 2 for block in sections) - 1
    cut = shown.shown[fitted:]
    bad = sum(row.bad for row in cut)
    return Rows(shown.shown[:fitted], shown.well + len(cut) - bad, shown.other + bad)


def _left_out(shown: Rows) -> Blocks:
    parts = []
    if shown.other:
        parts.append(f"{shown.other} more not healthy")
    if shown.well:
        parts.append(f"{shown.well} more ok" if not shown.other else f"{shown.well} others")
    return [kit.context(f"… {' and '.join(parts)} in Details")] if parts else []


def _slowest_line(sweep: Sweep) -> str:
    told = ", ".join(f"{kit.escape(name(each))} {_of_budget(each)}" for each in slowest(list(sweep.results)))
    return f"slowest: {told}"


def _more_of(sweep: Sweep) -> list[str]:
    """What there is to say of results that are well, besides their times: a detour."""
    told = [f"{name(each)}: {words.what(each)}" for each in _well(sweep) if not each.mute_pass]
    return [kit.escape(kit.one_line(line), LINE) for line in told if not line.endswith(": ")][:SHOWN_WELL]


def _of_budget(result: CheckResult) -> str:
    return f"{words.time(result)} of {words.budget(result)}"


def _origin(state: CardState) -> list[str]:
    """Where it was measured from, how long it took, who asked, and when."""
    took = f"took {spoken(state.sweep.duration_ms)}" if state.phase == "finished" else ""
    late = f"Slack held this card back for {state.delayed} s" if state.delayed > 1 else ""
    when = kit.date(state.finished_at or state.asked_at)
    return [
        kit.escape(origin(state.sweep), 300),
        kit.escape(believed(state.sweep), BELIEVED),
        _waiting(state),
        took,
        _asked_by(state.requesters),
        when,
        late,
        "" if state.card_id else "not kept: whybot's store does not answer",
    ]


def _waiting(state: CardState) -> str:
    """A job starts its container first, for some seconds: a card that stands still explains itself."""
    if state.phase != "running" or state.sweep.vantage.kind != "mixed":
        return ""
    begun = any(result.vantage.kind == "job" for result in state.sweep.results)
    return "" if begun else "waiting for the Cloud Run job (cold start)"


def _asked_by(requesters: tuple[str, ...]) -> str:
    if not requesters:
        return ""
    named = [kit.user(person) for person in requesters[:NAMED]]
    more = len(requesters) - len(named)
    return "asked by " + ", ".join(named) + (f" and {more} more" if more else "")


def _buttons(state: CardState) -> Blocks:
    """While it runs, *Details* of what has answered; none on a card that is kept nowhere."""
    if not state.card_id:
        return []
    buttons: list[dict[str, Any]] = []
    running = state.phase == "running"
    if wrong(state.sweep) and not running:
        buttons.append(kit.button("Why?", WHY, state.card_id))
    if state.sweep.results:
        buttons.append(kit.button("Details", DETAILS, state.card_id))
    if not running:
        buttons.append(kit.button("Run again", RUN_AGAIN, state.card_id))
    return [kit.actions(*buttons)] if buttons else []


def _text(title: str, state: CardState) -> str:
    """The whole result in words, at most 4,000 characters: what is wrong first, never left out silently."""
    sweep = state.sweep
    bad = [f"{words.mark(each.status)} {name(each)}: {kit.one_line(each.message)}" for each in wrong(sweep)]
    well = [f"{name(each)} {words.time(each)}".removesuffix(" —") for each in _well(sweep)]
    where = " · ".join(part for part in (kit.one_line(origin(sweep)), believed(sweep)) if part)
    first = kit.escape(title, 600)
    last = [kit.escape("ok: " + ", ".join(well), 300)] if well else []
    last += [*_more_of(sweep), kit.escape(where, ORIGIN)]
    room = kit.TEXT - sum(len(line) + 1 for line in (first, *last))
    lines = [first, *_as_many(bad, [name(each) for each in wrong(sweep)], room), *last]
    return "\n".join(lines)


def _well(sweep: Sweep) -> list[CheckResult]:
    first = worth_showing(sweep)
    return first + [each for each in sweep.worst_first() if each.status is Status.PASS and each not in first]


def _as_many(told: list[str], names: list[str], room: int) -> list[str]:
    """Each in words where all fit in `room`; else names; else as many names as fit, and how many more."""
    for limit in (LINE, LINE // 2):
        lines = [kit.escape(line, limit) for line in told]
        if sum(map(len, lines)) + len(lines) <= room:
            return lines
    kept: list[str] = []
    for each in names:
        room -= len(kit.escape(each)) + 2
        if room < 30:
            break
        kept.append(kit.escape(each))
    more = f" and {len(names) - len(kept)} more" if len(kept) < len(names) else ""
    return ["not healthy: " + ", ".join(kept) + more]
