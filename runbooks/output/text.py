"""A diagnosis for people: with colours on a terminal, plain for pipes. Drawn from the document alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from checks.observe.permissions import with_account
from runbooks.output.hindrances import hindrances, together
from runbooks.output.why import exit_code
from runbooks.said import clock, one_line

VERDICTS = {
    "confirmed": "confirmed",
    "partial": "the root cause could not be told",
    "unknown": "could not be told",
    "nothing_wrong": "nothing is wrong",
}
IN_PART = "does not explain all that fails"
MOST_RULED_OUT = 8
TRUTHS = {"true": ("✔", "green"), "false": ("✘", "dim"), "unknown": ("?", "yellow")}
EXPLAINED = {
    1: "exit code 1: something is wrong",
    2: "exit code 2: it could not be told whether and why something is wrong",
}
NAMES = {
    "checks": ("check", "checks"),
    "services": ("service", "services"),
    "logs": ("log", "logs"),
    "paths": ("path", "paths"),
    "drift": ("drift", "drift"),
    "changes": ("change", "changes"),
    "metrics": ("metrics", "metrics"),
    "history": ("earlier diagnosis", "earlier diagnoses"),
}
"""What one piece of evidence, and what several of one source are called."""
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its text hangs beside its lead when it is wrapped; `aside` follows, less loud."""

    lead: str
    text: str
    style: str = ""
    indent: int = 2
    aside: str = ""


def text(document: Document, *, evidence: bool = False, ending: bool = True) -> str:
    """Plain lines without colours, not wrapped. With `evidence`, all of it under its why.

    `ending` explains the exit code in the last line.
    """
    said = (_plain(each) for each in lines_of(document, evidence=evidence))
    last = _ending(document) if ending else []
    return "".join(f"{line}\n" for line in (headline(document), *said, *last))


def rendered(document: Document, *, evidence: bool = False, ending: bool = True) -> RenderableType:
    """The same for Rich, in colours, long lines wrapped beside their marks."""
    parts: list[RenderableType] = [Text(headline(document), "bold")]
    parts += [_hanging(each) for each in lines_of(document, evidence=evidence)]
    return Group(*parts, *(Text(each) for each in (_ending(document) if ending else [])))


def write(
    document: Document, stream: IO[str], *, colours: bool, evidence: bool = False, ending: bool = True
) -> None:
    """Writes it to a stream."""
    if colours:
        console = Console(file=stream, force_terminal=True, highlight=False)
        console.print(rendered(document, evidence=evidence, ending=ending))
    else:
        stream.write(text(document, evidence=evidence, ending=ending))


def headline(document: Document) -> str:
    """`Why is staging returning HTTP 503? (5 whys · confirmed)`."""
    number = len(document["chain"])
    counted = [] if not number else ["1 why"] if number == 1 else [f"{number} whys"]
    in_part = document["status"] == "partial" and document["root_cause"] is not None
    verdict = IN_PART if in_part else VERDICTS[document["status"]]
    return f"{one_line(document['question'])} ({' · '.join([*counted, verdict])})"


def lines_of(document: Document, *, evidence: bool = False) -> list[Line]:
    """All that is said below the headline."""
    return [
        *_chain(document["chain"], evidence=evidence),
        *_root(document),
        *_began(document),
        *_named("Makes it worse", (each["because"] for each in document["contributing"])),
        *_others(document, evidence=evidence),
        *_ruled_out(document, everything=evidence),
        *_untold(document),
        *_remedies(document),
        *_similar(document),
        *_account(document),
        *(Line("", one_line(note), "dim") for note in document["notes"]),
        *_considered(document),
    ]


def places(evidence: Iterable[Document]) -> str:
    """Where evidence is from, in a few words: `3 checks · log`."""
    roots: dict[str, int] = {}
    for cite in evidence:
        root = str(cite["id"]).partition(".")[0].partition("[")[0]
        roots[root] = roots.get(root, 0) + 1
    return " · ".join(_counted(root, number) for root, number in roots.items())


def _counted(root: str, number: int) -> str:
    one, several = NAMES.get(root, (root, root))
    return one if number == 1 or one == several else f"{number} {several}"


def _chain(chain: Sequence[Document], *, evidence: bool, indent: int = 2) -> Iterator[Line]:
    for number, why in enumerate(chain, 1):
        aside = "" if evidence else places(why["evidence"])
        yield Line(f"✔ {number}  ", one_line(why["because"]), "green", indent, f"[{aside}]" if aside else "")
        if why["weaker"]:
            whys = dict.fromkeys(one_line(each["why"]) for each in why["missing"])
            yield Line("weaker: ", "; ".join(together(list(whys))), "yellow", indent + 5)
        if evidence:
            yield from (_cite(cite, indent + 5) for cite in why["evidence"])


def _cite(cite: Document, indent: int) -> Line:
    at = f" ({clock(datetime.fromisoformat(cite['at']))})" if cite["at"] else ""
    return Line(f"{one_line(cite['id'])}: ", f"{one_line(cite['text'])}{at}", "dim", indent)


def _root(document: Document) -> Iterator[Line]:
    """The root cause by its name; where there is none, what the next answer could be."""
    root = document["root_cause"]
    if root is not None:
        yield Line("Root cause: ", _with_subject(root), "bold")
    elif document["open"]:
        yield from _joined("Next it could be: ", map(_with_subject, document["open"]))


