"""How late this process itself was, so that its own slowness is not blamed on what it asks."""

import asyncio
from types import TracebackType
from typing import Self

TICK = 0.01  # seconds between two looks
TOLERANCE = 0.004  # seconds; timers of the event loop are coarse, and a millisecond or two is no lateness


class LatenessMeter:
    """Sums up how much later than asked the event loop woke up; runs while it is entered (also nested).

    What blocks the loop for 400 ms makes every check that was running up to 400 ms slower than its target.
    """

    def __init__(self) -> None:
        self._total = 0.0
        self._due = 0.0
        self._entered = 0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._entered += 1
        if self._timer is None:
            self._schedule(asyncio.get_running_loop())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered -= 1
        if not self._entered and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def total_ms(self) -> float:
        """Milliseconds of lateness until now; only differences of two readings mean something.

        Counts a wake-up that is overdue as well: a check that ends right after the loop was blocked reads
        this before the meter's own timer has run.
        """
        overdue = 0.0
        if self._timer is not None:
            overdue = asyncio.get_running_loop().time() - self._due
        return (self._total + (overdue if overdue > TOLERANCE else 0.0)) * 1000

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + TICK
        self._timer = loop.call_at(self._due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        late = loop.time() - self._due
        if late > TOLERANCE:
            self._total += late
        self._schedule(loop)
