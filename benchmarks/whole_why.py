"""How much longer a whole why takes than its slowest source of evidence alone, in the incident of seed-503.

In a sandbox world, with the official clients and our runbooks. The slowest source is the sweep of all checks,
with the dependencies asked by the Cloud Run job.
"""

import time
from contextlib import aclosing

from benchmarks.accuracy import Place, place
from benchmarks.measure import Row, in_turns
from runbooks.engine import diagnose
from runbooks.evidence.checks import Checks
from runbooks.gather import gather
from runbooks.output.why import document

SCENARIO = "seed-503"
REPEAT = 3
TARGET = 1.15


async def rows(repeat: int = REPEAT) -> list[Row]:
    """One row: a whole why over a sweep."""
    async with place() as at:
        await at.world.apply_scenario(SCENARIO)
        ours, baseline = await in_turns(lambda: whole(at), lambda: slowest(at), repeat=repeat)
    return [Row(f"whole why of {SCENARIO} over its slowest source alone", ours, baseline, "s", TARGET)]


async def whole(at: Place) -> float:
    """Seconds of a why, from the question to the last document."""
    began = time.perf_counter()
    async with aclosing(gather(at.library, at.scope)) as bundles:
        async for bundle in bundles:
            document(diagnose(at.library, bundle))  # as it is shown while evidence comes in, and at the end
    return time.perf_counter() - began


async def slowest(at: Place) -> float:
    """Seconds of the health checks alone."""
    began = time.perf_counter()
    async for _ in Checks().gather(at.scope):
        pass
    return time.perf_counter() - began
