"""Functions of times and durations, and what is read as one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from runbooks.cel.operators import Arguments, Run, Site, Spend, aware, kind
from runbooks.values import Value

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,9})?(?:h|ms|m|us|s|ns))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?)(h|ms|m|us|s|ns)", re.ASCII)


@lru_cache(maxsize=512)
def duration(text: str) -> timedelta:
    """Such as 10m, 1h30m or 1.5s, at most 10,000 years. Raises ValueError."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no duration; write 10m, 1h30m or 1.5s")
    parts = _DURATION_PART.findall(text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    try:
        return timedelta(seconds=-seconds if text[0] == "-" else seconds)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is too long a duration") from None


@lru_cache(maxsize=512)
def timestamp(text: str) -> datetime:
    """A time of RFC 3339, such as 2026-01-31T01:52:00Z. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no time; write 2026-01-31T01:52:00Z") from None


def read(kinds: type[Any], reader: Callable[[str], Value]) -> Run:
    """A value of that kind as it is, and a text read as one."""

    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        value = arguments[0]
        if isinstance(value, kinds):
            return value  # type: ignore[no-any-return]  # one of the kinds of values
        if not isinstance(value, str):
            return site.mistake(f"cannot be made of {kind(value)}")
        try:
            return reader(value)
        except ValueError as error:
            return site.gap(str(error))

    return run


def part_of_time(of_day: Callable[[datetime], int], unit: timedelta) -> Run:
    """Hour, minute or second of a time, UTC; of a duration how many whole ones it has."""

    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        match arguments[0]:
            case datetime() as moment:
                return of_day(aware(moment).astimezone(UTC))
            case timedelta() as length:
                return int(length / unit)
            case other:
                return site.mistake(f"is asked of {kind(other)}")

    return run
