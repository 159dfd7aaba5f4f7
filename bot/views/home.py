"""The Home tab: every environment with its last verdict, the way to ask, and the last times as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.commands.registry import Command
from bot.views import blocks as kit
from bot.views.message import Block, Blocks, View
from bot.views.rows import name, slowest
from checks.output import headline as words
from checks.result import CheckResult, Status, Sweep

CHECK_NOW = "home_check"
"""Action id of *Check now*; its value is the environment's name."""
WHY_NOW = "home_why"
"""Action id of *Why?*, likewise."""
SHOWN = 15
CHARTED = 10
CHARTS = 2


@dataclass(frozen=True, slots=True)
class HomeEnvironment:
    """An environment on the Home tab; `last` is its latest finished sweep, if one is kept."""

    name: str
    title: str
    last: Sweep | None = None
    finished_at: datetime | None = None


def home(environments: Sequence[HomeEnvironment], commands: Sequence[Command]) -> View:
    """The Home tab. Charts, which Slack may not have rolled out yet, are text bars in the fallback."""
    return View(_view(environments, commands, charts=True), _view(environments, commands, charts=False))


def without_store() -> dict[str, object]:
    """The Home tab while the store, which keeps every verdict, does not answer."""
    words_of_it = (
        "whybot's store does not answer, so there are no verdicts to show. The slash commands work without "
        "it; open this tab again in a minute."
    )
    return {"type": "home", "blocks": [kit.header("Environments"), kit.section(words_of_it)]}


def _view(
    environments: Sequence[HomeEnvironment], commands: Sequence[Command], *, charts: bool
) -> dict[str, object]:
    blocks: Blocks = [kit.header("Environments")]
    if not environments:
        blocks.append(kit.section("No environment file was found. Put one into `environments/`."))
    left = CHARTS
    for each in environments[:SHOWN]:
        blocks += _environment(each)
        if each.last and left and (timed := _timed(each.last)):
            blocks.append(_chart(each.last, timed) if charts else _bars(timed))
            left -= 1
    return {
        "type": "home",
        "blocks": [*blocks, kit.divider(), kit.header("Commands"), kit.section(_usage(commands))],
    }


def _environment(each: HomeEnvironment) -> Blocks:
    title = f"*{kit.escape(kit.one_line(each.title or each.name), 200)}*"
    if each.last is None:
        return [kit.section(f"{title}\nnot checked yet", _check_now(each.name))]
    when = kit.date(each.finished_at, "{ago}") if each.finished_at else ""
    verdict = kit.escape(kit.one_line(words.headline(each.last)), 1_000)
    origin = kit.context(f"from {kit.escape(each.last.vantage.label, 200)}", when)
    asked = [] if each.last.status is Status.PASS else [kit.actions(_why(each.name))]
    return [kit.section(f"{title}\n{verdict}", _check_now(each.name)), origin, *asked]


def _check_now(environment: str) -> dict[str, object]:
    return kit.button("Check now", CHECK_NOW, environment)


def _why(environment: str) -> dict[str, object]:
    return kit.button("Why?", WHY_NOW, environment)


def _timed(sweep: Sweep) -> list[CheckResult]:
    return slowest([result for result in sweep.results if result.duration_ms is not None], CHARTED)


def _chart(sweep: Sweep, timed: list[CheckResult]) -> Block:
    series = {
        "time": [round(result.duration_ms or 0.0, 1) for result in timed],
        "budget": [result.budget_ms for result in timed],
    }
    return kit.bar_chart(
        f"{sweep.environment}: time and budget", [name(each) for each in timed], series, y="ms"
    )


def _bars(timed: list[CheckResult]) -> Block:
    rows = [(name(each), words.time(each), f"of {words.budget(each)}") for each in timed]
    return kit.preformatted("\n".join(kit.aligned(rows, right=(1, 2))))


def _usage(commands: Sequence[Command]) -> str:
    told = [
        f"`{kit.escape(f'{each.name} {each.usage_hint}'.strip(), 90)}`  {kit.escape(each.description, 90)}"
        for each in commands[:SHOWN]
    ]
    return "\n".join(told) or "none"
