"""How often whys are right: every case of the matrix on a running sandbox, with the official clients.

Each case is made in one sandbox world, looked at as `/staging-why` looks, and diagnosed with our runbooks;
what comes out is held to the case. `python -m benchmarks.accuracy --record FOLDER` keeps the bundles as well.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.judge import Judgement, confusion, judge, summary
from benchmarks.matrix import CASES, Case
from benchmarks.measure import Row
from bot.eyes import open_eyes
from bot.settings import load_settings
from bot.vantages import open_vantages
from checks.environment import find_environment, load_overlay
from checks.reasons import Reason
from checks.result import Sweep
from checks.runner import utc_now
from checks.secrets import Secrets
from runbooks.bundle import Bundle
from runbooks.engine import diagnose
from runbooks.evidence.facts import facts
from runbooks.evidence.source import Scope
from runbooks.gather import gather
from runbooks.reader import load_library
from runbooks.runbook import Library
from runbooks.values import CITE, Value
from sandbox.scenario import load_scenario
from sandbox.world import World

RIGHT, FOUNDED = 0.95, 1.0
REUSED_SECONDS = 2.1
TRIES = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A sandbox world, and how its staging is looked at."""

    world: World
    scope: Scope
    library: Library


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """A running world with everything that a why needs, as the bot wires it."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World())
        settings = load_settings({**world.variables, "WHYBOT_VANTAGE": "this machine (bench)"})
        environment = find_environment(settings.environments, "staging")
        eyes = await stack.enter_async_context(open_eyes(settings, environment))
        assert settings.overlay is not None, "the sandbox sets an overlay"
        vantages = await stack.enter_async_context(
            open_vantages(
                settings,
                environment,
                load_overlay(settings.overlay),
                eyes,
                secrets=Secrets(world.variables),
            )
        )

        def sweep() -> AsyncIterator[Sweep]:
            return vantages.progress(environment.select())

        yield Place(world, Scope(environment, eyes, sweep, utc_now), load_library())


async def look(at: Place, case: Case) -> Bundle:
    """Brings the world into a case's state and gathers; the permissions are given back afterwards."""
    await at.world.apply_scenario(case.scenarios[0])
    for name in case.scenarios[1:]:
        more = load_scenario(name)
        for change in more.cloud:
            await at.world.change(change)
        for fault in more.faults:
            await at.world.apply_fault(fault.fault, fault.target, **fault.options)
    await asyncio.sleep(
        REUSED_SECONDS
    )  # readings of Google Cloud from before the change are reused for so long
    fake = at.world.staging.cloud.fake
    fake.deny(*case.denied)
    try:
        for _ in range(TRIES):
            bundle = await _gathered(at)
            if not any(late(each) for each in bundle.sections["checks"].data["checks"]):
                break
        return bundle
    finally:
        fake.allow()


async def _gathered(at: Place) -> Bundle:
    bundle: Bundle | None = None
    async with aclosing(gather(at.library, at.scope)) as bundles:
        async for each in bundles:
            bundle = each
    assert bundle is not None, "gathering gives at least one bundle"
    return bundle


def late(check: Mapping[str, Any]) -> bool:
    """Whether this machine was too busy to tell, which says nothing about the case."""
    return str(check["reason"]) == Reason.PROBER_OVERLOADED


def judged(library: Library, case: Case, bundle: Bundle) -> Judgement:
    """What the runbooks make of a bundle, held to its case."""
    return judge(case, diagnose(library, bundle), cited(facts(bundle)))


def cited(value: Value) -> dict[str, str]:
    """The texts of all that can be cited in these values, by id."""
    found: dict[str, str] = {}
    _collect(value, found)
    return found


