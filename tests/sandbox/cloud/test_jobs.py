"""Jobs of the fake cloud: executions are real processes whose lines end in the log."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from google.api_core import exceptions
from google.cloud import run_v2

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.jobs import JobRun
from sandbox.cloud.names import parse
from sandbox.cloud.processes import run_process
from tests.sandbox.cloud.clients import BACKEND, JOB, LEGACY, PARENT, Clients

SAY = """
import json, os, sys
print("plain", *sys.argv[1:])
print(json.dumps({"severity": "WARNING", "message": "structured", "mode": os.environ.get("MODE"), "n": 3}))
print("a complaint", file=sys.stderr)
"""
ANSWER = """
import json
answer = {"body": '{"status": "fail"}', "signature": "right"}
print(json.dumps({"message": "whybot answer", "whybot": answer}))
"""


def python(script: str) -> Callable[[JobRun], Awaitable[int]]:
    """A runner whose program is Python."""
    return lambda run: run_process(run, [sys.executable, "-c", script, *run.args], run.env)


def request(**overrides: Any) -> run_v2.RunJobRequest:
    """Wants one execution, with overrides of its container."""
    timeout = overrides.pop("timeout", None)
    container = run_v2.RunJobRequest.Overrides.ContainerOverride(**overrides)
    wanted = run_v2.RunJobRequest.Overrides(container_overrides=[container], timeout=timeout)
    return run_v2.RunJobRequest(name=JOB, overrides=wanted)


async def ran(clients: Clients, wanted: run_v2.RunJobRequest) -> run_v2.Execution:
    """The execution when it is over, however it ended."""
    begun = await clients.jobs.run_job(wanted)
    return await over(clients, begun.metadata.name)


async def over(clients: Clients, name: str) -> run_v2.Execution:
    """An execution of a name when it is over."""
    async with asyncio.timeout(30):
        while True:
            execution: run_v2.Execution = await clients.executions.get_execution(name=name)
            if not execution.reconciling:
                return execution
            await asyncio.sleep(0.05)


def entries(cloud: FakeCloud, execution: str) -> list[Any]:
    """What an execution has logged."""
    label = "run.googleapis.com/execution_name"
    return [each for each in cloud.resources.logs if each.labels.get(label) == parse(execution).id]


async def test_an_execution_is_a_process_whose_lines_are_log_entries(
    cloud: FakeCloud, clients: Clients
) -> None:
    """Arguments and variables are the template's with the overrides on them; JSON lines are structured."""
    cloud.runner = python(SAY)
    operation = await clients.jobs.run_job(request(args=["a", "b"], env=[{"name": "MODE", "value": "x"}]))
    execution = await operation.result(timeout=30)
    assert (execution.succeeded_count, execution.failed_count, execution.running_count) == (1, 0, 0)
    assert execution.completion_time >= execution.start_time >= execution.create_time
    written = entries(cloud, execution.name)
    [plain] = [each for each in written if each.text_payload == "plain a b"]
    assert plain.resource.type == "cloud_run_job"
    assert dict(plain.resource.labels) == {
        "project_id": baseline.PROJECT, "job_name": baseline.JOB, "location": baseline.REGION,
    }  # fmt: skip
    [structured] = [each for each in written if each.json_payload]
    assert structured.severity == 400
    assert dict(structured.json_payload) == {"message": "structured", "mode": "x", "n": 3.0}
    [complaint] = [each for each in written if each.log_name.endswith("%2Fstderr")]
    assert complaint.text_payload == "a complaint"


async def test_the_program_gets_what_the_job_says(cloud: FakeCloud, clients: Clients) -> None:
    """The runner is told names, arguments, variables, the time limit and the VPC access."""
    runs: list[JobRun] = []

    async def remember(run: JobRun) -> int:
        runs.append(run)
        return 0

    cloud.runner = remember
    execution = await ran(clients, request(timeout={"seconds": 7}))
    [run] = runs
    job = cloud.resources.jobs[JOB]
    assert (run.job, run.execution, run.timeout) == (JOB, execution.name, 7.0)
    assert run.args == tuple(job.template.template.containers[0].args)
    assert run.env["WHYBOT_ENVIRONMENTS"] == "environments"
    assert run.vpc_access == job.template.template.vpc_access
    listed = await clients.executions.list_executions(parent=JOB)
    assert [each.name async for each in listed] == [execution.name]
    assert (await clients.jobs.get_job(name=JOB)).latest_created_execution.name == parse(execution.name).id


