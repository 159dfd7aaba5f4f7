"""`python -m benchmarks [PART…]`: prints one table of ratios, exits with 1 if one misses its target."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import (
    accuracy,
    acknowledgement,
    blackbox,
    check_cpu,
    drift,
    observe,
    reasoning,
    start,
    sweep_wall,
    terraform,
    whole_why,
    whys,
)
from benchmarks.measure import Row, table
from benchmarks.targets import Targets, targets

Part = Callable[[Targets, Path], Awaitable[list[Row]]]

PARTS: dict[str, Part] = {
    "sweep": lambda at, _: sweep_wall.rows(at),
    "cpu": lambda at, _: check_cpu.rows(at),
    "blackbox": blackbox.rows,
    "acknowledgement": acknowledgement.rows,
    "start": start.rows,
    "observe": lambda _at, _folder: observe.rows(),
    "drift": lambda _at, _folder: drift.rows(),
    "reasoning": lambda _at, _folder: reasoning.rows(),
    "terraform": lambda _, folder: terraform.rows(folder),
    "whys": lambda _at, _folder: whys.rows(),
    "whole_why": lambda _at, _folder: whole_why.rows(),
    "accuracy": lambda _at, _folder: accuracy.rows(),
}


async def measure(names: list[str]) -> list[Row]:
    """The rows of these parts, one after the other."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="whybot-bench-") as made:
        folder = Path(made)
        async with targets(folder) as at:
            for name in names:
                print(f"measuring {name} …", file=sys.stderr, flush=True)
                rows += await PARTS[name](at, folder)
    return rows


def main() -> int:
    """Prints the table."""
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 64
    rows = asyncio.run(measure(names))
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
