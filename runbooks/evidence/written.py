"""How observations are written down in a section, and read back: plain JSON, times in RFC 3339 and UTC."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from checks.observations import Blind
from checks.reasons import Reason
from runbooks.values import Gap, Json, Value, gap_of

BLIND = "blind"
NO_PROJECT = Blind(
    Reason.CLOUD_LOGIN,
    "the environment file names no project and region, so Google Cloud cannot be asked",
)


def plain(document: object) -> Json:
    """The same as `json.loads` would give it: no enumerations, tuples or objects that somebody else holds."""
    return json.loads(json.dumps(document, ensure_ascii=False))


def moment(at: datetime | None) -> str | None:
    """A time as text, None for none."""
    return (
        None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    )


def time_of(text: str | None) -> datetime | None:
    """The time of a text, None for none."""
    return None if text is None else datetime.fromisoformat(text)


def blind_document(blind: Blind) -> Json:
    """What could not be read, in the place of what would be there."""
    said = {
        "reason": str(blind.reason),
        "message": blind.message,
        "permission": blind.permission,
        "role": blind.role,
        "command": blind.command,
    }
    return {BLIND: said}


def is_blind(document: Json) -> bool:
    """Whether this stands for something that could not be read."""
    return isinstance(document, Mapping) and BLIND in document


def blind_of(document: Json) -> Blind:
    """What `blind_document` wrote."""
    said = document[BLIND]
    return Blind(Reason(said["reason"]), said["message"], said["permission"], said["role"], said["command"])


def gap(path: str, document: Json) -> Gap:
    """The gap that something that could not be read leaves."""
    return gap_of(path, blind_of(document))


def value_of(document: Json) -> Value:
    """Plain JSON as expressions have it: lists are tuples."""
    if isinstance(document, Mapping):
        return {str(key): value_of(each) for key, each in document.items()}
    if isinstance(document, list):
        return tuple(value_of(each) for each in document)
    found: Value = document
    return found
