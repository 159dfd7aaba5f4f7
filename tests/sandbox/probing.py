"""Asks a staging world as whybot would: real sweeps over `environments/staging.yaml`."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.environment import Environment, load_environment, load_overlay
from checks.result import Status, Sweep, Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from sandbox.world import World

ATTEMPTS = 8
"""A machine that is busy with other things makes a check late now and then; what is wrong stays wrong."""
HURRIED = {"timeout": 800.0, "budget": 200.0}
"""Milliseconds; as in life the budget is well below, or a late prober could not tell whose time it was."""

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
    """Runs checks against one world. Those that are `hurried` do not wait long for what will never answer."""

    environment: Environment
    runner: Runner

    async def sweep(self, names: Collection[str] = (), *, hurried: Collection[str] = ()) -> Sweep:
        """One sweep over these checks, or over all."""
        chosen = [spec for spec in self.environment.checks.values() if not names or spec.name in names]
        return await self.runner.run(
            [spec.model_copy(update=HURRIED) if spec.name in hurried else spec for spec in chosen]
        )

    async def settled(
        self, expected: Answers, names: Collection[str] = (), *, hurried: Collection[str] = ()
    ) -> Sweep:
        """The first sweep with these answers, or the last of several without."""
        for _ in range(ATTEMPTS):
            sweep = await self.sweep(names, hurried=hurried)
            if answers(sweep) == expected:
                break
        return sweep


@asynccontextmanager
async def probing(world: World) -> AsyncIterator[Prober]:
    """A prober for a running world."""
    environment = load_environment(Path(world.variables["WHYBOT_ENVIRONMENTS"]) / "staging.yaml")
    overlay = load_overlay(world.overlay_file)
    vantage = Vantage("here", "a test")
    async with Runner(environment, Secrets(world.variables), vantage, overlay=overlay) as runner:
        yield Prober(environment, runner)
