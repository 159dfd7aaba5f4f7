"""Network paths for people and programs: drawn in text, `whybot/path/1`, JUnit."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Annotated, Final, Literal
from xml.etree import ElementTree as ET

from pydantic import WithJsonSchema
from rich.console import Console
from rich.text import Text
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from checks.observations import Source
from checks.observe.permissions import with_account
from checks.output.junit import NOT_XML
from checks.output.text import CONTROL
from checks.path.model import Path, Step, StepKey
from checks.path.stations import Station, stations
from checks.result import Status
from checks.survey import Survey

SCHEMA: Final = "whybot/path/1"
MARKS = {Status.PASS: "✔", Status.FAIL: "✖", Status.UNKNOWN: "?", Status.SKIPPED: "·"}
STYLES = {Status.PASS: "green", Status.FAIL: "bold red", Status.UNKNOWN: "yellow", Status.SKIPPED: "dim"}
EXPLAINED = {
    1: "exit code 1: a path is closed",
    2: "exit code 2: it could not be told whether every path is open",
}
WAITS = re.compile(r"Depends on .*, which could not be told \(step \w+\)\.")
"""What `checks.path.question.waiting` lets a step say that is unknown only since an earlier one is."""
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class SourceDocument(TypedDict):
    """Where a fact was read: the full name of the resource, and its page in the console."""

    system: str
    resource: str
    read_at: Moment
    url: str | None


class StepDocument(TypedDict):
    """One step. `field` is the field that answers, `change` what would have to be different.

    `detour` says that it passes by an unusual way, such as a VPN tunnel.
    """

    key: StepKey
    title: str
    status: Status
    message: str
    field: str
    observed: str
    expected: str
    change: str
    detour: bool
    sources: list[SourceDocument]


class PathDocument(TypedDict):
    """The path from one revision of a service to one address of a dependency.

    `deciding_step` is the first step that fails, else the first that is unknown, else null. `percent` is the
    revision's share of traffic.
    """

    service: str
    cloud_run: str
    revision: str
    percent: int
    dependency: str
    title: str
    address: str
    port: int
    verdict: Status
    deciding_step: StepKey | None
    steps: list[StepDocument]


class SurveyDocument(TypedDict):
    """What whybot found of the network paths of an environment.

    `verdict` is the worst of `paths`; `deciding_step` and `steps` are those of the worst path, which comes
    first in `paths`. Times are RFC 3339 in UTC. A later version may add fields; none changes its meaning.
    """

    schema: Literal["whybot/path/1"]
    environment: str
    read_at: Moment
    verdict: Status
    service: str | None
    dependency: str | None
    revision: str | None
    percent: int | None
    address: str | None
    deciding_step: StepKey | None
    steps: list[StepDocument]
    paths: list[PathDocument]


def document(survey: Survey) -> SurveyDocument:
    """The document of a survey."""
    paths = [_path(key, path) for key, path in survey.paths]
    worst = paths[0] if paths else None
    return {
        "schema": SCHEMA,
        "environment": survey.environment,
        "read_at": _time(survey.read_at),
        "verdict": survey.verdict,
        "service": worst["service"] if worst else None,
        "dependency": worst["dependency"] if worst else None,
        "revision": worst["revision"] if worst else None,
        "percent": worst["percent"] if worst else None,
        "address": worst["address"] if worst else None,
        "deciding_step": worst["deciding_step"] if worst else None,
        "steps": worst["steps"] if worst else [],
        "paths": paths,
    }


def _path(key: str, path: Path) -> PathDocument:
    return {
        "service": key,
        "cloud_run": path.service,
        "revision": path.revision,
        "percent": path.percent,
        "dependency": path.target.name,
        "title": path.target.title,
        "address": path.address,
        "port": path.target.port,
        "verdict": path.verdict,
        "deciding_step": path.deciding.key if path.deciding else None,
        "steps": [_step(step) for step in path.steps],
    }


def _step(step: Step) -> StepDocument:
    return {
        "key": step.key,
        "title": step.title,
        "status": step.status,
        "message": step.message,
        "field": step.field,
        "observed": step.observed,
        "expected": step.expected,
        "change": step.change,
        "detour": step.detour,
        "sources": [_source(source) for source in step.sources],
    }


def _source(source: Source) -> SourceDocument:
    return {
        "system": source.system,
        "resource": source.resource,
        "read_at": _time(source.read_at),
        "url": source.url,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def exit_code(survey: Survey) -> int:
    """0 every path is open, 1 one is closed, 2 could not be told."""
    return {Status.PASS: 0, Status.FAIL: 1}.get(survey.verdict, 2)


def headline(survey: Survey) -> str:
    """`staging: backend cannot reach Redis — 1 of 3 paths closed`."""
    if not survey.paths:
        return (
            f"{survey.environment}: no service on Cloud Run uses a dependency, so there is no path to judge"
        )
    total = "1 path" if len(survey.paths) == 1 else f"{len(survey.paths)} paths"
    closed = [each for each in survey.paths if each[1].verdict is Status.FAIL]
    unknown = [each for each in survey.paths if each[1].verdict is Status.UNKNOWN]
    if closed:
        who = dict.fromkeys(f"{key} cannot reach {path.target.title}" for key, path in closed)
        counted = f" — {len(closed)} of {total} closed" if len(survey.paths) > 1 else ""
        return f"{survey.environment}: {', '.join(who)}{counted}"
    if unknown:
        who = dict.fromkeys(f"{key} to {path.target.title}" for key, path in unknown)
        return f"{survey.environment}: could not be told whether the path is open: {', '.join(who)}"
    around = dict.fromkeys(path.target.title for _, path in survey.paths if detours(path))
    more = f"; a detour to {' and '.join(around)}" if around else ""
    return f"{survey.environment}: {total} open{more}"


def detours(path: Path) -> list[Step]:
    """Steps that pass by an unusual way."""
    return [step for step in path.steps if step.detour]


def title(key: str, path: Path) -> str:
    """`backend → Redis: closed at Network`."""
    state = {
        Status.PASS: "open, by a detour" if detours(path) else "open",
        Status.FAIL: f"closed at {_small(path.deciding.title)}" if path.deciding else "closed",
        Status.UNKNOWN: "could not be told",
    }[path.verdict]
    return f"{key} → {path.target.title}: {state}"


def _small(name: str) -> str:
    """A step's title within a sentence; `VPC access` and `TLS and AUTH` stay as they are."""
    return name if name[:2].isupper() else name.lower()


