"""Figures: repeated in turns so that both sides see the same machine, medians, and one row per claim."""

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure, its baseline in the same run, and the target of their ratio.

    `at_least` is for rates, where more is better; otherwise the ratio must be at most the target.
    """

    name: str
    ours: float
    baseline: float
    unit: str
    target: float
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours over the baseline; infinite where the baseline is nothing."""
        return self.ours / self.baseline if self.baseline else math.inf

    @property
    def met(self) -> bool:
        """Whether the target is kept. Compared unrounded, so that 1.304 does not pass as 1.30."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


Measure = Callable[[], Awaitable[float]]


async def in_turns(*measures: Measure, repeat: int) -> list[float]:
    """The median of each measure over `repeat` rounds, after one round to warm up.

    Every round runs each measure once, in alternating order, so that a slow moment of the machine hits all.
    """
    taken: list[list[float]] = [[] for _ in measures]
    order = list(enumerate(measures))
    for turn in range(repeat + 1):
        for index, measure in order if turn % 2 else order[::-1]:
            value = await measure()
            if turn:
                taken[index].append(value)
    return [statistics.median(values) for values in taken]


async def cpu_of(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Seconds of CPU of this process, all threads, for one of `times` runs of the work."""
    began = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - began) / times


async def until(question: Callable[[], Awaitable[bool]], limit: float) -> None:
    """Asks again until the answer is true; raises TimeoutError after `limit` seconds."""
    async with asyncio.timeout(limit):
        while not await question():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.005)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(rows: Sequence[Row]) -> str:
    """The rows as text, with a column for each part of the claim."""
    heading = ("what", "whybot", "baseline", "ratio", "target", "")
    lines = [heading, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 5) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    sign = "≥" if row.at_least else "≤"
    verdict = ("ok" if row.met else "missed") + (f"  {row.note}" if row.note else "")
    ours, baseline = (f"{value:,.4g} {row.unit}" for value in (row.ours, row.baseline))
    return row.name, ours, baseline, f"{row.ratio:.2f}", f"{sign} {row.target:.2f}", verdict
