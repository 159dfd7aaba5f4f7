"""Scenarios of the configuration: router, real links, path and drift agree with the file."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from google.cloud import run_v2
from google.cloud.run_v2.services.services.transports import ServicesGrpcAsyncIOTransport
from grpc.aio import insecure_channel

from bot.eyes import open_eyes
from bot.settings import Settings, load_settings
from checks.drift.model import Severity
from checks.environment import Environment, find_environment
from checks.result import Status
from sandbox import baseline
from sandbox.changes import BY_NAME, CHANGES
from sandbox.errors import UnknownNameError, WrongOptionError
from sandbox.scenario import SCENARIOS, Scenario, load_scenario
from sandbox.world import World
from tests.sandbox.probing import Answers, Prober, answers, probing

pytestmark = pytest.mark.asyncio(loop_scope="module")
STORES = ("redis", "postgres", "clickhouse")
SLOW = "over_budget"
CONFIGURED = [name for name in SCENARIOS if name == "healthy" or load_scenario(name).cloud]
LOOK_ALIKES = [name for name in CONFIGURED if load_scenario(name).look_alike]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """One world for all tests of this file."""
    async with World() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inside(world: World) -> AsyncIterator[Prober]:
    """A prober in the network of whybot's Cloud Run job."""
    async with probing(world, world.job_overlay_file) as ready:
        yield ready


@pytest.fixture(scope="module")
def settings(world: World) -> Settings:
    """The settings of a whybot in that world."""
    return load_settings(world.variables)


@pytest.fixture(scope="module")
def environment(world: World) -> Environment:
    """Staging."""
    return find_environment(Path(world.variables["WHYBOT_ENVIRONMENTS"]), "staging")


def stores_expected(scenario: Scenario) -> Answers:
    """What the stores say, asked from the backend's network."""
    return {
        name: (each.status.value, each.reason.value)
        for name, each in scenario.expect.items()
        if name in STORES
    }


async def asked(inside: Prober, expected: Answers) -> Answers:
    """What the stores answer, but for one that takes its five seconds as it does in the seed."""
    slow = {store for store, (_, reason) in expected.items() if reason == SLOW}
    quick = {store: each for store, each in expected.items() if store not in slow}
    return answers(await inside.settled(quick, [store for store in STORES if store not in slow]))


def links_of(world: World, source: str) -> Mapping[str, str]:
    """The state of each link of a source."""
    return {each["target"]: each["state"] for each in world.describe()["links"] if each["source"] == source}


async def reasoned(
    settings: Settings, environment: Environment
) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """The worst path to each dependency that does not pass, and the fields of drift that matters."""
    async with open_eyes(settings, environment) as eyes:
        assert eyes is not None
        found = await eyes.paths("backend")
        drift = await eyes.drift()
    paths = {
        path.target.name: (path.verdict.value, path.deciding.key.value)
        for path in found
        if path.verdict is not Status.PASS and path.deciding is not None
    }
    return paths, sorted({each.field for each in drift.differences if each.severity is not Severity.COSMETIC})


@pytest.mark.parametrize("name", CONFIGURED)
async def test_router_links_path_and_drift_agree_with_the_file(
    world: World, inside: Prober, settings: Settings, environment: Environment, name: str
) -> None:
    """A configuration closes exactly the links that the path says are closed, and drift names its fields."""
    scenario = load_scenario(name)
    await world.apply_scenario(name)
    expected = stores_expected(scenario)
    silent = {store for store, (status, _) in expected.items() if status == "fail"}
    slow = {store for store, (_, reason) in expected.items() if reason == SLOW}
    assert {to for to, state in links_of(world, "job").items() if state == "closed"} == silent
    assert {to for to, state in links_of(world, "job").items() if state == "impaired"} >= slow
    assert links_of(world, "backend") == links_of(world, "job")
    assert await asked(inside, expected) == {
        store: each for store, each in expected.items() if each[1] != SLOW
    }
    paths, drift = await reasoned(settings, environment)
    assert paths == {
        store: (each.verdict.value, each.step.value) for store, each in scenario.expect_path.items()
    }
    assert drift == sorted(scenario.expect_drift)


