"""How values are said in texts: always alike, whatever the machine's time zone and locale."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import floor

from checks.durations import spoken
from runbooks.values import Gap, Value

MOST_MEMBERS = 50  # of a list that is said
LONGEST_SAID = 2_000  # characters of any one value
NAMED_BY = ("title", "name", "id")
"""The members of a record that name it in a sentence, the best first."""
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LARGEST = 10**18
# Control and format characters (right-to-left marks, zero width), surrogates, private ones: none is seen.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})


def said(value: Value) -> str:
    """A value in words: a record by its name, a list by its members, a gap as `(could not be told)`."""
    match value:
        case str():
            return value[:LONGEST_SAID]
        case bool():
            return "yes" if value else "no"
        case None:
            return "none"
        case int() | float():
            return number(value)
        case datetime():
            return clock(value)
        case timedelta():
            return span(value / timedelta(milliseconds=1))
        case tuple():
            return joined(value, ", ")
        case Mapping():
            return name_of(value)
        case Gap():
            return str(value)


def name_of(record: Mapping[str, Value]) -> str:
    """What a record is called."""
    found = (record.get(key) for key in NAMED_BY)
    return next((each[:LONGEST_SAID] for each in found if isinstance(each, str) and each), "(without a name)")


def joined(members: tuple[Value, ...], between: str) -> str:
    """Members in words, `between` between them; of a long list how many more there are."""
    shown = between.join(said(each) for each in islice(members, MOST_MEMBERS))[:LONGEST_SAID]
    return f"{shown}{more(len(members))}"


def more(count: int) -> str:
    """` and 12 more` for what a list has beyond what is shown of it."""
    return f" and {count - MOST_MEMBERS:,} more" if count > MOST_MEMBERS else ""


def number(value: float, *, thousands: bool = False) -> str:
    """A number, with at most six digits that count behind the point's place."""
    if not abs(value) < LARGEST:  # so also what is no number
        return "(no number to speak of)"
    if value == int(value):
        return f"{int(value):,}" if thousands else str(int(value))
    return f"{value:,.1f}" if thousands and abs(value) >= 1_000 else f"{value:.6g}"


def percent(share: float) -> str:
    """A share of 1 as `3.2 %`. What is not all is never `100 %`, what is not nothing never `0 %`."""
    shown = 100 * share
    if not abs(shown) < LARGEST:
        return number(shown)
    if 0 < shown < 0.05:
        return "under 0.1 %"
    if 99.5 <= shown < 100:
        shown = floor(shown * 100) / 100
    return f"{shown:.{2 if 99.5 <= shown < 100 else 1}f}".rstrip("0").rstrip(".") + " %"


def time_ms(milliseconds: float, budget_ms: float = 0.0) -> str:
    """A time as it is said against a budget: `5,187 ms` of one below a second, `5.2 s` else."""
    if 999.5 <= milliseconds < LARGEST and 0 < budget_ms < 1_000:
        return f"{milliseconds:,.0f} ms"
    return span(milliseconds)


def span(milliseconds: float) -> str:
    """A duration: `109 ms`, `5.2 s`, `12 min`, `3 h`, `4 days`."""
    if not abs(milliseconds) < LARGEST:
        return number(milliseconds)
    if milliseconds < 0:
        return f"-{span(-milliseconds)}"
    if milliseconds >= 2 * DAY_MS:
        return f"{milliseconds / DAY_MS:,.0f} days"
    return f"{milliseconds / HOUR_MS:.0f} h" if milliseconds >= 2 * HOUR_MS else spoken(milliseconds)


def clock(moment: datetime, beside: datetime | None = None, today: datetime | None = None) -> str:
    """`01:52 UTC`; `01:52` beside another moment of that day, `22 Nov 01:52` beside one of another day.

    Beside none, `01:52 UTC on 22 Nov` where that is another day than `today`.
    """
    at = _utc(moment)
    if beside is None:
        return f"{at:%H:%M} UTC{_on_day(at, _utc(today)) if today is not None else ''}"
    return f"{at:%H:%M}" if _utc(beside).date() == at.date() else f"{day(at)} {at:%H:%M}"


def _on_day(at: datetime, today: datetime) -> str:
    year = "" if at.year == today.year else f" {at.year}"
    return "" if at.date() == today.date() else f" on {day(at)}{year}"


def day(moment: datetime) -> str:
    """`22 Nov`, in English whatever the locale."""
    at = _utc(moment)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{at.day} {months[at.month - 1]}"


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # the first and the last day that there are, in another zone
        return moment.replace(tzinfo=UTC)


def one_line(text: str) -> str:
    """On one line, without characters that nobody sees."""
    if text.isprintable():  # the usual case, and there are many texts
        return " ".join(text.split())
    seen = (" " if each.isspace() else each for each in text)
    return " ".join("".join(each for each in seen if unicodedata.category(each) not in UNSEEN).split())
