"""Findings of `whybot doctor` as the public document `whybot/doctor/1` and as text for people."""

from collections.abc import Iterator, Sequence
from typing import IO, Final, Literal

from rich.console import Console
from rich.text import Text
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from checks.doctor import Answer, Finding, Group, commands, worst
from checks.observe.permissions import with_account
from checks.output.text import CONTROL

SCHEMA: Final = "whybot/doctor/1"
MARKS = {Answer.OK: "✔", Answer.MISSING: "✖", Answer.UNKNOWN: "?", Answer.SKIPPED: "·"}
STYLES = {Answer.OK: "green", Answer.MISSING: "bold red", Answer.UNKNOWN: "yellow", Answer.SKIPPED: "dim"}
EXIT_CODES = {Answer.OK: 0, Answer.MISSING: 1, Answer.UNKNOWN: 2}
EXPLAINED = {
    1: "exit code 1: something that whybot needs is missing",
    2: "exit code 2: not everything could be told",
}
COMPLETE = "All that whybot needs is there."


class FindingDocument(TypedDict):
    """One thing that whybot needs. `command` is what mends it, null where there is none to type."""

    group: Group
    what: str
    answer: Answer
    message: str
    permission: str | None
    role: str | None
    command: str | None


class DoctorDocument(TypedDict):
    """What whybot needs for an environment, and whether it is there.

    `status` is missing where anything is, else unknown where anything could not be told, else ok. `commands`
    are those of the findings, each once. A later version may add fields; none changes its meaning.
    """

    schema: Literal["whybot/doctor/1"]
    environment: str
    status: Answer
    findings: list[FindingDocument]
    commands: list[str]


def document(environment: str, findings: Sequence[Finding]) -> DoctorDocument:
    """The document of these findings."""
    return {
        "schema": SCHEMA,
        "environment": environment,
        "status": worst(findings),
        "findings": [_finding(each) for each in findings],
        "commands": list(commands(findings)),
    }


def _finding(found: Finding) -> FindingDocument:
    return {
        "group": found.group,
        "what": found.what,
        "answer": found.answer,
        "message": found.message,
        "permission": found.permission or None,
        "role": found.role or None,
        "command": found.command or None,
    }


def exit_code(findings: Sequence[Finding]) -> int:
    """0 all there, 1 something missing, 2 something could not be told."""
    return EXIT_CODES[worst(findings)]


def headline(environment: str, findings: Sequence[Finding]) -> str:
    """One sentence."""
    lacking = sum(each.answer is Answer.MISSING for each in findings)
    unknown = sum(each.answer is Answer.UNKNOWN for each in findings)
    said = [f"{lacking} missing"] * bool(lacking) + [f"{unknown} could not be told"] * bool(unknown)
    return f"{environment}: {', '.join(said) if said else COMPLETE}"


def write(environment: str, findings: Sequence[Finding], to: IO[str], *, colours: bool) -> None:
    """Writes findings by what they are about, then what to type. No line is broken: commands are copied."""
    console = Console(file=to, force_terminal=colours, no_color=not colours, highlight=False, soft_wrap=True)
    for line in lines(environment, findings):
        console.print(line if colours else line.plain)


def lines(environment: str, findings: Sequence[Finding]) -> Iterator[Text]:
    """The lines of the text."""
    yield Text(_clean(headline(environment, findings)), "bold")
    for group in Group:
        found = [each for each in findings if each.group is group]
        if found:
            yield from (Text(""), Text(group, "bold"))
            width = max(len(each.what) for each in found)
            yield from (_line(each, width) for each in found)
    if typed := commands(findings):
        yield from (Text(""), Text("To mend it:", "bold"))
        yield from (Text(f"  {_clean(command)}") for command in typed)
        if hint := with_account("".join(typed)):
            yield Text(f"  {hint}")
    if explained := EXPLAINED.get(exit_code(findings)):
        yield from (Text(""), Text(explained))


def _line(found: Finding, width: int) -> Text:
    said = found.message or found.permission
    return Text.assemble(
        ("  " + MARKS[found.answer], STYLES[found.answer]),
        f" {_clean(found.what).ljust(width)}  {_clean(said)}",
    )


def _clean(text: str) -> str:
    """What comes from outside must not steer a terminal."""
    return CONTROL.sub("", text)
