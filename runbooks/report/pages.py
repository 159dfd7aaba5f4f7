"""The report as a page of Markdown, and as the body of an issue."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from runbooks.output.hindrances import hindrances, together
from runbooks.output.why import (
    ChainDocument,
    CiteDocument,
    GapDocument,
    RuledOutDocument,
    UntoldDocument,
    WhyDocument,
    WhyStepDocument,
)
from runbooks.report import tables
from runbooks.report.document import (
    ActionDocument,
    CriterionDocument,
    MissingDocument,
    PathRow,
    ReportDocument,
)
from runbooks.report.markdown import Markdown, block, clock, code, escaped, link
from runbooks.said import one_line

LONGEST_ISSUE: Final = 65_536
"""Characters that GitHub takes as the body of an issue."""
ALL: Final = 1_000
FEWER: Final = (ALL, 40, 15, 5, 2)
CUT = "\n\nCut here: an issue holds no more. The report and the bundle have all of it.\n"


def page(report: ReportDocument) -> str:
    """The report as Markdown (GitHub's)."""
    return _rendered(report, issue=False, most=ALL)


def issue(report: ReportDocument) -> str:
    """The body of an issue: as much of the report as GitHub takes, the longest tables cut first."""
    for most in FEWER:
        body = _rendered(report, issue=True, most=most)
        if len(body) <= LONGEST_ISSUE:
            return body
    kept = body[: LONGEST_ISSUE - len(CUT)]
    return kept[: kept.rindex("\n## ")] + CUT


def _rendered(report: ReportDocument, *, issue: bool, most: int) -> str:
    template = _templates().get_template("report.md.jinja")
    lines = template.render(r=report, issue=issue, most=most, tables=tables).splitlines()
    return "\n".join(_single_blanks(lines)).strip() + "\n"


def _single_blanks(lines: list[str]) -> list[str]:
    """One empty line where there are several; code blocks have none of their own."""
    return [line for before, line in zip(["", *lines], lines, strict=False) if line.strip() or before.strip()]


@cache
def _templates() -> Environment:
    """Our templates, read once: whatever an expression gives is escaped before it is written."""
    made = Environment(
        loader=PackageLoader("runbooks"),
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - `finalize` escapes for Markdown, where HTML's escapes would show
    )
    made.filters.update(FILTERS)
    return made


def _missing(gap: MissingDocument | GapDocument) -> Markdown:
    settle = f" To settle: {_settle(gap['settle'])}" if gap["settle"] else ""
    return Markdown(f"{_ended(gap['why'])}{settle}")


def _settle(words: str) -> Markdown:
    """`Grant roles/x: gcloud …`: the command is to be copied, so it stands as code."""
    before, colon, command = words.partition(": ")
    if colon and command.startswith(("gcloud ", "whybot ", "terraform ")):
        return Markdown(f"{escaped(before)}: {code(command)}")
    return Markdown(_ended(words))


def _ended(words: str) -> Markdown:
    return Markdown(escaped(words if words.endswith((".", "?", "…")) else f"{words}."))


def _weaker(gaps: list[GapDocument]) -> list[Markdown]:
    """What is missing, together where the same would settle it."""
    found: dict[str, list[str]] = {}
    for each in gaps:
        found.setdefault(each["settle"], []).append(each["why"].rstrip("."))
    told = (
        GapDocument(path="", why="; ".join(together(list(dict.fromkeys(whys)))), settle=settle)
        for settle, whys in found.items()
    )
    return [_missing(each) for each in told]


def _untold(unknown: list[UntoldDocument]) -> list[Markdown]:
    """Causes that could not be told, together where the same thing hinders them."""
    return [
        Markdown(
            f"**{escaped(', '.join(each.causes))}:** "
            f"{_missing(GapDocument(path='', why=each.why, settle=each.settle))}"
        )
        for each in hindrances(unknown)
    ]


def _cite(each: CiteDocument) -> Markdown:
    at = f", {clock(each['at'])}" if each["at"] else ""
    source = link(each["source"].replace("_", " "), each["url"])
    return Markdown(f"{escaped(each['text'])} ({source}{at}, {code(each['id'])})")


def _chains(why: WhyDocument) -> list[tuple[str, ChainDocument, int]]:
    """The first chain and the others, secondary ones last: name, chain, how many whys were shown before."""
    first: ChainDocument = {
        "runbook": why["runbook"],
        "secondary": False,
        "chain": why["chain"],
        "root_cause": why["root_cause"],
        "open": why["open"],
    }
    others = sorted(why["other_chains"], key=lambda chain: chain["secondary"])
    shown = [(_named(each), each, _shared(first, each)) for each in others]
    if why["status"] == "nothing_wrong":
        return [("What was asked", first, 0)] if first["chain"] else []
    return [("Primary failure chain", first, 0), *shown] if first["chain"] else shown


def _named(chain: ChainDocument) -> str:
    return "Secondary failure chain" if chain["secondary"] else "Further failure chain"


def _shared(first: ChainDocument, other: ChainDocument) -> int:
    """How many whys a chain begins with that the first one has as well."""
    pairs = zip(first["chain"], other["chain"], strict=False)
    return next((n for n, (one, two) in enumerate(pairs) if one != two), len(other["chain"]) - 1)


def _ruled_out(ruled: list[RuledOutDocument]) -> list[Markdown]:
    """One line for each cause; those of one subject together."""
    lines: dict[str, list[str]] = {}
    for each in ruled:
        why = f" ({escaped(each['text'])})" if each["text"] else ""
        said = f"{escaped(each['title'])}{why}"
        lines.setdefault(one_line(each["subject"]), []).append(said)
    return [
        Markdown(f"**{escaped(subject)}:** {' · '.join(said)}" if subject else " · ".join(said))
        for subject, said in lines.items()
    ]


def _is_root(step: WhyStepDocument, chain: ChainDocument) -> bool:
    root = chain["root_cause"]
    return root is not None and (step["cause"], step["subject"]) == (root["cause"], root["subject"])


def _path_title(row: PathRow) -> Markdown:
    share = f" ({row['percent']:g} % of traffic)" if row["percent"] is not None else ""
    state = {"pass": "open", "fail": "closed"}.get(row["verdict"], "could not be told")
    around = f", by a detour: {escaped(row['detour'])}" if row["detour"] else ""
    here = f"{code(row['revision'] or row['service'])}{share}"
    return Markdown(f"{here} → {escaped(row['title'])} {code(row['address'])}: {state}{around}")


def _manner(step: ActionDocument) -> str:
    """`can be undone, reaches 1 service`."""
    parts = ["for good" if step["lasting"] else "", "can be undone" if step["undoable"] else ""]
    parts.append(f"reaches {step['reach_text']}" if step["reach_text"] else "")
    return ", ".join(part for part in parts if part)


def _grouped(criteria: list[CriterionDocument]) -> list[tuple[str, list[CriterionDocument]]]:
    groups = dict.fromkeys(each["group"] for each in criteria)
    return [(group, [each for each in criteria if each["group"] == group]) for group in groups]


def _commands(lines: list[str]) -> Markdown:
    return block(lines, "sql" if all(line.startswith("SELECT ") for line in lines) else "bash")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "block": _commands,
    "chains": _chains,
    "cite": _cite,
    "clock": clock,
    "code": code,
    "codes": lambda names: Markdown(" ".join(code(name) for name in names)),
    "grouped": _grouped,
    "is_root": _is_root,
    "manner": _manner,
    "missing": _missing,
    "path_title": _path_title,
    "ruled_out": _ruled_out,
    "untold": _untold,
    "weaker": _weaker,
}
