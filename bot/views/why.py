"""Whys as a message: the chain as a plan that fills in, what was ruled out or not told, and what helps."""

from collections.abc import Sequence

from bot.views import blocks as kit
from bot.views import why_words as words
from bot.views.message import Block, Blocks, Message
from bot.views.why_state import Document, WhyState

DETAILS, ASK_AGAIN, REMEDY = "why_details", "why_again", "why_remedy/"
"""Action ids of the buttons; that of a remedy ends in its id. The value of all is the message's id."""

PLAN_TITLE, TASK_TITLE = 300, 180
PLAN_TEXT = 6_000
"""Characters of all details and evidence in a plan: a message may have some 13,000 in all its blocks."""
SHOWN_WHYS, SHOWN_EVIDENCE, SHOWN_LINKS = 12, 6, 5
RULED_OUT, UNTOLD, OTHERS, REMEDIES = 4, 3, 3, 5
TOLD = 8
LINE, BESIDE, URL = 260, 140, 3_000
CLASSIC_LINE, CLASSIC_TEXT = 420, 6_000
PEOPLE = 5


def message(state: WhyState) -> Message:
    """The message of a run. The same state gives the same message."""
    title = words.headline(state)
    head = kit.section(f"*{kit.escape(title.replace('*', '∗'), kit.SECTION - 2)}*")
    foot = [*_beside(state), *_remedies(state), *_buttons(state), _origin(state)]
    return Message(
        text=_text(title, state),
        blocks=[head, *_plan(state), *foot],
        fallback_blocks=[head, *_classic(state), *foot],
    )


def _plan(state: WhyState) -> Blocks:
    """One task for each why; one more for what is waited for, or for what could not be told."""
    shown = state.chain[:SHOWN_WHYS]
    room = PLAN_TEXT // max(1, len(shown))
    tasks = [_task(number, why, room) for number, why in enumerate(shown, 1)]
    if (left := len(state.chain) - len(shown)) > 0:
        tasks.append(_line("more", f"… {left} more in Details", "complete"))
    if state.running:
        tasks.append(_line("next", words.waiting(state), "in_progress"))
    elif stuck := _stuck(state):
        tasks.append(_line("next", stuck, "error"))
    title = kit.shorten(words.question(state), PLAN_TITLE)
    return [{"type": "plan", "title": title, "tasks": tasks}] if tasks else []


def _task(number: int, why: Document, room: int) -> Block:
    title = " — ".join(filter(None, (kit.shorten(words.because(why), TASK_TITLE), words.weaker(why))))
    task = {
        "task_id": f"why-{number}",
        "title": f"{number}. {title}",
        "status": "complete",
        "details": _details(why, room // 2),
    }
    evidence, links = _evidence(why, room // 2), _links(why)
    return task | ({"output": evidence} if evidence else {}) | ({"sources": links} if links else {})


def _line(task_id: str, title: str, status: str) -> Block:
    return {"task_id": task_id, "title": kit.shorten(kit.one_line(title), 2 * TASK_TITLE), "status": status}


def _stuck(state: WhyState) -> str:
    """What the next why would have been, where it could not be told."""
    if state.phase == "interrupted":
        return "Interrupted before the evidence was complete" + (f": {state.note}" if state.note else "")
    if state.status not in ("partial", "unknown"):
        return ""
    open_ones = words.untold(state)
    if not open_ones:
        return "No cause that the runbooks know fits the evidence"
    name, said = open_ones[0]
    more = f" ({len(open_ones) - 1} more below)" if len(open_ones) > 1 else ""
    return f"Could not be told: {name}{f' — {said}' if said else ''}{more}"


def _details(why: Document, room: int) -> Block:
    """The question and the full because, with what is missing."""
    gaps = why.get("missing", ())
    missing = [kit.one_line(f"Missing: {each['why']} {each.get('settle', '')}") for each in gaps]
    said = "\n".join([words.because(why), *dict.fromkeys(missing)])
    asked = kit.shorten(kit.one_line(str(why.get("question", ""))), 200) or kit.ELLIPSIS
    inline = [
        {"type": "text", "text": f"{asked}\n", "style": {"italic": True}},
        {"type": "text", "text": kit.shorten(said, max(40, room - len(asked)))},
    ]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inline}]}


