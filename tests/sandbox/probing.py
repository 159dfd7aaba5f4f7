"""Asks a staging world as whybot would: real sweeps over `environments/staging.yaml`."""

import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.cloud_check import CloudCheck
from checks.environment import Environment, load_environment, load_overlay
from checks.reasons import Reason
from checks.result import Status, Sweep, Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from checks.spec import CheckSpec
from checks.verdict import TIME_OUTS
from sandbox.world import World

ATTEMPTS = 8
"""A machine that is busy with other things makes a check late now and then; what is wrong stays wrong."""
PATIENCE_S = 40.0
"""How long to ask again where the prober was too late to tell, which says nothing of the world."""
HURRY_MS, HURRIED_BUDGET_MS = 800.0, 200.0
"""As in life the budget is well below, or a late prober could not tell whose time it was."""
MOST_PATIENCE = 8
"""Times the hurried time-out, and a fraction of the budget that is to be broken."""

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
    """Runs checks against one world."""

    environment: Environment
    runner: Runner

    def chosen(self, names: Collection[str]) -> list[CheckSpec]:
        """These checks, or all that ask over the network; a prober has no eyes for those of Google Cloud."""
        probed = [spec for spec in self.environment.checks.values() if not isinstance(spec, CloudCheck)]
        return [spec for spec in probed if not names or spec.name in names]

    async def sweep(self, names: Collection[str] = ()) -> Sweep:
        """One sweep, as the environment file has it."""
        return await self.runner.run(self.chosen(names))

    async def settled(self, expected: Answers, names: Collection[str] = (), *, hurried: bool = True) -> Sweep:
        """The first sweep with these answers, or the last of several without.

        A check has to be quick only where slowness is expected of it. One that is expected not to answer is
        not waited for as long as in life, unless the sweep is not `hurried`: longer once the prober was late.
        """
        attempts, patience, give_up = 0, 1, time.monotonic() + PATIENCE_S
        while True:
            specs = [suited(spec, expected.get(spec.name), hurried, patience) for spec in self.chosen(names)]
            sweep = await self.runner.run(specs)
            if late(sweep):
                patience = min(2 * patience, MOST_PATIENCE)
            else:
                attempts += 1
            if answers(sweep) == expected or attempts == ATTEMPTS or time.monotonic() > give_up:
                return sweep


def late(sweep: Sweep) -> bool:
    """Whether the prober was too late to tell something."""
    return any(result.reason is Reason.PROBER_OVERLOADED for result in sweep.results)


def suited(spec: CheckSpec, expected: tuple[str, str] | None, hurried: bool, patience: int) -> CheckSpec:
    """The check with the patience that its expected answer needs."""
    reason = Reason(expected[1]) if expected else Reason.OK
    if reason in TIME_OUTS:
        brief = {"timeout": HURRY_MS * patience, "budget": HURRIED_BUDGET_MS}
        return spec.model_copy(update=brief) if hurried else spec
    if reason is Reason.OVER_BUDGET:
        # What is left of a slow answer without the prober's lateness is still more than a part of the budget.
        return spec.model_copy(update={"budget": spec.budget / patience})
    return spec.model_copy(update={"budget": spec.timeout})


@asynccontextmanager
async def probing(world: World, overlay_file: Path | None = None) -> AsyncIterator[Prober]:
    """A prober for a running world, on this machine or where another overlay is."""
    environment = load_environment(Path(world.variables["WHYBOT_ENVIRONMENTS"]) / "staging.yaml")
    overlay = load_overlay(overlay_file or world.overlay_file)
    vantage = Vantage("here", "a test")
    async with Runner(environment, Secrets(world.variables), vantage, overlay=overlay) as runner:
        yield Prober(environment, runner)
