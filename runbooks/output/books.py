"""Runbooks themselves, as the public document `whybot/runbooks/1`, as a list and as a tree."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from runbooks.library import FOLDER
from runbooks.runbook import Cause, Library, Runbook, every

SCHEMA: Final = "whybot/runbooks/1"


class CauseDocument(TypedDict):
    """A cause. Expressions are CEL, texts Jinja2, both as written. `asks` is empty where nothing follows."""

    id: str
    title: str
    when: str
    because: str
    evidence: list[str]
    asks: str
    link: list[str]
    remedies: list[str]
    root: bool
    contributing: bool
    causes: list["CauseDocument"]


class RunbookDocument(TypedDict):
    """A runbook. `ours`: it comes with whybot. `applies` is empty where it is asked by link alone.

    `linked_from` are the runbooks that lead to it.
    """

    runbook: str
    title: str
    file: str
    ours: bool
    rank: int
    asks: str
    applies: str
    linked_from: list[str]
    causes: list[CauseDocument]


class RunbooksDocument(TypedDict):
    """Runbooks. A later version may add fields; none changes its meaning."""

    schema: Literal["whybot/runbooks/1"]
    runbooks: list[RunbookDocument]


def document(library: Library, shown: Sequence[Runbook]) -> RunbooksDocument:
    """These runbooks of a library."""
    return {"schema": SCHEMA, "runbooks": [_runbook(each, library) for each in shown]}


def _runbook(book: Runbook, library: Library) -> RunbookDocument:
    leading = [
        each.id for each in library.runbooks if any(book.id in cause.link for cause in every(each.causes))
    ]
    return {
        "runbook": book.id,
        "title": book.title,
        "file": book.file,
        "ours": Path(book.file).parent == FOLDER,
        "rank": book.rank,
        "asks": book.asks.source,
        "applies": book.applies.text if book.applies is not None else "",
        "linked_from": leading,
        "causes": [_cause(each) for each in book.causes],
    }


def _cause(cause: Cause) -> CauseDocument:
    return {
        "id": cause.id,
        "title": cause.title.source,
        "when": cause.when.text,
        "because": cause.because.source,
        "evidence": [each.text for each in cause.evidence],
        "asks": cause.asks.source if cause.asks is not None else "",
        "link": list(cause.link),
        "remedies": list(cause.remedies),
        "root": cause.root,
        "contributing": cause.contributing,
        "causes": [_cause(each) for each in cause.causes],
    }


def listed(document: RunbooksDocument) -> str:
    """A line for each runbook: its name, how it is asked, its causes, and its file if it is not ours."""
    books = document["runbooks"]
    width = max((len(book["runbook"]) for book in books), default=0)
    return "\n".join(f"{book['runbook']:{width}}  {_asked(book)}" for book in books)


def _asked(book: RunbookDocument) -> str:
    how = "asked by itself" if book["applies"] else "asked by link"
    count = sum(1 for _ in _all(book["causes"]))
    where = "" if book["ours"] else f"  {book['file']}"
    return f"{book['title']}: {count} cause{'' if count == 1 else 's'}, {how}{where}"


def _all(causes: Sequence[CauseDocument]) -> Iterator[CauseDocument]:
    for cause in causes:
        yield cause
        yield from _all(cause["causes"])


def tree(book: RunbookDocument) -> str:
    """A runbook with its causes below one another, each with its condition and where it leads."""
    head = [
        f"{book['runbook']}: {book['title']}  ({book['file']})",
        _flat(book["asks"]),
        f"applies: {_flat(book['applies'])}" if book["applies"] else "applies: only by link or --runbook",
    ]
    if book["linked_from"]:
        head.append(f"linked from: {', '.join(book['linked_from'])}")
    return "\n".join([*head, *_branches(book["causes"], "")])


def _branches(causes: Sequence[CauseDocument], indent: str) -> Iterator[str]:
    for position, cause in enumerate(causes):
        last = position == len(causes) - 1
        inner = f"{indent}{'   ' if last else '│  '}"
        yield f"{indent}{'└─ ' if last else '├─ '}{cause['id']}: {_flat(cause['title'])}{_kind(cause)}"
        more = f"{inner}{'│' if cause['causes'] else ' '}    "
        yield f"{more}when {_flat(cause['when'])}"
        if cause["remedies"]:
            yield f"{more}remedies: {', '.join(cause['remedies'])}"
        if cause["asks"]:
            linked = f"  → {', '.join(cause['link'])}" if cause["link"] else ""
            yield f"{more}{_flat(cause['asks'])}{linked}"
        yield from _branches(cause["causes"], inner)


def _kind(cause: CauseDocument) -> str:
    if cause["contributing"]:
        return "  (contributing)"
    return "  (root)" if cause["root"] or not (cause["causes"] or cause["link"]) else ""


def _flat(source: str) -> str:
    """An expression or text on one line."""
    return " ".join(source.split())
