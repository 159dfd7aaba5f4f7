"""What is said of whys, in plain words without markup: headline, the line of each why, what was ruled out."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.views.blocks import one_line, shorten
from bot.views.why_state import Document, WhyState
from checks.durations import spoken
from runbooks.output.hindrances import hindrances
from runbooks.output.text import NAMES

MARKS = {"confirmed": "🔴", "partial": "🟠", "unknown": "⚪", "nothing_wrong": "🟢"}
SAID = {
    "confirmed": "confirmed",
    "partial": "the rest could not be told",
    "unknown": "could not be told",
    "nothing_wrong": "nothing is wrong",
}
IN_PART = "but that does not explain all that fails"
HEADLINE, BECAUSE, TITLE = 400, 600, 100
NAMED = 3
Line = tuple[str, str]
"""A name, and what is said of it in brackets or after a dash."""


def headline(state: WhyState) -> str:
    """The verdict, enough by itself in a notification."""
    name = one_line(state.environment)
    if state.running:
        return shorten(f"{name}: looking for the cause{_so_far(state)}", HEADLINE)
    if state.phase == "interrupted":
        said = f"⚪ {name}: interrupted while looking for the cause{_so_far(state)}"
        return f"{shorten(said, HEADLINE)}; ask again"
    return f"{MARKS.get(state.status, '⚪')} {name}: {_verdict(state)}{_tail(state)}"


def _so_far(state: WhyState) -> str:
    told = _telling(state)
    return f" — so far: {_sentence(told)}" if told is not None else ""


def _verdict(state: WhyState) -> str:
    """What was found."""
    if state.status == "nothing_wrong":
        return shorten(because(state.chain[0]) if state.chain else "nothing is wrong", HEADLINE)
    told = _telling(state)
    if told is not None:
        return shorten(f"{_title(told) if state.root else ''}{_sentence(told)}", HEADLINE)
    named = [one_line(str(each)) for each in state.all("failing")]
    if not named:
        return "why could not be told"
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    fail = "fails" if len(named) == 1 else "fail"
    return shorten(f"why {', '.join(named[:NAMED])}{more} {fail} could not be told", HEADLINE)


def _telling(state: WhyState) -> Document | None:
    """The why that says most at a glance: the one that would be mended, else the root, else the deepest.

    The root is often how it came about, such as a missing gate; the chain below says that.
    """
    mended = {each.get("cause") for each in helping(state)[:1]}
    deepest = state.chain[-1] if state.chain else None
    return next((why for why in state.chain if why.get("cause") in mended), state.root or deepest)


def _sentence(why: Document) -> str:
    """A because without its full stop, since more follows."""
    return because(why).removesuffix(".")


def _title(cause: Document) -> str:
    """The name of a cause, unless its because says it."""
    title = one_line(str(cause.get("title", "")))
    said = because(cause).casefold()
    return "" if not title or title.casefold() in said else f"{shorten(title, TITLE)}: "


def _tail(state: WhyState) -> str:
    """How many whys, how sure, and whether there is more."""
    if state.status == "nothing_wrong" or not state.chain:
        return ""
    said = IN_PART if state.status == "partial" and state.root else SAID.get(state.status, state.status)
    return f" — {whys(len(state.chain))}, {said}{_also(state)}"


def _also(state: WhyState) -> str:
    """`; 1 more cause; 1 more without a cause`: chains beside the first, by whether they reach a root."""
    beside = [each for each in state.all("other_chains") if not each.get("secondary")]
    more = len([each for each in beside if each.get("root_cause")])
    caused = f"; {more} more cause" + ("s" if more > 1 else "") if more else ""
    left = len(beside) - more
    return caused + (f"; {left} more whose cause could not be told" if left else "")


def whys(number: int) -> str:
    """`5 whys`."""
    return "1 why" if number == 1 else f"{number} whys"


def question(state: WhyState) -> str:
    """The first question, and how long its answer took; how sure it is stands in the first line."""
    told = one_line(str((state.document or {}).get("question", "")))
    asked = told or f"Why is {one_line(state.environment)} as it is?"
    return f"{asked} ({spoken(state.took_ms)})" if state.took_ms and not state.running else asked


def because(why: Document, limit: int = BECAUSE) -> str:
    """The because of a why or of a root cause."""
    return shorten(one_line(str(why.get("because", ""))), limit) or "—"


def weaker(why: Document) -> str:
    """`weaker: no logs`, where evidence is missing that would have supported a why."""
    if not why.get("weaker"):
        return ""
    roots = (re.split(r"[.\[]", str(each["path"]))[0] for each in why["missing"])
    lacking = dict.fromkeys(map(one_line, roots))
    return shorten(f"weaker: without {', '.join(list(lacking)[:NAMED]) or 'some evidence'}", TITLE)


def sources(why: Document) -> list[tuple[str, str]]:
    """Where a why's evidence is from: `3 checks`, `log`, each with the page of the first that has one."""
    found: dict[str, tuple[int, str]] = {}
    for cite in why.get("evidence", ()):
        root = re.split(r"[.\[]", str(cite["id"]))[0]
        number, page = found.get(root, (0, ""))
        found[root] = (number + 1, page or str(cite.get("url") or ""))
    return [(_counted(root, number), page) for root, (number, page) in found.items()]


