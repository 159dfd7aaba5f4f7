"""What holds of every expression over any evidence."""

from typing import Any

import celpy
from celpy import celtypes
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.cel.expression import Budget, BudgetSpent, Expression, ExpressionError
from runbooks.cel.nodes import written
from runbooks.values import Gap, Truth, Value
from tests.runbooks.cel.worlds import OURS, WORLDS, agrees, flags, frozen, lists, masked, numbers

CONDITIONS = flags(2) | OURS
LISTS = st.sampled_from(["distinct(rs)", "values(table)", "keys(table)"])
ANY = st.one_of(CONDITIONS, numbers(2), lists(2), LISTS)
CEL = celpy.Environment()


def ask(text: str, names: Any) -> Truth:
    """What a condition comes to."""
    return Expression.parse(text).ask(names, Budget()).truth


@settings(max_examples=200)
@given(CONDITIONS, WORLDS, st.data())
def test_missing_evidence_never_turns_an_answer_around(text: str, whole: Any, data: st.DataObject) -> None:
    """A condition that is told from part of the evidence is told the same from all of it."""
    part = {name: data.draw(masked(frozen(each), name)) for name, each in whole.items()}
    less, more = ask(text, part), ask(text, {name: frozen(each) for name, each in whole.items()})
    assert less in (Truth.UNKNOWN, more)


@settings(max_examples=100)
@given(ANY, WORLDS, st.data())
def test_what_is_said_with_less_evidence_holds_with_more(text: str, whole: Any, data: st.DataObject) -> None:
    """Values grow only: a gap becomes anything, a list that may have more keeps its members."""
    part = {name: data.draw(masked(frozen(each), name)) for name, each in whole.items()}
    expression = Expression.parse(text)
    full = {name: frozen(each) for name, each in whole.items()}
    assert agrees(expression.evaluate(part, Budget()), expression.evaluate(full, Budget()))


@settings(max_examples=200)
@given(flags(3) | numbers(2) | lists(2), WORLDS)
def test_known_evidence_gives_what_cel_gives(text: str, whole: Any) -> None:
    """Where nothing is missing, cel-python's own evaluator comes to the same."""
    found = Expression.parse(text).evaluate({name: frozen(each) for name, each in whole.items()}, Budget())
    names = {name: celpy.json_to_cel(each) for name, each in whole.items()}
    assert found == plain(CEL.program(CEL.compile(text)).evaluate(names))


def plain(value: Any) -> Value:
    """A value of cel-python as one of ours."""
    if isinstance(value, celtypes.BoolType):
        return bool(value)
    if isinstance(value, celtypes.IntType):
        return int(value)
    if isinstance(value, celtypes.DoubleType):
        return float(value)
    if isinstance(value, list):
        return tuple(map(plain, value))
    return str(value) if isinstance(value, str) else value


@settings(max_examples=100)
@given(ANY, WORLDS, st.data())
def test_an_expression_comes_to_the_same_each_time(text: str, whole: Any, data: st.DataObject) -> None:
    """Value, gaps and their order depend on nothing else, not on the order of keys either."""
    part = {name: data.draw(masked(frozen(each), name)) for name, each in whole.items()}
    turned = dict(reversed([(name, backwards(each)) for name, each in part.items()]))
    expression = Expression.parse(text)
    assert expression.evaluate(part, Budget()) == expression.evaluate(turned, Budget())
    assert expression.ask(part, Budget()) == expression.ask(turned, Budget())


def backwards(value: Any) -> Any:
    """The same value with its keys in another order."""
    if isinstance(value, dict):
        return dict(reversed([(key, backwards(each)) for key, each in value.items()]))
    return value


@settings(max_examples=100)
@given(ANY, WORLDS, st.integers(0, 60))
def test_a_budget_ends_an_evaluation_or_changes_nothing(text: str, whole: Any, steps: int) -> None:
    """With few steps an expression comes to what it always comes to, or the budget is spent."""
    expression, names = Expression.parse(text), {name: frozen(each) for name, each in whole.items()}
    try:
        found = expression.evaluate(names, Budget(steps))
    except BudgetSpent:
        return
    assert found == expression.evaluate(names, Budget())


@settings(max_examples=100)
@given(ANY)
def test_what_is_written_of_an_expression_reads_as_the_same(text: str) -> None:
    """The fixed way of writing loses nothing."""
    node = Expression.parse(text).node
    assert Expression.parse(written(node)).node == node


@settings(max_examples=200)
@given(CONDITIONS, WORLDS, st.data())
def test_an_unknown_answer_names_its_gaps_once(text: str, whole: Any, data: st.DataObject) -> None:
    """Only an unknown answer has gaps, always some, and none twice."""
    part = {name: data.draw(masked(frozen(each), name)) for name, each in whole.items()}
    answer = Expression.parse(text).ask(part, Budget())
    assert (answer.truth is Truth.UNKNOWN) == bool(answer.gaps)
    assert len(set(answer.gaps)) == len(answer.gaps)
    assert all(type(gap) is Gap for gap in answer.gaps)


@settings(max_examples=100)
@given(st.text(alphabet="abc.()[]{}!&|?:'\"\\+-*/%<>=, 01rnuxU\n", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is written, it is an expression or an error with a column within it, and evaluates safely."""
    try:
        expression = Expression.parse(text)
    except ExpressionError as error:
        column = error.column
    else:
        column = 1
        expression.evaluate({"a": 1, "b": ("x",), "c": {"a": Gap("c.a", "not told")}}, Budget(1_000))
    assert 1 <= column <= len(text) + 1
