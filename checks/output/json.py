"""A sweep as JSON: the public document `whybot/check/1`, described by docs/schemas/check-1.json."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from checks.output.origin import vantage_of
from checks.reasons import Reason
from checks.result import CheckResult, Fact, Phase, Status, Sweep, Vantage

SCHEMA: Final = "whybot/check/1"


class VantageDocument(TypedDict):
    """Where the checks ran from. A laptop's answer says nothing about the network of Cloud Run.

    `kind` is `here`, `job`, or of a whole run `mixed`. Where `speaks` is false, what was found says nothing
    of what the service reaches.
    """

    kind: str
    label: str
    speaks: NotRequired[bool]


class PhaseDocument(TypedDict):
    """One step of a check: `resolve`, `connect`, `tls`, `auth`, `query`, …"""

    name: str
    duration_ms: float
    status: Status


class CheckDocument(TypedDict):
    """The answer of one check.

    `duration_ms` is null where nothing answered; it is what `budget_ms` is about, which is 0 for checks whose
    time counts for nothing. `facts` depend on the kind.
    """

    name: str
    kind: str
    title: str
    target: str
    layer: str
    status: Status
    reason: Reason
    message: str
    duration_ms: float | None
    budget_ms: float
    phases: list[PhaseDocument]
    facts: dict[str, Fact]
    attempts: int
    vantage: VantageDocument
    started_at: Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class PendingDocument(TypedDict):
    """A check of the run that has not answered."""

    name: str
    title: str


class SweepDocument(TypedDict):
    """What whybot found when it ran the checks of an environment.

    `status` is the worst of all checks; unknown is never a pass. Times are RFC 3339 in UTC. `checks` are in
    the order of the environment file. A later version may add fields; none changes its meaning.
    """

    schema: Literal["whybot/check/1"]
    environment: str
    status: Status
    vantage: VantageDocument
    started_at: Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
    duration_ms: float
    checks: list[CheckDocument]
    pending: list[PendingDocument]


def document(sweep: Sweep) -> SweepDocument:
    """The document of a sweep, finished or not. Times are RFC 3339 in UTC, durations milliseconds.

    `checks` are in the order of the environment file; `pending` names those that have not answered.
    """
    order = {name: position for position, name in enumerate(sweep.expected)}
    answered = {result.name for result in sweep.results}
    return {
        "schema": SCHEMA,
        "environment": sweep.environment,
        "status": sweep.status,
        "vantage": _vantage(vantage_of(sweep)),
        "started_at": _time(sweep.started_at),
        "duration_ms": _rounded(sweep.duration_ms),
        "checks": [
            check_document(result)
            for result in sorted(sweep.results, key=lambda r: order.get(r.name, len(order)))
        ],
        "pending": [
            {"name": name, "title": sweep.titles.get(name, name)}
            for name in sweep.expected
            if name not in answered
        ],
    }


def sweep_from_document(document: Mapping[str, Any]) -> Sweep:
    """The sweep of a document that `document` made; times are as precise as the document.

    Raises ValueError for another schema, and KeyError or ValueError where something is missing or unknown.
    """
    if document["schema"] != SCHEMA:
        raise ValueError(f"the document's schema is {document['schema']!r}; {SCHEMA!r} is understood")
    results = tuple(result_from_document(check) for check in document["checks"])
    titles = {each["name"]: each["title"] for each in (*document["checks"], *document["pending"])}
    return Sweep(
        environment=document["environment"],
        vantage=_vantage_of(document["vantage"]),
        started_at=_datetime(document["started_at"]),
        expected=tuple(titles),
        results=results,
        duration_ms=document["duration_ms"],
        titles=titles,
    )


def check_document(result: CheckResult) -> CheckDocument:
    """The document of one result; `result_from_document` gives it back, as precise as the document."""
    return {
        "name": result.name,
        "kind": result.kind,
        "title": result.title,
        "target": result.target,
        "layer": result.layer,
        "status": result.status,
        "reason": result.reason,
        "message": result.message,
        "duration_ms": None if result.duration_ms is None else _rounded(result.duration_ms),
        "budget_ms": _rounded(result.budget_ms),
        "phases": [
            {"name": phase.name, "duration_ms": _rounded(phase.duration_ms), "status": phase.status}
            for phase in result.phases
        ],
        "facts": dict(result.facts),
        "attempts": result.attempts,
        "vantage": _vantage(result.vantage),
        "started_at": _time(result.started_at),
    }


def result_from_document(check: Mapping[str, Any]) -> CheckResult:
    """The result of a document. Raises KeyError, TypeError or ValueError where it is not one."""
    as_they_are = (
        "name",
        "kind",
        "title",
        "target",
        "layer",
        "message",
        "duration_ms",
        "budget_ms",
        "attempts",
    )
    return CheckResult(
        **{key: check[key] for key in as_they_are},
        status=Status(check["status"]),
        reason=Reason(check["reason"]),
        phases=tuple(
            Phase(phase["name"], phase["duration_ms"], Status(phase["status"])) for phase in check["phases"]
        ),
        facts=dict(check["facts"]),
        vantage=_vantage_of(check["vantage"]),
        started_at=_datetime(check["started_at"]),
    )


def _vantage(vantage: Vantage) -> VantageDocument:
    return {"kind": vantage.kind, "label": vantage.label, "speaks": vantage.speaks}


def _vantage_of(document: Mapping[str, Any]) -> Vantage:
    return Vantage(document["kind"], document["label"], document.get("speaks", True))


def _rounded(milliseconds: float) -> float:
    return round(milliseconds, 3)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _datetime(text: str) -> datetime:
    return datetime.fromisoformat(text)
