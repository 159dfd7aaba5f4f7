"""What the operators do to two known values; whatever they cannot do is a gap that says so."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from runbooks.cel.gaps import MOST, Unknown, together
from runbooks.cel.nodes import Arithmetic, Node, Relation, written
from runbooks.cel.reading import GREATEST
from runbooks.values import Gap, Partial, Value

LONGEST_TEXT = 10_000  # characters of a text that an expression makes
LONGEST_LIST = 10_000  # members of a list that an expression makes
DEEPEST_VALUE = 60  # levels of two values that are compared
CHARACTERS_PER_STEP = 16
STEPS_PER_COMPARISON = 8  # what comparing two lists or mappings takes, besides their members

Spend: TypeAlias = Callable[[int], None]
"""What takes steps from the budget of an evaluation; it may end it."""
Arguments: TypeAlias = tuple[Value, ...]
Run: TypeAlias = "Callable[[Arguments, Site, Spend], Value]"
"""What a function does."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where in an expression something happens, so that a gap can name it."""

    node: Node

    def gap(self, why: str) -> Gap:
        """It could not be told from this evidence."""
        return Gap(written(self.node), why)

    def mistake(self, why: str) -> Gap:
        """The expression asks for something that there is not."""
        return Gap(written(self.node), why, mistake=True)


def kind(value: Value) -> str:
    """What people call a value of this kind."""
    match value:
        case None:
            return "null"
        case bool():
            return "a flag"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case datetime():
            return "a time"
        case timedelta():
            return "a duration"
        case Mapping():
            return "a mapping"
        case Gap():
            return "unknown"
        case _:
            return "a list"


def is_number(value: Value) -> bool:
    """Whether it is one; a flag is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole_number(value: float) -> bool:
    """Whether it is one, written as 2 or as 2.0."""
    return isinstance(value, int) or value.is_integer()


def aware(moment: datetime) -> datetime:
    """The moment with its time zone; without one it is UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def equal(one: Value, other: Value, site: Site, spend: Spend, depth: int = 0) -> bool | Gap:
    """Whether both are the same; unknown where gaps within could decide it. Null equals null alone."""
    same = type(one)
    if same is type(other) and same in _PLAIN:
        return one == other
    if isinstance(one, Gap) or isinstance(other, Gap):
        return together(each for each in (one, other) if isinstance(each, Gap))
    if one is None or other is None:
        return one is other
    if kind(one) != kind(other):
        return site.mistake(f"compares {kind(one)} with {kind(other)}")
    if isinstance(one, tuple | Mapping):
        if depth > DEEPEST_VALUE:
            return site.mistake(f"compares values of more than {DEEPEST_VALUE} levels")
        compare = _equal_lists if isinstance(one, tuple) else _equal_mappings
        return compare(one, other, site, spend, depth + 1)  # type: ignore[arg-type]  # both of one kind
    if isinstance(one, datetime) and isinstance(other, datetime):
        return aware(one) == aware(other)
    return one == other


_PLAIN = frozenset({str, int, float, bool, timedelta})


def _equal_lists(
    one: tuple[Value, ...], other: tuple[Value, ...], site: Site, spend: Spend, depth: int
) -> bool | Gap:
    partial = [gap for each in (one, other) if isinstance(each, Partial) for gap in each.gaps]
    if partial:
        longer = [len(a) > len(b) and not isinstance(b, Partial) for a, b in ((one, other), (other, one))]
        return False if any(longer) else together(partial)
    return len(one) == len(other) and _all_equal(list(zip(one, other, strict=True)), site, spend, depth)


def _equal_mappings(
    one: Mapping[str, Value], other: Mapping[str, Value], site: Site, spend: Spend, depth: int
) -> bool | Gap:
    if one.keys() != other.keys():
        return False
    return _all_equal([(one[key], other[key]) for key in sorted(one)], site, spend, depth)