def _with_subject(cause: Document) -> str:
    title, subject = one_line(cause["title"]), one_line(cause["subject"])
    return f"{title} ({subject})" if subject and subject not in title else title


def _began(document: Document) -> Iterator[Line]:
    onset = document["onset"]
    if onset is None:
        return
    began = one_line(onset["evidence"]["text"])
    yield Line("Began: ", _dated(onset["at"], document), "", 2, f"[{began}]")
    before = (one_line(each["text"]) for each in onset["changes"])
    yield from (Line("before it: ", change, "dim", 4) for change in before if change not in began)


def _dated(at: str, document: Document) -> str:
    """`01:52 UTC`, with its day where that is another one than the diagnosis's."""
    moment, now = datetime.fromisoformat(at), datetime.fromisoformat(document["at"])
    return f"{clock(moment, now)} UTC"


def _others(document: Document, *, evidence: bool) -> Iterator[Line]:
    for chain in document["other_chains"]:
        whys = chain["chain"]
        lead = "Beside the point: " if chain["secondary"] else "Also: "
        if evidence:
            yield Line(lead, one_line(whys[0]["question"]))
            yield from _chain(whys, evidence=evidence, indent=4)
        else:
            told = chain["root_cause"] or whys[-1]
            yield Line(lead, one_line(told["because"]), "", 2, f"[{places(whys[-1]['evidence'])}]")


def _ruled_out(document: Document, *, everything: bool) -> Iterator[Line]:
    said = [
        f"{_with_subject(each)} ({one_line(each['text'])})" if each["text"] else _with_subject(each)
        for each in document["ruled_out"]
    ]
    if not everything and len(said) > MOST_RULED_OUT + 1:
        said[MOST_RULED_OUT:] = [f"{len(said) - MOST_RULED_OUT} more (--explain)"]
    yield from _joined("Ruled out: ", said)


def _untold(document: Document) -> Iterator[Line]:
    """What could not be told, together where the same thing hinders it."""
    for each in hindrances(document["unknown"]):
        yield Line("Could not tell: ", " — ".join(filter(None, (", ".join(each.causes), each.why))), "yellow")
        if each.settle:
            yield Line("to find out: ", each.settle, "", 4)


def _remedies(document: Document) -> Iterator[Line]:
    heading = ""
    for number, each in enumerate(document["remedies"], 1):  # the lasting ones come last
        above, heading = heading, "For good:" if each["lasting"] else "What would help:"
        if heading != above:
            yield Line("", heading, "bold")
        words = filter(None, ("undoable" if each["undoable"] else "", one_line(each["reach_text"])))
        said = f"{one_line(each['title'])}: {one_line(each['text'])}"
        yield Line(f"{number}. ", said, "", 4, f"[{', '.join(words)}]")
        yield from (Line("$ ", one_line(command), "dim", 7) for command in each["commands"])


def _account(document: Document) -> Iterator[Line]:
    """What to put into commands that leave whybot's account open."""
    if hint := with_account(" ".join(each["settle"] for each in document["unknown"])):
        yield Line("", hint, "dim")


def _similar(document: Document) -> Iterator[Line]:
    before = [_dated(each["at"], document) for each in document["similar"]]
    if before:
        yield Line("Seen before: ", f"the same root cause at {', '.join(before)}")


def _considered(document: Document) -> Iterator[Line]:
    considered = document.get("considered", [])
    if considered:
        yield Line("", "Considered:", "bold")
    for each in considered:
        mark, style = TRUTHS[each["truth"]]
        indent = 4 + 2 * each["depth"]
        subject = f" ({one_line(each['subject'])})" if each["subject"] else ""
        said = f": {one_line(each['said'])}" if each["said"] else ""
        yield Line(f"{mark} ", f"{each['cause']}{subject}{said}", style, indent)
        yield Line("when ", one_line(each["condition"]), "dim", indent + 2)
        whys = dict.fromkeys(one_line(gap["why"]) for gap in each["missing"])
        yield from (Line("missing: ", why, "dim", indent + 2) for why in whys)


def _named(lead: str, texts: Iterable[str]) -> Iterator[Line]:
    yield from (Line(f"{lead}: ", one_line(each)) for each in texts)


def _joined(lead: str, parts: Iterable[str]) -> Iterator[Line]:
    said = " · ".join(dict.fromkeys(parts))
    if said:
        yield Line(lead, said)


def _ending(document: Document) -> list[str]:
    explained = EXPLAINED.get(exit_code(document))
    return [explained] if explained else []


def _plain(line: Line) -> str:
    aside = f"  {line.aside}" if line.aside else ""
    return f"{' ' * line.indent}{line.lead}{line.text}{aside}"


def _hanging(line: Line) -> RenderableType:
    said = Text(line.text, "" if line.style == "green" else line.style)
    if line.aside:
        said.append(f"  {line.aside}", "dim")
    if not line.lead:
        return Padding(said, (0, 0, 0, line.indent))
    table = Table.grid()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(line.lead, line.style or "bold"), said)
    return Padding(table, (0, 0, 0, line.indent))
