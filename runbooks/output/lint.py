"""What lint found, as the public document `whybot/lint/1` and in words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from checks.document import Problem
from runbooks.binding import Read
from runbooks.library import FOLDER
from runbooks.lint import Finding, lint
from runbooks.runbook import every

SCHEMA: Final = "whybot/lint/1"


class FindingDocument(TypedDict):
    """One thing that is wrong. `line` counts from 1; `field` is a path such as `causes[0].when`.

    `meant` is what would be right, empty where that is plain.
    """

    file: str
    line: int
    field: str
    found: str
    meant: str


class LintDocument(TypedDict):
    """All that is wrong. `readable` is false where a file cannot be used; then only that was looked at.

    `runbooks` and `causes` are how many were looked at. A later version may add fields; none changes its
    meaning.
    """

    schema: Literal["whybot/lint/1"]
    readable: bool
    runbooks: int
    causes: int
    findings: list[FindingDocument]


def document(read: Read, folder: Path | None) -> LintDocument:
    """What is wrong with the runbooks of a folder; with our own for None."""
    looked_at = [each for each in read.library.runbooks if _concerns(each.file, folder)]
    causes = [each for book in read.library.runbooks for each in every(book.causes)]
    found: Sequence[Problem | Finding] = read.problems
    if not found:
        found = [each for each in lint(read) if _concerns(each.file, folder)]
    return {
        "schema": SCHEMA,
        "readable": not read.problems,
        "runbooks": len(looked_at),
        "causes": sum(_concerns(each.file, folder) for each in causes),
        "findings": [_finding(each) for each in found],
    }


def _concerns(file: str, folder: Path | None) -> bool:
    """Whether a file is one of those that were asked about; ours are right where a folder is looked at."""
    return (Path(file).parent == FOLDER) is (folder is None)


def _finding(found: Problem | Finding) -> FindingDocument:
    meant = found.allowed if isinstance(found, Problem) else found.meant
    return {
        "file": found.file,
        "line": found.line,
        "field": found.field,
        "found": found.found,
        "meant": meant,
    }


def text(document: LintDocument) -> str:
    """A line for each finding, and one for all."""
    lines = [str(Finding(**each)) for each in document["findings"]]
    counted = f"{_some(document['runbooks'], 'runbook')}, {_some(document['causes'], 'cause')}"
    ended = f"{_some(len(lines), 'finding')}." if lines else "nothing is wrong."
    return "\n".join([*lines, f"{counted}: {ended}"])


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def exit_code(document: LintDocument) -> int:
    """0 nothing is wrong, 1 something is, 78 a file cannot be used."""
    if not document["readable"]:
        return 78
    return 1 if document["findings"] else 0
