"""Technical details: what the bundle has of checks, paths, drift and logs, number by number."""

from collections.abc import Iterator
from itertools import islice

from runbooks.report.case import DEPENDENCY, Case, status_of, title_of, what_of
from runbooks.report.document import (
    ChangedDocument,
    CheckRow,
    DriftRow,
    ErrorRow,
    MissingDocument,
    PathRow,
    PathStepRow,
    RequestsRow,
    RevisionRow,
    TechnicalDocument,
)
from runbooks.report.reading import (
    Fields,
    count,
    flag,
    gap,
    gaps,
    look,
    moment,
    number,
    records,
    stamp,
    table,
    text,
)
from runbooks.values import Gap, Value

SILENT = "it did not answer, so its memory, clients, load and the like are not known"
MOST_ERRORS = 5
"""Kinds of log entries that are shown of each service; the most frequent ones tell, the rest is noise."""
ROOTS = {
    "Checks": "checks",
    "Cloud Run": "services",
    "Network paths": "paths",
    "Drift": "drift",
    "Request log": "logs",
}
SIDES = ("declared", "terraform", "live")


def technical(case: Case) -> TechnicalDocument:
    """The section."""
    logs = table(case.root("logs"))
    drift = case.root("drift")
    return {
        "checks": [_check(check) for check in case.checks],
        "paths": [_path(path) for path in case.paths],
        "revisions": [row for key, each in table(case.root("services")) for row in _revisions(key, each)],
        "compared": None if isinstance(drift, Gap) else count(look(drift, "known_fields")),
        "drift": [_difference(each) for each in records(look(drift, "differences"))],
        "requests": [row for service, log in logs if (row := _requests(service, log))],
        "errors": [row for service, log in logs for row in _errors(service, log)],
        "untold": _untold(case),
    }


def _check(check: Fields) -> CheckRow:
    return {
        "name": text(check.get("name")),
        "title": title_of(check),
        "target": text(check.get("target")),
        "layer": text(check.get("layer")),
        "status": status_of(check),
        "reason": text(check.get("reason")),
        "duration_ms": number(check.get("duration_ms")),
        "budget_ms": number(check.get("budget_ms")) or 0.0,
        "times_over": number(check.get("times_over")) or 0.0,
        "what": what_of(check),
    }


def _path(path: Fields) -> PathRow:
    verdict = path.get("verdict")
    return {
        "service": text(path.get("service")),
        "revision": text(path.get("revision")),
        "percent": number(path.get("percent")),
        "dependency": text(path.get("dependency")),
        "title": text(path.get("title")),
        "address": text(path.get("address")),
        "verdict": text(verdict) or "unknown",
        "deciding": text(path.get("deciding")),
        "message": text(verdict.why if isinstance(verdict, Gap) else path.get("message")),
        "detour": text(path.get("detour_text")),
        "steps": [_step(key, step) for key, step in table(path.get("steps"))],
    }


def _step(key: str, step: Value) -> PathStepRow:
    status = look(step, "status")
    return {
        "key": key,
        "status": text(status) or "unknown",
        "message": text(look(step, "message")) or (text(status.why) if isinstance(status, Gap) else ""),
        "field": text(look(step, "field")),
        "observed": text(look(step, "observed")),
        "expected": text(look(step, "expected")),
        "change": text(look(step, "change")),
    }


def _revisions(service: str, value: Value) -> list[RevisionRow]:
    return [
        {
            "service": service,
            "name": text(each.get("name")),
            "percent": number(each.get("percent")),
            "ready": flag(each.get("ready")),
            "connector": text(each.get("connector")),
            "network": text(each.get("network")),
            "egress": text(each.get("egress")),
            "image": text(each.get("image")),
            "creator": text(each.get("creator")),
            "created_at": stamp(moment(each.get("created_at"))),
            "same_image": flag(each.get("same_image_as_previous")),
            "validated": flag(each.get("validated")),
        }
        for each in records(look(value, "serving"))
    ]


def _difference(each: Fields) -> DriftRow:
    sides = {side: _side(each.get(side)) for side in SIDES}
    return {
        "field": text(each.get("field")),
        "title": text(each.get("title")),
        "service": text(each.get("service")),
        "declared": sides["declared"],
        "terraform": sides["terraform"],
        "live": sides["live"],
        "severity": text(each.get("severity")),
        "effect": text(each.get("effect")),
        "accepted": each.get("accepted") is True,
        "changed": _changed(each.get("changed")),
    }


def _side(value: Value) -> str | None:
    return None if value is None or isinstance(value, Gap) else text(value)


def _changed(value: Value) -> ChangedDocument | None:
    at = stamp(moment(look(value, "at")))
    if at is None:
        return None
    return {"at": at, "who": text(look(value, "who")), "method": text(look(value, "method"))}


def _requests(service: str, log: Value) -> RequestsRow | None:
    total = number(look(log, "total"))
    if total is None:
        return None
    slow = look(log, "latency_failed_ms")
    return {
        "service": service,
        "total": int(total),
        "failed": count(look(log, "failed")),
        "share_failed": number(look(log, "share_failed")) or 0.0,
        "by_status": {status: count(many) for status, many in table(look(log, "by_status"))},
        "median_failed_ms": number(look(slow, "median")),
        "longest_failed_ms": number(look(slow, "longest")),
        "first_failed": stamp(moment(look(log, "first_failed"))),
        "last_failed": stamp(moment(look(log, "last_failed"))),
        "since": stamp(moment(look(log, "since"))),
        "until": stamp(moment(look(log, "until"))),
        "truncated": look(log, "truncated") is True,
    }


def _errors(service: str, log: Value) -> list[ErrorRow]:
    return [
        {
            "service": service,
            "message": text(error.get("message")),
            "count": count(error.get("count")),
            "first": stamp(moment(error.get("first"))),
            "last": stamp(moment(error.get("last"))),
        }
        for error in islice(records(look(log, "errors")), MOST_ERRORS)
    ]


def _silent(case: Case) -> Iterator[MissingDocument]:
    """Dependencies that never answered: nothing of what they tell of themselves is known."""
    for check in case.checks:
        if (
            check.get("layer") == DEPENDENCY
            and check.get("answered") is False
            and check.get("status") == "fail"
        ):
            path = f"checks.{text(check.get('name'))}.facts"
            yield gap(Gap(path, SILENT), f"What {title_of(check)} says of itself")


def _untold(case: Case) -> list[MissingDocument]:
    """What is missing of these, each once: checks and paths say it in their own rows."""
    drift = case.root("drift")
    roots = {title: case.root(name) for title, name in ROOTS.items()}
    found = list(gaps(roots))
    for title, name in ROOTS.items():
        found += gaps({f"{title}: {key}": each for key, each in table(case.root(name))})
    for service, log in table(case.root("logs")):
        found += gaps({f"Request log: {service}": look(log, "total")})
    for each in records(look(drift, "differences")):
        title = text(each.get("title"))
        found += gaps({f"{title}, {side}": each.get(side) for side in SIDES})
    fields = [text(each.get("field")) for each in records(look(drift, "unknown"))]
    if fields:
        found.append(gap(Gap("drift.unknown", "these fields could not be compared"), ", ".join(fields)))
    found += _silent(case)
    return list({(each["what"], each["why"]): each for each in found}.values())
