"""The same sweep from here and from the Cloud Run job, a real process in the sandbox's network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bot.eyes import open_eyes
from bot.settings import load_settings
from bot.vantages import open_vantages
from bot.views.card import CardState, card
from checks.environment import Environment, load_environment, load_overlay
from checks.output.text import text
from checks.reasons import Reason
from checks.result import CheckResult, Status, Sweep
from checks.secrets import Secrets
from checks.spec import CheckSpec
from checks.vantage.mixed import Choice, Vantages
from sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
DEPENDENCIES = ("redis", "postgres", "clickhouse")
ATTEMPTS = 4
"""Of a busy machine."""
AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """One world for all tests of this file."""
    async with World() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def mended(world: World) -> None:
    """Each test begins with the incident and no other fault."""
    await world.mend()
    await world.apply_scenario("seed-503")


@asynccontextmanager
async def asking(
    world: World, choice: Choice = Choice.BEST, *, seconds: float = 60.0, key: str | None = None
) -> AsyncIterator[tuple[Vantages, Environment]]:
    """Vantages as `whybot check` and the bot open them, on this world."""
    settings = load_settings(world.variables | ({"WHYBOT_VANTAGE_KEY": key} if key is not None else {}))
    file = load_environment(settings.environments / "staging.yaml")
    job = file.vantages.job
    assert job is not None
    shorter = job.model_copy(update={"timeout": seconds * 1000})
    file = file.model_copy(update={"vantages": file.vantages.model_copy(update={"job": shorter})})
    overlay = load_overlay(world.overlay_file)
    async with (
        open_eyes(settings, file) as eyes,
        open_vantages(settings, file, overlay, eyes, choice, Secrets(world.variables)) as vantages,
    ):
        yield vantages, file


async def swept(
    world: World,
    choice: Choice = Choice.BEST,
    names: tuple[str, ...] = DEPENDENCIES,
    *,
    seconds: float = 60.0,
    key: str | None = None,
) -> Sweep:
    """One sweep."""
    async with asking(world, choice, seconds=seconds, key=key) as (vantages, file):
        return await vantages.run([unhurried(spec) for spec in file.select(names)])


def by_name(sweep: Sweep) -> dict[str, CheckResult]:
    """Its results."""
    return {each.name: each for each in sweep.results}


def unhurried(spec: CheckSpec) -> CheckSpec:
    """With time for a busy machine, but not so much that PostgreSQL's five seconds pass."""
    return spec.model_copy(update={"budget": min(3_000.0, spec.timeout)})


def differing(one: Sweep, other: Sweep) -> set[str]:
    """The checks of which two sweeps say different things."""
    there = by_name(other)
    return {each.name for each in one.results if each.status is not there[each.name].status}


async def test_the_same_sweep_differs_exactly_where_the_network_differs(world: World) -> None:
    """From here Redis and PostgreSQL answer; from the job one is silent and the other slow. Nothing else."""
    names = (*DEPENDENCIES, "backend", "websocket", "auth", "frontend", "dns", "certificate")
    for _ in range(ATTEMPTS):
        here, job = await swept(world, Choice.HERE, names), await swept(world, Choice.JOB, names)
        if differing(here, job) == {"redis", "postgres"}:
            break
    assert differing(here, job) == {"redis", "postgres"}
    found = by_name(job)
    assert found["redis"].reason is Reason.CONNECT_TIMEOUT
    assert (found["postgres"].status, found["postgres"].reason) == (Status.DEGRADED, Reason.OVER_BUDGET)
    assert {name: found[name].vantage.kind for name in names} == {
        name: "job" if name in DEPENDENCIES else "here" for name in names
    }
    assert all(each.vantage.speaks for each in job.results)
    assert not any(each.vantage.speaks for each in here.results if each.name in DEPENDENCIES)