def sentence(step: Step) -> str:
    """What a step says after its title: `Connector` is not said again before the connector's name."""
    return step.message.removeprefix("Connector ") if step.key is StepKey.CONNECTOR else step.message


def followers(path: Path) -> tuple[Step, ...]:
    """Steps that are unknown for the reason of an earlier one: it names what is missing, they need not."""
    doubtful = [step for step in path.steps if step.status is Status.UNKNOWN]
    first = {step.message: step.key for step in reversed(doubtful)}
    return tuple(
        step for step in doubtful[1:] if WAITS.fullmatch(step.message) or first[step.message] != step.key
    )


def either(path: Path) -> str:
    """Why the followers are unknown, where it is said why others are."""
    doubtful = sum(step.status is Status.UNKNOWN for step in path.steps)
    return f"not told either, for the same reason{'s' if doubtful - len(followers(path)) > 1 else ''}"


def unsaid(steps: Sequence[Step]) -> str:
    """`Network, route and egress firewall`, as a title of steps that wait for the same."""
    names = [_small(step.title) for step in steps]
    said = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return said[:1].upper() + said[1:]


def ruled_out(path: Path) -> list[Step]:
    """Steps that pass and are no detour: what the reason is not. None where nothing is wrong."""
    return [] if path.verdict is Status.PASS else [step for step in path.ruled_out if not step.detour]


def text(survey: Survey) -> str:
    """Plain lines without colours."""
    return "".join(line.plain.rstrip() + "\n" for line in _lines(survey))


def write(survey: Survey, stream: IO[str], *, colours: bool) -> None:
    """Writes the drawn paths to a stream."""
    if not colours:
        stream.write(text(survey))
        return
    console = Console(file=stream, force_terminal=True, highlight=False)
    for line in _lines(survey):
        console.print(line, soft_wrap=True)


def _lines(survey: Survey) -> list[Text]:
    lines = [Text(_plain(headline(survey)), "bold")]
    for key, path in survey.paths:
        lines += [Text(), Text(f"  {MARKS[path.verdict]} {_plain(title(key, path))}", STYLES[path.verdict])]
        lines += _short(path) if path.verdict is Status.PASS else _drawn(path)
    if explained := EXPLAINED.get(exit_code(survey)):
        lines += [Text(), Text(explained)]
    return lines