def _evidence(why: Document, room: int) -> Block | None:
    """What was seen, one line each."""
    cites = list(why.get("evidence", ()))
    each_room = max(40, room // max(1, min(len(cites), SHOWN_EVIDENCE)))
    lines = [kit.shorten(kit.one_line(str(each["text"])), each_room) for each in cites[:SHOWN_EVIDENCE]]
    if (left := len(cites) - SHOWN_EVIDENCE) > 0:
        lines.append(f"… {left} more in Details")
    items = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": line}]} for line in lines if line
    ]
    if not items:
        return None
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": items}],
    }


def _links(why: Document) -> list[Block]:
    """Pages of consoles, each once."""
    pages: dict[str, str] = {}
    for label, page in words.sources(why):
        if is_page(page):
            pages.setdefault(page, kit.shorten(label, 60))
    return [{"type": "url", "url": page, "text": label} for page, label in pages.items()][:SHOWN_LINKS]


def is_page(address: str) -> bool:
    """Whether this can be a link: foreign text may be in the evidence."""
    return address.startswith(("https://", "http://")) and len(address) <= URL and address.isprintable()


def _classic(state: WhyState) -> Blocks:
    """The same for a workspace without plans."""
    shown = state.chain[:SHOWN_WHYS]
    room = CLASSIC_TEXT // max(1, len(shown))
    lines = [f"✔ *{number}*  {_said(why, room)}" for number, why in enumerate(shown, 1)]
    if (left := len(state.chain) - len(shown)) > 0:
        lines.append(f"… {left} more in Details")
    if state.running:
        lines.append(f"…  {_safe(words.waiting(state))}")
    elif stuck := _stuck(state):
        lines.append(f"?  {_safe(stuck, CLASSIC_LINE)}")
    title = kit.section(f"*{_safe(words.question(state).replace('*', '∗'), PLAN_TITLE)}*")
    return [title, *map(kit.section, kit.pages(lines))]


def _said(why: Document, room: int) -> str:
    """A because with where its evidence is from, on one line; words without links where room is short."""
    said = _safe(words.because(why), min(CLASSIC_LINE, room - 100))
    tail = [*filter(None, [words.weaker(why)])]
    linked_, plain = [], []
    for label, page in words.sources(why)[:3]:
        linked_.append(linked(label, page, 60))
        plain.append(_safe(label, 60))
    for each in (linked_, plain):
        line = f"{said}  {' · '.join([*each, *map(_safe, tail)])}".rstrip()
        if len(line) <= room:
            return line
    return said


