"""Asks a staging world as whybot would: real sweeps over `environments/staging.yaml`."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.environment import Environment, load_environment, load_overlay
from checks.result import CheckResult, Status, Sweep, Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from sandbox.world import World

ATTEMPTS = 8
"""A machine that is busy with other things makes a check late now and then; what is wrong stays wrong."""
HURRIED_MS = 800.0

Answers = dict[str, tuple[str, str]]


def answers(sweep: Sweep) -> Answers:
    """Status and reason of every check that does not pass."""
    return {
        result.name: (result.status.value, result.reason.value)
        for result in sweep.results
        if result.status is not Status.PASS
    }


@dataclass
class Prober:
    """Runs checks against one world. A hurried run does not wait long for what will never answer."""

    environment: Environment
    runner: Runner

    async def sweep(self, names: Collection[str] = (), *, hurried: bool = False) -> Sweep:
        """One sweep over these checks, or over all."""
        chosen = [spec for spec in self.environment.checks.values() if not names or spec.name in names]
        if hurried:
            chosen = [spec.model_copy(update={"timeout": HURRIED_MS}) for spec in chosen]
        return await self.runner.run(chosen)

    async def settled(
        self, expected: Answers, names: Collection[str] = (), *, hurried: bool = False
    ) -> Sweep:
        """The first sweep with these answers, or the last of several without."""
        for _ in range(ATTEMPTS):
            sweep = await self.sweep(names, hurried=hurried)
            if answers(sweep) == expected:
                break
        return sweep

    async def one(self, name: str, expected: Answers, *, hurried: bool = False) -> CheckResult:
        """The result of one check, as `settled`."""
        return (await self.settled(expected, (name,), hurried=hurried)).results[0]


@asynccontextmanager
async def probing(world: World) -> AsyncIterator[Prober]:
    """A prober for a running world."""
    environment = load_environment(Path(world.variables["WHYBOT_ENVIRONMENTS"]) / "staging.yaml")
    overlay = load_overlay(world.overlay_file)
    vantage = Vantage("here", "a test")
    async with Runner(environment, Secrets(world.variables), vantage, overlay=overlay) as runner:
        yield Prober(environment, runner)