async def test_there_are_enough_of_them() -> None:
    """At least twenty configurations that are wrong, and at least eight that only look wrong."""
    assert len(CONFIGURED) - len(LOOK_ALIKES) - 1 >= 20
    assert len(LOOK_ALIKES) >= 8
    for name in LOOK_ALIKES:
        scenario = load_scenario(name)
        assert not scenario.expect
        assert not scenario.expect_path


async def test_repairing_the_configuration_with_the_official_client_heals_the_links(
    world: World, inside: Prober
) -> None:
    """In seed-503 an update of the service's VPC access opens the way to Redis, with no other help."""
    await world.apply_scenario("seed-503")
    assert links_of(world, "job")["redis"] == "closed"
    async with insecure_channel(world.staging.cloud.addresses["grpc"]) as channel:
        client = run_v2.ServicesAsyncClient(transport=ServicesGrpcAsyncIOTransport(channel=channel))
        service = await client.get_service(name=f"{baseline.PARENT}/services/{baseline.BACKEND}")
        service.template.vpc_access = baseline.vpc_access()
        service.template.revision = ""
        operation = await client.update_service(service=service, update_mask={"paths": ["template"]})
        await operation.result()
    assert answers(await inside.settled({}, STORES)) == {}
    assert set(links_of(world, "backend").values()) == {"open"}
    await world.mend()


async def test_a_change_by_hand_is_followed_and_told(world: World) -> None:
    """Who subscribes hears of it, the page gets it in words, and mending puts everything back."""
    await world.mend()
    heard: list[str] = []
    stop = world.subscribe(lambda: heard.append(links_of(world, "backend")["redis"]))
    title = await world.change({"change": "connector", "state": "ERROR"})
    stop()
    assert title == "connector staging-connector is ERROR"
    assert heard == ["closed"]
    cloud = world.describe()["cloud"]
    assert cloud["changes"] == [title]
    assert cloud["connectors"][0]["state"] == "ERROR"
    await world.mend()
    assert world.describe()["cloud"]["changes"] == []
    assert links_of(world, "backend")["redis"] == "open"


@pytest.mark.parametrize(
    ("wish", "error", "said"),
    [
        ({"change": "conector"}, UnknownNameError, "Did you mean connector"),
        ({"change": "connector", "state": "BROKEN"}, WrongOptionError, "change connector, state"),
        ({"change": "deploy", "connector": "a", "network": "b"}, WrongOptionError, "not both"),
        ({"change": "deploy", "percent": 101}, WrongOptionError, "from 0 to 100"),
        ({}, UnknownNameError, "There is no change ''"),
    ],
)
async def test_a_wrong_change_is_answered_with_words(
    world: World, wish: dict[str, object], error: type[Exception], said: str
) -> None:
    """Nothing is changed then."""
    before = world.describe()["cloud"]
    with pytest.raises(error, match=said):
        await world.change(wish)
    assert world.describe()["cloud"] == before


async def test_every_kind_of_change_is_on_offer_once() -> None:
    """Each has a name of its own."""
    assert len(BY_NAME) == len(CHANGES)


async def test_requests_to_the_sites_are_in_the_log(world: World, inside: Prober) -> None:
    """As Cloud Run does, each answered request is logged with its revision, status and latency."""
    await world.mend()
    resources = world.staging.cloud.fake.resources
    before = len(resources.logs)
    async with probing(world) as prober:
        await prober.sweep(["backend", "websocket"])
    logged = [each.http_request for each in resources.logs[before:]]
    assert {each.status for each in logged} >= {200}
    assert any(each.request_url.endswith("/health") and each.latency.ToTimedelta() for each in logged)
    assert all(each.resource.labels["revision_name"] for each in resources.logs[before:])
