"""Where one run of one check notes what it sees, and how much time it has left."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from checks.result import Fact, Phase, Status


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Phases and facts so far, kept in the result even after a failure.

    `deadline` is in `time.monotonic()` seconds.
    """

    deadline: float
    phases: list[Phase] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a step. A step that raises (or is cancelled by the deadline) is noted as failed."""
        began = time.perf_counter()
        status = Status.FAIL
        try:
            yield
            status = Status.PASS
        finally:
            self.phases.append(Phase(name, (time.perf_counter() - began) * 1000, status))

    def note(self, **facts: Fact) -> None:
        """Notes typed facts for runbooks and the details view."""
        self.facts.update(facts)

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def timeout(self) -> asyncio.Timeout:
        """An `asyncio.timeout` that ends at the deadline."""
        return asyncio.timeout(self.remaining())
