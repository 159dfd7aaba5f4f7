"""No expression takes more than its budget, more memory than it should, or the stack."""

from typing import Any

import pytest

from runbooks.cel.expression import Budget, BudgetSpent, Expression
from runbooks.cel.operators import LONGEST_LIST, LONGEST_TEXT
from runbooks.values import Gap
from tests.runbooks.cel.asking import value

THOUSAND = tuple(range(1_000))


@pytest.mark.parametrize(
    "text",
    [
        "l.all(a, l.all(b, l.all(c, l.all(d, a + b + c + d >= 0))))",
        "l.map(a, l.map(b, l.map(c, [a, b, c])))",
        "l.filter(a, l.exists(b, l.exists(c, c < 0)))",
        "l.map(a, l.map(b, l + l))",
        "l.map(a, l.map(b, values(t)))",
        "l.map(a, l.map(b, x + x))",
        "l.map(a, l.map(b, x.upperAscii()))",
        "l.exists(a, l.exists(b, l != l + []))",
        "l.exists(a, l.exists(b, -1 in l))",
        "l.exists(a, x.matches('(x?){30}x{30}y'))",
        "l.exists(a, l.exists(b, x.contains('y')))",
        "size(distinct(l.map(a, [a]))) > 0",
        "l.exists(a, l.exists(b, sum(l) < 0 || min(l) < 0))",
        "l.exists(a, l.exists(b, l.map(c, x).join() == ''))",
    ],
)
def test_a_budget_ends_every_nesting(text: str) -> None:
    """Loops within loops over a thousand members end when the budget is spent."""
    names = {"l": THOUSAND, "t": {str(key): key for key in THOUSAND}, "x": "x" * 5_000}
    budget = Budget(200_000)
    with pytest.raises(BudgetSpent):
        Expression.parse(text).evaluate(names, budget)


def test_a_budget_is_shared_by_all_that_spend_it() -> None:
    """One diagnosis has one budget: what one expression takes, the next does not have."""
    budget = Budget(8)
    Expression.parse("1 + 1 == 2").evaluate({}, budget)
    with pytest.raises(BudgetSpent):
        Expression.parse("1 + 1 == 2").evaluate({}, budget)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x + x", f"makes a text of more than {LONGEST_TEXT:,} characters"),
        ("[x, x].join('')", f"makes a text of more than {LONGEST_TEXT:,} characters"),
        ("l + l", f"makes a list of more than {LONGEST_LIST:,} members"),
    ],
)
def test_what_grows_too_large_is_a_mistake(text: str, why: str) -> None:
    """Texts and lists that an expression makes are bounded."""
    found = value(text, x="x" * 6_000, l=tuple(range(6_000)))
    assert isinstance(found, Gap)
    assert (found.why, found.mistake) == (why, True)


def test_doubling_a_name_again_and_again_stops_at_the_bound() -> None:
    """A runbook that lets each name be twice the one before gets a gap, not memory."""
    names: dict[str, Any] = {"x": "ab", "l": (1, 2)}
    for _ in range(40):
        names = {"x": value("x + x", **names), "l": value("l + l", **names)}
    assert all(isinstance(each, Gap) for each in names.values())


def test_values_that_are_nested_without_end_do_not_take_the_stack() -> None:
    """Lists within lists, let after let, are compared down to a bound."""
    names: dict[str, Any] = {"a": (), "b": ()}
    for _ in range(2_000):
        names = {name: (each,) for name, each in names.items()}
    found = value("a == b", **names)
    assert isinstance(found, Gap)
    assert found.why == "compares values of more than 60 levels"


def test_values_that_share_their_parts_are_compared_within_the_budget() -> None:
    """Forty doublings are two members each in memory, and more comparisons than a diagnosis has."""
    names: dict[str, Any] = {"a": (1,), "b": (1,)}
    for _ in range(40):
        names = {name: (each, each) for name, each in names.items()}
    with pytest.raises(BudgetSpent):
        value("a == b", **names)


def test_an_expression_as_deep_as_may_be_evaluates() -> None:
    """The deepest that is read needs no more of the stack than there is."""
    text = "!" * 30 + "l.exists(x, " + "(" * 200 + "x == 1" + ")" * 200 + ")"
    assert value(text, l=(1,)) is True
    nested = "".join(f"l.map(x{depth}, " for depth in range(35)) + "x0" + ")" * 35
    assert Expression.parse(nested).evaluate({"l": (1,)}, Budget())


def test_a_pattern_that_needs_much_memory_is_refused() -> None:
    """RE2 compiles nothing beyond its bound."""
    found = value("'a'.matches('((x{100}){100}){100}')")
    assert isinstance(found, Gap)
    assert found.mistake