def _short(path: Path) -> list[Text]:
    """An open path in one line, its detour in another."""
    row = [each for each in stations(path) if each.kind != "route"]
    names = " ─▶ ".join(" ".join(filter(None, (each.name, each.note))) for each in row)
    around = [f"↷ {_plain(step.message)}" for step in detours(path)[:1]]
    return [Text(f"    {_plain(names)}", "dim"), *(Text(f"    {each}", "yellow") for each in around)]


def _drawn(path: Path) -> list[Text]:
    """A path as boxes with arrows, what is wrong beside the box where it is, and what was ruled out."""
    row, waiting = stations(path), followers(path)
    lines: list[Text] = []
    for place, station in enumerate(row):
        lines += _box(station, waiting)
        if place + 1 < len(row):
            ended = station.status is Status.FAIL
            style = "dim" if station.beyond or ended else "green"
            lines.append(Text("      ✖" if ended else "      ┆" if station.beyond else "      ▼", style))
            if ended:
                lines[-1].stylize("bold red")
    lines += _said(either(path), [unsaid(waiting)] if waiting else [])
    lines += _said("what would have to change", needed(path))
    lines += _said("what would settle it", wanted(path))
    lines += _said("ruled out", [f"✔ {step.title}: {sentence(step)}" for step in ruled_out(path)])
    return lines


def needed(path: Path) -> list[str]:
    """What would have to be different for the path to open."""
    return list(
        dict.fromkeys(each.change for each in path.steps if each.change and each.status is Status.FAIL)
    )


def wanted(path: Path) -> list[str]:
    """What would let whybot see what could not be told."""
    doubtful = [each for each in path.steps if each.status is Status.UNKNOWN]
    told = list(dict.fromkeys(each.change for each in doubtful if each.change))
    hint = with_account("".join(told))
    return [*told, hint] if hint else told


def _box(station: Station, waiting: Sequence[Step]) -> list[Text]:
    named = station.kind if station.name == station.kind else f"{station.kind} {station.name}"
    words = _plain(" · ".join(filter(None, (named, station.note))))
    if station.kind in ("route", "target"):
        words = _plain(" · ".join(filter(None, (station.name, station.note))))
    style = "dim" if station.beyond and station.status is not Status.FAIL else ""
    edge = "─" * (len(words) + 2)
    lines = [
        Text(f"    ┌{edge}┐", style),
        Text(f"    │ {words} │", style),
        Text(f"    └{edge}┘", style),
    ]
    told = [
        step
        for step in station.steps
        if (step.status in (Status.FAIL, Status.UNKNOWN) or step.detour) and step not in waiting
    ]
    return lines + [
        Text(
            f"      {'↷' if step.detour else MARKS[step.status]} {step.title}: {_plain(step.message)}",
            _of(step),
        )
        for step in told
    ]


def _of(step: Step) -> str:
    return "yellow" if step.detour else STYLES[step.status]


def _said(heading: str, sentences: list[str]) -> list[Text]:
    told = [Text(f"      {_plain(each)}") for each in sentences]
    return [Text(f"    {heading}"), *told] if told else []


def junit(survey: Survey) -> str:
    """One test case for each path: closed is a failure, not told an error."""
    elements = {Status.FAIL: "failure", Status.UNKNOWN: "error"}
    counted = [elements.get(path.verdict) for _, path in survey.paths]
    suite = ET.Element(
        "testsuite",
        name=_xml(f"{survey.environment} paths"),
        tests=str(len(survey.paths)),
        failures=str(counted.count("failure")),
        errors=str(counted.count("error")),
        timestamp=survey.read_at.isoformat(timespec="seconds"),
    )
    for key, path in survey.paths:
        name = " ".join(filter(None, (key, path.revision, "to", path.target.name, path.address)))
        case = ET.SubElement(
            suite, "testcase", classname=_xml(f"whybot.{survey.environment}.path"), name=_xml(name)
        )
        if (element := elements.get(path.verdict)) and path.deciding:
            said = ET.SubElement(case, element, type=path.deciding.key, message=_xml(path.deciding.message))
            said.text = _xml("\n".join(f"{step.status} {step.key}: {step.message}" for step in path.steps))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _plain(text: str) -> str:
    return CONTROL.sub("", " ".join(text.split()))


def _xml(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
