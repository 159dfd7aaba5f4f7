"""Faults of Google Cloud and of the Cloud Run job: seen through whybot's readers, gone once mended."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from google.cloud import run_v2
from google.cloud.run_v2.services.executions.transports import ExecutionsGrpcAsyncIOTransport
from google.cloud.run_v2.services.jobs.transports import JobsGrpcAsyncIOTransport
from grpc.aio import Channel, insecure_channel

from bot.eyes import open_eyes
from bot.settings import load_settings
from checks.environment import find_environment
from checks.observations import Blind, CloudState
from checks.reasons import Reason
from sandbox import baseline
from sandbox.faults import FAULTS
from sandbox.targets import CLOUD
from sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
BLINDING: Mapping[str, Reason] = {
    "cloud_permission": Reason.CLOUD_PERMISSION,
    "cloud_unavailable": Reason.CLOUD_UNREACHABLE,
    "cloud_slow": Reason.CLOUD_UNREACHABLE,
    "cloud_quota": Reason.CLOUD_QUOTA,
    "cloud_garbage": Reason.CLOUD_ANSWER,
}
OF_JOBS = ("job_missing", "job_hangs", "job_dies", "job_late", "job_forged")
PROBE = f"{baseline.PARENT}/jobs/{baseline.JOB}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """One world for all tests of this file."""
    async with World() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def channel(world: World) -> AsyncIterator[Channel]:
    """A way for the official clients."""
    async with insecure_channel(world.staging.cloud.addresses["grpc"]) as opened:
        yield opened


async def observed(world: World, seconds: float) -> CloudState:
    """What whybot's readers see now."""
    environment = find_environment(Path(world.variables["WHYBOT_ENVIRONMENTS"]), "staging")
    async with open_eyes(load_settings(world.variables), environment) as eyes:
        assert eyes is not None
        return await eyes.cloud.state(seconds=seconds)


@asynccontextmanager
async def in_force(world: World, fault: str, **options: object) -> AsyncIterator[None]:
    """A fault for the length of a block."""
    given = await world.apply_fault(fault, CLOUD, **options)
    try:
        yield
    finally:
        await world.mend(given)


async def run(channel: Channel, *args: str) -> str:
    """Starts an execution of the job; gives its name."""
    client = run_v2.JobsAsyncClient(transport=JobsGrpcAsyncIOTransport(channel=channel))
    override = run_v2.RunJobRequest.Overrides.ContainerOverride(args=list(args))
    request = run_v2.RunJobRequest(
        name=PROBE, overrides=run_v2.RunJobRequest.Overrides(container_overrides=[override])
    )
    operation = await client.run_job(request=request)
    return str(operation.metadata.name)


async def execution(channel: Channel, name: str) -> run_v2.Execution:
    """An execution as it is now."""
    client = run_v2.ExecutionsAsyncClient(transport=ExecutionsGrpcAsyncIOTransport(channel=channel))
    return await client.get_execution(name=name)


async def ended(channel: Channel, name: str) -> run_v2.Execution:
    """An execution that is over."""
    while not (found := await execution(channel, name)).completion_time:
        await asyncio.sleep(0.05)
    return found


def printed(world: World, name: str) -> list[str]:
    """The log lines of an execution."""
    short = name.rpartition("/")[2]
    return [
        each.text_payload
        for each in world.staging.cloud.fake.resources.logs
        if each.labels.get("run.googleapis.com/execution_name") == short
    ]


async def test_every_fault_of_the_cloud_is_held_to_what_it_does() -> None:
    """No kind is without a test here."""
    assert {kind.fault for kind in FAULTS if CLOUD in kind.targets} == {*BLINDING, *OF_JOBS}


@pytest.mark.parametrize("fault", BLINDING)
async def test_readers_are_blind_until_it_is_mended(world: World, fault: str) -> None:
    """What cannot be read says why; mended it is read again."""
    options = {"methods": "run.services.list"} if fault != "cloud_permission" else {}
    if fault == "cloud_slow":
        options["ms"] = "60000"
    async with in_force(world, fault, **options):
        blind = (await observed(world, seconds=4.0)).services
    assert isinstance(blind, Blind)
    assert blind.reason is BLINDING[fault]
    assert isinstance((await observed(world, seconds=60.0)).services, tuple)


async def test_a_missing_job_is_not_there_until_it_is_mended(world: World) -> None:
    """The list of jobs is empty meanwhile."""
    async with in_force(world, "job_missing"):
        assert (await observed(world, seconds=60.0)).jobs == ()
    jobs = (await observed(world, seconds=60.0)).jobs
    assert not isinstance(jobs, Blind)
    assert [job.name for job in jobs] == [baseline.JOB]


async def test_the_job_is_whybots_own_command_line(world: World, channel: Channel) -> None:
    """What it prints is in the log, and its exit code decides over the execution."""
    good = await ended(channel, await run(channel, "--version"))
    bad = await ended(channel, await run(channel, "no-such-command"))
    assert (good.succeeded_count, bad.failed_count) == (1, 1)
    assert printed(world, good.name)[0].startswith("whybot ")


async def test_a_job_that_dies_says_nothing(world: World, channel: Channel) -> None:
    """It has an exit code and no output."""
    async with in_force(world, "job_dies"):
        dead = await ended(channel, await run(channel, "--version"))
    assert dead.failed_count == 1
    assert printed(world, dead.name) == []


async def test_a_job_that_hangs_goes_on_until_it_is_cancelled(world: World, channel: Channel) -> None:
    """It runs, prints nothing, and ends when it is told to."""
    client = run_v2.ExecutionsAsyncClient(transport=ExecutionsGrpcAsyncIOTransport(channel=channel))
    async with in_force(world, "job_hangs"):
        name = await run(channel, "--version")
        while not (await execution(channel, name)).running_count:
            await asyncio.sleep(0.05)
        await client.cancel_execution(name=name)
    assert (await ended(channel, name)).cancelled_count == 1
    assert printed(world, name) == []


async def test_a_late_job_is_heard_when_it_is_mended(world: World, channel: Channel) -> None:
    """Its lines are held back."""
    async with in_force(world, "job_late"):
        late = await ended(channel, await run(channel, "--version"))
        assert printed(world, late.name) == []
    assert printed(world, late.name) != []


async def test_a_newer_trouble_of_the_job_replaces_the_older(world: World) -> None:
    """One at a time: they turn the same knob."""
    jobs = world.staging.cloud.fake.jobs
    await world.apply_fault("job_hangs", CLOUD)
    async with in_force(world, "job_forged"):
        assert [each["fault"] for each in world.describe()["faults"]] == ["job_forged"]
        assert jobs.trouble == "forge"
    assert jobs.trouble is None
