"""Reading evidence for a report: what is known of a value, and what to say where it is not."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from runbooks.report.document import MissingDocument
from runbooks.said import one_line
from runbooks.values import Gap, Value

Fields: TypeAlias = Mapping[str, Value]
NO_SUCH = "there is no such evidence"


def look(value: Value, *keys: str) -> Value:
    """What is under these keys; a gap where one of them is missing or a gap is on the way."""
    for number, key in enumerate(keys):
        if isinstance(value, Gap):
            return value
        if not isinstance(value, Mapping) or key not in value:
            place = ".".join(keys[: number + 1])
            return Gap(place, f"{place}: {NO_SUCH}")
        value = value[key]
    return value


def fields(value: Value) -> Fields:
    """A mapping; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def records(value: Value) -> list[Fields]:
    """The members of a list, or of a table in its order, that are records. None of a gap."""
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return [member for member in members if isinstance(member, Mapping)]


def table(value: Value) -> list[tuple[str, Value]]:
    """A table's members with their names. None of a gap."""
    return list(value.items()) if isinstance(value, Mapping) else []


def text(value: Value) -> str:
    """A text on one line; empty for null and for a gap."""
    if value is None or isinstance(value, Gap | Mapping | tuple):
        return ""
    return one_line(value if isinstance(value, str) else str(value))


def number(value: Value) -> float | None:
    """A number; None for null and for a gap."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def count(value: Value) -> int:
    """A whole number; 0 for null and for a gap."""
    return int(number(value) or 0)


def flag(value: Value) -> bool | None:
    """True or false; None for a gap."""
    return value if isinstance(value, bool) else None


def moment(value: Value) -> datetime | None:
    """A moment; None for null and for a gap."""
    return value if isinstance(value, datetime) else None


def stamp(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None


def said(at: datetime) -> str:
    """`2026-11-23 01:52 UTC`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def gap(missing: Gap, what: str = "") -> MissingDocument:
    """Missing evidence, to show. `what` is its name for people; by default its place in the evidence."""
    return {
        "what": one_line(what or missing.path),
        "why": one_line(missing.why),
        "settle": one_line(missing.settle),
    }


def gaps(values: Mapping[str, Value]) -> Iterator[MissingDocument]:
    """Those of these values, each under its name for people, that are missing."""
    for what, value in values.items():
        if isinstance(value, Gap):
            yield gap(value, what)
