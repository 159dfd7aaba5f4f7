"""One CEL expression: read once, evaluated often, always within a budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from runbooks.cel.evaluation import Whole, as_condition, compiled
from runbooks.cel.gaps import reasons
from runbooks.cel.nodes import Name, Node, within
from runbooks.cel.reading import DEEPEST, LONGEST, ExpressionError, read
from runbooks.values import Gap, Truth, Value

__all__ = ["DEEPEST", "LONGEST", "STEPS", "Answer", "Budget", "BudgetSpent", "Expression", "ExpressionError"]

STEPS = 1_000_000  # evaluation steps of one whole diagnosis


class BudgetSpent(Exception):  # noqa: N818 - how an evaluation ended
    """Runbooks ask for more work than a diagnosis may take."""


@dataclass(slots=True)
class Budget:
    """How many steps may still be made. One step is one node visited or one member of a list made."""

    steps: int = STEPS

    def spend(self, steps: int = 1) -> None:
        """Takes steps away. Raises `BudgetSpent`."""
        self.steps -= steps
        if self.steps < 0:
            raise BudgetSpent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a condition came to: `gaps` are those that made it unknown, each once, in order."""

    truth: Truth
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A CEL expression. `roots` are the names that it takes from outside (`checks`, `failing`)."""

    text: str
    roots: frozenset[str]
    node: Node = field(repr=False, compare=False)
    run: Whole = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Reads an expression. Raises `ExpressionError`, also for one that is too long or too deep."""
        return _parsed(text)

    def evaluate(self, names: Mapping[str, Value], budget: Budget) -> Value:
        """Its value; a `Gap` where it is unknown. Raises `BudgetSpent` alone."""
        return self.run(names, budget.spend)

    def ask(self, names: Mapping[str, Value], budget: Budget) -> Answer:
        """Its value as a condition; anything but true and false is a mistake, and unknown."""
        found = as_condition(self.evaluate(names, budget), self.node)
        if isinstance(found, Gap):
            return Answer(Truth.UNKNOWN, reasons(found))
        return _TRUE if found else _FALSE


_TRUE, _FALSE = Answer(Truth.TRUE), Answer(Truth.FALSE)


@lru_cache(maxsize=8192)
def _parsed(text: str) -> Expression:
    node = read(text)
    roots = frozenset(each.name for each in within(node) if isinstance(each, Name))
    return Expression(text, roots, node, compiled(node))
