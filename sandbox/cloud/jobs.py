"""Cloud Run's jobs and their executions: an execution is a real program that the sandbox's world starts."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from google.cloud import run_v2
from google.cloud.run_v2 import Condition, Execution
from google.longrunning import operations_pb2
from google.protobuf import field_mask_pb2

from sandbox.cloud import conditions
from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.conditions import condition
from sandbox.cloud.errors import exists, invalid, precondition, stale
from sandbox.cloud.job_logs import JobLogs
from sandbox.cloud.names import page, parse, suffix
from sandbox.cloud.project import Project, missing
from sandbox.cloud.revisions import API, Revisions, new_etag

MUTABLE = (
    "labels", "annotations", "client", "client_version", "launch_stage", "binary_authorization", "template",
)  # fmt: skip
DEFAULT_TIMEOUT = 600.0
"""Seconds that a task may take where nothing is said."""
KEPT = 1000
"""How many executions of a job are kept, as Cloud Run does."""
LOG_VIEWER = "https://console.cloud.google.com/logs/viewer"
TROUBLES = ("hang", "die", "late", "forge")


@dataclass(frozen=True, slots=True)
class JobRun:
    """One execution to run: `execution` and `job` are full names, `timeout` is in seconds.

    `env` and `args` are the template's with the overrides on them. `write` takes each line that the program
    prints on its standard output, `warn` those of its standard error.
    """

    execution: str
    job: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    timeout: float
    vpc_access: run_v2.VpcAccess
    write: Callable[[str], None]
    warn: Callable[[str], None]


Runner = Callable[[JobRun], Awaitable[int]]
"""Runs an execution's program to its end and gives its exit code; ends the program where it is cancelled."""


