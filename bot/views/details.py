"""The modal behind *Details*: one check at a time, with a menu over all of them, failing first.

Slack draws charts in messages and on the Home tab but not in modals (docs.slack.dev/reference/block-kit), so
the phases are drawn as bars of text, which every workspace shows alike.
"""

from bot.views import blocks as kit
from bot.views.message import Block, Blocks, View
from checks.durations import spoken
from checks.output import headline as words
from checks.reasons import WORDS
from checks.result import CheckResult, Fact, Phase, Status, Sweep

CALLBACK = "details"
CHOOSE = "details_check"
"""The menu's action id; the chosen option's value is given to `details` as `chosen`."""

BAR = 14
FACTS = 40
_FULL, _PARTS = "█", ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def details(card_id: str, sweep: Sweep, chosen: str | None = None) -> View:
    """The modal for a card's sweep. `chosen` is a check's name; without one the worst check is shown."""
    results = sweep.worst_first()
    shown = find(sweep, chosen) or (results[0] if results else None)
    body = [_menu(sweep, shown), *about(shown)] if shown else [kit.section("No check has answered yet.")]
    view = {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": card_id,
        "title": kit.plain(f"{sweep.environment}: details", kit.VIEW_TITLE),
        "close": kit.plain("Close", kit.VIEW_TITLE),
        "blocks": body,
    }
    return View(view, view)


def find(sweep: Sweep, chosen: str | None) -> CheckResult | None:
    """The result that an option's value stands for."""
    if chosen is None:
        return None
    return next((result for result in sweep.results if _value(result) == chosen[: kit.OPTION_VALUE]), None)


def about(result: CheckResult) -> Blocks:
    """Everything about one check: what was found, its phases as a picture, facts, and what to try."""
    shown = [kit.section(_finding(result)), *_meaning(result)]
    if result.phases:
        shown += [kit.section("*Phases*"), kit.preformatted("\n".join(picture(result.phases)))]
    if result.facts:
        shown += [kit.section("*Seen*"), kit.preformatted("\n".join(_facts(result)))]
    return [*shown, kit.context(*_circumstances(result))]


def picture(phases: tuple[Phase, ...]) -> list[str]:
    """One line per phase: name, a bar as long as its share of the longest, time, a cross where it failed."""
    longest = max((phase.duration_ms for phase in phases), default=0.0) or 1.0
    rows = [
        (
            kit.shorten(kit.one_line(phase.name), 20),
            _bar(phase.duration_ms / longest),
            spoken(phase.duration_ms),
            "" if phase.status is Status.PASS else "✕",
        )
        for phase in phases[:FACTS]
    ]
    return kit.aligned(rows, right=(2,))


def _bar(share: float) -> str:
    eighths = round(max(0.0, min(1.0, share)) * BAR * 8)
    return _FULL * (eighths // 8) + _PARTS[eighths % 8] or _PARTS[1]


def _finding(result: CheckResult) -> str:
    title = kit.escape(kit.one_line(f"{words.mark(result.status)} {result.title}"), 200)
    took = f"{words.time(result)}, " if result.duration_ms is not None else ""
    state = f"{words.status(result)} · {took}budget {words.budget(result)}"
    return f"*{title}* — {state}\n{kit.escape(kit.one_line(result.message), 2_000)}"


def _meaning(result: CheckResult) -> Blocks:
    """The reason decoded, and what to try. A check that is well needs neither."""
    if result.status is Status.PASS:
        return []
    said = WORDS[result.reason]
    shown: Blocks = [kit.section(f"*What it means*  `{result.reason}`\n{kit.escape(said.explained, 1_500)}")]
    if said.try_next:
        shown.append(kit.section(f"*What to try*\n{kit.escape(said.try_next, 1_500)}"))
    return shown


def _facts(result: CheckResult) -> list[str]:
    rows = [(kit.shorten(name, 40), kit.shorten(_told(value), 300)) for name, value in result.facts.items()]
    left = len(rows) - FACTS
    return kit.aligned(rows[:FACTS]) + ([f"… {left} more"] if left > 0 else [])


def _told(value: Fact) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "—"
    if isinstance(value, list):
        return kit.one_line(", ".join(value)) or "—"
    return f"{value:g}" if isinstance(value, float) else kit.one_line(str(value))


def _circumstances(result: CheckResult) -> list[str]:
    attempts = f"{result.attempts} attempts" if result.attempts > 1 else ""
    target = f"{result.kind} {result.target}".strip()
    asked = f"asked {kit.date(result.started_at, '{time_secs}')}"
    return [
        kit.escape(kit.one_line(target), 300),
        asked,
        attempts,
        f"from {kit.escape(result.vantage.label, 200)}",
        "" if result.vantage.speaks else words.MUTE,
    ]


def _menu(sweep: Sweep, shown: CheckResult) -> Block:
    """Every check that answered, in groups that follow the status."""
    results = sweep.worst_first()
    groups: dict[str, list[CheckResult]] = {}
    for result in results:
        groups.setdefault(words.status(result), []).append(result)
    labelled = [
        (f"{status} ({len(members)})", [_option(member) for member in members])
        for status, members in groups.items()
    ]
    menu = kit.menu(CHOOSE, "Choose a check", labelled)
    return kit.actions({**menu, "initial_option": _option(shown)})


def _option(result: CheckResult) -> dict[str, object]:
    return kit.option(f"{words.mark(result.status)} {kit.one_line(result.name)}", _value(result))


def _value(result: CheckResult) -> str:
    return result.name[: kit.OPTION_VALUE] or "-"
