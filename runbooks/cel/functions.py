"""The functions of expressions: those of CEL that runbooks need, and ours for mappings and lists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runbooks.cel import lists, texts, times
from runbooks.cel.operators import Arguments, Run, Site, Spend, aware, bounded, is_number, kind, whole_number
from runbooks.cel.reading import GREATEST
from runbooks.values import Gap, Partial, Value


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
            whole = abs(value) <= GREATEST and whole_number(value)
            return str(int(value)) if whole else str(value)  # 2 and 2.0 are one number
        case str() as value:
            return value
        case datetime() as value:
            return aware(value).astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta() as value:
            return f"{value.total_seconds():g}s"
        case other:
            return site.mistake(f"cannot be made of {kind(other)}")


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
_ALL = (
    Function("size(x)", "members of a list or mapping, characters of a text", ("any",), "number", lists.size),
    Function("values(m)", "the members of a mapping, by their keys", ("mapping",), "list", lists.values),
    Function("keys(m)", "the keys of a mapping, in order", ("mapping",), "list", lists.keys),
    Function("first(l)", "the first known member; unknown where none is", ("list",), "any", lists.first),
    Function("distinct(l)", "each member once", ("list",), "list", lists.distinct),
    Function("min(l)", "the least of a list, or of several", ("any",), "any", lists.extreme("<"), most=10),
    Function("max(l)", "the greatest of a list, or of several", ("any",), "any", lists.extreme(">"), most=10),
    Function("sum(l)", "numbers or durations added up", ("list",), "number", lists.total),
    Function("join(l, ', ')", "texts as one", ("list", "text"), "text", lists.join, needs=1),
    Function(
        "contains(t, 'x')", "whether it has this part", _TEXTS, "flag", texts.of_texts(str.__contains__)
    ),
    Function("startsWith(t, 'x')", "whether it begins so", _TEXTS, "flag", texts.of_texts(str.startswith)),
    Function("endsWith(t, 'x')", "whether it ends so", _TEXTS, "flag", texts.of_texts(str.endswith)),
    Function("matches(t, 'x+')", "whether an RE2 pattern is found in it", _TEXTS, "flag", texts.matches),
    Function("lowerAscii(t)", "small letters", ("text",), "text", texts.changed(texts.letters(str.lower))),
    Function("upperAscii(t)", "capitals", ("text",), "text", texts.changed(texts.letters(str.upper))),
    Function("trim(t)", "without space around it", ("text",), "text", texts.changed(str.strip)),
    Function("string(x)", "a plain value as a text", ("any",), "text", _string),
    Function("int(x)", "a whole number, of a number or a text", ("any",), "number", _number(int)),
    Function("double(x)", "a number, of a number or a text", ("any",), "number", _number(float)),
    Function("duration('10m')", "a duration", ("any",), "duration", times.read(timedelta, times.duration)),
    Function(
        "timestamp('2026-01-31T01:52:00Z')", "a time", ("any",), "time", times.read(datetime, times.timestamp)
    ),
    Function(
        "getHours(t)",
        "hour of a time, UTC; whole hours of a duration",
        ("any",),
        "number",
        times.part_of_time(lambda moment: moment.hour, timedelta(hours=1)),
    ),
    Function(
        "getMinutes(t)",
        "minute of a time; whole minutes of a duration",
        ("any",),
        "number",
        times.part_of_time(lambda moment: moment.minute, timedelta(minutes=1)),
    ),
    Function(
        "getSeconds(t)",
        "second of a time; whole seconds of a duration",
        ("any",),
        "number",
        times.part_of_time(lambda moment: moment.second, timedelta(seconds=1)),
    ),
    Function(
        "known(x)",
        "whether it could be told: true or false, never unknown",
        ("any",),
        "flag",
        _known,
        strict=False,
    ),
)
FUNCTIONS: Mapping[str, Function] = {each.form.partition("(")[0]: each for each in _ALL}
"""All functions by name. `has` and the macros are part of the language instead."""
