"""The functions of expressions: those of CEL that runbooks need, and ours for mappings and lists."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from runbooks.cel.gaps import together
from runbooks.cel.operators import (
    CHARACTERS_PER_STEP,
    LONGEST_TEXT,
    Site,
    Spend,
    aware,
    bounded,
    calculated,
    comparison,
    equal,
    gaps_of,
    is_number,
    joined,
    kind,
    listed,
)
from runbooks.values import CITE, Gap, Partial, Value

Arguments = tuple[Value, ...]
Run = Callable[[Arguments, Site, Spend], Value]

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,9})?(?:h|ms|m|us|s|ns))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?)(h|ms|m|us|s|ns)", re.ASCII)
_PATTERN_MEMORY = 1 << 20  # bytes that one compiled pattern may take; RE2 refuses a larger one


@dataclass(frozen=True, slots=True)
class Function:
    """One function: `form` is how it is written, `says` what it gives, `gives` the kind of that.

    `takes` is the kind of each argument: text, list, mapping or any. Those after `needs` may be left away,
    and the last one repeats up to `most` arguments. `strict`: a gap or null as an argument makes it a gap.
    """

    form: str
    says: str
    takes: tuple[str, ...]
    gives: str
    run: Run
    needs: int = 0
    most: int = 0
    strict: bool = True

    @property
    def counts(self) -> tuple[int, int]:
        """The fewest and the most arguments."""
        return self.needs or len(self.takes), max(len(self.takes), self.most)

    def taken(self, count: int) -> tuple[str, ...]:
        """The kinds of that many arguments."""
        return self.takes[:count] + self.takes[-1:] * (count - len(self.takes))


def entries(mapping: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The members of a mapping in the order of their keys, without what says how to cite the mapping."""
    return [(key, mapping[key]) for key in sorted(mapping) if key != CITE or not _is_cite(mapping[key])]


def _is_cite(value: Value) -> bool:
    return isinstance(value, Mapping) and "id" in value and "text" in value and "source" in value


