"""Evidence as Markdown: text from outside stays text, whatever it says.

It must not break out of its place, and make neither links, headings, mentions, references nor HTML by
itself. So every expression of a template is escaped, but for what the filters here made.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from runbooks.report.reading import said
from runbooks.said import one_line

ZERO_WIDTH = "&#8203;"
"""Parts `@here` and `#12`, which GitHub would link wherever they stand in text; Renovate does the same."""
SPECIAL = re.compile(r"[\\`*{}\[\]<>|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""Within a word an underscore means nothing (CommonMark, 6.2)."""
BEGINNING = re.compile(r"^(?:(?=[#=]|:-|[-+](?:[\s-]|$))|(\d{1,9})(?=[.)](?:\s|$)))")
REFERENCE = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=\bGH)(?=-\d)", re.ASCII)
ADDRESS = re.compile(r"(?=://)|(?<=\bwww)(?=\.)", re.IGNORECASE)
PIPE = re.compile(r"(?<!\\)\|")
TICKS = re.compile("`+")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escaped(value: object) -> str:
    """Any text on one line, such that it is shown as it is."""
    if isinstance(value, Markdown):
        return value
    words = SPECIAL.sub(lambda found: f"\\{found[0]}", one_line(str(value)))
    words = BEGINNING.sub(lambda found: f"{found[1] or ''}\\", words)
    return ADDRESS.sub("\\\\", REFERENCE.sub(ZERO_WIDTH, words))


def code(value: object) -> Markdown:
    """As a code span: nothing in it means anything. For words of logs, names and addresses."""
    # After a backslash, parsers do not agree whether a pipe ends the cell of a table.
    words = one_line(str(value)).replace("\\|", "\\ |")
    if not words:
        return Markdown("")
    ticks = "`" * (1 + max((len(each) for each in TICKS.findall(words)), default=0))
    space = " " if words[0] in "` " or words[-1] in "` " else ""
    return Markdown(f"{ticks}{space}{words}{space}{ticks}")


def block(lines: list[str], language: str = "bash") -> Markdown:
    """Lines as a code block, fenced longer than any run of backticks in them."""
    words = "\n".join(one_line(line) for line in lines)
    fence = "`" * max(3, 1 + max((len(each) for each in TICKS.findall(words)), default=0))
    return Markdown(f"{fence}{language}\n{words}\n{fence}")


def link(words: str, url: str) -> Markdown:
    """A link to a page in Google's console; the words alone for any other address."""
    safe = re.fullmatch(r"https://console\.cloud\.google\.com/[\w./?=&;%:~#+,@-]*", url)
    return Markdown(f"[{escaped(words)}](<{url}>)" if safe else escaped(words))


def clock(at: str | None) -> str:
    """`2026-11-23 01:52 UTC` of a moment in RFC 3339; a dash for none."""
    return said(datetime.fromisoformat(at)) if at else "—"


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Markdown:
    """A table; every cell escaped."""
    lines = [headings, ["---"] * len(headings), *([_cell(cell) for cell in row] for row in rows)]
    return Markdown("\n".join(f"| {' | '.join(cells)} |" for cells in lines))


def _cell(value: object) -> str:
    """A pipe ends a cell even within code (GitHub Flavored Markdown, 4.10)."""
    return PIPE.sub(r"\\|", escaped(value))
