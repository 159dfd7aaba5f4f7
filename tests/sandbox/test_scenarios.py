"""Every scenario, as real sweeps see it."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from checks.reasons import Reason
from checks.result import Status, Sweep
from sandbox.scenario import FOLDER, SCENARIOS, Scenario, ScenarioError, load_scenario, read_scenario
from sandbox.world import World
from tests.sandbox.probing import PATIENCE_S, Answers, Prober, answers, probing

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEED = "seed-503"
STORES = ("redis", "postgres", "clickhouse")
GOOD = "{schema: whybot/scenario/1, name: x, title: t, description: d, see: s"


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inside(world: World) -> AsyncIterator[Prober]:
    """A prober in the network of whybot's Cloud Run job."""
    async with probing(world, world.job_overlay_file) as ready:
        yield ready


async def swept(world: World, prober: Prober, name: str) -> tuple[Sweep, Answers]:
    """A sweep in a scenario, and what its file expects."""
    await world.apply_scenario(name)
    expected = expected_here(load_scenario(name))
    return await prober.settled(expected, hurried=name != SEED), expected


def expected_here(scenario: Scenario) -> Answers:
    """What does not pass when everything is asked from this machine."""
    wanted = {**scenario.expect, **scenario.expect_here}
    return {
        check: (each.status.value, each.reason.value)
        for check, each in wanted.items()
        if each.status is not Status.PASS
    }


@pytest.mark.parametrize("name", [name for name in SCENARIOS if not load_scenario(name).cloud])
async def test_a_sweep_says_what_the_scenario_promises(world: World, prober: Prober, name: str) -> None:
    """Each check has the status and the reason that the file expects; for the configuration see beside."""
    sweep, expected = await swept(world, prober, name)
    assert answers(sweep) == expected


async def test_the_seed_has_the_numbers_of_the_write_up(world: World, prober: Prober, inside: Prober) -> None:
    """From the backend's network Redis is silent, PostgreSQL needs 5.2 s; /health takes 2 to 12 s."""
    sweep, expected = await swept(world, prober, SEED)
    assert answers(sweep) == expected
    wanted = {"redis": ("fail", "connect_timeout"), "postgres": ("degraded", "over_budget")}
    stores = await inside.settled(wanted, STORES, hurried=False)
    assert answers(stores) == wanted
    found = {result.name: result for result in (*sweep.results, *stores.results)}
    assert found["redis"].reason is Reason.CONNECT_TIMEOUT
    assert [phase.name for phase in found["redis"].phases] == ["connect"]
    phases = {phase.name: phase.duration_ms for phase in found["postgres"].phases}
    assert (found["postgres"].duration_ms or 0) >= 5160
    assert phases["auth"] >= 2860
    assert phases["query"] >= 2300
    assert found["clickhouse"].status is Status.PASS
    assert (found["clickhouse"].duration_ms or 0) >= 98
    assert found["backend"].reason is Reason.HTTP_503
    assert 2000 <= (found["backend"].duration_ms or 0) <= 12000


async def test_after_a_scenario_everything_passes_at_once(world: World, prober: Prober) -> None:
    """Once the seed's links are mended, the application and the prober notice without a restart."""
    await world.apply_scenario(SEED)
    await prober.sweep(["backend", "websocket"])
    await world.apply_scenario("healthy")
    assert answers(await prober.settled({})) == {}


async def test_the_healthy_world_is_within_its_budgets(world: World, prober: Prober) -> None:
    """With the budgets of the file each check passes, if not in each sweep of a busy machine."""
    await world.apply_scenario("healthy")
    missing = {spec.name for spec in prober.chosen(())}
    give_up = time.monotonic() + PATIENCE_S
    while missing and time.monotonic() < give_up:
        missing -= {result.name for result in (await prober.sweep()).results if result.status is Status.PASS}
    assert missing == set()


async def test_every_scenario_file_is_on_offer() -> None:
    """The folder holds the scenarios of the tuple and no others, and there are at least fifteen."""
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(SCENARIOS)
    assert len(SCENARIOS) >= 15


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema: whybot/scenario/1\nname: x\n", "Field required"),
        ("{", "x.yaml"),
        (
            f"{GOOD}, surprise: 1}}",
            "Extra inputs are not permitted",
        ),
        (
            f"{GOOD}, faults: [{{fault: blackhoel, target: redis}}]}}",
            "Did you mean blackhole",
        ),
        (
            f"{GOOD}, faults: [{{fault: blackhole, target: moon}}]}}",
            "There is no target 'moon'",
        ),
        ("{schema: whybot/scenario/1, name: y, title: t, description: d, see: s}", "its name is 'y'"),
    ],
)
async def test_a_wrong_scenario_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    """A scenario's file is checked when it is read, with its faults."""
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        read_scenario(file)
    assert said in str(raised.value)
