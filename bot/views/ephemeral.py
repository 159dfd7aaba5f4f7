"""What only one person sees: help, refusals, and answers to a press. Each names the next step."""

from collections.abc import Sequence

from bot.commands.registry import Command, UsageProblem
from bot.views import blocks as kit
from bot.views.message import Blocks, Message

TRY_AGAIN = "try_again"
LISTED = 12


def _only(markup: str, *more: Blocks) -> Message:
    """A message of one paragraph; `text` is the same, since our own markup reads well without blocks."""
    blocks = [kit.section(markup), *(block for each in more for block in each)]
    return Message(text=markup[: kit.TEXT], blocks=blocks, fallback_blocks=blocks)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{kit.escape(name, 60)}`" for name in names[:LISTED])
    more = len(names) - LISTED
    return shown + (f" and {more} more" if more > 0 else "")


def usage(problem: UsageProblem) -> Message:
    """What was typed means nothing; the problem names the nearest, and an example follows."""
    return _only(
        f"{kit.escape(kit.one_line(problem.message), 1_500)} Try `{kit.escape(problem.example, 200)}`."
    )


def usage_help(
    commands: Sequence[Command], checks: dict[str, Sequence[str]], runbooks: Sequence[str] = ()
) -> Message:
    """What can be typed, and which checks and runbooks there are to name."""
    lines = [
        f"`{kit.escape(f'{each.name} {each.usage_hint}'.strip(), 120)}`  {kit.escape(each.description, 200)}"
        for each in commands[:LISTED]
    ]
    named = [
        f"*{kit.escape(name, 60)}*: {_names(sorted(known))}" for name, known in list(checks.items())[:10]
    ]
    if runbooks:
        named.append(f"*Runbooks* for why: {_names(runbooks)}")
    tail = "Names may be in any case, separated by spaces or commas. Without names, everything is checked."
    return _only("\n".join(lines) + f"\n{tail}", [kit.section(each) for each in named])


def problem(reference: str, *, changed: bool = False) -> Message:
    """Something unforeseen. The reference finds the line in whybot's log."""
    safe = kit.escape(reference, 40)
    nothing = "" if changed else " Nothing was changed."
    markup = f"That did not work (reference `{safe}`).{nothing} Try again; if it stays, "
    markup += "give the reference to whoever runs whybot."
    return _only(markup)


def known_problem(message: str) -> Message:
    """An error whose message says already what its user can do."""
    return _only(kit.escape(kit.one_line(message), kit.SECTION) or "That did not work.")


def store_down(environment: str) -> Message:
    """whybot's own database does not answer: the checks run all the same, and the answer is not kept."""
    name = kit.escape(environment)
    return _only(
        f"Checking {name} without a card, since whybot's store does not answer. "
        f"The result comes here in a moment, for you only. In a terminal, `whybot check {name}` works too."
    )


def no_environment(name: str) -> Message:
    """A button of the Home tab names an environment whose file is gone."""
    return known_problem(
        f"There is no environment {name} any more. Open the Home tab again to see those that there are."
    )


def old_button() -> Message:
    """A press on a card that is no longer in the store."""
    return _only("This card is too old: its results are no longer kept. Ask again with its command.")


def slack_refused(error: str) -> Message:
    """Slack took no answer, for a reason that people can do nothing about but wait."""
    said = kit.escape(kit.one_line(error), 100)
    return _only(f"Slack did not take the answer (`{said}`). Ask again in a moment.")