def linked(label: str, page: str, limit: int) -> str:
    """A word that leads to its page, if it has one."""
    safe = _safe(label.replace("|", "¦"), limit)
    if not is_page(page) or len(page) > 500:
        return safe
    target = kit.escape(page.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C"), 600)
    return f"<{target}|{safe}>"


def _safe(foreign: str, limit: int = LINE) -> str:
    """Foreign text on one line, escaped."""
    return kit.escape(kit.one_line(foreign), limit)


def _beside(state: WhyState) -> Blocks:
    """What else there is, what was ruled out or could not be told, since when, and whether it was before."""
    shown: Blocks = []
    if also := words.others(state):
        shown.append(kit.section("\n".join(f"*Also:* {_safe(line, BESIDE)}" for line in also[:OTHERS])))
    if state.running:
        return shown
    if out := _some(words.listed(words.ruled_out(state)), RULED_OUT):
        shown.append(kit.context(f"*Ruled out:* {' · '.join(out)}"))
    told = words.untold(state)
    beside = told[1:] if _stuck(state) else told
    if lines := _some(words.listed(beside, "{}: {}"), UNTOLD):
        shown.append(kit.context("*Could not tell:* " + "\n".join(lines)))
    if lines := [*_since(state), *_before(state)]:
        shown.append(kit.context("\n".join(lines)))
    return shown


def _some(lines: Sequence[str], most: int) -> list[str]:
    left = len(lines) - most
    return [_safe(line) for line in lines[:most]] + ([f"{left} more in Details"] if left > 0 else [])


def _since(state: WhyState) -> list[str]:
    """When it began, and the nearest change before it."""
    onset = (state.document or {}).get("onset")
    at = words.moment(onset["at"]) if onset else None
    if onset is None or at is None:
        return []
    said = kit.one_line(str(onset["evidence"]["text"]))
    change = kit.one_line(str(onset["changes"][0]["text"])) if onset["changes"] else ""
    before = f"; right before it: {_safe(change, BESIDE)}" if change and change not in said else ""
    return [f"Began {kit.date(at)}: {_safe(said, LINE)}{before}"]


def _before(state: WhyState) -> list[str]:
    """The last time that it had the same cause."""
    found = state.all("similar")
    at = words.moment(found[0]["at"]) if found else None
    if at is None:
        return []
    often = f"{len(found)} times before, last" if len(found) > 1 else "before:"
    return [f"The same cause {often} {_safe(str(found[0]['id']), 40)}, {kit.date(at)}"]


def _remedies(state: WhyState) -> Blocks:
    """What would help, as buttons; what keeps it from coming back, as words."""
    if state.running:
        return []
    shown: Blocks = []
    if now := words.helping(state)[:REMEDIES]:
        told = [f"*{_safe(str(each['title']), 120)}* {_safe(words.offered(each), 120)}" for each in now]
        shown.append(kit.section("What would help: " + " · ".join(told)))
    if now and state.card_id:
        shown.append(kit.actions(*(_remedy(each, state.card_id) for each in now)))
    if lasting := words.for_good(state)[:REMEDIES]:
        told = [_safe(f"{each['title']}: {each['text']}".removesuffix(": "), LINE) for each in lasting]
        shown.append(kit.context("*For good:* " + "\n".join(told)))
    return shown


def _remedy(each: Document, card_id: str) -> dict[str, object]:
    return kit.button(str(each["title"]), f"{REMEDY}{each['id']}"[:255], card_id)


def _buttons(state: WhyState) -> Blocks:
    """None while it runs, nor where it is kept nowhere."""
    if not state.card_id or state.running:
        return []
    details = [kit.button("Details", DETAILS, state.card_id)] if state.document else []
    return [kit.actions(*details, kit.button("Ask again", ASK_AGAIN, state.card_id))]


def _origin(state: WhyState) -> Block:
    """Which run it is, who asked, and when."""
    people = [kit.user(each) for each in state.people[:PEOPLE]]
    more = len(state.people) - PEOPLE
    return kit.context(
        state.spoken,
        f"runbook {_safe(state.runbook, 80)}" if state.runbook else "",
        "of the checks above" if state.shared else "",
        ("asked by " + ", ".join(people) + (f" and {more} more" if more > 0 else "")) if people else "",
        kit.date(state.finished_at or state.asked_at),
        f"Slack held this message back for {state.delayed} s" if state.delayed > 1 else "",
        "" if state.card_id else "not kept: whybot's store does not answer",
    )


def _text(title: str, state: WhyState) -> str:
    """All of it in words, at most 4,000 characters: the whys first, then what is beside them."""
    first = [kit.escape(title, 900)]
    chain = [f"{number}. {words.because(why)}" for number, why in enumerate(state.chain, 1)]
    if state.running:
        chain.append(words.waiting(state))
    elif stuck := _stuck(state):
        chain.append(stuck)
    rest = [f"Also: {line}" for line in words.others(state)]
    if not state.running:
        rest += _told("Could not tell", words.listed(words.untold(state), "{}: {}"))
        rest += _told("Ruled out", words.listed(words.ruled_out(state)))
        helping = [f"{each['title']} ({words.offered(each)})" for each in words.helping(state)]
        rest += _told("What would help", helping)
        rest += _told("For good", [str(each["title"]) for each in words.for_good(state)])
    said = "\n".join([*first, *_fitted(chain, 2_200)])
    return "\n".join([said, *_fitted(rest, kit.TEXT - len(said) - 20)])


def _told(name: str, parts: Sequence[str]) -> list[str]:
    """Some of the parts on a line, and how many more there are."""
    more = f" · {len(parts) - TOLD} more" if len(parts) > TOLD else ""
    return [f"{name}: {' · '.join(parts[:TOLD])}{more}"] if parts else []


def _fitted(lines: Sequence[str], room: int) -> list[str]:
    """The lines, escaped, all of them as long as fits together; what is left out is counted."""
    kept: list[str] = []
    limit = max(LINE, room // max(1, len(lines)))
    for place, line in enumerate(lines):
        safe = kit.escape(kit.one_line(line), limit)
        room -= len(safe) + 1
        if room < 20:
            return [*kept, f"… {len(lines) - place} more"]
        kept.append(safe)
    return kept
