"""How much longer a sweep takes than its slowest check alone, for 9 and for 200 targets."""

import random
import time

from benchmarks.measure import Row, in_turns
from benchmarks.place import environment, overlay, runner, swept
from benchmarks.targets import ADDRESS, Targets

REPEAT = 7
TARGET = 1.10
SLOWEST_MS = 1_000


async def rows(targets: Targets) -> list[Row]:
    """One row per number of targets."""
    return [await _row(targets, number) for number in (9, 200)]


async def _row(targets: Targets, number: int) -> Row:
    """Targets answer after 10 to 800 ms as chance (of a fixed seed) will, and one after a second."""
    chance = random.Random(number)
    delays = [SLOWEST_MS, *(chance.randrange(10, 800) for _ in range(number - 1))]
    chance.shuffle(delays)
    checks = {
        f"target-{index}": {"kind": "http", "url": f"http://{ADDRESS}:{targets.http}/{delay}", "budget": "4s"}
        for index, delay in enumerate(delays)
    }
    made = environment(checks)
    specs = made.select()
    slowest = [specs[delays.index(SLOWEST_MS)]]
    async with runner(made, overlay(targets)) as running:

        async def all_of_them() -> float:
            began = time.perf_counter()
            await swept(running, specs)
            return time.perf_counter() - began

        async def the_slowest() -> float:
            (result,) = (await swept(running, slowest)).results
            return (result.duration_ms or 0.0) / 1000

        wall, alone = await in_turns(all_of_them, the_slowest, repeat=REPEAT)
    return Row(f"sweep of {number} targets, wall time over slowest check", wall, alone, "s", TARGET)
