"""What texts may do to a value: `{{ failing | names | join(' and ') }}`. An explicit table, nothing else.

A filter never raises and never makes much of little. What it is not made for becomes a gap with `mistake`;
a gap stays that gap.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runbooks import said
from runbooks.said import LONGEST_SAID
from runbooks.values import Gap, Partial, Value


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter. `kinds` are what it is made for: kinds of scalars, list, mapping; `any` for all of these.

    `least` and `most` are how many arguments it takes; `says` is for the docs.

    `attribute`: its argument is the name of a member, which may be written as `attribute='name'`.
    `gaps`: it is asked of gaps too. `dated`: it is told, as `today`, when the evidence was gathered.
    """

    apply: Callable[..., Value]
    kinds: tuple[str, ...]
    says: str
    least: int = 0
    most: int = 0
    attribute: bool = False
    gaps: bool = False
    dated: bool = False

    @property
    def arguments(self) -> str:
        """How many arguments it takes, in words."""
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"

    def __call__(self, value: Value, *arguments: Value, today: datetime | None = None) -> Value:
        """The value filtered, never longer than a text may be. `today` is when evidence was gathered."""
        gap = next((each for each in (value, *arguments) if isinstance(each, Gap)), None)
        if gap is not None and not self.gaps:
            return gap
        made = self.apply(value, *arguments, **({"today": today} if self.dated else {}))
        return made[:LONGEST_SAID] if isinstance(made, str) else made


def no_use(what: str, value: Value) -> Gap:
    """The gap of a filter that was given something else than it takes."""
    return Gap("", f"A text uses {what} on what is {kind_of(value)}", mistake=True)


def kind_of(value: Value) -> str:
    """What a value is, for messages."""
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "yes or no"),
        ((int, float), "a number"),
        (str, "text"),
        (datetime, "a time"),
        (timedelta, "a duration"),
        (tuple, "a list"),
        (Mapping, "a record"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "nothing")


def _number(value: Value) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _amount(value: Value) -> float | None:
    """A number, or how many a list has."""
    return len(value) if isinstance(value, tuple) else _number(value)


def _member(value: Value, name: Value) -> Value:
    if isinstance(value, Mapping) and isinstance(name, str):
        return value.get(name, Gap(name, f"there is no {name}"))
    return value if isinstance(value, Gap) else no_use(f".{name}", value)


def _names(value: Value) -> Value:
    if isinstance(value, Mapping):
        return (said.name_of(value),)
    if not isinstance(value, tuple):
        return no_use("names", value)
    return _like(value, tuple(said.name_of(each) if isinstance(each, Mapping) else each for each in value))


def _like(value: tuple[Value, ...], made: tuple[Value, ...]) -> Value:
    """A list made of another one: partial where that is."""
    return Partial(made, value.gaps) if isinstance(value, Partial) else made


def _join(value: Value, between: Value = ", ") -> Value:
    if not isinstance(value, tuple):
        return value if isinstance(value, str) else no_use("join", value)
    if isinstance(value, Partial) and not value:
        return value.gaps[0] if value.gaps else Gap("", "not known which")
    return said.joined(value, said.said(between))


def _first(value: Value) -> Value:
    return _end(value, 0)


def _last(value: Value) -> Value:
    return _end(value, -1)


def _end(value: Value, position: int) -> Value:
    if not isinstance(value, tuple):
        return no_use("first" if position == 0 else "last", value)
    if isinstance(value, Partial) and value.gaps and (not value or position):
        return value.gaps[0]
    return value[position] if value else Gap("", "there is none")


def _length(value: Value) -> Value:
    if isinstance(value, Partial):
        return value.gaps[0] if value.gaps else len(value)
    return len(value) if isinstance(value, (tuple, str, Mapping)) else no_use("length", value)


def _ms(value: Value, budget: Value = 0.0) -> Value:
    if isinstance(value, timedelta):
        value = value / timedelta(milliseconds=1)
    time, of = _number(value), _number(budget)
    return no_use("ms", value) if time is None else said.time_ms(time, of or 0.0)


def _span(value: Value) -> Value:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    seconds = _number(value)
    return no_use("span", value) if seconds is None else said.span(seconds * 1_000)


def _clock(value: Value, beside: Value = None, *, today: datetime | None = None) -> Value:
    if not isinstance(value, datetime):
        return no_use("clock", value)
    return said.clock(value, beside if isinstance(beside, datetime) else None, today)


def _day(value: Value) -> Value:
    return said.day(value) if isinstance(value, datetime) else no_use("day", value)


def _count(value: Value) -> Value:
    amount = _amount(value)
    return no_use("count", value) if amount is None else said.number(amount, thousands=True)


def _plural(value: Value, one: Value, many: Value = "") -> Value:
    amount = _amount(value)
    if amount is None:
        return no_use("plural", value)
    word = said.said(one) if amount == 1 else said.said(many) or f"{said.said(one)}s"
    return f"{said.number(amount, thousands=True)} {word}"


def _percent(value: Value) -> Value:
    share = _number(value)
    if share is None:
        return no_use("percent", value)
    return said.percent(share)


