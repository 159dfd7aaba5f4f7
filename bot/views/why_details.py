"""The modal behind *Details* of whys: all evidence, what was ruled out or could not be told; and remedies."""

from collections.abc import Iterable

from bot.views import blocks as kit
from bot.views import why_words as words
from bot.views.message import Blocks, Message, View
from bot.views.why import linked
from bot.views.why_state import Document, WhyState

CALLBACK = "why_details"
MOST_BLOCKS = 95
LINE = 600


def details(state: WhyState) -> View:
    """The modal for a run."""
    blocks = [kit.section(f"*{_safe(words.question(state))}*"), *_chain(state.chain)]
    for other in state.all("other_chains"):
        asked = other["chain"][0]["question"] if other["chain"] else other["runbook"]
        blocks += [kit.divider(), kit.section(f"*Also: {_safe(str(asked))}*"), *_chain(other["chain"])]
    blocks += _listed("Makes it worse", map(words.because, state.all("contributing")))
    blocks += _listed("Could not be told", words.listed(words.untold(state), "{}: {}"))
    blocks += _listed("Ruled out", words.listed(words.ruled_out(state)))
    blocks += _remedies(state.all("remedies"))
    blocks += _onset((state.document or {}).get("onset"))
    blocks += _similar(state.all("similar"))
    blocks += _listed("Notes", map(str, state.all("notes")))
    if len(blocks) > MOST_BLOCKS:
        left = f"… {len(blocks) - MOST_BLOCKS} more paragraphs: `whybot why {_safe(state.environment)}`"
        blocks = [*blocks[:MOST_BLOCKS], kit.context(left)]
    view = {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": kit.plain(f"{state.spoken}: {state.environment}", kit.VIEW_TITLE),
        "close": kit.plain("Close", kit.VIEW_TITLE),
        "blocks": blocks,
    }
    return View(view, view)


def remedy(offer: Document, spoken: str) -> Message:
    """What a remedy of the run `spoken` (W-12) would do, for whoever pressed it.

    whybot has no approvals yet: it runs nothing.
    """
    head = f"*{_safe(str(offer['title']), 200)}* ({_safe(words.offered(offer), 200)})"
    said = [f"{head}\n{_safe(str(offer['text']))}".rstrip()]
    if offer.get("action"):
        said.append("whybot cannot run this yet: approvals come with a later release. Nothing was changed.")
    commands = list(map(str, offer.get("commands", ())))
    said.append(_by_hand(offer, spoken, bool(commands)))
    blocks = [kit.section("\n".join(said)), *_commands(commands)]
    text = "\n".join([*said, *(kit.escape(kit.one_line(each), LINE) for each in commands)])
    return Message(text[: kit.TEXT], blocks, blocks)


def _by_hand(offer: Document, spoken: str, has_commands: bool) -> str:
    """Where people find commands: a report makes those of an action."""
    if has_commands:
        return "By hand:"
    if offer.get("action"):
        return f"By hand: `whybot report {_safe(spoken)}` has the commands."
    return "By hand, there is no command for it."


def _chain(chain: Iterable[Document]) -> Blocks:
    return [block for number, why in enumerate(chain, 1) for block in _why(number, why)]


def _why(number: int, why: Document) -> Blocks:
    """A question, its because, its evidence with links, and what is missing."""
    asked = _safe(str(why.get("question", "")).replace("_", " "), 300) or kit.ELLIPSIS
    head = f"_{asked}_\n*{number}*  {_safe(words.because(why))}"
    lines = [f"• {_cite(each)}" for each in why.get("evidence", ())]
    lines += [f"◦ missing: {_safe(_gap(each))}" for each in why.get("missing", ())]
    return [kit.section(head), *(kit.context(page) for page in kit.pages(lines))]


def _cite(cite: Document) -> str:
    at = words.moment(cite.get("at"))
    label = str(cite["source"]).replace("_", " ") or "source"
    from_where = linked(label, str(cite.get("url") or ""), 80)
    read = kit.date(at, "{time_secs}") if at else ""
    return " · ".join(filter(None, (_safe(str(cite["text"])), from_where, read)))


def _gap(gap: Document) -> str:
    why = str(gap["why"]).removeprefix(f"{gap['path']}: ")
    return f"{gap['path']}: {why} {gap.get('settle') or ''}".rstrip()


def _listed(title: str, lines: Iterable[str]) -> Blocks:
    told = [f"• {_safe(line)}" for line in lines if kit.one_line(line)]
    return [kit.section(page) for page in kit.pages([f"*{title}*", *told])] if told else []


def _remedies(remedies: Iterable[Document]) -> Blocks:
    shown: Blocks = []
    for each in remedies:
        lasting = " · for good" if each.get("lasting") else ""
        head = f"*{_safe(str(each['title']), 200)}* ({_safe(words.offered(each), 200)}{lasting})"
        shown.append(kit.section(f"{head}\n{_safe(str(each['text']))}".rstrip()))
        shown += _commands(list(map(str, each.get("commands", ()))))
    return [kit.section("*What would help*"), *shown] if shown else []


def _commands(commands: list[str]) -> Blocks:
    return kit.code([line for each in commands for line in each.splitlines() if line.strip()], most=2)


def _onset(onset: Document | None) -> Blocks:
    at = words.moment(onset["at"]) if onset else None
    if onset is None or at is None:
        return []
    lines = [f"*Since* {kit.date(at)}: {_cite(onset['evidence'])}"]
    lines += [f"• before it: {_cite(each)}" for each in onset["changes"]]
    return [kit.section(page) for page in kit.pages(lines)]


def _similar(similar: Iterable[Document]) -> Blocks:
    lines = []
    for each in similar:
        at = words.moment(each["at"])
        when = f", {kit.date(at)}" if at else ""
        lines.append(f"• {_safe(str(each['id']), 40)}{when}: {_safe(words.because(each))}")
    return [kit.section(page) for page in kit.pages(["*The same cause before*", *lines])] if lines else []


def _safe(foreign: str, limit: int = LINE) -> str:
    return kit.escape(kit.one_line(foreign), limit)