def _all_equal(pairs: list[tuple[Value, Value]], site: Site, spend: Spend, depth: int) -> bool | Gap:
    spend(STEPS_PER_COMPARISON + len(pairs))
    gaps = []
    for one, other in pairs:
        found = equal(one, other, site, spend, depth)
        if found is False:
            return False
        if found is not True:
            gaps.append(found)
    return together(gaps) if gaps else True


def contained(one: Value, other: Value, site: Site, spend: Spend) -> bool | Gap:
    """Whether a list has this member, or a mapping this key. A key whose value is a gap may be absent."""
    if isinstance(one, Gap) or isinstance(other, Gap):
        return together(each for each in (one, other) if isinstance(each, Gap))
    if isinstance(other, Mapping):
        if not isinstance(one, str):
            return (
                site.gap("asks for null") if one is None else site.mistake("asks for a key that is no text")
            )
        found = other.get(one, False)
        return found if isinstance(found, Gap) else one in other
    if isinstance(other, tuple):
        return _among(one, other, site, spend)
    if other is None:
        return site.gap("asks for a member of null")
    return site.mistake(f"asks for a member of {kind(other)}; a text has contains()")


def _among(one: Value, members: tuple[Value, ...], site: Site, spend: Spend) -> bool | Gap:
    spend(len(members))
    gaps = []
    for member in members:
        found = equal(one, member, site, spend)
        if found is True:
            return True
        if isinstance(found, Gap):
            gaps.append(found)
    if isinstance(members, Partial):
        gaps.extend(members.gaps)
    return together(gaps) if gaps else False


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value, Site, Spend], bool | Gap]:
    """A comparison by < <= > >= of two numbers, texts, times or durations."""

    def run(one: Value, other: Value, site: Site, spend: Spend) -> bool | Gap:
        same = type(one)
        if same is type(other) and same in _ORDERED:
            return compare(one, other)
        if isinstance(one, Gap) or isinstance(other, Gap):
            return together(each for each in (one, other) if isinstance(each, Gap))
        if one is None or other is None:
            return site.gap(_null(one, site))
        if is_number(one) and is_number(other):
            return compare(one, other)
        if isinstance(one, datetime) and isinstance(other, datetime):
            return compare(aware(one), aware(other))
        return site.mistake(f"compares {kind(one)} with {kind(other)}")

    return run


def _null(one: Value, site: Site) -> str:
    """Which side of an operator is null, `one` being the left one."""
    node = site.node
    if not isinstance(node, Relation | Arithmetic):
        return "is of null"
    return f"{written(node.left if one is None else node.right)} is null"


_ORDERED = frozenset({str, int, float, timedelta})


def at_least(sign: str, least: int, other: Value) -> bool | None:
    """What a number of which only the least is known comes to beside another; None where it stays unknown."""
    if not is_number(other):
        return None
    above, reached = least > other, least >= other  # type: ignore[operator]  # a number
    if sign in (">", "!=") and above:
        return True
    if sign == ">=" and reached:
        return True
    if (sign in ("<=", "==") and above) or (sign == "<" and reached):
        return False
    return None


SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def unequal(one: Value, other: Value, site: Site, spend: Spend) -> bool | Gap:
    """Whether both differ."""
    found = equal(one, other, site, spend)
    return found if isinstance(found, Gap) else not found


_SIMPLE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARISONS: dict[str, Callable[[Value, Value, Site, Spend], bool | Gap]] = {
    "==": equal,
    "!=": unequal,
    **{sign: ordered(compare) for sign, compare in _SIMPLE.items() if sign not in ("==", "!=")},
    "in": contained,
}


def comparison(sign: str) -> Callable[[Value, Value, Site, Spend], bool | Gap]:
    """The comparison of that sign."""
    compare = _COMPARISONS[sign]
    if sign == "in":
        return compare

    def run(one: Value, other: Value, site: Site, spend: Spend) -> bool | Gap:
        found = compare(one, other, site, spend)
        if isinstance(found, Gap):
            for side, beside, said in ((one, other, sign), (other, one, SWAPPED[sign])):
                if isinstance(side, Unknown) and side.least is not None:
                    decided = at_least(said, side.least, beside)
                    return found if decided is None else decided
        return found

    return run


