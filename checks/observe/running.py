"""Runs whybot's own Cloud Run job and reads what it writes, with the official clients.

https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2#jobs, `RunJob` with overrides.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from checks.observations import Seen
from checks.observe import console
from checks.observe.calls import Calls, foreign, plain, seen
from checks.observe.clients import Clients
from checks.observe.errors import Unseen, not_understood, status_of, too_slow, translated
from checks.observe.jobs import Entry, Execution, State
from checks.observe.permissions import EXECUTION, LOGS, RUN_JOB_WITH, Place

PAGE = 1000
MOST_PAGES = 5
AT_ONCE = 4
DONE = "Completed"


class GoogleJobs:
    """`checks.observe.jobs.Jobs` of a real project. Nothing is imported or opened before the first call."""

    def __init__(self, project: str, region: str, clients: Clients) -> None:
        self._place = Place(project, region)
        self._clients = clients
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(
        self, job: str, arguments: Sequence[str], task_seconds: float, *, seconds: float = 15.0
    ) -> Seen[Execution]:
        """Begins one execution. See `Jobs.run`."""
        return await seen(self._run(job, arguments, task_seconds, seconds))

    async def execution(self, job: str, name: str, *, seconds: float = 5.0) -> Seen[Execution]:
        """How far an execution is."""
        return await seen(self._execution(job, name, seconds))

    async def answers(
        self, job: str, request: str, since: datetime, *, seconds: float = 5.0
    ) -> Seen[tuple[Entry, ...]]:
        """What the job has written for a request, oldest first."""
        return await seen(self._answers(job, request, since, seconds))

    async def close(self) -> None:
        """Closes all channels."""
        await self._clients.close()

    async def _run(
        self, job: str, arguments: Sequence[str], task_seconds: float, seconds: float
    ) -> Execution:
        calls = self._calls(seconds, job)
        await calls.login(RUN_JOB_WITH)
        client = await self._client("jobs")
        request = await self._clients.thread(lambda: self._request(job, arguments, task_seconds))
        try:
            async with asyncio.timeout(seconds):
                # Never repeated: each call that arrives runs the job once more.
                return await self._started(client, request, seconds)
        except TimeoutError:
            return Execution("", "", message=too_slow(RUN_JOB_WITH, seconds).message)
        except foreign() as error:
            blind = translated(error, RUN_JOB_WITH, calls.place, seconds)
            if _may_have_begun(error):
                return Execution("", "", message=blind.message)
            raise Unseen(blind) from error

    async def _started(self, client: Any, request: Any, seconds: float) -> Execution:
        try:
            operation = await client.run_job(request=request, retry=None, timeout=seconds)
        except (
            AttributeError
        ):  # grpc.aio gives None for bytes that are no message, which its wrapper reads on
            operation = None
        if operation is None or operation.metadata is None:
            return Execution("", "", message=not_understood(RUN_JOB_WITH).message)
        return self._named(plain(operation.metadata))

    def _request(self, job: str, arguments: Sequence[str], task_seconds: float) -> Any:
        from google.cloud.run_v2 import RunJobRequest
        from google.protobuf.duration_pb2 import Duration

        override = RunJobRequest.Overrides.ContainerOverride(args=list(arguments))
        return RunJobRequest(
            name=self._name(job),
            overrides=RunJobRequest.Overrides(
                container_overrides=[override],
                task_count=1,
                timeout=Duration(seconds=max(1, round(task_seconds))),
            ),
        )

    async def _execution(self, job: str, name: str, seconds: float) -> Execution:
        client = await self._client("executions")
        full = f"{self._name(job)}/executions/{name}"

        async def attempt(allowed: float) -> Any:
            return plain(await client.get_execution(name=full, retry=None, timeout=allowed))

        return self._named(await self._calls(seconds, job).ask(EXECUTION, attempt))

    async def _answers(self, job: str, request: str, since: datetime, seconds: float) -> tuple[Entry, ...]:
        client = await self._client("logging")
        calls = self._calls(seconds, job)
        asked = await self._clients.thread(lambda: self._query(job, request, since))

        async def page(token: str, allowed: float) -> Any:
            asked.page_token = token
            pager = await client.list_log_entries(request=asked, retry=None, timeout=allowed)
            return plain(await anext(pager.pages))

        pages, _ = await calls.pages(LOGS, page, MOST_PAGES)
        return tuple(entry(each) for found in pages for each in found.entries)

    def _query(self, job: str, request: str, since: datetime) -> Any:
        from google.cloud.logging_v2.types import ListLogEntriesRequest

        return ListLogEntriesRequest(
            resource_names=[f"projects/{self._place.project}"],
            filter=log_filter(job, request, since),
            order_by="timestamp asc",
            page_size=PAGE,
        )

    async def _client(self, name: str) -> Any:
        try:
            return await self._clients.grpc(name)
        except foreign() as error:
            raise Unseen(translated(error, RUN_JOB_WITH, self._place)) from error

    def _calls(self, seconds: float, job: str) -> Calls:
        place = Place(self._place.project, self._place.region, self._place.member, job)
        return Calls(self._clients, place, seconds, self._at_once)

    def _name(self, job: str) -> str:
        return f"projects/{self._place.project}/locations/{self._place.region}/jobs/{job}"

    def _named(self, message: Any) -> Execution:
        name = str(message.name).rpartition("/")[2]
        page = f"{console.CONSOLE}/run/jobs/executions/details/{self._place.region}/{name}/tasks"
        url = f"{page}?project={self._place.project}"
        done = next((each for each in message.conditions if each.type_ == DONE), None)
        return Execution(name, url, state_of(message), str(done.message) if done else "")


def log_filter(job: str, request: str, since: datetime) -> str:
    """The lines of one request, in Cloud Logging's query language."""
    return " AND ".join(
        [
            'resource.type="cloud_run_job"',
            f"resource.labels.job_name={json.dumps(job)}",
            f"jsonPayload.whybot.request={json.dumps(request)}",
            f'timestamp>="{since.astimezone(UTC).isoformat()}"',
        ]
    )


def state_of(message: Any) -> State:
    """How far an execution message is: its counts are final once it has a completion time."""
    if not message.HasField("completion_time"):
        return State.RUNNING
    if message.cancelled_count:
        return State.CANCELLED
    return State.FAILED if message.failed_count or not message.succeeded_count else State.SUCCEEDED


def entry(message: Any) -> Entry:
    """A log entry; one whose payload is no JSON has none."""
    at = message.timestamp.ToDatetime(tzinfo=UTC)
    return Entry(str(message.insert_id), at, _payload(message))


def _payload(message: Any) -> Mapping[str, Any]:
    from google.protobuf.json_format import Error, MessageToDict

    try:
        return dict(MessageToDict(message.json_payload))
    except Error:  # NaN and infinity have no JSON
        return {}


def _may_have_begun(error: BaseException) -> bool:
    """Whether Google may have taken the call although its answer says something else, or never came."""
    unsure = (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
    return status_of(error) in unsure and "failed to connect" not in str(error)