@dataclass
class Jobs:
    """The Jobs, Executions and Tasks interfaces of Cloud Run.

    `trouble` None, or what befalls executions from now on: `hang` (never does anything), `die` (exit code 1,
    no output), `late` (its log entries are held back `late_seconds` longer than it runs), `forge` (answers
    are signed with another key). `cold_start` is how long an instance takes to start, in seconds.
    """

    project: Project
    revisions: Revisions
    runner: Runner | None = None
    trouble: str | None = None
    late_seconds: float = 300.0
    cold_start: float = 0.0
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _logs: dict[str, JobLogs] = field(default_factory=dict)

    def methods(self) -> list[Method]:
        """What clients may call."""
        jobs, runs, v2 = "run.jobs", "run.executions", run_v2
        return [
            _method("Jobs/GetJob", jobs, "get", v2.GetJobRequest, self._get, v2.Job),
            _method("Jobs/ListJobs", jobs, "list", v2.ListJobsRequest, self._list, v2.ListJobsResponse),
            _method("Jobs/CreateJob", jobs, "create", v2.CreateJobRequest, self._create),
            _method("Jobs/UpdateJob", jobs, "update", v2.UpdateJobRequest, self._update),
            _method("Jobs/DeleteJob", jobs, "delete", v2.DeleteJobRequest, self._delete),
            _method("Jobs/RunJob", jobs, "run", v2.RunJobRequest, self._run),
            _method(
                "Executions/GetExecution",
                runs,
                "get",
                v2.GetExecutionRequest,
                self._execution,
                Execution,
            ),
            _method(
                "Executions/ListExecutions",
                runs,
                "list",
                v2.ListExecutionsRequest,
                self._executions,
                v2.ListExecutionsResponse,
            ),
            _method("Executions/CancelExecution", runs, "cancel", v2.CancelExecutionRequest, self._cancel),
            _method("Executions/DeleteExecution", runs, "delete", v2.DeleteExecutionRequest, self._forget),
            _method(
                "Tasks/ListTasks", "run.tasks", "list", v2.ListTasksRequest, self._tasks, v2.ListTasksResponse
            ),
        ]

    # jobs

    def _found(self, spelled: str) -> run_v2.Job:
        name = self.project.plain(spelled)
        job = self.project.resources.jobs.get(name)
        if job is None:
            raise missing("JOB", name, parse(name).location, self.project.id)
        return job

    async def _get(self, request: Any, _caller: Caller) -> run_v2.Job:
        return self._found(request.name)

    async def _list(self, request: Any, _caller: Caller) -> run_v2.ListJobsResponse:
        parent = self.project.plain(request.parent)
        jobs = [
            each
            for name, each in sorted(self.project.resources.jobs.items())
            if name.startswith(parent + "/jobs/")
        ]
        found, token = page(jobs, request.page_size, request.page_token, f"jobs {parent}")
        return run_v2.ListJobsResponse(jobs=found, next_page_token=token)

    async def _create(self, request: Any, caller: Caller) -> Any:
        name = f"{self.project.plain(request.parent)}/jobs/{request.job_id}"
        if name in self.project.resources.jobs:
            raise exists(f"Resource '{request.job_id}' already exists.")
        job = run_v2.Job(name=name, uid=str(uuid4()), creator=caller.principal, create_time=caller.now())
        return self._apply(job, request.job, request.validate_only, caller, "Create")

    async def _update(self, request: Any, caller: Caller) -> Any:
        job = self._found(request.job.name)
        if request.job.etag and request.job.etag != job.etag:
            raise stale(parse(job.name).id, request.job.etag, job.etag)
        return self._apply(run_v2.Job(job), request.job, request.validate_only, caller, "Update")

    def _apply(
        self, job: run_v2.Job, given: run_v2.Job, validate_only: bool, caller: Caller, verb: str
    ) -> Any:
        place = job.name.partition("/jobs/")[0]
        target, source = run_v2.Job.pb(job), run_v2.Job.pb(given)
        field_mask_pb2.FieldMask(paths=MUTABLE).MergeMessage(source, target, True, True)
        if not job.template.template.containers:
            raise invalid("template.template.containers: at least one container is required.", "template")
        if validate_only:
            return self.project.operations.finished(place, job)
        self._take(job, caller)
        self._audit(caller, f"Jobs.{verb}Job", job.name)
        self.project.resources.changed()

        async def settle() -> run_v2.Job:
            return self._found(job.name)

        return self.project.operations.start(place, job, settle)

    def _take(self, job: run_v2.Job, caller: Caller) -> None:
        now = caller.now()
        job.generation += 1
        job.observed_generation = job.generation
        job.update_time, job.last_modifier, job.etag = now, caller.principal, new_etag()
        job.terminal_condition = condition("Ready", conditions.SUCCEEDED, now)
        self.project.resources.jobs[job.name] = job

    def follow(self, job: run_v2.Job, access: run_v2.VpcAccess, caller: Caller) -> None:
        """Gives a job another VPC access, as a deploy pipeline would."""
        changed = run_v2.Job(job)
        changed.template.template.vpc_access = access
        self._take(changed, caller)
        self._audit(caller, "Jobs.UpdateJob", job.name)

    async def _delete(self, request: Any, caller: Caller) -> Any:
        job = self._found(request.name)
        self.project.resources.jobs.pop(job.name)
        self._audit(caller, "Jobs.DeleteJob", job.name)
        self.project.resources.changed()
        return self.project.operations.finished(job.name.partition("/jobs/")[0], job)

    def _audit(self, caller: Caller, method: str, name: str) -> None:
        where = parse(name)
        monitored = self.project.monitored(
            "cloud_run_job", job_name=name.split("/")[5], location=where.location
        )
        self.project.audit(caller, API, f"google.cloud.run.v2.{method}", name, monitored)

    # executions

    async def _run(self, request: run_v2.RunJobRequest, caller: Caller) -> Any:
        job = self._found(request.name)
        if request.etag and request.etag != job.etag:
            raise stale(parse(job.name).id, request.etag, job.etag)
        execution = self._execution_of(job, request.overrides, caller)
        place = job.name.partition("/jobs/")[0]
        if request.validate_only:
            return self.project.operations.finished(place, execution)
        self._make_room()
        self.project.resources.executions[execution.name] = execution
        job.execution_count += 1
        job.latest_created_execution = run_v2.ExecutionReference(
            name=parse(execution.name).id, create_time=execution.create_time
        )
        self._audit(caller, "Jobs.RunJob", job.name)
        run = self._prepare(job, execution)
        task = asyncio.create_task(self._carry_out(run, execution))
        self._running[execution.name] = task
        task.add_done_callback(lambda _done: self._running.pop(execution.name, None))
        return self.project.operations.start(place, execution, self._ended(execution, task), lasting=True)

    def _make_room(self) -> None:
        executions = self.project.resources.executions
        over = [name for name, each in executions.items() if not each.reconciling]
        for name in over[: max(0, len(executions) - KEPT)]:
            del executions[name]

    def _ended(self, execution: Execution, task: asyncio.Task[None]) -> Callable[[], Awaitable[Execution]]:
        async def ended() -> Execution:
            await asyncio.wait([task])
            if execution.failed_count or execution.cancelled_count:
                raise precondition(execution.conditions[0].message)
            return execution

        return ended

    def _execution_of(self, job: run_v2.Job, overrides: Any, caller: Caller) -> Execution:
        now, name = caller.now(), f"{job.name}/executions/{parse(job.name).id}-{suffix(5)}"
        template = run_v2.TaskTemplate(job.template.template)
        if overrides.timeout:
            template.timeout = overrides.timeout
        for given in overrides.container_overrides:
            container = template.containers[0]
            if given.args or given.clear_args:
                container.args = given.args
            replaced = {each.name for each in given.env}
            container.env = [each for each in container.env if each.name not in replaced] + list(given.env)
        return Execution(
            name=name,
            uid=str(uuid4()),
            creator=caller.principal,
            generation=1,
            observed_generation=1,
            create_time=now,
            update_time=now,
            job=parse(job.name).id,
            parallelism=1,
            task_count=overrides.task_count or job.template.task_count or 1,
            template=template,
            reconciling=True,
            conditions=[condition("Completed", conditions.RECONCILING, now, "Waiting for an instance.")],
            log_uri=f"{LOG_VIEWER}?project={self.project.id}&resource=cloud_run_job",
            etag=new_etag(),
        )

    def _prepare(self, job: run_v2.Job, execution: Execution) -> JobRun:
        template = execution.template
        container = template.containers[0]
        forged = secrets.token_bytes(32) if self.trouble == "forge" else None
        logs = JobLogs(self.project, job.name, execution.name, held=self.trouble == "late", forged=forged)
        self._logs[execution.name] = logs
        return JobRun(
            execution=execution.name,
            job=job.name,
            args=tuple(container.args),
            env={each.name: each.value for each in container.env if each.value},
            timeout=template.timeout.total_seconds() if template.timeout else DEFAULT_TIMEOUT,
            vpc_access=template.vpc_access,
            write=logs.write,
            warn=logs.warn,
        )

    async def _carry_out(self, run: JobRun, execution: Execution) -> None:
        try:
            async with asyncio.timeout(run.timeout):
                problem = await self._work(run, execution)
        except TimeoutError:
            problem = f"The configured timeout of {run.timeout:.0f} seconds was reached."
        except asyncio.CancelledError:
            self._finish(execution, "Execution cancelled.", Condition.ExecutionReason.CANCELLED)
            raise
        self._finish(execution, problem, Condition.ExecutionReason.NON_ZERO_EXIT_CODE)
        logs = self._logs[run.execution]
        if not logs.held:
            del self._logs[run.execution]
        else:
            asyncio.get_running_loop().call_later(self.late_seconds, logs.release)

    async def _work(self, run: JobRun, execution: Execution) -> str:
        """Runs a program; says why it failed, or nothing."""
        why, _ = self.revisions.obstacle(run.vpc_access)
        if why:
            return why
        await asyncio.sleep(self.cold_start)
        now = Caller("").now()
        execution.start_time = execution.update_time = now
        execution.running_count = 1
        execution.conditions = [
            condition("Completed", conditions.RECONCILING, now, "Execution is running."),
            condition("ResourcesAvailable", conditions.SUCCEEDED, now),
            condition("Started", conditions.SUCCEEDED, now),
        ]
        if self.trouble == "hang":
            await asyncio.Event().wait()  # until it is cancelled or its time is over
        if self.runner is None:
            return "FakeCloud.runner was not set: nothing runs programs here."
        try:
            code = 1 if self.trouble == "die" else await self.runner(run)
        except OSError as error:
            return f"The container could not be started: {error}."
        return "" if code == 0 else f"The container exited with an error. Exit code: {code}."

    def _finish(self, execution: Execution, problem: str, reason: Any) -> None:
        now = Caller("").now()
        execution.running_count = 0
        execution.completion_time = execution.update_time = now
        execution.reconciling = False
        if not problem:
            execution.succeeded_count = 1
            execution.conditions = [condition("Completed", conditions.SUCCEEDED, now, "Execution completed.")]
            return
        cancelled = reason == Condition.ExecutionReason.CANCELLED
        execution.cancelled_count, execution.failed_count = int(cancelled), int(not cancelled)
        execution.conditions = [
            condition("Completed", conditions.FAILED, now, problem, execution_reason=reason)
        ]

    def release(self) -> None:
        """Lets go of all log entries that are held back."""
        for logs in self._logs.values():
            logs.release()

    async def close(self) -> None:
        """Cancels what runs, and waits until it is gone."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _execution(self, request: Any, _caller: Caller) -> Execution:
        return self._known(request.name)

    def _known(self, spelled: str) -> Execution:
        name = self.project.plain(spelled)
        execution = self.project.resources.executions.get(name)
        if execution is None:
            raise missing("EXECUTION", name, parse(name).location, self.project.id)
        return execution

    async def _executions(self, request: Any, _caller: Caller) -> run_v2.ListExecutionsResponse:
        parent = self.project.plain(request.parent).removesuffix("/-")
        executions = [
            each for name, each in self.project.resources.executions.items() if name.startswith(parent + "/")
        ]
        executions.sort(key=lambda each: each.create_time, reverse=True)
        found, token = page(executions, request.page_size, request.page_token, f"executions {parent}")
        return run_v2.ListExecutionsResponse(executions=found, next_page_token=token)

    async def _cancel(self, request: Any, caller: Caller) -> Any:
        execution = self._known(request.name)
        self._audit(caller, "Executions.CancelExecution", execution.name)
        task = self._running.get(execution.name)
        if task is None:
            raise precondition(f"Execution '{parse(execution.name).id}' is not running.")
        task.cancel()

        async def ended() -> Execution:
            await asyncio.wait([task])
            return execution

        place = execution.name.partition("/jobs/")[0]
        return self.project.operations.start(place, execution, ended, lasting=True)

    async def _forget(self, request: Any, caller: Caller) -> Any:
        execution = self._known(request.name)
        if task := self._running.get(execution.name):
            task.cancel()
            await asyncio.wait([task])
        self._audit(caller, "Executions.DeleteExecution", execution.name)
        self.project.resources.executions.pop(execution.name, None)
        return self.project.operations.finished(execution.name.partition("/jobs/")[0], execution)

    async def _tasks(self, request: Any, _caller: Caller) -> run_v2.ListTasksResponse:
        parent = self.project.plain(request.parent)
        execution = self._known(parent)
        state = execution.conditions[0]
        task = run_v2.Task(
            name=f"{parent}/tasks/{parse(parent).id}-task0",
            uid=str(uuid4()),
            create_time=execution.create_time,
            start_time=execution.start_time,
            completion_time=execution.completion_time,
            job=execution.job,
            execution=parse(parent).id,
            containers=execution.template.containers,
            vpc_access=execution.template.vpc_access,
            reconciling=execution.reconciling,
            conditions=[state],
        )
        return run_v2.ListTasksResponse(tasks=[task])


def _method(path: str, resource: str, verb: str, request: Any, handler: Any, response: Any = None) -> Method:
    def scope(request: Any) -> str:
        if verb == "update":
            return str(request.job.name)
        return str(request.parent if hasattr(request, "parent") else request.name)

    return Method(
        name=f"{resource}.{verb}",
        api=API,
        permission=f"{resource}.{verb}",
        handler=handler,
        scope=scope,
        path=f"/google.cloud.run.v2.{path}",
        request=request,
        response=response or operations_pb2.Operation,
    )