def _round(value: Value, digits: Value = 0) -> Value:
    amount, places = _number(value), _number(digits)
    if amount is None or not abs(amount) < said.LARGEST or places is None or not 0 <= places <= 6:
        return no_use("round", value)
    rounded = round(float(amount), int(places))
    return int(rounded) if places == 0 else rounded


def _default(value: Value, other: Value) -> Value:
    return other if isinstance(value, Gap) or value is None or value == "" else value


def _map(value: Value, name: Value) -> Value:
    if not isinstance(value, tuple):
        return no_use("map", value)
    return _like(value, tuple(_member(each, name) for each in value))


def _chosen(value: Value, name: Value, wanted: bool, what: str) -> Value:
    """The members of which a member is `wanted`; those of which it is unknown make the list partial."""
    if not isinstance(value, tuple):
        return no_use(what, value)
    gaps: list[Gap] = list(value.gaps) if isinstance(value, Partial) else []
    kept: list[Value] = []
    for each in value:
        seen = _member(each, name)
        if isinstance(seen, Gap):
            gaps.append(seen)
        elif bool(seen) is wanted:
            kept.append(each)
    return Partial(tuple(kept), tuple(gaps)) if gaps else tuple(kept)


def _selectattr(value: Value, name: Value) -> Value:
    return _chosen(value, name, True, "selectattr")


def _rejectattr(value: Value, name: Value) -> Value:
    return _chosen(value, name, False, "rejectattr")


def _unique(value: Value) -> Value:
    if not isinstance(value, tuple):
        return no_use("unique", value)
    kept = {
        (said.said(each) if isinstance(each, (Mapping, tuple)) else (type(each), each)): each
        for each in value
    }
    return _like(value, tuple(kept.values()))


def _values(value: Value) -> Value:
    return (
        tuple(value[key] for key in sorted(value)) if isinstance(value, Mapping) else no_use("values", value)
    )


def _keys(value: Value) -> Value:
    return tuple(sorted(value)) if isinstance(value, Mapping) else no_use("keys", value)


def _cut(value: Value, length: Value) -> Value:
    whole, most = said.one_line(said.said(value)), _number(length)
    if most is None or not 1 <= most <= LONGEST_SAID:
        return no_use("short", length)
    return whole if len(whole) <= most else f"{whole[: int(most) - 1].rstrip()}…"


def _text(change: Callable[[str], str]) -> Callable[[Value], Value]:
    return lambda value: change(said.said(value))


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


ANY: Final = ("any",)
FILTERS: Final[Mapping[str, Filter]] = {
    "clock": Filter(
        _clock,
        ("time",),
        "`01:52 UTC`, `01:52 UTC on 22 Nov` if that is not the day of `env.at`; with another time, `01:52`, "
        "or with the day if it is another",
        most=1,
        dated=True,
    ),
    "count": Filter(_count, ("number", "list"), "`1,234`"),
    "day": Filter(_day, ("time",), "`22 Nov`"),
    "default": Filter(_default, ANY, "something else where it is unknown, null or empty", 1, 1, gaps=True),
    "first": Filter(_first, ("list",), "its first member"),
    "join": Filter(_join, ("list",), "its members with something between them, `, ` by itself", most=1),
    "keys": Filter(_keys, ("mapping",), "its names, sorted"),
    "last": Filter(_last, ("list",), "its last member"),
    "length": Filter(_length, ("list", "mapping", "text"), "how many it has, as a number"),
    "lower": Filter(_text(str.lower), ANY, "in lower case"),
    "map": Filter(_map, ("list",), "of each member one member of it: `map('title')`", 1, 1, attribute=True),
    "ms": Filter(
        _ms,
        ("number", "duration"),
        "milliseconds as `109 ms`, `5.2 s`; with a budget below a second, `5,187 ms`",
        most=1,
    ),
    "names": Filter(_names, ("list", "mapping"), "their titles or names"),
    "percent": Filter(
        _percent, ("number",), "a share of 1 as `3.2 %`; what is not all never shows as `100 %`"
    ),
    "plural": Filter(
        _plural, ("number", "list"), "`3 checks`: `plural('check')`, `plural('query', 'queries')`", 1, 2
    ),
    "rejectattr": Filter(
        _rejectattr, ("list",), "the members of which one member is not so", 1, 1, attribute=True
    ),
    "round": Filter(_round, ("number",), "rounded to so many digits, none by itself", most=1),
    "selectattr": Filter(
        _selectattr, ("list",), "the members of which one member is so", 1, 1, attribute=True
    ),
    "sentence": Filter(_text(_first_upper), ANY, "with a capital at its beginning"),
    "short": Filter(_cut, ANY, "cut to so many characters", 1, 1),
    "span": Filter(
        _span, ("number", "duration"), "seconds or a duration as `90 s`, `12 min`, `3 h`, `4 days`"
    ),
    "trim": Filter(_text(str.strip), ANY, "without blanks around it"),
    "unique": Filter(_unique, ("list",), "each member once, in order"),
    "upper": Filter(_text(str.upper), ANY, "in upper case"),
    "values": Filter(_values, ("mapping",), "its members, in the order of their names"),
}
TESTS: Final[Mapping[str, Callable[[Value], bool]]] = {
    "known": lambda value: not isinstance(value, Gap | Partial),
    "none": lambda value: value is None,
}
"""What `is` may ask."""
