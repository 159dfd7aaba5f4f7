"""The job's executions and answers, read with the official clients from the fake Google Cloud."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from google.cloud import run_v2

from checks.observations import Blind
from checks.observe.clients import Clients
from checks.observe.jobs import Execution, State
from checks.observe.running import GoogleJobs, log_filter
from checks.overlay import Overlay
from checks.reasons import Reason
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.jobs import JobRun
from tests.bot.running import until

NAME = "projects/netra-staging/locations/us-central1/jobs/whybot-probe"
SINCE = datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture
async def cloud() -> AsyncIterator[FakeCloud]:
    """A project with the job, whose program prints what it was given."""
    async with FakeCloud() as fake:
        task = run_v2.TaskTemplate(containers=[run_v2.Container(image="whybot", args=["serve"])])
        template = run_v2.ExecutionTemplate(template=task)
        fake.resources.jobs[NAME] = run_v2.Job(name=NAME, template=template, etag="1")
        fake.runner = printing
        yield fake


async def printing(run: JobRun) -> int:
    """One line for each request, and one that is none."""
    run.write("starting")
    for request in ("mine", "other"):
        told = {"request": request, "sequence": 0, "body": json.dumps(list(run.args)), "limit": run.timeout}
        run.write(json.dumps({"severity": "INFO", "message": "whybot answer", "whybot": told}))
    return 0 if run.args[-1] != "die" else 1


@pytest.fixture
async def jobs(cloud: FakeCloud) -> AsyncIterator[GoogleJobs]:
    """The official clients, pointed there."""
    overlay = Overlay(google=(cloud.grpc_address, cloud.rest_address))
    made = GoogleJobs("netra-staging", "us-central1", Clients("netra-staging", overlay))
    yield made
    await made.close()


async def run(jobs: GoogleJobs, *arguments: str, seconds: float = 30.0) -> Execution:
    """An execution that was begun."""
    begun = await jobs.run("whybot-probe", arguments, 45, seconds=seconds)
    assert isinstance(begun, Execution), begun
    return begun


async def test_arguments_and_time_are_overridden(cloud: FakeCloud, jobs: GoogleJobs) -> None:
    """The job itself stays as it is; its lines are found by the request, and no others."""
    execution = await run(jobs, "answer", "TOKEN")
    assert execution.name.startswith("whybot-probe-")
    assert execution.url == (
        "https://console.cloud.google.com/run/jobs/executions/details/us-central1/"
        f"{execution.name}/tasks?project=netra-staging"
    )

    async def found() -> bool:
        entries = await jobs.answers("whybot-probe", "mine", SINCE)
        return not isinstance(entries, Blind) and len(entries) == 1

    await until(found)
    entries = await jobs.answers("whybot-probe", "mine", SINCE)
    assert not isinstance(entries, Blind)
    told = entries[0].payload["whybot"]
    assert (told["body"], told["limit"]) == ('["answer", "TOKEN"]', 45)
    assert [*cloud.resources.jobs[NAME].template.template.containers[0].args] == ["serve"]


@pytest.mark.parametrize(("last", "state"), [("well", State.SUCCEEDED), ("die", State.FAILED)])
async def test_how_far_an_execution_is(jobs: GoogleJobs, last: str, state: State) -> None:
    """Running until it has ended, then how; of a failure what Cloud Run says of it."""
    begun = await run(jobs, "answer", last)

    async def over() -> Execution | None:
        seen = await jobs.execution("whybot-probe", begun.name)
        assert isinstance(seen, Execution)
        return None if seen.state is State.RUNNING else seen

    ended = await until(over)
    assert ended is not None
    assert ended.state is state
    assert ("Exit code: 1" in ended.message) is (state is State.FAILED)


async def test_job_that_is_missing(cloud: FakeCloud, jobs: GoogleJobs) -> None:
    """Told as not found."""
    cloud.resources.jobs.clear()
    seen = await jobs.run("whybot-probe", ["answer"], 45, seconds=30)
    assert isinstance(seen, Blind)
    assert seen.reason is Reason.CLOUD_NOT_FOUND


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("run.jobs.run", "roles/run.jobsExecutorWithOverrides"),
        ("run.executions.get", "roles/run.viewer"),
        ("logging.logEntries.list", "roles/logging.viewer"),
    ],
)
async def test_permission_that_is_missing(
    cloud: FakeCloud, jobs: GoogleJobs, permission: str, role: str
) -> None:
    """Each by its name, with its role and the command that grants it."""
    execution = (await run(jobs, "answer", "x")).name
    cloud.deny(permission)
    asked = {
        "run.jobs.run": lambda: jobs.run("whybot-probe", ["answer"], 45, seconds=30),
        "run.executions.get": lambda: jobs.execution("whybot-probe", execution, seconds=30),
        "logging.logEntries.list": lambda: jobs.answers("whybot-probe", "mine", SINCE, seconds=30),
    }
    seen = await asked[permission]()
    assert isinstance(seen, Blind)
    assert (seen.reason, seen.permission, seen.role) == (Reason.CLOUD_PERMISSION, permission, role)
    assert seen.command is not None
    assert role in seen.command


@pytest.mark.parametrize("trouble", ["lost_response", "unavailable", "internal", "deadline"])
async def test_answer_that_leaves_it_open_is_no_refusal(
    cloud: FakeCloud, jobs: GoogleJobs, trouble: str
) -> None:
    """The job may run: an execution without a name, and it is not run a second time."""
    cloud.trouble(trouble, "run.jobs.run", seconds=0.01)
    execution = await run(jobs, "answer", "x")
    assert (execution.name, execution.state) == ("", State.RUNNING)
    assert execution.message
    assert cloud.count("run.jobs.run") == 1


async def test_answer_that_never_comes(cloud: FakeCloud, jobs: GoogleJobs) -> None:
    """After its time it is left open as well."""
    cloud.trouble("silent", "run.jobs.run")
    assert (await run(jobs, "answer", "x", seconds=1.0)).name == ""


@pytest.mark.parametrize("method", ["run.jobs.run", "run.executions.get", "logging.entries.list"])
async def test_garbage_is_no_crash(cloud: FakeCloud, jobs: GoogleJobs, method: str) -> None:
    """An answer that is no message: not understood, or left open whether the job runs."""
    execution = (await run(jobs, "answer", "x")).name
    cloud.trouble("garbage", method)
    asked = {
        "run.jobs.run": lambda: jobs.run("whybot-probe", ["answer"], 45, seconds=5),
        "run.executions.get": lambda: jobs.execution("whybot-probe", execution, seconds=5),
        "logging.entries.list": lambda: jobs.answers("whybot-probe", "mine", SINCE, seconds=5),
    }
    seen = await asked[method]()
    assert isinstance(seen, Blind) or (isinstance(seen, Execution) and seen.name == "")


async def test_quota_and_outage_of_the_log_are_told(cloud: FakeCloud, jobs: GoogleJobs) -> None:
    """As what may be gone when it is asked again."""
    await run(jobs, "answer", "x")
    end = cloud.trouble("quota", "logging.entries.list", seconds=60)
    seen = await jobs.answers("whybot-probe", "mine", SINCE, seconds=2)
    assert isinstance(seen, Blind)
    assert seen.reason is Reason.CLOUD_QUOTA
    end()
    cloud.trouble("silent", "logging.entries.list")
    seen = await jobs.answers("whybot-probe", "mine", SINCE, seconds=0.5)
    assert isinstance(seen, Blind)
    assert seen.reason is Reason.CLOUD_UNREACHABLE


def test_filter_quotes_what_it_is_given() -> None:
    """A name cannot add to the query."""
    said = log_filter('a" OR "b', "id", datetime(2026, 11, 23, tzinfo=UTC))
    assert 'resource.labels.job_name="a\\" OR \\"b" AND jsonPayload.whybot.request="id"' in said


async def test_the_loop_stays_free_while_clients_are_made(cloud: FakeCloud, jobs: GoogleJobs) -> None:
    """Several first calls at once import Google's modules one after the other, and all are answered."""
    seen = await asyncio.gather(
        *(jobs.answers("whybot-probe", "mine", SINCE, seconds=30) for _ in range(3)),
        *(jobs.run("whybot-probe", ["answer"], 45, seconds=30) for _ in range(3)),
    )
    assert not [each for each in seen if isinstance(each, Blind)]
