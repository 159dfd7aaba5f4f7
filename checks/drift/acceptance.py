"""Differences that a person lets be: a pattern over fields, until a day."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from checks.drift.model import Acceptance


class Accepted:
    """The acceptances of an environment at a time. A `*` in a field stands for anything."""

    def __init__(self, accepted: Sequence[Acceptance], now: datetime) -> None:
        today = now.astimezone(UTC).date()
        self._all = [(each, _pattern(each.field)) for each in accepted]
        self.expired = tuple(each for each in accepted if not _holds(each, today))
        self._valid = [(each, pattern) for each, pattern in self._all if _holds(each, today)]

    def of(self, field: str) -> Acceptance | None:
        """The acceptance of a field that ends last, None where nobody has accepted it."""
        found = [each for each, pattern in self._valid if pattern.fullmatch(field)]
        return max(found, key=lambda each: each.until, default=None)

    def strays(self, fields: Iterable[str]) -> tuple[Acceptance, ...]:
        """Acceptances that match no field that there is."""
        known = tuple(fields)
        return tuple(
            each for each, pattern in self._all if not any(pattern.fullmatch(field) for field in known)
        )


def _holds(acceptance: Acceptance, today: date) -> bool:
    return acceptance.until >= today


def _pattern(field: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, field.strip().split("*"))))
