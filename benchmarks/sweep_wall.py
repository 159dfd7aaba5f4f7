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
    return [await row(targets, number) for number in (9, 200)]


async def row(targets: Targets, number: int, repeat: int = REPEAT, slowest_ms: int = SLOWEST_MS) -> Row:
    """Targets answer sooner or later as chance (of a fixed seed) will, and one takes the longest."""
    chance = random.Random(number)
    delays = [slowest_ms, *(chance.randrange(1, slowest_ms * 4 // 5) for _ in range(number - 1))]
    chance.shuffle(delays)
    checks = {
        f"target-{index}": {"kind": "http", "url": f"http://{ADDRESS}:{targets.http}/{delay}", "budget": "4s"}
        for index, delay in enumerate(delays)
    }
    made = environment(checks)
    specs = made.select()
    slowest = [specs[delays.index(slowest_ms)]]
    async with runner(made, overlay(targets)) as running:

        async def all_of_them() -> float:
            began = time.perf_counter()
            await swept(running, specs)
            return time.perf_counter() - began

        async def the_slowest() -> float:
            (result,) = (await swept(running, slowest)).results
            return (result.duration_ms or 0.0) / 1000

        wall, alone = await in_turns(all_of_them, the_slowest, repeat=repeat)
    return Row(f"sweep of {number} targets, wall time over slowest check", wall, alone, "s", TARGET)