async def test_the_card_says_which_to_believe(world: World) -> None:
    """Both places in one sweep: where they differ, the job is believed, and card and terminal say so."""
    for _ in range(ATTEMPTS):
        sweep = await swept(world, names=(*DEPENDENCIES, "dns"))
        if by_name(sweep)["redis"].facts.get("here_status") == "pass":
            break
    assert "from here it answers in" in by_name(sweep)["redis"].message
    drawn = card(CardState("c1", "staging", sweep, ("UALICE",), "finished", AT, AT))
    for said in (drawn.text, str(drawn.blocks), text(sweep)):
        assert "dependencies from Cloud Run job in us-central1 · the rest from " in said
        assert "believe the job, which is in the service's network" in said


async def test_the_job_follows_the_service(world: World) -> None:
    """Once what serves has the right connector the job has it too, and everything answers."""
    await world.apply_scenario("healthy")
    for _ in range(ATTEMPTS):
        sweep = await swept(world, Choice.JOB)
        if sweep.status is Status.PASS:
            break
    assert {each.name: each.status for each in sweep.results} == dict.fromkeys(DEPENDENCIES, Status.PASS)


@pytest.mark.parametrize(
    ("fault", "options", "seconds", "said"),
    [
        (
            "job_missing",
            {},
            60,
            "there is no job whybot-probe in us-central1; `whybot doctor staging` prints",
        ),
        ("job_hangs", {}, 6, "did not answer in 6 s; its execution is still running (https://console.cloud."),
        ("job_dies", {}, 60, "failed: The container exited with an error. Exit code: 1 (https://console."),
        ("job_late", {}, 12, "it ended, but its answers have not come through Cloud Logging"),
        ("job_forged", {}, 60, "were not signed by this whybot's job and not believed"),
        ("cloud_permission", {"permission": "run.jobs.run"}, 60, "could not be run: "),
        ("cloud_permission", {"permission": "run.jobs.list"}, 60, "lacks run.jobs.list; the role "),
        ("cloud_permission", {"permission": "run.revisions.list"}, 60, "lacks run.revisions.list; the role "),
        ("cloud_permission", {"permission": "logging.logEntries.list"}, 60, "lacks logging.logEntries.list"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) and " " not in value else None,
)
async def test_every_bad_end_is_told_as_such(
    world: World, fault: str, options: dict[str, str], seconds: float, said: str
) -> None:
    """Redis answers from here, but nobody can say whether the backend reaches it: unknown, and why."""
    await world.apply_fault(fault, "cloud", **options)
    for _ in range(ATTEMPTS):
        redis = by_name(await swept(world, names=("redis",), seconds=seconds))["redis"]
        if redis.reason is Reason.VANTAGE_CANNOT_TELL:
            break
    assert (redis.status, redis.reason) == (Status.UNKNOWN, Reason.VANTAGE_CANNOT_TELL)
    assert redis.message.startswith("answers here in ")
    assert redis.message.endswith("; the job could not tell")
    assert said in str(redis.facts["job_silent"])
    assert not redis.vantage.speaks


async def test_without_the_key_nothing_is_run(world: World) -> None:
    """Its variable is named."""
    runs = world_runs(world)
    redis = by_name(await swept(world, names=("redis",), key=""))["redis"]
    assert redis.reason in (Reason.VANTAGE_CANNOT_TELL, Reason.PROBER_OVERLOADED)
    assert "WHYBOT_VANTAGE_KEY is not set" in str(redis.facts["job_silent"])
    assert world_runs(world) == runs


async def test_another_key_is_not_believed(world: World) -> None:
    """The job refuses, in a line that this whybot cannot verify."""
    redis = by_name(await swept(world, names=("redis",), key="a key that is not the job's"))["redis"]
    assert "1 answer was not signed by this whybot's job and not believed" in str(redis.facts["job_silent"])
    assert "is WHYBOT_VANTAGE_KEY the same in both?" in str(redis.facts["job_silent"])


def world_runs(world: World) -> int:
    """How often the job was run."""
    return world.staging.cloud.fake.count("run.jobs.run")
