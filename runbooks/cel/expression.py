"""One CEL expression: read once, evaluated often, always within a budget."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbooks.values import Gap, Truth, Value

LONGEST = 2_000  # characters of one expression
DEEPEST = 40  # nested parentheses, calls and operators of one expression
STEPS = 1_000_000  # evaluation steps of one whole diagnosis


class ExpressionError(ValueError):
    """An expression cannot be read. `str()` is for people, `column` counts from 1."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.column = column


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

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Reads an expression. Raises `ExpressionError`, also for one that is too long or too deep."""
        raise NotImplementedError

    def evaluate(self, names: Mapping[str, Value], budget: Budget) -> Value:
        """Its value; a `Gap` where it is unknown. Raises `BudgetSpent` alone."""
        raise NotImplementedError

    def ask(self, names: Mapping[str, Value], budget: Budget) -> Answer:
        """Its value as a condition; anything but true and false is a mistake, and unknown."""
        raise NotImplementedError
