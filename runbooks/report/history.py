"""What happened when: recent changes around the first failure, similar incidents, and the timeline."""

from datetime import datetime, timedelta

from runbooks.output.why import SimilarDocument, document
from runbooks.report.case import Case
from runbooks.report.document import (
    ChangeRow,
    ChangesDocument,
    EventDocument,
    MissingDocument,
)
from runbooks.report.reading import Fields, gap, gaps, look, moment, records, stamp, table, text
from runbooks.said import one_line
from runbooks.values import Gap

A_DAY = timedelta(days=1)
"""Changes further from the first failure are listed, but are no part of what happened."""
MOST_CHANGES = 15
"""More would be a log; those nearest to the first failure are kept."""
NO_STORE = Gap(
    "history",
    "this evidence was gathered without whybot's store, which keeps earlier diagnoses",
    "Ask in Slack, where whybot remembers them.",
)


def changes(case: Case) -> ChangesDocument:
    """Changes, the newest first; of many, those nearest to the first failure."""
    rows = [row for each in records(case.root("changes")) if (row := _change(case, each))]
    near = sorted(rows, key=_distance)[:MOST_CHANGES]
    return {
        "onset": stamp(case.onset),
        "rows": [row for row in rows if row in near],
        "omitted": len(rows) - len(near),
        "untold": list(gaps({"Recent changes": case.root("changes")})),
    }


def _change(case: Case, change: Fields) -> ChangeRow | None:
    at = moment(change.get("at"))
    if at is None:
        return None
    before = (case.onset - at).total_seconds() if case.onset is not None else None
    return {
        "at": stamp(at) or "",
        "who": text(change.get("who")),
        "what": text(change.get("what")) or text(change.get("method")),
        "resource": text(change.get("resource")),
        "service": text(change.get("service")),
        "revision": text(change.get("revision")),
        "terraform": change.get("terraform") is True,
        "seconds_before_onset": before,
    }


def _distance(row: ChangeRow) -> float:
    return abs(row["seconds_before_onset"] or 0.0)


def related(case: Case) -> tuple[list[SimilarDocument], MissingDocument | None]:
    """Earlier diagnoses with the same root cause; and why there could be none, where that is not known."""
    found = document(case.diagnosis)["similar"]
    if found:
        return found, None
    past = case.root("history")
    if "history" not in case.bundle.sections:
        return [], gap(NO_STORE, "Earlier diagnoses")
    return [], gap(past, "Earlier diagnoses") if isinstance(past, Gap) else None


def timeline(case: Case) -> list[EventDocument]:
    """Changes, the first and last failures of each service, and when whybot looked; in order of time."""
    read = (case.bundle.at, "read", "whybot began to gather this evidence")
    events = [*_changed(case), *_made(case), *_failed(case), read]
    events.append((case.diagnosis.at, "diagnosis", f"Diagnosis: {_outcome(case)}"))
    ordered = sorted(dict.fromkeys(events), key=lambda event: event[0])
    return [{"at": stamp(at) or "", "kind": kind, "text": one_line(words)} for at, kind, words in ordered]


def _changed(case: Case) -> list[tuple[datetime, str, str]]:
    shown = {row["at"]: None for row in changes(case)["rows"]}
    events = []
    for change in records(case.root("changes")):
        at = moment(change.get("at"))
        if at is None or stamp(at) not in shown or not _near(case, at):
            continue
        what = f"{text(change.get('who'))} {text(change.get('what'))} {text(change.get('resource'))}"
        made = f", which made {text(change.get('revision'))}" if text(change.get("revision")) else ""
        events.append((at, "change", f"{what}{made}"))
    return events


def _made(case: Case) -> list[tuple[datetime, str, str]]:
    """Revisions that serve, where the audit log does not tell of them."""
    told = {text(change.get("revision")) for change in records(case.root("changes"))}
    events = []
    for _, service in table(case.root("services")):
        for revision in records(look(service, "serving")):
            at, name = moment(revision.get("created_at")), text(revision.get("name"))
            if at is not None and name not in told and _near(case, at):
                by = f" by {text(revision.get('creator'))}" if text(revision.get("creator")) else ""
                events.append((at, "change", f"{name} was made{by}"))
    return events


def _near(case: Case, at: datetime) -> bool:
    return abs(at - (case.onset or case.bundle.at)) <= A_DAY


def _failed(case: Case) -> list[tuple[datetime, str, str]]:
    events = []
    for service, log in table(case.root("logs")):
        for key, words in (("first_failed", "First"), ("last_failed", "Last")):
            at = moment(look(log, key))
            if at is not None:
                events.append((at, "failure", f"{words} request to {service} that ends in 5xx"))
    logged = [at for at, _, _ in events]
    if case.onset is not None and case.onset not in logged:
        events.append((case.onset, "failure", "First failure that the evidence tells"))
    return events


def _outcome(case: Case) -> str:
    root = case.diagnosis.root_cause
    if root is not None:
        return root.title
    return {"nothing_wrong": "nothing is wrong"}.get(
        case.diagnosis.status.value, "the root cause could not be told"
    )
