"""Whether conditions can be true, or false, at all: what they compare is tried in every case that matters.

A term (`checks.redis.status`, `size(failing)`) is compared with literals; of all its values only one for each
literal, between two and beyond them matters. Whatever else is true or false is tried as both.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from runbooks.cel.nodes import And, Call, Choice, Items, Literal, Node, Not, Or, Relation, written

MOST_TRIALS = 4_096  # cases that are tried before it stays open; 12 conditions that are true or false

Plain: TypeAlias = str | int | float | bool | None
Case: TypeAlias = Mapping[str, Plain]
Truth: TypeAlias = Callable[[Case], bool | None]
"""What tells in a case whether a condition holds; None where that is open."""
Terms: TypeAlias = list[tuple[str, tuple[Plain, ...]]]

MOST_TERMS = 60  # terms that are told apart at all

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OTHER = "\0another text"  # of all texts that no condition names


class TooMany(Exception):  # noqa: N818 - how a search ended
    """There are more cases than are tried."""


@dataclass(slots=True)
class _Trials:
    left: int = MOST_TRIALS

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMany


@dataclass(slots=True)
class _Terms:
    """The terms of conditions, and what each is compared with, in the order in which they are found."""

    compared: dict[str, dict[Plain, None]] = field(default_factory=dict)
    counts: set[str] = field(default_factory=set)

    def truth(self, node: Node) -> Truth:
        """What tells a condition's truth in a case; its terms are noted."""
        match node:
            case And(parts=parts):
                return _folded([self.truth(part) for part in parts], False)
            case Or(parts=parts):
                return _folded([self.truth(part) for part in parts], True)
            case Not(of=of):
                return _inverted(self.truth(of))
            case Choice(condition=condition, yes=yes, no=no):
                return _chosen(self.truth(condition), self.truth(yes), self.truth(no))
            case Literal(value=value):
                return _fixed(value if isinstance(value, bool) else None)
            case Relation():
                return self._atom(*_sides(node))
            case _:
                return self._atom(node, "==", (True,))

    def _atom(self, term: Node, sign: str, literals: tuple[Plain, ...]) -> Truth:
        if isinstance(term, Literal):
            return _fixed(_compared(sign, term.value, literals))
        text = written(term)
        self.compared.setdefault(text, {}).update(dict.fromkeys(literals))
        if isinstance(term, Call) and term.function == "size":
            self.counts.add(text)
        return lambda case: _compared(sign, case[text], literals) if text in case else None

    def cases(self) -> Terms:
        """What each term has to be tried as."""
        return [
            (term, tuple(_counted(literals) if term in self.counts else _representatives(literals)))
            for term, literals in self.compared.items()
        ]


def can_be(conditions: Sequence[Node], wanted: bool) -> bool:
    """Whether all of these together can come out as wanted. Raises `TooMany` where it is not found out."""
    terms = _Terms()
    truth = _folded([terms.truth(condition) for condition in conditions], False)
    cases = terms.cases()
    if len(cases) > MOST_TERMS:
        raise TooMany
    return _search(truth, cases, {}, wanted, _Trials())


def _search(truth: Truth, open_terms: Terms, case: dict[str, Plain], wanted: bool, trials: _Trials) -> bool:
    trials.take()
    found = truth(case)
    if found is not None or not open_terms:
        return found is wanted
    (term, values), *rest = open_terms
    return any(_search(truth, rest, {**case, term: value}, wanted, trials) for value in values)


def _folded(parts: list[Truth], decides: bool) -> Truth:
    def truth(case: Case) -> bool | None:
        open_ = False
        for part in parts:
            found = part(case)
            if found is decides:
                return decides
            open_ = open_ or found is None
        return None if open_ else not decides

    return truth


def _inverted(of: Truth) -> Truth:
    def truth(case: Case) -> bool | None:
        found = of(case)
        return None if found is None else not found

    return truth


def _chosen(condition: Truth, yes: Truth, no: Truth) -> Truth:
    def truth(case: Case) -> bool | None:
        found = condition(case)
        return None if found is None else (yes if found else no)(case)

    return truth


def _fixed(value: bool | None) -> Truth:
    return lambda case: value


def _compared(sign: str, value: Plain, literals: Sequence[Plain]) -> bool | None:
    """The comparison of known values; None where it could not be made."""
    same = any(_same(value, literal) for literal in literals)
    if sign in ("==", "in", "!="):
        return not same if sign == "!=" else same
    other = literals[0]
    return _ORDERINGS[sign](value, other) if _number(value) and _number(other) else None


def _same(one: Plain, other: Plain) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _number(value: Plain) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sides(relation: Relation) -> tuple[Node, str, tuple[Plain, ...]]:
    """The term of a comparison, the sign as seen from it, and the literals that it is compared with."""
    left, right, sign = relation.left, relation.right, relation.sign
    if sign == "in":
        items = right.items if isinstance(right, Items) else (right,)
        plain = tuple(each.value for each in items if isinstance(each, Literal))
        listed = isinstance(right, Items) and len(plain) == len(items)
        return (left, sign, plain) if listed else (relation, "==", (True,))
    if isinstance(left, Literal) and not isinstance(right, Literal):
        left, right, sign = right, left, _MIRRORED[sign]
    if isinstance(right, Literal) and (sign in ("==", "!=") or _number(right.value)):
        return left, sign, (right.value,)
    return _difference(left, sign, right)


def _difference(left: Node, sign: str, right: Node) -> tuple[Node, str, tuple[Plain, ...]]:
    """Two terms beside each other as one, which is below, at or above zero as they compare."""
    if written(left) > written(right):
        left, right, sign = right, left, _MIRRORED[sign]
    return Call("difference", (left, right)), sign, (0,)


def _representatives(literals: Iterable[Plain]) -> list[Plain]:
    """A value for every literal and for what lies between and beyond them."""
    plain = list(literals)
    numbers = sorted({each for each in plain if isinstance(each, int | float) and _number(each)})
    found: list[Plain] = [each for each in plain if each is None or isinstance(each, str)]
    if any(isinstance(each, bool) for each in plain):
        found += [True, False]
    elif not numbers:
        found.append(_OTHER)
    return found + (_spread(numbers) if numbers else [])


def _spread(numbers: Sequence[float]) -> list[Plain]:
    between = [(one + other) / 2 for one, other in pairwise(numbers)]
    return [numbers[0] - 1, *numbers, *between, numbers[-1] + 1]


def _counted(literals: Iterable[Plain]) -> list[Plain]:
    """The same for a size, which is a whole number and never below zero."""
    near = {int(each) + step for each in literals if isinstance(each, int | float) for step in (-1, 0, 1, 2)}
    return sorted(each for each in {0, *near} if each >= 0)  # type: ignore[return-value]  # whole numbers
