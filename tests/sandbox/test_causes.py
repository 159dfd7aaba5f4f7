"""Scenarios of configuration, load and code: the sites really do what the file promises."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from checks.result import Status
from sandbox.scenario import SCENARIOS, Scenario, load_scenario
from sandbox.world import World
from tests.sandbox.probing import Answers, Prober, answers, probing

pytestmark = pytest.mark.asyncio(loop_scope="module")
STORES = ("redis", "postgres", "clickhouse")
EDGES = ("backend", "websocket", "dns", "certificate", "auth")
WAY = {"connect_timeout", "over_budget"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """One world for all tests of this file."""
    async with World() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prober(world: World) -> AsyncIterator[Prober]:
    """A prober of that world."""
    async with probing(world) as ready:
        yield ready


def caused_beside_the_network(scenario: Scenario) -> bool:
    """Whether a scenario changes the cloud and is felt although every way is open and quick."""
    quick = not scenario.expect_path and not any(
        each.reason.value in WAY for name, each in scenario.expect.items() if name in STORES
    )
    return bool(scenario.cloud and scenario.expect) and quick


BESIDE = [name for name in SCENARIOS if caused_beside_the_network(load_scenario(name))]


def expected_of(scenario: Scenario) -> Answers:
    """What a file expects of sites and edges, asked from this machine."""
    wanted = {**scenario.expect, **scenario.expect_here}
    return {
        name: (each.status.value, each.reason.value)
        for name, each in wanted.items()
        if each.status is not Status.PASS
    }


@pytest.mark.parametrize("name", BESIDE)
async def test_what_is_deployed_loaded_or_gone_is_felt(world: World, prober: Prober, name: str) -> None:
    """A sweep from this machine has the answers of the file, with dependencies as it expects them."""
    expected = expected_of(load_scenario(name))
    await world.apply_scenario(name)
    sweep = await prober.settled(expected)
    assert answers(sweep) == expected


async def test_there_are_such_scenarios() -> None:
    """Bad revisions, load and secrets are among them."""
    assert {"bad-revision", "secret-missing", "max-instances", "out-of-memory", "cold-starts"} <= set(BESIDE)
