"""The fake Google Cloud: one project behind a gRPC port and a REST port on loopback."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Self

from google.cloud import run_v2

from sandbox.cloud.calls import Caller, Gate
from sandbox.cloud.compute import Compute
from sandbox.cloud.connectors import Connectors
from sandbox.cloud.databases import Databases
from sandbox.cloud.grpc_server import GrpcServer
from sandbox.cloud.jobs import TROUBLES as JOB_TROUBLES
from sandbox.cloud.jobs import Jobs, Runner
from sandbox.cloud.logs import Logs
from sandbox.cloud.monitoring import Monitoring
from sandbox.cloud.names import REGIONS
from sandbox.cloud.operations import Operations
from sandbox.cloud.project import Project
from sandbox.cloud.resources import Resources
from sandbox.cloud.rest_server import RestServer
from sandbox.cloud.revisions import Revisions
from sandbox.cloud.secret_manager import SecretManager
from sandbox.cloud.services import Services
from sandbox.cloud.storage import Projects, Resizing, Storage

FOLLOWS = "whybot-follows"
"""The label of a job whose VPC access the deploy pipeline keeps like that of a service's serving revision."""


class FakeCloud:
    """`async with FakeCloud() as cloud`: the official clients find it at `grpc_address` and `rest_address`.

    `operation_seconds` is how long a long-running operation takes. `credentials` are gRPC's of a TLS server.
    """

    def __init__(
        self,
        project: str = "netra-staging",
        number: str = "481516234200",
        region: str = "us-central1",
        *,
        operation_seconds: float = 0.1,
        credentials: Any = None,
    ) -> None:
        self.resources = Resources()
        self.operations = Operations(operation_seconds)
        self.project = Project(project, number, region, self.resources, self.operations)
        self.principal = f"whybot@{project}.iam.gserviceaccount.com"
        self.gate = Gate(project, number, REGIONS | {region})
        self.revisions = Revisions(self.project)
        self.services = Services(self.project, self.revisions)
        self.connectors = Connectors(self.project)
        self.databases = Databases(self.project)
        self.compute = Compute(self.project)
        self.jobs = Jobs(self.project, self.revisions)
        self.logs = Logs(self.project, self.gate.admit)
        self._credentials = credentials
        self._stack = AsyncExitStack()
        self.grpc_address = ""
        self.rest_address = ""

    async def __aenter__(self) -> Self:
        methods = [
            *self.services.methods(),
            *self.revisions.methods(),
            *self.connectors.methods(),
            *self.databases.methods(),
            *self.jobs.methods(),
            *self.logs.methods(),
            *self.operations.methods(),
        ]
        rest = [
            *self.compute.methods(),
            *Storage(self.project).methods(),
            *Projects(self.project, lambda: self.gate.denied).methods(),
            *Resizing(self.project, self.connectors).methods(),
            *Monitoring(self.project).methods(),
            *SecretManager(self.project).methods(),
        ]
        grpc_server = GrpcServer(methods, self.gate, self.principal, self._credentials)
        rest_server = RestServer(rest, self.gate, self.principal)
        self._stack.push_async_callback(self.operations.close)
        self.grpc_address = await grpc_server.start()
        self._stack.push_async_callback(grpc_server.stop)
        self.rest_address = await rest_server.start()
        self._stack.push_async_callback(rest_server.stop)
        self._stack.push_async_callback(self.jobs.close)
        self._stack.callback(self.resources.subscribe(self._follow))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each change of a resource; gives what ends that."""
        return self.resources.subscribe(callback)

    def snapshot(self) -> Resources:
        """All that exists, to be put back by `restore`."""
        return self.resources.snapshot()

    def restore(self, snapshot: Resources) -> None:
        """Puts back what existed; logs and executions stay, changes under way are cancelled."""
        self.operations.forget()
        self.resources.restore(snapshot)

    # what can be wrong

    def deny(self, *permissions: str) -> None:
        """Takes permissions (`run.services.list`) away from everyone."""
        self.gate.denied.update(permissions)

    def allow(self, *permissions: str) -> None:
        """Gives permissions back, all of them where none is named."""
        self.gate.denied.difference_update(permissions or tuple(self.gate.denied))

    def disable(self, api: str) -> None:
        """Switches an API (`redis.googleapis.com`) off."""
        self.gate.disabled.add(api)

    def enable(self, api: str) -> None:
        """Switches it on again."""
        self.gate.disabled.discard(api)

    def trouble(
        self, kind: str, methods: str = "*", *, seconds: float = 1.0, times: int | None = None
    ) -> Callable[[], None]:
        """Makes the methods that match a pattern (`run.services.*`) fail; gives what ends it.

        Kinds: `slow` (by `seconds`), `quota` (429, ask again in `seconds`), `unavailable` (503), `deadline`,
        `internal`, `disabled` (the API is switched off), `garbage` (an answer that is no message; grpc.aio
        makes None of it), `silent` (no answer at all), `lost_response` (the work is done, after `seconds` the
        connection breaks). `times` is how many calls it strikes, all by default.
        """
        added = self.gate.add(kind, methods, seconds, times)

        def end() -> None:
            if added in self.gate.troubles:
                self.gate.troubles.remove(added)

        return end

    def clear_troubles(self) -> None:
        """Ends all troubles, denials and switched-off APIs."""
        self.gate.troubles.clear()
        self.gate.denied.clear()
        self.gate.disabled.clear()

    def count(self, method: str = "") -> int:
        """How many calls a method (`run.services.list`) got, or all of them."""
        return sum(not method or each.method == method for each in self.gate.calls)

    # jobs

    @property
    def runner(self) -> Runner | None:
        """What runs the programs of executions; without one a job cannot be run."""
        return self.jobs.runner

    @runner.setter
    def runner(self, runner: Runner | None) -> None:
        self.jobs.runner = runner

    @property
    def job_trouble(self) -> str | None:
        """What befalls executions from now on: `hang`, `die`, `late`, `forge` or nothing; see `Jobs`."""
        return self.jobs.trouble

    @job_trouble.setter
    def job_trouble(self, trouble: str | None) -> None:
        if trouble is not None and trouble not in JOB_TROUBLES:
            raise ValueError(f"There is no trouble {trouble!r} of jobs; there is {', '.join(JOB_TROUBLES)}.")
        self.jobs.trouble = trouble

    # what people do

    def caller(self, name: str, agent: str = "", at: datetime | None = None) -> Caller:
        """Someone of this project: `deploy-bot` is its service account of that name."""
        principal = name if "@" in name else f"{name}@{self.project.id}.iam.gserviceaccount.com"
        return Caller(principal, agent, at=at)

    async def deploy(
        self,
        service: str,
        change: Callable[[run_v2.Service], None],
        by: Caller | str = "deploy-bot",
    ) -> run_v2.Service:
        """Changes a service (short or full name) as its API would, past permissions and troubles.

        Gives the service when the operation is over, also where its new revision is not ready. Raises
        `CloudError` for a change that Cloud Run refuses.
        """
        place = f"projects/{self.project.id}/locations/{self.project.region}/services"
        name = service if "/" in service else f"{place}/{service}"
        caller = self.caller(by) if isinstance(by, str) else by
        wanted = run_v2.Service(self.resources.services[name])
        change(wanted)
        operation = await self.services.update(run_v2.UpdateServiceRequest(service=wanted), caller)
        await self.operations.result(operation)
        return self.resources.services[name]

    def _follow(self) -> None:
        """Does what the deploy pipeline does: jobs get the VPC access of what serves."""
        pipeline = self.caller("pipeline", "deploy-pipeline")
        followed = False
        for job in tuple(self.resources.jobs.values()):
            access = self._serving_access(job.labels.get(FOLLOWS, ""))
            if access is not None and access != job.template.template.vpc_access:
                self.jobs.follow(job, access, pipeline)
                followed = True
        if followed:
            self.resources.changed()

    def _serving_access(self, service: str) -> run_v2.VpcAccess | None:
        place = f"projects/{self.project.id}/locations/{self.project.region}/services/{service}"
        found = self.resources.services.get(place)
        if found is None or not found.traffic_statuses:
            return None
        most = max(found.traffic_statuses, key=lambda each: each.percent)
        revision = self.resources.revisions.get(f"{place}/revisions/{most.revision}")
        return None if revision is None else revision.vpc_access
