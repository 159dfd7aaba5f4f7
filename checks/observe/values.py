"""Small values of Google's messages: enums, times, names, and where a fact comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.names import Home, Ref
from checks.observations import Source


@dataclass(frozen=True, slots=True)
class Context:
    """What readers need to make observations: what names are relative to, and when it was read."""

    home: Home
    read_at: datetime

    @property
    def project(self) -> str:
        """The project's id."""
        return self.home.project

    @property
    def region(self) -> str:
        """The region."""
        return self.home.region

    def ref(self, spelling: str, kind: str, location: str | None = None) -> Ref | None:
        """The resource of a name, None for no name."""
        return self.home.ref(spelling, kind, location) if spelling else None

    def source(self, system: str, resource: str, url: str | None = None) -> Source:
        """Where a fact was read."""
        return Source(system, resource, self.read_at, url)


def short_name(full: str) -> str:
    """The last part of a full name."""
    return full.rstrip("/").rpartition("/")[2]


def enum_name(message: Any, field: str) -> str:
    """The name of an enum's value; empty for the unspecified one, `UNKNOWN_9` for one not known here."""
    number = getattr(message, field)
    if not number:
        return ""
    known = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(known[number].name) if number in known else f"UNKNOWN_{number}"


def time_of(message: Any, field: str) -> datetime | None:
    """A time of a message; None where it has none, or one that no calendar has."""
    if not message.HasField(field):
        return None
    return to_datetime(getattr(message, field))


def to_datetime(stamp: Any) -> datetime | None:
    """A protobuf Timestamp in UTC; None where no calendar has it."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)  # type: ignore[no-any-return]  # protobuf comes without types
    except (ValueError, OverflowError):
        return None


def project_numbers(project: str, names: list[str]) -> Mapping[str, str]:
    """The project's number as its own resources' names say it, where they name it by number."""
    parts = [name.split("/") for name in names]
    return {
        each[1]: project for each in parts if len(each) > 1 and each[0] == "projects" and each[1].isdigit()
    }
