"""Drift in Slack: the answer to whoever asked, and what the schedule says by itself."""

from collections.abc import Sequence
from datetime import datetime

from bot.drift_watch import Episode, Member
from bot.views import blocks as kit
from bot.views.message import Block, Blocks, Message
from checks.drift.model import Difference, Drift, Severity
from checks.durations import spoken
from checks.observations import Blind
from checks.observe.permissions import with_account
from checks.output import drift as words

RUN_AGAIN = "drift_again"
"""Action id of the button. Its value is the message's id and nothing else."""

HEADINGS = ("field", "declared", "Terraform", "live")
COLUMNS = tuple({"is_wrapped": True} for _ in HEADINGS)
CELL, EFFECT = 160, 300
FALLBACK_TEXT = 7_500
MOST_ROWS = kit.TABLE_ROWS - 1
NOTES = 8
EFFECTS = 5

Row = tuple[str, str, str, str, str]


def looking(environment: str, person: str, asked_at: datetime) -> Message:
    """While Google Cloud and Terraform are read."""
    line = f"{kit.escape(environment)}: comparing declared, Terraform and live"
    blocks = [kit.section(f"*{line}*"), kit.context(_asked_by(person), kit.date(asked_at))]
    return Message(line, blocks, blocks)


def answer(drift: Drift, message_id: str, person: str) -> Message:
    """The whole drift of an environment; what was accepted is folded. `message_id` is empty where it is kept
    nowhere, so that it has no button.
    """
    title = words.headline(drift)
    foot: Blocks = [*_notes(drift), *_blind(_unsaid(drift, title))]
    kept = "" if message_id else "not kept: whybot's store does not answer"
    foot.append(
        kit.context(f"{drift.compared} fields compared", _asked_by(person), kit.date(drift.read_at), kept)
    )
    if message_id:
        foot.append(kit.actions(kit.button("Run again", RUN_AGAIN, message_id)))
    rows = [_row(each) for each in drift.open]
    bad = [each.severity is not Severity.COSMETIC for each in drift.open]
    changes = _changes(drift.open)
    return _message(title, rows, bad, [*changes, *foot])


def told(episode: Episode) -> Message:
    """What the schedule says of an episode: what appeared, what of it is still there, when it went."""
    rows = [_member_row(each) for each in episode.members]
    bad = [not each.ended and each.severity == Severity.CRITICAL for each in episode.members]
    since = kit.date(episode.since)
    foot: Blocks = [
        kit.section(
            f"`{kit.escape(each.field, 200)}` was changed by {kit.escape(kit.one_line(each.changed), 300)}"
        )
        for each in episode.open[:NOTES]
        if each.changed
    ]
    ended = kit.date(episode.ended_at) if episode.ended_at else ""
    foot.append(
        kit.context(
            f"seen {since}" + (f", gone {ended}" if ended else ""),
            f"all of it with `/{kit.escape(episode.environment)}-drift`",
        )
    )
    return _message(_told_title(episode), rows, bad, foot)


def _told_title(episode: Episode) -> str:
    """The first line, enough in a notification."""
    name = episode.environment
    if episode.ended_at is not None:
        lasted = spoken_time((episode.ended_at - episode.since).total_seconds())
        how = {each.ended for each in episode.members}
        said = how.pop() if len(how) == 1 else "gone or accepted"
        return f"🟢 {name}: drift {said} after {lasted} — {_first(episode.members)}"
    critical = any(each.severity == Severity.CRITICAL for each in episode.open)
    return f"{'🔴' if critical else '🟠'} {name}: new drift — {_first(episode.open)}"


def _first(members: Sequence[Member]) -> str:
    worst = members[0]
    more = f"; {len(members) - 1} more" if len(members) > 1 else ""
    return f"{worst.field}: {worst.effect}{more}"


def spoken_time(seconds: float) -> str:
    """A duration up to days: `3 days`, `5 h`, `12 min`."""
    if seconds >= 2 * 86_400:
        return f"{seconds / 86_400:.0f} days"
    if seconds >= 2 * 3_600:
        return f"{seconds / 3_600:.0f} h"
    return spoken(seconds * 1000)


def _message(title: str, rows: Sequence[Row], bad: Sequence[bool], foot: Blocks) -> Message:
    line = kit.one_line(title)
    head = kit.section(f"*{kit.escape(line.replace('*', '∗'), kit.SECTION - 2)}*")
    text = "\n".join([kit.escape(line, 600), *_lines(rows)])[: kit.TEXT]
    return Message(
        text=text,
        blocks=[head, *_table(rows, bad), *foot],
        fallback_blocks=[head, *_classic(rows), *foot],
    )


def _lines(rows: Sequence[Row]) -> list[str]:
    """Every difference in a line of text, as many as fit, and how many more."""
    room, lines = kit.TEXT - 1_000, []
    for place, row in enumerate(rows):
        line = kit.escape(f"{row[0]}: declared {row[1]}, Terraform {row[2]}, live {row[3]} — {row[4]}", 500)
        room -= len(line) + 1
        if room < 0:
            lines.append(f"and {len(rows) - place} more")
            break
        lines.append(line)
    return lines