def _collect(value: Value, found: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        cite = value.get(CITE)
        if isinstance(cite, Mapping):
            found[str(cite["id"])] = str(cite["text"])
        for member in value.values():
            _collect(member, found)
    elif isinstance(value, tuple):
        for member in value:
            _collect(member, found)


async def run(
    cases: Sequence[Case],
    told: Callable[[Judgement], None],
    kept: Callable[[Case, Bundle], None] | None = None,
) -> list[Judgement]:
    """Judges these cases, one after the other in one world."""
    judgements = []
    async with place() as at:
        for case in cases:
            bundle = await look(at, case)
            if kept is not None:
                kept(case, bundle)
            judgements.append(judged(at.library, case, bundle))
            told(judgements[-1])
    return judgements


def report(judgements: Sequence[Judgement]) -> str:
    """The table for people: shares, then every case that was not right, then the confusion of root causes."""
    figures = summary(judgements)
    told = (
        f"{figures['cases']} cases: root cause right {figures['right']:.1%} with full evidence, "
        f"{figures['right_partial']:.1%} with a source missing"
    )
    more = (
        f"false blame {figures['false_blame']} · unknown where unknown is right "
        f"{figures['unknown_right']:.1%} · whys with evidence {figures['founded']:.1%} of {figures['whys']}"
    )
    lines = [told, more]
    families = dict.fromkeys(each.case.family for each in judgements)
    for family in families:
        of = [each for each in judgements if each.case.family == family]
        lines.append(f"  {family:<12}{sum(each.right for each in of):>4} of {len(of)}")
    lines += [f"  not right: {line}" for each in judgements if not each.right for line in [_said(each)]]
    lines += [
        f"  {there} taken for {found}: {count}"
        for (there, found), count in sorted(confusion(judgements).items())
    ]
    return "\n".join(lines)


def _said(judgement: Judgement) -> str:
    parts = {
        "missed": judgement.missed,
        "blamed": judgement.blamed,
        "should be unknown": judgement.certain,
        "found": judgement.found,
    }
    return f"{judgement.case.name}: " + " · ".join(
        f"{name} {', '.join(causes)}" for name, causes in parts.items() if causes
    )


async def rows() -> list[Row]:
    """The whole matrix as rows of the table of `make bench`; the report goes before it."""
    judgements = await run(
        CASES, lambda each: print("." if each.right else "x", end="", file=sys.stderr, flush=True)
    )
    print(f"\n{report(judgements)}", flush=True)
    figures = summary(judgements)
    return [
        Row(
            "root cause right, full evidence, over all cases", figures["right"], 1.0, "", RIGHT, at_least=True
        ),
        Row("cases without false blame over all", 1.0 - _blaming(judgements), 1.0, "", 1.0, at_least=True),
        Row("whys with evidence over all whys", figures["founded"], 1.0, "", FOUNDED, at_least=True),
    ]


def _blaming(judgements: Sequence[Judgement]) -> float:
    return sum(bool(each.blamed) for each in judgements) / len(judgements)


def main() -> None:
    """Runs the cases whose names hold one of the arguments, all of them without any."""
    arguments = sys.argv[1:]
    folder: Path | None = None
    if "--record" in arguments:
        at = arguments.index("--record")
        folder = Path(arguments[at + 1])
        del arguments[at : at + 2]
    chosen = [case for case in CASES if not arguments or any(word in case.name for word in arguments)]
    judgements = asyncio.run(
        run(
            chosen,
            lambda each: print(f"{'ok ' if each.right else 'NOT'} {_said(each)}", flush=True),
            None if folder is None else lambda case, bundle: _keep(folder, case, bundle),
        )
    )
    print(report(judgements))


def file_name(case: Case) -> str:
    """The file in which a case's evidence is recorded."""
    return "".join(c if c.isalnum() or c == "-" else "_" for c in case.name) + ".json.gz"


def _keep(folder: Path, case: Case, bundle: Bundle) -> None:
    import gzip
    import json

    from runbooks.bundle import document

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(bundle), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # Without a time in it, so that the same bundle makes the same file.
    (folder / file_name(case)).write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
