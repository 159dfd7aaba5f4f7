"""When it began, and what was changed shortly before: a view over logs, changes, services and history."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checks.durations import spoken
from runbooks.evidence.changes import CHANGE
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.services import REVISION
from runbooks.evidence.source import Frame
from runbooks.evidence.words import clock
from runbooks.evidence.written import time_of
from runbooks.shape import Listing, Shape, number, time
from runbooks.values import CITE, Gap, Value

FIELDS = ("at", "before", "change", "seconds_after_change", "revision")
WITHIN = timedelta(minutes=30)
EDGE = timedelta(minutes=2)
"""What failed so soon after the log that was read begins may have failed before."""
RECENT = timedelta(hours=6)
"""How far back a diagnosis may be to be of the same trouble."""
UNFAILED = "no request failed in the last hour"
SHAPE = citable(
    {
        "at": time("the first failure that the request log tells; a gap where it tells none"),
        "before": Listing(CHANGE, "changes in the 30 minutes before it, the nearest first"),
        "change": CHANGE,
        "seconds_after_change": number("seconds from that change to the first failure"),
        "revision": REVISION,
    },
    "when it began. `change` is the nearest change before it and `revision` the revision made nearest before "
    "it; null where there is none",
)


@dataclass(frozen=True, slots=True)
class Began:
    """The first failure: when, of which service, the page that shows it; `past` if a diagnosis told it."""

    at: datetime
    service: str
    url: str = ""
    past: bool = False


class Onset:
    """When it began, and what was changed shortly before."""

    name = "onset"
    title = "when it began"
    shape: Shape = SHAPE
    of: tuple[str, ...] = ("logs", "changes", "services", "history")

    def view(self, facts: Mapping[str, Value], frame: Frame) -> Value:
        """When requests began to fail. What depends on evidence that is not there is a gap."""
        began = _began(facts["logs"], frame)
        if isinstance(began, Gap):
            return {**dict.fromkeys(FIELDS, began), CITE: began}
        before = _before(facts["changes"], began.at, frame)
        change = before if isinstance(before, Gap) else next(iter(before), None)
        after = _seconds(began.at, change)
        fields: dict[str, Value] = {
            "at": began.at,
            "before": before,
            "change": change,
            "seconds_after_change": after,
            "revision": _revision(facts["services"], began.at),
        }
        return cited(
            fields,
            place="onset",
            text=_said(began, change, after, frame),
            source="logging",
            at=began.at,
            url=began.url,
        )


def _began(logs: Value, frame: Frame) -> Began | Gap:
    """The first failed request of any service."""
    if not isinstance(logs, Mapping):
        return replace(logs, path="onset.at") if isinstance(logs, Gap) else Gap("onset.at", UNFAILED)
    read = {key: log for key, log in logs.items() if isinstance(log, Mapping)}
    firsts = [(first, key) for key, log in read.items() if isinstance(first := log["first_failed"], datetime)]
    if not firsts:
        untold = [log["first_failed"] for log in read.values()]
        gaps = [each for each in (*logs.values(), *untold) if isinstance(each, Gap)]
        return replace(gaps[0], path="onset.at") if gaps else Gap("onset.at", UNFAILED)
    first, key = min(firsts)
    since, cite = read[key]["since"], read[key][CITE]
    if isinstance(since, datetime) and first - since < EDGE:
        before = f"requests of {key} failed already when the log that was read begins"
        return _earlier(frame) or Gap("onset.at", before)
    return Began(first, key, str(cite["url"]) if isinstance(cite, Mapping) else "")


def _earlier(frame: Frame) -> Began | None:
    """When it began as the diagnoses right before this one say, if there was trouble all the time since."""
    section = frame.sections.get("history")
    told = None
    for each in (section.data or ()) if section is not None else ():
        at = time_of(each["at"])
        if each["status"] == "nothing_wrong" or at is None or frame.at - at > RECENT:
            break
        told = time_of(each["onset"]) or told
    return None if told is None else Began(told, "", past=True)


def _before(changes: Value, at: datetime, frame: Frame) -> tuple[Value, ...] | Gap:
    """Changes in the half hour before, the nearest first; not those of whybot's own job."""
    if not isinstance(changes, tuple):
        return replace(changes, path="onset.before") if isinstance(changes, Gap) else ()
    own = frame.environment.get("job") or None
    return tuple(
        each
        for each in changes
        if isinstance(each, Mapping)
        and isinstance(changed := each["at"], datetime)
        and at - WITHIN <= changed <= at
        and not (each["kind"] == "job" and each["resource"] == own)
    )


def _seconds(at: datetime, change: Value) -> Value:
    if isinstance(change, Mapping) and isinstance(changed := change["at"], datetime):
        return round((at - changed).total_seconds(), 3)
    return change if isinstance(change, Gap) else None


def _revision(services: Value, at: datetime) -> Value:
    """The revision that was made last in the half hour before."""
    if not isinstance(services, Mapping):
        return replace(services, path="onset.revision") if isinstance(services, Gap) else None
    listed = [revision for each in services.values() for revision in _revisions(each)]
    near: list[tuple[datetime, str, Value]] = [
        (made, str(each["name"]), each)
        for each in listed
        if isinstance(each, Mapping)
        and isinstance(made := each["created_at"], datetime)
        and at - WITHIN <= made <= at
    ]
    if near:
        return max(near, key=lambda each: each[:2])[2]
    gaps = [each for each in listed if isinstance(each, Gap)]
    return replace(gaps[0], path="onset.revision") if gaps else None


def _revisions(service: Value) -> tuple[Value, ...]:
    """The revisions of a service that are known, or the gap in their place."""
    if not isinstance(service, Mapping):
        return (service,)
    serving = service["serving"]
    return (*(serving if isinstance(serving, tuple) else (serving,)), service["newest"])


def _said(began: Began, change: Value, after: Value, frame: Frame) -> str:
    """`Requests have failed since 20:06 UTC (backend), 2 min after a change: deploy-bot deployed …`."""
    said = f"Requests have failed since {clock(began.at, frame.at)}"
    if began.past:
        return f"{said}, as an earlier diagnosis says"
    said += f" ({began.service})"
    cite = change[CITE] if isinstance(change, Mapping) else None
    if isinstance(after, float) and isinstance(cite, Mapping):
        return f"{said}, {spoken(after * 1000)} after a change: {cite['text']}"
    return said