def _table(rows: Sequence[Row], bad: Sequence[bool]) -> Blocks:
    """Three sides of each field, and below it what that does: a fifth column would not be seen on a phone."""
    if not rows:
        return []
    room, shown = kit.TABLE_TEXT, []
    for row, is_bad in list(zip(rows, bad, strict=True))[:MOST_ROWS]:
        room -= sum(map(len, row))
        if room < 0:
            break
        shown.append([kit.cell(row[0], bold=is_bad), *map(kit.cell, row[1:4])])
    heading = [kit.cell(each) for each in HEADINGS]
    effects = [
        f"`{kit.escape(row[0], 200)}` {_line(row[4], EFFECT)}"
        for row in rows[: min(len(shown), EFFECTS)]
        if row[4]
    ]
    said = [kit.section("\n".join(effects))] if effects else []
    return [kit.table([heading, *shown], COLUMNS), *_left_out(len(rows) - len(shown)), *said]


def _classic(rows: Sequence[Row]) -> Blocks:
    """Without a table: each difference in its own lines, since three values do not fit beside each other."""
    lines: list[str] = []
    room, shown = FALLBACK_TEXT, 0
    for row in rows:
        said = [
            f"{row[0]}  {row[4]}",
            f"  declared  {row[1]}",
            f"  Terraform {row[2]}",
            f"  live      {row[3]}",
        ]
        room -= sum(map(len, said))
        if room < 0:
            break
        lines += said
        shown += 1
    return [*kit.code(lines, most=4), *_left_out(len(rows) - shown)] if lines else []


def _left_out(number: int) -> Blocks:
    return [kit.context(f"… {number} more with `whybot drift` in a terminal")] if number > 0 else []


def _row(difference: Difference) -> Row:
    sides = (difference.declared, difference.terraform, difference.live)
    declared, terraform, live = (kit.shorten(kit.one_line(words.side(each)), CELL) for each in sides)
    effect = kit.shorten(kit.one_line(difference.effect), EFFECT)
    return kit.shorten(difference.field, CELL), declared, terraform, live, effect


def _member_row(member: Member) -> Row:
    declared, terraform, live = (
        kit.shorten(kit.one_line(each), CELL) for each in (member.declared, member.terraform, member.live)
    )
    effect = member.effect if not member.ended else f"{member.ended} (it was: {member.effect})"
    return (
        kit.shorten(member.field, CELL),
        declared,
        terraform,
        live,
        kit.shorten(kit.one_line(effect), EFFECT),
    )


def _line(foreign: str, limit: int) -> str:
    """Foreign text as one escaped line."""
    return kit.escape(kit.one_line(foreign), limit)


def _changes(differences: Sequence[Difference]) -> Blocks:
    """Who changed what last, once for each change."""
    found: dict[str, list[str]] = {}
    for each in differences:
        if said := words.changed(each):
            found.setdefault(said, []).append(each.field)
    lines = [
        f"{_line(said, 300)}: {', '.join(f'`{kit.escape(name, 120)}`' for name in names[:4])}"
        for said, names in list(found.items())[:NOTES]
    ]
    return [kit.section("Changed by\n" + "\n".join(lines))] if lines else []


def _notes(drift: Drift) -> Blocks:
    """What was accepted, folded into one line each, and what could not be compared."""
    lines = [
        f"`{kit.escape(each.field, 150)}` accepted by {kit.escape(each.accepted.by, 80)} "
        f"until {each.accepted.until}: {kit.escape(kit.one_line(each.accepted.reason), 200)}"
        for each in drift.differences
        if each.accepted
    ]
    lines += [
        f"acceptance of `{kit.escape(each.field, 150)}` by {kit.escape(each.by, 80)} ended on {each.until}"
        for each in drift.expired
    ]
    lines += [f"an acceptance matches no field: `{kit.escape(each.field, 150)}`" for each in drift.strays]
    if drift.unknown:
        named = ", ".join(f"`{kit.escape(each.field, 100)}`" for each in drift.unknown[:NOTES])
        more = len(drift.unknown) - NOTES
        lines.append(f"could not be compared: {named}" + (f" and {more} more" if more > 0 else ""))
    left = len(lines) - NOTES
    shown = [*lines[:NOTES], *([f"… {left} more"] if left > 0 else [])]
    return [kit.context("\n".join(shown))] if shown else []


def _unsaid(drift: Drift, title: str) -> list[Blind]:
    """What the title does not say already, or what a command would grant."""
    return [each for each in drift.hidden if each.command or each.message.rstrip(".") not in title]


def _blind(blinds: Sequence[Blind]) -> Blocks:
    """What could not be read, with the command that grants it."""
    shown: list[Block] = []
    for each in blinds[:3]:
        command = f"\n```\n{kit.escape(each.command, 600)}\n```" if each.command else ""
        shown.append(kit.section(f"{_line(each.message, 1_200)}{command}" or kit.ELLIPSIS))
    if len(blinds) > 3:
        shown.append(
            kit.context(f"… {len(blinds) - 3} more that could not be read: `whybot doctor` lists them")
        )
    if hint := with_account("".join(each.command or "" for each in blinds[:3])):
        shown.append(kit.context(hint))
    return shown


def _asked_by(person: str) -> str:
    return f"asked by {kit.user(person)}" if person else ""
