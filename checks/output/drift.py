"""Drift as the public document `whybot/drift/1`, as JUnit XML, and as a table for people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Annotated, Final, Literal
from xml.etree import ElementTree as ET

from pydantic import WithJsonSchema
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from checks.drift.model import Acceptance, Difference, Drift, Severity, Side, SideState
from checks.observations import Blind, Change, Source
from checks.observe.permissions import with_account
from checks.output.headline import MARKS
from checks.output.junit import NOT_XML
from checks.output.text import CONTROL
from checks.result import Status

SCHEMA: Final = "whybot/drift/1"
HEADINGS = ("field", "declared", "Terraform", "live", "effect")
STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.COSMETIC: "dim"}
EXPLAINED = {
    1: "exit code 1: what is live is not what should be",
    2: "exit code 2: not everything could be compared",
}
MOST_UNKNOWN = 8
WIDE = 130
"""Columns of a terminal from which on five of them are readable beside each other."""
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class SourceDocument(TypedDict):
    """Where one side was read. `state` is known, absent (known not to be there), unset (that side is silent)
    or unknown; then `why` says why.
    """

    state: SideState
    system: str | None
    resource: str | None
    read_at: Moment | None
    url: str | None
    why: str


class SourcesDocument(TypedDict):
    """Where each side was read."""

    declared: SourceDocument
    terraform: SourceDocument
    live: SourceDocument


class ChangeDocument(TypedDict):
    """Who changed it last, as the audit log or the revision itself says."""

    at: Moment
    who: str
    method: str
    resource: str


class AcceptanceDocument(TypedDict):
    """Who lets a difference be, until which day (the last one, in UTC), and why."""

    field: str
    by: str
    reason: str
    until: Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


class DifferenceDocument(TypedDict):
    """A field on which sides disagree. A side is null where it is silent or could not be told."""

    field: str
    title: str
    declared: str | None
    terraform: str | None
    live: str | None
    severity: Severity
    effect: str
    changed: ChangeDocument | None
    accepted: AcceptanceDocument | None
    sources: SourcesDocument


class BlindDocument(TypedDict):
    """What could not be read. `permission`, `role` and `command` name what is missing and what grants it."""

    reason: str
    message: str
    permission: str | None
    role: str | None
    command: str | None


class DriftDocument(TypedDict):
    """Where the environment file, Terraform and live disagree, worst first.

    `status` is fail with an open critical difference, degraded with an open warning, unknown where something
    could not be compared, or not be read (but for the audit log), else pass. `unknown` has fields of which a
    side could not be told and the others agree. `expired` acceptances have ended; `strays` match no field. A
    later version may add fields; none changes its meaning.
    """

    schema: Literal["whybot/drift/1"]
    environment: str
    status: Status
    read_at: Moment
    compared: int
    differences: list[DifferenceDocument]
    unknown: list[DifferenceDocument]
    blind: list[BlindDocument]
    expired: list[AcceptanceDocument]
    strays: list[AcceptanceDocument]


def document(drift: Drift) -> DriftDocument:
    """The document of a drift. Times are RFC 3339 in UTC."""
    return {
        "schema": SCHEMA,
        "environment": drift.environment,
        "status": drift.status,
        "read_at": _time(drift.read_at),
        "compared": drift.compared,
        "differences": [_difference(each) for each in drift.differences],
        "unknown": [_difference(each) for each in drift.unknown],
        "blind": [_blind(each) for each in drift.hidden],
        "expired": [_acceptance(each) for each in drift.expired],
        "strays": [_acceptance(each) for each in drift.strays],
    }


def _difference(difference: Difference) -> DifferenceDocument:
    return {
        "field": difference.field,
        "title": difference.title,
        "declared": _value(difference.declared),
        "terraform": _value(difference.terraform),
        "live": _value(difference.live),
        "severity": difference.severity,
        "effect": difference.effect,
        "changed": _change(difference.changed) if difference.changed else None,
        "accepted": _acceptance(difference.accepted) if difference.accepted else None,
        "sources": {
            "declared": _source(difference.declared),
            "terraform": _source(difference.terraform),
            "live": _source(difference.live),
        },
    }


def _value(side: Side) -> str | None:
    return side.value if side.state in (SideState.KNOWN, SideState.ABSENT) else None


def _source(side: Side) -> SourceDocument:
    source: Source | None = side.source
    return {
        "state": side.state,
        "system": source.system if source else None,
        "resource": source.resource if source else None,
        "read_at": _time(source.read_at) if source else None,
        "url": source.url if source else None,
        "why": side.why,
    }


def _change(change: Change) -> ChangeDocument:
    return {
        "at": _time(change.at),
        "who": change.who,
        "method": change.method,
        "resource": change.resource,
    }


def _acceptance(acceptance: Acceptance) -> AcceptanceDocument:
    return {
        "field": acceptance.field,
        "by": acceptance.by,
        "reason": acceptance.reason,
        "until": acceptance.until.isoformat(),
    }


def _blind(blind: Blind) -> BlindDocument:
    return {
        "reason": blind.reason.value,
        "message": blind.message,
        "permission": blind.permission,
        "role": blind.role,
        "command": blind.command,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# in words


def sentence(drift: Drift) -> str:
    """The verdict in one line: `staging: 2 differences, connector of backend cuts Redis off`."""
    counted = _counted(drift)
    if drift.status in (Status.FAIL, Status.DEGRADED):
        worst = drift.open[0]
        return f"{drift.environment}: {counted} — {worst.title}: {worst.effect}"
    if drift.status is Status.UNKNOWN:
        known = f"{counted}, and " if drift.open else ""
        return f"{drift.environment}: {known}{_missing(drift)}"
    return f"{drift.environment}: {counted or f'no drift in {drift.compared} fields'}"


def _missing(drift: Drift) -> str:
    """How much could not be compared; where no field tells, what could not be read."""
    if drift.unknown:
        fields = "1 field" if len(drift.unknown) == 1 else f"{len(drift.unknown)} fields"
        return f"{fields} could not be compared"
    more = f"; {len(drift.blind) - 1} more could not be read" if len(drift.blind) > 1 else ""
    return f"{drift.blind[0].message.rstrip('.')}{more}"


def headline(drift: Drift) -> str:
    """The sentence with its mark."""
    return f"{MARKS[drift.status]} {sentence(drift)}"


def _counted(drift: Drift) -> str:
    severities = [each.severity for each in drift.open]
    parts = [f"{number} {severity.value}" for severity in Severity if (number := severities.count(severity))]
    if len(parts) > 1:
        return f"{len(severities)} differences ({', '.join(parts)})"
    return f"{parts[0]} {'difference' if len(severities) == 1 else 'differences'}" if parts else ""


def side(side: Side) -> str:
    """A side in a cell: its value, a dash where it is silent, `?` where it could not be told."""
    if side.state is SideState.UNSET:
        return "—"
    return "?" if side.state is SideState.UNKNOWN else side.value


def changed(difference: Difference) -> str:
    """Who changed it last: `deploy-bot@…, 01:49 UTC on 14 Jan (made netra-backend-staging-00042-xyz)`."""
    change = difference.changed
    if change is None:
        return ""
    at = change.at.astimezone(UTC)
    # Of the audit log's `google.cloud.run.v2.Services.UpdateService` the last word says enough.
    method = change.method if " " in change.method else change.method.rpartition(".")[2]
    return f"{change.who}, {at:%H:%M} UTC on {at.day} {at:%b} ({method})"


def exit_code(drift: Drift) -> int:
    """0 no open difference but cosmetic ones, 1 an open one, 2 not everything could be compared."""
    return {Status.PASS: 0, Status.FAIL: 1, Status.DEGRADED: 1}.get(drift.status, 2)


def notes(drift: Drift) -> list[str]:
    """What follows the table: what could not be compared or read, and acceptances to look after."""
    causes, said = untold(drift), sentence(drift)
    lines = []
    for each in drift.hidden:
        if each.message.rstrip(".") not in said:
            lines.append(f"could not be read: {each.message}")
        if fields := causes.pop(each.message, ()):
            lines.append(f"  so not compared: {_some(fields)}")
        if each.command and each.command not in each.message:
            lines.append(f"  grant it with: {each.command}")
    if hint := with_account("".join(lines)):
        lines.append(f"  {hint}")
    lines = [*(f"could not be compared: {_some(fields)} ({why})" for why, fields in causes.items()), *lines]
    lines += [
        f"accepted by {each.accepted.by} until {each.accepted.until}: {each.field} ({each.accepted.reason})"
        for each in drift.differences
        if each.accepted
    ]
    lines += [f"acceptance by {each.by} ended on {each.until}: {each.field}" for each in drift.expired]
    lines += [
        f"acceptance by {each.by} matches no field: {each.field}; mend or delete it in the environment file"
        for each in drift.strays
    ]
    return lines


def untold(drift: Drift) -> dict[str, list[str]]:
    """The fields that could not be compared, by what hinders that."""
    found: dict[str, list[str]] = {}
    for each in drift.unknown:
        found.setdefault(_untold(each), []).append(each.field)
    return found


def _some(fields: Sequence[str]) -> str:
    more = len(fields) - MOST_UNKNOWN
    return ", ".join(fields[:MOST_UNKNOWN]) + (f" and {more} more" if more > 0 else "")


def _untold(difference: Difference) -> str:
    sides = (difference.declared, difference.terraform, difference.live)
    return next((each.why for each in sides if each.state is SideState.UNKNOWN), "")


# forms


def text(drift: Drift) -> str:
    """Plain lines without colours."""
    lines = [_plain(headline(drift))]
    rows = [_cells(each) for each in drift.open]
    if rows:
        widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
        for row in (HEADINGS, *rows):
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(f"  {'  '.join(padded)}".rstrip())
        lines += [f"  {each.field} was changed by {said}" for each in drift.open if (said := changed(each))]
    lines += [f"  {_plain(each)}" for each in notes(drift)]
    lines += _explained(drift)
    return "\n".join(lines) + "\n"


def rendered(drift: Drift, width: int = WIDE) -> RenderableType:
    """The same for Rich, in colours; below `WIDE` columns each difference has lines of its own."""
    parts: list[RenderableType] = [Text(_plain(headline(drift)), "bold")]
    if drift.open:
        parts.append(Padding(_table(drift) if width >= WIDE else _stacked(drift), (0, 0, 0, 2)))
        parts += [
            Text(_plain(f"  {each.field} was changed by {said}"), "dim")
            for each in drift.open
            if (said := changed(each))
        ]
    parts += [Text(f"  {_plain(each)}", "dim") for each in notes(drift)]
    parts += [Text(each) for each in _explained(drift)]
    return Group(*parts)


def _table(drift: Drift) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for each in drift.open:
        cells, style = _cells(each), STYLES[each.severity]
        table.add_row(*(Text(cell) for cell in cells[:3]), Text(cells[3], style), Text(cells[4], style))
    return table


def _stacked(drift: Drift) -> RenderableType:
    lines: list[RenderableType] = []
    for each in drift.open:
        cells, style = _cells(each), STYLES[each.severity]
        lines += [Text(cells[0], "bold"), Text(f"  {cells[4]}", style)]
        lines += [
            Text(f"  {heading.ljust(9)} {cell}")
            for heading, cell in zip(HEADINGS[1:4], cells[1:4], strict=True)
        ]
    return Group(*lines)


def write(drift: Drift, stream: IO[str], *, colours: bool) -> None:
    """Writes the table to a stream."""
    if colours:
        console = Console(file=stream, force_terminal=True, highlight=False)
        console.print(rendered(drift, console.width))
    else:
        stream.write(text(drift))


def _explained(drift: Drift) -> list[str]:
    explained = EXPLAINED.get(exit_code(drift))
    return [explained] if explained else []


def _cells(difference: Difference) -> tuple[str, str, str, str, str]:
    sides = (difference.declared, difference.terraform, difference.live)
    declared, terraform, live = (_plain(side(each)) for each in sides)
    return difference.field, declared, terraform, live, _plain(difference.effect)


def _plain(text: str) -> str:
    return CONTROL.sub("", " ".join(text.split()))


def junit(drift: Drift) -> str:
    """One test case for each difference, each field that could not be compared and each thing that could not
    be read; one that passes if all else is well. Accepted and cosmetic ones are skipped, what could not be
    told is an error.
    """
    suite = ET.Element("testsuite", name=_xml(f"{drift.environment} drift"))
    for each in drift.differences:
        _case(suite, drift.environment, each)
    for each in drift.unknown:
        case = _named(suite, drift.environment, each.field)
        ET.SubElement(case, "error", type="unknown", message=_xml(_untold(each)))
    for blind in drift.blind:
        case = _named(suite, drift.environment, blind.permission or str(blind.reason))
        ET.SubElement(case, "error", type="unknown", message=_xml(blind.message))
    if not (drift.differences or drift.unknown or drift.blind):
        _named(suite, drift.environment, "drift")
    for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{element}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("timestamp", drift.read_at.isoformat(timespec="seconds"))
    ET.SubElement(suite, "system-out").text = _xml("\n".join((sentence(drift), *notes(drift))))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ET.Element, environment: str, difference: Difference) -> None:
    case = _named(suite, environment, difference.field)
    sides = (
        f"declared {side(difference.declared)}, Terraform {side(difference.terraform)}, "
        f"live {side(difference.live)}"
    )
    if difference.accepted is not None:
        why = f"accepted by {difference.accepted.by} until {difference.accepted.until}"
        ET.SubElement(case, "skipped", message=_xml(why))
    elif difference.severity is Severity.COSMETIC:
        ET.SubElement(case, "skipped", message=_xml(f"{difference.effect}: {sides}"))
    else:
        said = ET.SubElement(case, "failure", type=difference.severity.value, message=_xml(difference.effect))
        said.text = _xml("\n".join(filter(None, (sides, changed(difference)))))


def _named(suite: ET.Element, environment: str, name: str) -> ET.Element:
    return ET.SubElement(
        suite, "testcase", classname=_xml(f"whybot.{environment}.drift"), name=_xml(name), time="0.000"
    )


def _xml(text: str) -> str:
    return NOT_XML.sub("�", text)