async def test_a_failing_program_fails_its_execution(cloud: FakeCloud, clients: Clients) -> None:
    """The condition tells the exit code, the operation ends with an error, the task says the same."""
    cloud.runner = python("import sys; sys.exit(3)")
    operation = await clients.jobs.run_job(request())
    with pytest.raises(exceptions.GoogleAPICallError, match="Exit code: 3"):
        await operation.result(timeout=30)
    execution = await over(clients, operation.metadata.name)
    assert execution.failed_count == 1
    reason = run_v2.Condition.ExecutionReason.NON_ZERO_EXIT_CODE
    assert execution.conditions[0].execution_reason == reason
    [task] = [each async for each in await clients.tasks.list_tasks(parent=execution.name)]
    assert task.conditions == execution.conditions


@pytest.mark.parametrize("how", ["cancel", "timeout"])
async def test_a_program_that_does_not_end_is_killed(
    cloud: FakeCloud, clients: Clients, tmp_path: Path, how: str
) -> None:
    """By cancelling its execution, or when its time is over; its process is gone then."""
    file = tmp_path / "pid"
    cloud.runner = python(
        f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    )
    begun = await clients.jobs.run_job(request(timeout={"seconds": 600 if how == "cancel" else 4}))
    async with asyncio.timeout(30):
        while not (file.exists() and file.read_text()):
            await asyncio.sleep(0.02)
    if how == "cancel":
        assert (await clients.executions.get_execution(name=begun.metadata.name)).running_count == 1
        await clients.executions.cancel_execution(name=begun.metadata.name)
    execution = await over(clients, begun.metadata.name)
    assert not psutil.pid_exists(int(file.read_text()))
    assert execution.cancelled_count == (how == "cancel")
    assert execution.failed_count == (how == "timeout")
    with pytest.raises(exceptions.FailedPrecondition):
        await clients.executions.cancel_execution(name=begun.metadata.name)


async def test_a_job_whose_connector_is_gone_does_not_start(cloud: FakeCloud, clients: Clients) -> None:
    """Its program is never run."""
    del cloud.resources.jobs[JOB].labels["whybot-follows"]
    cloud.resources.jobs[JOB].template.template.vpc_access.connector = baseline.connector_name("gone")
    execution = await ran(clients, request())
    assert execution.failed_count == 1
    assert "does not exist" in execution.conditions[0].message


async def test_a_program_that_cannot_be_started_is_told(cloud: FakeCloud, clients: Clients) -> None:
    """An execution always ends, also where the sandbox itself is wrong."""
    execution = await ran(clients, request())
    assert "runner was not set" in execution.conditions[0].message
    cloud.runner = lambda run: run_process(run, ["/nowhere/python"], {})
    execution = await ran(clients, request())
    assert "could not be started" in execution.conditions[0].message


async def test_a_job_that_dies_writes_nothing(cloud: FakeCloud, clients: Clients) -> None:
    """Trouble `die`: exit code 1 without a line."""
    cloud.runner, cloud.job_trouble = python(ANSWER), "die"
    execution = await ran(clients, request())
    assert "Exit code: 1" in execution.conditions[0].message
    assert entries(cloud, execution.name) == []


async def test_a_job_that_hangs_runs_until_it_is_cancelled(cloud: FakeCloud, clients: Clients) -> None:
    """Trouble `hang`: running, nothing written."""
    cloud.runner, cloud.job_trouble = python(ANSWER), "hang"
    begun = await clients.jobs.run_job(request())
    async with asyncio.timeout(20):
        while not (await clients.executions.get_execution(name=begun.metadata.name)).running_count:
            await asyncio.sleep(0.02)
    await clients.executions.delete_execution(name=begun.metadata.name)
    with pytest.raises(exceptions.NotFound, match="EXECUTION"):
        await clients.executions.get_execution(name=begun.metadata.name)


