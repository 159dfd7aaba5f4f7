"""A diagnosis as the public document `whybot/why/1`, described by docs/schemas/why-1.json."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11, not typing's

from runbooks.diagnosis import (
    Chain,
    Cite,
    Diagnosis,
    Offer,
    Onset,
    RuledOut,
    Similar,
    Untold,
    Verdict,
    Why,
)
from runbooks.engine import Considered, Explained
from runbooks.values import Gap, Truth

SCHEMA: Final = "whybot/why/1"
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class CiteDocument(TypedDict):
    """One piece of evidence. `id` is its place in the evidence (`checks.redis`), `source` the system that
    said so, `at` when it was read, `url` its page in a console, empty where it has none.
    """

    id: str
    text: str
    source: str
    at: Moment | None
    url: str


class GapDocument(TypedDict):
    """Evidence that could not be had: what, why, and what to grant or to run to get it (or nothing)."""

    path: str
    why: str
    settle: str


class WhyStepDocument(TypedDict):
    """One why. `cause` is `runbook/cause`, `subject` what it is about where it could be of several things.

    Where it is `weaker`, evidence that would have supported it is `missing`; it holds all the same.
    """

    question: str
    because: str
    cause: str
    title: str
    subject: str
    evidence: list[CiteDocument]
    weaker: bool
    missing: list[GapDocument]


class RootCauseDocument(TypedDict):
    """The deepest why of a chain that is a cause in its own right."""

    cause: str
    title: str
    subject: str
    because: str


class RuledOutDocument(TypedDict):
    """A cause that was considered and is not it. `text` says why, in a few words; it may be empty."""

    cause: str
    title: str
    subject: str
    text: str
    evidence: list[CiteDocument]


class UntoldDocument(TypedDict):
    """A cause of which could not be told whether it is one: why, and what would settle it (or nothing)."""

    cause: str
    title: str
    subject: str
    why: str
    settle: str
    missing: list[GapDocument]


class ChainDocument(TypedDict):
    """Another chain. `secondary`: beside the point of an outage. `open` are possible answers to its last
    question that could not be told.
    """

    runbook: str
    secondary: bool
    chain: list[WhyStepDocument]
    root_cause: RootCauseDocument | None
    open: list[UntoldDocument]


class RemedyDocument(TypedDict):
    """What would help. `action` is the kind of remediation that whybot can do, empty for what people do.

    `reach` is 1 for one service, 2 for the environment, 3 for beyond it. `lasting` ones keep it from coming
    back. `commands` are those that a person would run.
    """

    id: str
    title: str
    text: str
    cause: str
    action: str
    undoable: bool
    reach: int
    reach_text: str
    lasting: bool
    commands: list[str]


class OnsetDocument(TypedDict):
    """When it began, and the changes before it, the nearest first."""

    at: Moment
    evidence: CiteDocument
    changes: list[CiteDocument]


class SimilarDocument(TypedDict):
    """An earlier diagnosis of the same environment with the same root cause."""

    id: str
    at: Moment
    root_cause: str
    because: str


class ConsideredDocument(TypedDict):
    """One cause that was looked at, or, at depth 0, a runbook of which was looked at whether it applies.

    `condition` is what decided, `said` what is said of how it came out.
    """

    cause: str
    subject: str
    depth: int
    truth: Truth
    condition: str
    missing: list[GapDocument]
    said: str


class WhyDocument(TypedDict):
    """Why an environment is not well: whys with their evidence, what else was considered, what would help.

    `status` is confirmed (a root cause, every why with evidence), partial (whys that hold, but the next
    could not be told), unknown (not even the first) or nothing_wrong. `at` is when gathering evidence began.
    `chain` goes from the first question to the deepest answer; `open` are possible answers to the next
    question that could not be told. `failing` are the titles of checks that fail. `considered` is there
    where it was asked for. Times are RFC 3339 in UTC. A later version may add fields; none changes its
    meaning.
    """

    schema: Literal["whybot/why/1"]
    environment: str
    at: Moment
    status: Verdict
    question: str
    runbook: str
    chain: list[WhyStepDocument]
    open: list[UntoldDocument]
    root_cause: RootCauseDocument | None
    other_chains: list[ChainDocument]
    contributing: list[WhyStepDocument]
    ruled_out: list[RuledOutDocument]
    unknown: list[UntoldDocument]
    remedies: list[RemedyDocument]
    onset: OnsetDocument | None
    similar: list[SimilarDocument]
    failing: list[str]
    notes: list[str]
    considered: NotRequired[list[ConsideredDocument]]


def document(diagnosis: Diagnosis) -> WhyDocument:
    """The document of a diagnosis, in one spelling: the same diagnosis gives the same JSON."""
    first = diagnosis.chain
    return {
        "schema": SCHEMA,
        "environment": diagnosis.environment,
        "at": moment(diagnosis.at),
        "status": diagnosis.status,
        "question": diagnosis.question,
        "runbook": first.runbook if first else "",
        "chain": _whys(first.whys) if first else [],
        "open": [_untold(each) for each in first.open] if first else [],
        "root_cause": _root(diagnosis.root_cause),
        "other_chains": [_chain(each) for each in diagnosis.others],
        "contributing": _whys(diagnosis.contributing),
        "ruled_out": [_ruled_out(each) for each in diagnosis.ruled_out],
        "unknown": [_untold(each) for each in diagnosis.unknown],
        "remedies": [_remedy(each) for each in diagnosis.remedies],
        "onset": _onset(diagnosis.onset) if diagnosis.onset else None,
        "similar": [_similar(each) for each in diagnosis.similar],
        "failing": list(diagnosis.failing),
        "notes": list(diagnosis.notes),
    }


def explained_document(explained: Explained) -> WhyDocument:
    """The document with everything that was considered."""
    return {
        **document(explained.diagnosis),
        "considered": [_considered(each) for each in explained.considered],
    }


def exit_code(document: Mapping[str, Any]) -> int:
    """0 nothing is wrong, 1 a cause was found or something fails, 2 it could not be told."""
    if document["status"] == Verdict.NOTHING_WRONG:
        return 0
    return 2 if document["status"] == Verdict.UNKNOWN and not document["failing"] else 1


def moment(at: datetime) -> str:
    """A time as documents have it: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _whys(whys: Iterable[Why]) -> list[WhyStepDocument]:
    return [_why(each) for each in whys]


