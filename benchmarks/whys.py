"""Whys: a diagnosis against one JSON parse of its bundle, and what a cause costs among many."""

import json
import time
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Row, in_turns
from runbooks.bundle import from_document, parse
from runbooks.cel.expression import Expression
from runbooks.engine import diagnose, reason
from runbooks.reader import load_library
from runbooks.runbook import Cause, Library, Runbook
from runbooks.text import Text
from runbooks.values import CITE, Value

BUNDLE = Path(__file__).parents[1] / "tests/runbooks/bundles/seed-503.json"
MANY, FEW = 1_000, 100
DEEP = 10
"""Of so many causes one is below another."""
REPEAT, BEST_OF = 5, 5
# A diagnosis evaluates some 400 expressions and says some 130 texts in Python; JSON is read in C.
AGAINST_PARSE = 25.0
# Among ten times as many causes one may cost half as much again, so the whole stays linear.
PER_CAUSE = 1.5
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def rows() -> list[Row]:
    """Milliseconds of CPU for a diagnosis, and microseconds for a cause."""
    return [await _diagnosis(), await _causes()]


async def _diagnosis() -> Row:
    raw = BUNDLE.read_bytes()
    library, bundle = load_library(), from_document(parse(raw))
    ours, baseline = await in_turns(
        lambda: _timed(lambda: diagnose(library, bundle)),
        lambda: _timed(lambda: json.loads(raw)),
        repeat=REPEAT,
    )
    note = f"({len(raw) / 1000:.0f} kB of evidence)"
    return Row(
        "diagnosis of seed-503 over a JSON parse of it", ours, baseline, "ms", AGAINST_PARSE, note=note
    )


async def _causes() -> Row:
    """The few are there ten times, so that both sides go through as much memory."""
    many = [runbook(MANY)]
    few = [runbook(FEW, first) for first in range(MANY, 2 * MANY, FEW)]
    ours, baseline = await in_turns(lambda: _each_cause(many), lambda: _each_cause(few), repeat=REPEAT)
    name = f"a cause among {MANY:,} of a runbook over one among {FEW}"
    return Row(name, ours, baseline, "µs", PER_CAUSE, note=f"(all {MANY:,}: {ours * MANY / 1000:.0f} ms)")


async def _timed(work: Callable[[], object]) -> float:
    """Milliseconds of this process alone, the best of some: both sides are work without waiting."""
    return min(timeit.repeat(work, number=1, repeat=BEST_OF, timer=time.process_time)) * 1000


async def _each_cause(libraries: list[Library]) -> float:
    return await _timed(lambda: [reason(each, facts(), NOW) for each in libraries]) * 1000 / MANY


def facts() -> dict[str, Value]:
    """Evidence that each cause looks at."""
    cite: Value = {"id": "checks.it", "text": "it fails", "source": "check", "at": NOW, "url": ""}
    return {"env": {"name": "bench"}, "checks": {"it": {"status": "fail", "n": 7, CITE: cite}}}


def runbook(causes: int, first: int = 0) -> Library:
    """A runbook of so many causes: of ten one is confirmed, one is deeper than that, the others ruled out."""
    top = tuple(_cause(first + number) for number in range(causes - causes // DEEP))
    return Library((Runbook("bench", "bench.yaml", Text.parse("Why?"), Expression.parse("true"), top),))


def _cause(number: int, *, deeper: bool = True) -> Cause:
    confirmed = number % (DEEP - 1) == 0
    sign = "<" if confirmed else ">"
    return Cause(
        id=f"c{number}" if deeper else f"d{number}",
        title=Text.parse(f"Cause {number}"),
        when=Expression.parse(f"checks.it.status == 'fail' && checks.it.n {sign} {number + 8}"),
        because=Text.parse("It {{ checks.it.status }}s"),
        evidence=(Expression.parse("checks.it"),),
        ruled_out=Text.parse("only {{ checks.it.n }}"),
        causes=(_cause(number, deeper=False),) if deeper and confirmed else (),
    )