def size(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """Members or characters; of a list that may have more, at least those that are known."""
    match arguments[0]:
        case Partial() as members:
            return together(members.gaps, least=len(members))
        case Mapping() as mapping:
            return len(entries(mapping))
        case str() | tuple() as measured:
            return len(measured)
        case other:
            return site.mistake(f"takes the size of {kind(other)}")


def _values(arguments: Arguments, site: Site, spend: Spend) -> Value:
    mapping: Any = arguments[0]
    spend(len(mapping))
    return tuple(value for _, value in entries(mapping))


def _keys(arguments: Arguments, site: Site, spend: Spend) -> Value:
    mapping: Any = arguments[0]
    spend(len(mapping))
    return tuple(key for key, _ in entries(mapping))


def _first(arguments: Arguments, site: Site, spend: Spend) -> Value:
    members: Any = arguments[0]
    if members:
        found: Value = members[0]
        return found
    return together(members.gaps) if isinstance(members, Partial) else site.gap("is the first of none")


def _extreme(sign: str) -> Run:
    compare = comparison(sign)

    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        members = arguments
        if len(arguments) == 1:
            if not isinstance(arguments[0], tuple):
                return site.mistake(f"takes one list or several values, not {kind(arguments[0])}")
            members = arguments[0]
        spend(len(members))
        gaps = [each for each in members if isinstance(each, Gap)] + list(gaps_of(members))
        if gaps:
            return together(gaps)
        return _best(members, lambda one, other: compare(one, other, site, spend), site)

    return run


def _best(members: Arguments, better: Callable[[Value, Value], bool | Gap], site: Site) -> Value:
    if not members:
        return site.gap("is of none")
    best = members[0]
    for member in (*members[1:], *members[:1]):  # the first once more: one alone must be comparable, too
        found = better(member, best)
        if isinstance(found, Gap):
            return found
        best = member if found else best
    return best


def _sum(arguments: Arguments, site: Site, spend: Spend) -> Value:
    members: Any = arguments[0]
    spend(len(members))
    gaps = [each for each in members if isinstance(each, Gap)] + list(gaps_of(members))
    if gaps:
        return together(gaps)
    total: Value = members[0] if members else 0
    for member in members[1:]:
        total = calculated("+", total, member, site, spend)
        if isinstance(total, Gap):
            return total
    return (
        total if is_number(total) or isinstance(total, timedelta) else site.mistake(f"adds up {kind(total)}")
    )


def _distinct(arguments: Arguments, site: Site, spend: Spend) -> Value:
    members: Any = arguments[0]
    spend(len(members))
    seen: set[tuple[bool, str | float]] = set()
    kept: list[Value] = []
    unclear = list(gaps_of(members))
    for member in members:
        if isinstance(member, str | int | float):
            key = (isinstance(member, bool), member)
            if key not in seen:
                seen.add(key)
                kept.append(member)
            continue
        found = _repeated(member, kept, site, spend)
        if isinstance(found, Gap):
            unclear.append(found)
        elif not found:
            kept.append(member)
    return listed(tuple(kept), tuple(unclear), site)


def _repeated(member: Value, kept: list[Value], site: Site, spend: Spend) -> bool | Gap:
    """Whether it is among those kept; those of another kind are not it."""
    if isinstance(member, Gap):
        return member
    others = [each for each in kept if kind(each) == kind(member)]
    spend(len(others))
    found = [equal(member, other, site, spend) for other in others]
    gaps = [each for each in found if isinstance(each, Gap)]
    return True if any(each is True for each in found) else together(gaps) if gaps else False


def _join(arguments: Arguments, site: Site, spend: Spend) -> Value:
    members: Any = arguments[0]
    between = str(arguments[1]) if len(arguments) > 1 else ""
    gaps = [each for each in members if isinstance(each, Gap)] + list(gaps_of(members))
    if gaps:
        return together(gaps)
    if not all(isinstance(each, str) for each in members):
        return site.mistake("joins what are not all texts")
    return joined(list(members), between, site, spend)


def _of_texts(ask: Callable[[str, str], bool]) -> Run:
    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        text, part = str(arguments[0]), str(arguments[1])
        spend(len(text) // CHARACTERS_PER_STEP)
        return ask(text, part)

    return run


def _changed(change: Callable[[str], str]) -> Run:
    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        return joined([change(str(arguments[0])[: LONGEST_TEXT + 1])], "", site, spend)

    return run


def _ascii(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(change(each) if each.isascii() else each for each in text)


@lru_cache(maxsize=512)
def pattern(text: str) -> Any:
    """A compiled RE2 pattern. Raises ValueError with what is wrong with it."""
    import re2  # type: ignore[import-untyped]  # has no stubs; here, since most runbooks have no patterns

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    try:
        return re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        raise ValueError(said.decode() if isinstance(said, bytes) else str(said)) from None


def _matches(arguments: Arguments, site: Site, spend: Spend) -> Value:
    text, wanted = str(arguments[0]), str(arguments[1])
    spend((len(text) + len(wanted)) // CHARACTERS_PER_STEP)
    try:
        return pattern(wanted).search(text) is not None
    except ValueError as error:
        return site.mistake(f"has a pattern that RE2 refuses: {error}")


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


def _read(kinds: type[Any], reader: Callable[[str], Value]) -> Run:
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


def _number(convert: Callable[[Any], float]) -> Run:
    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        value = arguments[0]
        if not isinstance(value, str) and not is_number(value):
            return site.mistake(f"cannot be made of {kind(value)}")
        try:
            return bounded(convert(value[:40] if isinstance(value, str) else value), site)
        except (ValueError, OverflowError):
            return site.gap("is no number")

    return run


def _string(arguments: Arguments, site: Site, spend: Spend) -> Value:
    match arguments[0]:
        case bool() as value:
            return "true" if value else "false"
        case int() | float() as value:
            return str(value) if isinstance(bounded(value, site), int | float) else bounded(value, site)
        case str() as value:
            return value
        case datetime() as value:
            return aware(value).astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta() as value:
            return f"{value.total_seconds():g}s"
        case other:
            return site.mistake(f"cannot be made of {kind(other)}")


def _part_of_time(of_day: Callable[[datetime], int], of_all: Callable[[timedelta], float]) -> Run:
    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        match arguments[0]:
            case datetime() as moment:
                return of_day(aware(moment).astimezone(UTC))
            case timedelta() as duration:
                return int(of_all(duration))
            case other:
                return site.mistake(f"is asked of {kind(other)}")

    return run


def _known(arguments: Arguments, site: Site, spend: Spend) -> Value:
    return not isinstance(arguments[0], Gap | Partial)


def fitting(wanted: str, value: Value) -> bool:
    """Whether a known value is of the kind that a function takes."""
    match wanted:
        case "text":
            return isinstance(value, str)
        case "list":
            return isinstance(value, tuple)
        case "mapping":
            return isinstance(value, Mapping)
        case _:
            return True


_TEXTS = ("text", "text")
FUNCTIONS: Mapping[str, Function] = {
    "size": Function(
        "size(x)", "members of a list or mapping, characters of a text", ("any",), "number", size
    ),
    "values": Function("values(m)", "the members of a mapping, by their keys", ("mapping",), "list", _values),
    "keys": Function("keys(m)", "the keys of a mapping, in order", ("mapping",), "list", _keys),
    "first": Function(
        "first(l)", "the first known member; unknown where there is none", ("list",), "any", _first
    ),
    "distinct": Function("distinct(l)", "each member once", ("list",), "list", _distinct),
    "min": Function(
        "min(l)", "the least of a list, or of several values", ("any",), "any", _extreme("<"), most=10
    ),
    "max": Function(
        "max(l)", "the greatest of a list, or of several values", ("any",), "any", _extreme(">"), most=10
    ),
    "sum": Function("sum(l)", "numbers or durations added up", ("list",), "number", _sum),
    "join": Function("join(l, ', ')", "texts as one", ("list", "text"), "text", _join, needs=1),
    "contains": Function(
        "contains(t, 'x')", "whether a text has this part", _TEXTS, "flag", _of_texts(str.__contains__)
    ),
    "startsWith": Function(
        "startsWith(t, 'x')", "whether it begins so", _TEXTS, "flag", _of_texts(str.startswith)
    ),
    "endsWith": Function("endsWith(t, 'x')", "whether it ends so", _TEXTS, "flag", _of_texts(str.endswith)),
    "matches": Function(
        "matches(t, 'x+')", "whether an RE2 pattern is found in it", _TEXTS, "flag", _matches
    ),
    "lowerAscii": Function(
        "lowerAscii(t)", "in small letters", ("text",), "text", _changed(_ascii(str.lower))
    ),
    "upperAscii": Function("upperAscii(t)", "in capitals", ("text",), "text", _changed(_ascii(str.upper))),
    "trim": Function("trim(t)", "without space around it", ("text",), "text", _changed(str.strip)),
    "string": Function("string(x)", "a plain value as a text", ("any",), "text", _string),
    "int": Function("int(x)", "a whole number, of a number or a text", ("any",), "number", _number(int)),
    "double": Function("double(x)", "a number, of a number or a text", ("any",), "number", _number(float)),
    "duration": Function("duration('10m')", "a duration", ("any",), "duration", _read(timedelta, duration)),
    "timestamp": Function(
        "timestamp('2026-01-31T01:52:00Z')", "a time", ("any",), "time", _read(datetime, timestamp)
    ),
    "getHours": Function(
        "getHours(t)",
        "hour of the day, UTC; whole hours of a duration",
        ("any",),
        "number",
        _part_of_time(lambda moment: moment.hour, lambda each: each / timedelta(hours=1)),
    ),
    "getMinutes": Function(
        "getMinutes(t)",
        "minute of the hour; whole minutes of a duration",
        ("any",),
        "number",
        _part_of_time(lambda moment: moment.minute, lambda each: each / timedelta(minutes=1)),
    ),
    "getSeconds": Function(
        "getSeconds(t)",
        "second of the minute; whole seconds of a duration",
        ("any",),
        "number",
        _part_of_time(lambda moment: moment.second, lambda each: each / timedelta(seconds=1)),
    ),
    "known": Function(
        "known(x)",
        "whether it could be told at all: true or false, never unknown",
        ("any",),
        "flag",
        _known,
        strict=False,
    ),
}
"""All functions by name. `has` and the macros are part of the language instead."""
