"""How fast `/staging-health` is acknowledged when a hundred people type it at once, against a bare Bolt app.

Both are driven alike: signed HTTP, 100 connections that are open before the clock starts. whybot keeps each
request in its store before it acknowledges, posts cards and sweeps meanwhile; the bare app only acknowledges.
"""

import asyncio
import itertools
from pathlib import Path

from benchmarks.measure import Row, percentile
from benchmarks.processes import bare_bolt, slack, whybot, whybot_variables
from benchmarks.slack_stub import send
from benchmarks.targets import Targets

AT_ONCE = 100
ROUNDS = 10
TARGET = 1.5
COMMAND = "/staging-health"
_numbers = itertools.count(1)


async def rows(targets: Targets, folder: Path) -> list[Row]:
    """p50 and p99."""
    async with (
        slack(folder) as api,
        bare_bolt(api, folder) as bolt,
        whybot(whybot_variables(api, targets, folder), folder) as ours,
    ):
        taken: dict[int, list[float]] = {ours: [], bolt: []}
        for turn in range(ROUNDS + 1):
            for port in taken if turn % 2 else reversed(taken):
                seconds = await _burst(port)
                if turn:
                    taken[port] += seconds
    return [
        Row(
            f"acknowledgement under {AT_ONCE} commands at once, p{share * 100:.0f}",
            percentile(taken[ours], share) * 1000,
            percentile(taken[bolt], share) * 1000,
            "ms",
            TARGET,
        )
        for share in (0.50, 0.99)
    ]


async def _burst(port: int) -> list[float]:
    answers = await asyncio.gather(*(send(port, COMMAND, next(_numbers)) for _ in range(AT_ONCE)))
    refused = [status for status, _ in answers if status != 200]
    if refused:
        raise RuntimeError(f"{len(refused)} of {AT_ONCE} commands were not acknowledged: {refused[:3]}")
    return [seconds for _, seconds in answers]
