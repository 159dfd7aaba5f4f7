"""The page about CEL says what there is."""

import re
from pathlib import Path

import pytest

from runbooks.cel.expression import STEPS, Expression
from runbooks.cel.functions import FUNCTIONS
from runbooks.cel.operators import LONGEST_LIST, LONGEST_TEXT
from runbooks.cel.reading import DEEPEST, LONGEST, MACROS
from runbooks.evidence.sources import SHAPES
from runbooks.shape import Names
from runbooks.static import problems

PAGE = (Path(__file__).parents[3] / "docs/cel.md").read_text()
EXAMPLES = [line for block in re.findall(r"```cel\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_right(example: str) -> None:
    """Each example is read and fits the evidence that there is."""
    assert problems(Expression.parse(example), Names(SHAPES)) == []


def test_every_function_is_on_the_page() -> None:
    """A function is listed as it is written, with what it gives; so is every macro."""
    rows = [f"| `{each.form}` | {each.says} |" for each in FUNCTIONS.values()]
    assert [row for row in rows if row not in PAGE] == []
    assert [name for name in MACROS if f".{name}(x, " not in PAGE] == []


def test_bounds_are_those_that_hold() -> None:
    """The numbers of the page are those of the code."""
    for said in (
        f"{LONGEST:,} characters, {DEEPEST} levels",
        f"{STEPS:,} steps",
        f"{LONGEST_TEXT:,} characters",
        f"{LONGEST_LIST:,} members",
    ):
        assert said in PAGE