def plain_comparison(sign: str, literal: Value) -> Callable[[Any, Any], bool] | None:
    """What compares a value with a literal of the very same type; None where that takes more."""
    kinds = _PLAIN if sign in ("==", "!=") else _ORDERED
    return _SIMPLE.get(sign) if type(literal) in kinds else None


def bounded(value: float, site: Site) -> Value:
    """A number that was calculated, where 64 bits hold it."""
    if isinstance(value, int):
        return (
            value if -GREATEST - 1 <= value <= GREATEST else site.mistake("makes a number that is too large")
        )
    return value if abs(value) <= _FLOAT else site.mistake("makes a number that is too large")


_FLOAT = 1.7976931348623157e308


def calculated(sign: str, one: Value, other: Value, site: Site, spend: Spend) -> Value:
    """What an arithmetic operator makes of two values."""
    if isinstance(one, Gap) or isinstance(other, Gap):
        return together(each for each in (one, other) if isinstance(each, Gap))
    if one is None or other is None:
        return site.gap(_null(one, site))
    if is_number(one) and is_number(other):
        return _numbers(sign, one, other, site)
    if sign == "+" and isinstance(one, str) and isinstance(other, str):
        return joined([one, other], "", site, spend)
    if sign == "+" and isinstance(one, tuple) and isinstance(other, tuple):
        return _concatenated(one, other, site, spend)
    if sign in "+-" and isinstance(one, datetime | timedelta) and isinstance(other, datetime | timedelta):
        return _times(sign, one, other, site)
    return site.mistake(f"calculates {kind(one)} {sign} {kind(other)}")


_CALCULATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


def _numbers(sign: str, one: Any, other: Any, site: Site) -> Value:
    if sign in "/%" and other == 0:
        return site.gap("divides by zero")
    if sign == "%":
        if not whole_number(one) or not whole_number(other):
            return site.mistake("takes % of numbers that are not whole")
        rest = abs(int(one)) % abs(int(other))  # the sign is that of the dividend, as CEL has it
        return bounded(-rest if one < 0 else rest, site)
    try:
        return bounded(_CALCULATIONS[sign](one, other), site)
    except OverflowError:
        return site.mistake("makes a number that is too large")


def _times(sign: str, one: Any, other: Any, site: Site) -> Value:
    if isinstance(other, datetime) and (sign == "+") == isinstance(one, datetime):
        return site.mistake(f"calculates {kind(one)} {sign} {kind(other)}")
    one, other = (aware(each) if isinstance(each, datetime) else each for each in (one, other))
    try:
        found: datetime | timedelta = _CALCULATIONS[sign](one, other)
    except OverflowError:
        return site.mistake("makes a time that is out of range")
    return found


def joined(texts: list[str], between: str, site: Site, spend: Spend) -> Value:
    """Texts as one, where it is not too long."""
    length = sum(map(len, texts)) + len(between) * max(0, len(texts) - 1)
    spend(len(texts) + min(length, LONGEST_TEXT) // CHARACTERS_PER_STEP)
    if length > LONGEST_TEXT:
        return site.mistake(f"makes a text of more than {LONGEST_TEXT:,} characters")
    return between.join(texts)


def listed(items: tuple[Value, ...], gaps: tuple[Gap, ...], site: Site) -> Value:
    """A list that was made, where it is not too long; with gaps it is only a part."""
    if len(items) > LONGEST_LIST:
        return site.mistake(f"makes a list of more than {LONGEST_LIST:,} members")
    return Partial(items, tuple(dict.fromkeys(gaps))[:MOST]) if gaps else items


def gaps_of(members: tuple[Value, ...]) -> tuple[Gap, ...]:
    """Why a list may have more members than these."""
    return members.gaps if isinstance(members, Partial) else ()


def _concatenated(one: tuple[Value, ...], other: tuple[Value, ...], site: Site, spend: Spend) -> Value:
    spend(len(one) + len(other))
    return listed((*one, *other), gaps_of(one) + gaps_of(other), site)