def _why(why: Why) -> WhyStepDocument:
    return {
        "question": why.question,
        "because": why.because,
        "cause": why.cause,
        "title": why.title,
        "subject": why.subject,
        "evidence": [_cite(each) for each in why.evidence],
        "weaker": why.weaker,
        "missing": _gaps(why.missing),
    }


def _cite(cite: Cite) -> CiteDocument:
    return {
        "id": cite.id,
        "text": cite.text,
        "source": cite.source,
        "at": moment(cite.at) if cite.at else None,
        "url": cite.url,
    }


def _gaps(gaps: Iterable[Gap]) -> list[GapDocument]:
    return [{"path": gap.path, "why": gap.why, "settle": gap.settle} for gap in gaps]


def _root(why: Why | None) -> RootCauseDocument | None:
    if why is None:
        return None
    return {"cause": why.cause, "title": why.title, "subject": why.subject, "because": why.because}


def _chain(chain: Chain) -> ChainDocument:
    return {
        "runbook": chain.runbook,
        "secondary": chain.secondary,
        "chain": _whys(chain.whys),
        "root_cause": _root(chain.root),
        "open": [_untold(each) for each in chain.open],
    }


def _ruled_out(ruled_out: RuledOut) -> RuledOutDocument:
    return {
        "cause": ruled_out.cause,
        "title": ruled_out.title,
        "subject": ruled_out.subject,
        "text": ruled_out.text,
        "evidence": [_cite(each) for each in ruled_out.evidence],
    }


def _untold(untold: Untold) -> UntoldDocument:
    return {
        "cause": untold.cause,
        "title": untold.title,
        "subject": untold.subject,
        "why": "; ".join(dict.fromkeys(gap.why for gap in untold.gaps)),
        "settle": untold.settle,
        "missing": _gaps(untold.gaps),
    }


def _remedy(offer: Offer) -> RemedyDocument:
    return {
        "id": offer.id,
        "title": offer.title,
        "text": offer.text,
        "cause": offer.cause,
        "action": offer.action,
        "undoable": offer.undoable,
        "reach": offer.reach,
        "reach_text": offer.reach_text,
        "lasting": offer.lasting,
        "commands": list(offer.commands),
    }


def _onset(onset: Onset) -> OnsetDocument:
    return {
        "at": moment(onset.at),
        "evidence": _cite(onset.evidence),
        "changes": [_cite(each) for each in onset.changes],
    }


def _similar(similar: Similar) -> SimilarDocument:
    return {
        "id": similar.id,
        "at": moment(similar.at),
        "root_cause": similar.root_cause,
        "because": similar.because,
    }


def _considered(considered: Considered) -> ConsideredDocument:
    return {
        "cause": considered.cause,
        "subject": considered.subject,
        "depth": considered.depth,
        "truth": considered.truth,
        "condition": considered.condition,
        "missing": _gaps(considered.gaps),
        "said": considered.said,
    }