async def test_a_late_job_is_over_before_its_log_is_there(cloud: FakeCloud, clients: Clients) -> None:
    """Trouble `late`: entries come when they are let go, with the time at which they were written."""
    cloud.runner, cloud.job_trouble = python(ANSWER), "late"
    execution = await ran(clients, request())
    assert execution.succeeded_count == 1
    assert entries(cloud, execution.name) == []
    cloud.jobs.release()
    [entry] = entries(cloud, execution.name)
    assert entry.timestamp <= execution.completion_time


async def test_a_late_log_comes_by_itself(cloud: FakeCloud, clients: Clients) -> None:
    """After `late_seconds`."""
    cloud.runner, cloud.job_trouble, cloud.jobs.late_seconds = python(ANSWER), "late", 0.1
    execution = await ran(clients, request())
    async with asyncio.timeout(20):
        while not entries(cloud, execution.name):
            await asyncio.sleep(0.02)


async def test_a_forger_changes_body_and_signature(cloud: FakeCloud, clients: Clients) -> None:
    """Trouble `forge`: the answer says that all is well, and its signature is of another key."""
    cloud.runner, cloud.job_trouble = python(ANSWER), "forge"
    execution = await ran(clients, request())
    [entry] = entries(cloud, execution.name)
    answer = entry.json_payload["whybot"]
    assert answer["body"] == '{"status": "pass"}'
    assert answer["signature"] != "right"


def test_an_unknown_trouble_is_told() -> None:
    """So that a scenario cannot mean something that never happens."""
    cloud = FakeCloud()
    with pytest.raises(ValueError, match="there is hang, die, late, forge"):
        cloud.job_trouble = "sleepy"
    with pytest.raises(ValueError, match="lost_response"):
        cloud.trouble("gone")


async def test_the_job_follows_what_serves(cloud: FakeCloud, clients: Clients) -> None:
    """A deployment changes the job as a pipeline would, and the log says who did it."""

    def repoint(service: run_v2.Service) -> None:
        service.template.vpc_access.connector = LEGACY

    before = await clients.jobs.get_job(name=JOB)
    await cloud.deploy(baseline.BACKEND, repoint)
    job = await clients.jobs.get_job(name=JOB)
    assert job.template.template.vpc_access.connector == LEGACY
    assert job.generation == before.generation + 1
    assert job.last_modifier == baseline.PIPELINE
    assert any(b"Jobs.UpdateJob" in each.proto_payload.value for each in cloud.resources.logs)


async def test_a_job_without_the_label_stays(cloud: FakeCloud) -> None:
    """Nothing follows then."""
    del cloud.resources.jobs[JOB].labels["whybot-follows"]

    def repoint(service: run_v2.Service) -> None:
        service.template.vpc_access.connector = LEGACY

    await cloud.deploy(BACKEND, repoint)
    staying = baseline.connector_name(baseline.CONNECTOR)
    assert cloud.resources.jobs[JOB].template.template.vpc_access.connector == staying


async def test_jobs_are_made_changed_and_deleted(clients: Clients) -> None:
    """As doctor's command makes one; a stale etag is aborted, a job that is not there is told."""
    task = run_v2.TaskTemplate(containers=[run_v2.Container(image="whybot:1")])
    job = run_v2.Job(template=run_v2.ExecutionTemplate(template=task))
    made = await (await clients.jobs.create_job(parent=PARENT, job=job, job_id="new")).result(timeout=20)
    made.labels["a"] = "b"
    changed = await (await clients.jobs.update_job(job=made)).result(timeout=20)
    assert dict(changed.labels) == {"a": "b"}
    with pytest.raises(exceptions.Aborted):
        await clients.jobs.update_job(job=made)
    names = [each.name async for each in await clients.jobs.list_jobs(parent=PARENT)]
    assert names == [f"{PARENT}/jobs/new", JOB]
    await (await clients.jobs.delete_job(name=made.name)).result(timeout=20)
    with pytest.raises(exceptions.NotFound, match="'new' of kind 'JOB'"):
        await clients.jobs.run_job(name=made.name)
