"""Conditions of Cloud Run's resources."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from google.cloud.run_v2 import Condition

State = Condition.State  # its members are int for mypy, since proto-plus has no types
SUCCEEDED = State.CONDITION_SUCCEEDED
FAILED = State.CONDITION_FAILED
RECONCILING = State.CONDITION_RECONCILING
PENDING = State.CONDITION_PENDING


def condition(type_: str, state: int, at: datetime, message: str = "", **reason: Any) -> Condition:
    """One condition; `reason` is one of the reasons' fields of the message."""
    severity = Condition.Severity.ERROR if state == FAILED else Condition.Severity.SEVERITY_UNSPECIFIED
    return Condition(
        type_=type_, state=state, last_transition_time=at, message=message, severity=severity, **reason
    )


def succeeded(conditions: Iterable[Condition], type_: str = "Ready") -> bool:
    """Whether a condition is there and holds."""
    return any(each.type_ == type_ and each.state == SUCCEEDED for each in conditions)
