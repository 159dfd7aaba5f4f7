"""The report as `whybot/report/1`: everything that its Markdown says, in the order of its sections.

A number that could not be told is null, and `untold` of its section says why: it is never left out.
"""

from typing import Annotated, Final, Literal

from pydantic import WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from runbooks.output.why import SimilarDocument, WhyDocument

SCHEMA: Final = "whybot/report/1"
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Level = Literal["P0", "P1", "P2", "P3"]
Grade = Literal["critical", "high", "medium", "low", "minimal"]


class MissingDocument(TypedDict):
    """What could not be told, why, and what would settle it (empty where nothing is known to)."""

    what: str
    why: str
    settle: str


class PriorityDocument(TypedDict):
    """How urgent it is. `rule` is the rule that gave it, `because` the evidence that it was given for."""

    level: Level
    rule: str
    because: str


class ImpactDocument(TypedDict):
    """One line of what it means for users. Where `known` is false, `text` says why it could not be told."""

    title: str
    text: str
    known: bool


class CheckRow(TypedDict):
    """One check. `duration_ms` is null where nothing answered, `budget_ms` 0 where time counts for nothing.

    `status` is unknown where it could not be told; `what` then says why.
    """

    name: str
    title: str
    target: str
    layer: str
    status: str
    reason: str
    duration_ms: float | None
    budget_ms: float
    times_over: float
    what: str


class PathStepRow(TypedDict):
    """One step of a path. `status` is unknown where it could not be told."""

    key: str
    status: str
    message: str
    field: str
    observed: str
    expected: str
    change: str


class PathRow(TypedDict):
    """The way from a serving revision to a dependency. `deciding` is the step that closes it, or empty."""

    service: str
    revision: str
    percent: float | None
    dependency: str
    title: str
    address: str
    verdict: str
    deciding: str
    message: str
    detour: str
    steps: list[PathStepRow]


class RevisionRow(TypedDict):
    """A revision that gets traffic. What could not be told is null, and in `untold`."""

    service: str
    name: str
    percent: float | None
    ready: bool | None
    connector: str
    network: str
    egress: str
    image: str
    creator: str
    created_at: Moment | None
    same_image: bool | None
    validated: bool | None


class ChangedDocument(TypedDict):
    """Who changed a field last."""

    at: Moment
    who: str
    method: str


class DriftRow(TypedDict):
    """A field on which sides disagree. A side is null where it is silent, and in `untold` where unknown."""

    field: str
    title: str
    service: str
    declared: str | None
    terraform: str | None
    live: str | None
    severity: str
    effect: str
    accepted: bool
    changed: ChangedDocument | None


class RequestsRow(TypedDict):
    """Requests to one service as its log has them, from `since` until `until`. Times in milliseconds."""

    service: str
    total: int
    failed: int
    share_failed: float
    by_status: dict[str, int]
    median_failed_ms: float | None
    longest_failed_ms: float | None
    first_failed: Moment | None
    last_failed: Moment | None
    since: Moment | None
    until: Moment | None
    truncated: bool


class ErrorRow(TypedDict):
    """Log entries that say the same, as the service wrote them."""

    service: str
    message: str
    count: int
    first: Moment | None
    last: Moment | None


class TechnicalDocument(TypedDict):
    """Checks, paths, drift and logs as the bundle has them."""

    checks: list[CheckRow]
    paths: list[PathRow]
    revisions: list[RevisionRow]
    compared: int | None
    drift: list[DriftRow]
    requests: list[RequestsRow]
    errors: list[ErrorRow]
    untold: list[MissingDocument]


class ChangeRow(TypedDict):
    """A change. `seconds_before_onset` is negative for one after the first failure, null without an onset."""

    at: Moment
    who: str
    what: str
    resource: str
    service: str
    revision: str
    terraform: bool
    seconds_before_onset: float | None


class ChangesDocument(TypedDict):
    """Changes around the first failure (`onset`), the newest first; `omitted` more are further from it."""

    onset: Moment | None
    rows: list[ChangeRow]
    omitted: int
    untold: list[MissingDocument]


class ActionDocument(TypedDict):
    """One step of the plan. `commands` do it, `undo` takes it back, `verify` says whether it helped.

    `then` are commands that finish it, once a person has looked at what `commands` did.
    `note` says what to look at and to mind, or why there is no command.
    """

    id: str
    title: str
    text: str
    lasting: bool
    undoable: bool
    reach: int
    reach_text: str
    cause: str
    commands: list[str]
    then: list[str]
    undo: list[str]
    verify: list[str]
    note: str


class CriterionDocument(TypedDict):
    """What must hold in the end: `command` ends with `exit_code`."""

    group: str
    text: str
    command: str
    exit_code: int


class MetricDocument(TypedDict):
    """A number against its target. `met` is null where it could not be measured; `measured` then says why."""

    title: str
    target: str
    measured: str
    met: bool | None


class RiskDocument(TypedDict):
    """One risk with the rule that grades it."""

    title: str
    grade: Grade | Literal["unknown"]
    because: str


class EventDocument(TypedDict):
    """One moment. `kind` is change, failure, read or diagnosis."""

    at: Moment
    kind: str
    text: str


class ReadDocument(TypedDict):
    """One source of evidence: when it was read, or why it could not be. `took_ms` is how long it took."""

    source: str
    title: str
    at: Moment | None
    took_ms: float
    blind: MissingDocument | None


class ProvenanceDocument(TypedDict):
    """What the report was made of: `digest` is the bundle's, `gathered_by` whybot's version then."""

    gathered_at: Moment
    gathered_by: str
    reported_by: str
    digest: str
    read: list[ReadDocument]


class ReportDocument(TypedDict):
    """An incident, from evidence alone. Times are RFC 3339 in UTC, durations milliseconds.

    `why` is the diagnosis as `whybot/why/1`. `related` are earlier ones with the same root cause;
    `related_untold` says why none could be known. A later version may add fields; none changes its meaning.
    """

    schema: Literal["whybot/report/1"]
    environment: str
    title: str
    labels: list[str]
    summary: list[str]
    priority: PriorityDocument
    impact: list[ImpactDocument]
    why: WhyDocument
    technical: TechnicalDocument
    changes: ChangesDocument
    plan: list[ActionDocument]
    acceptance: list[CriterionDocument]
    metrics: list[MetricDocument]
    risks: list[RiskDocument]
    related: list[SimilarDocument]
    related_untold: MissingDocument | None
    timeline: list[EventDocument]
    provenance: ProvenanceDocument
