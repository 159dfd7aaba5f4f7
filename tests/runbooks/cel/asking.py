"""Shorthand for tests of expressions."""

from typing import Any

from runbooks.cel.expression import Answer, Budget, Expression
from runbooks.values import Gap

BLIND = Gap("checks.redis.status", "the job may not be run", "Grant roles/run.invoker")
WAITING = Gap("logs.backend", "Cloud Logging has not answered yet", pending=True)


def value(text: str, /, **names: Any) -> Any:
    """What an expression comes to."""
    return Expression.parse(text).evaluate(names, Budget())


def ask(text: str, /, **names: Any) -> Answer:
    """What an expression comes to as a condition."""
    return Expression.parse(text).ask(names, Budget())