def _counted(root: str, number: int) -> str:
    one, several = NAMES.get(root, (root, root))
    told = shorten(one_line(one if number == 1 else several), TITLE) or "evidence"
    return told if number == 1 or one == several else f"{number} {told}"


def ruled_out(state: WhyState) -> list[Line]:
    """What was considered and is not it, each with why."""
    return [_named(each, str(each.get("text", ""))) for each in state.all("ruled_out")]


def untold(state: WhyState) -> list[Line]:
    """What could not be told, what could answer the next question first, each with what would settle it."""
    told = {(str(each.get("cause")), str(each.get("subject"))): each for each in _untold(state)}
    return [
        (_causes(each.causes), " — ".join(filter(None, (each.why, each.settle))))
        for each in hindrances(told.values())
    ]


def _untold(state: WhyState) -> list[Document]:
    return [*state.all("open"), *state.all("unknown")]


def _causes(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _named(each: Document, said: str) -> Line:
    subject = one_line(str(each.get("subject", "")))
    title = one_line(str(each.get("title", ""))) or one_line(str(each.get("cause", ""))) or "—"
    return (f"{title} ({subject})" if subject and subject not in title else title), one_line(said)


def others(state: WhyState) -> list[str]:
    """The other chains, each by its root or by the last of its whys."""
    lines = []
    for each in state.all("other_chains"):
        told = each.get("root_cause") or (each["chain"][-1] if each["chain"] else None)
        if told is not None:
            lines.append(because(told))
    return lines


def waiting(state: WhyState) -> str:
    """What the next task waits for."""
    if not state.waiting:
        return "Reading the evidence" if not state.chain else "Weighing the evidence"
    named = [one_line(each) for each in state.waiting[:NAMED]]
    more = len(state.waiting) - NAMED
    return f"Waiting for {', '.join(named)}" + (f" and {more} more" if more > 0 else "")


def offered(remedy: Document) -> str:
    """`undoable, 1 service`; what nobody but people can do is `by hand`."""
    reach = one_line(str(remedy.get("reach_text", "")))
    alone = "cannot be undone" if remedy.get("action") else "by hand"
    return ", ".join(filter(None, ("undoable" if remedy.get("undoable") else alone, reach)))


def helping(state: WhyState) -> list[Document]:
    """Remedies for now."""
    return [each for each in state.all("remedies") if not each.get("lasting")]


def for_good(state: WhyState) -> list[Document]:
    """Remedies that keep it from coming back."""
    return [each for each in state.all("remedies") if each.get("lasting")]


def moment(told: object) -> datetime | None:
    """A time of the document."""
    try:
        return datetime.fromisoformat(str(told))
    except ValueError:
        return None


def listed(lines: Sequence[Line], form: str = "{} ({})") -> list[str]:
    """Names with what is said of each."""
    return [form.format(name, said) if said else name for name, said in lines]
