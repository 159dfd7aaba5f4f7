"""How evidence is said in a few words: times, people, counts. The same on every day, place and language."""

from collections.abc import Sequence
from datetime import UTC, datetime

from checks.durations import spoken

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MACHINES = ".gserviceaccount.com"


def clock(at: datetime, today: datetime) -> str:
    """`01:52 UTC`, and `01:52 UTC on 14 Jan` where that is another day than `today`."""
    at, today = at.astimezone(UTC), today.astimezone(UTC)
    day = "" if at.date() == today.date() else f" on {at.day} {MONTHS[at.month - 1]}"
    year = "" if at.year == today.year else f" {at.year}"
    return f"{at:%H:%M} UTC{day}{year}"


def who(account: str) -> str:
    """`deploy-bot` of a service account's address; people's addresses as they are."""
    return account.partition("@")[0] if account.endswith(MACHINES) else account or "somebody"


def span(shortest: float, longest: float) -> str:
    """`2–12 s` of two numbers of milliseconds."""
    first, last = spoken(shortest), spoken(longest)
    if first == last:
        return last
    number, _, unit = first.rpartition(" ")
    return f"{number if last.endswith(f' {unit}') else first}–{last}"


def listed(names: Sequence[str]) -> str:
    """`Redis, PostgreSQL and ClickHouse`; empty of none."""
    if not names:
        return ""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def small(sentence: str) -> str:
    """A sentence without its final stop, to go on within another one."""
    return sentence.strip().rstrip(".")
