"""Running whybot's own job and reading what it writes: what the job vantage asks of Google Cloud.

Running the job changes no infrastructure: it makes an execution, which ends by itself
(docs/decisions/0016-vantage-is-a-job.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from checks.observations import Seen


class State(StrEnum):
    """How far an execution is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a job. `name` is short, empty where Google took the call but its answer was lost.

    `url` is its page in the console, `message` what Cloud Run says of its end, or why its answer was lost.
    """

    name: str
    url: str
    state: State = State.RUNNING
    message: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log with a JSON payload. `id` is the same each time it is read."""

    id: str
    at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


class Jobs(Protocol):
    """The jobs of one project and region. No method raises for what Google answers: that is a `Blind`."""

    async def run(
        self, job: str, arguments: Sequence[str], task_seconds: float, *, seconds: float = 15.0
    ) -> Seen[Execution]:
        """Begins one execution with these arguments, which Cloud Run ends after `task_seconds`. Never twice.

        Where it cannot be told whether it began, the execution has no name.
        """
        ...

    async def execution(self, job: str, name: str, *, seconds: float = 5.0) -> Seen[Execution]:
        """How far an execution is."""
        ...

    async def answers(
        self, job: str, request: str, since: datetime, *, seconds: float = 5.0
    ) -> Seen[tuple[Entry, ...]]:
        """What the job has written for a request (`jsonPayload.whybot.request`), oldest first."""
        ...
