"""The fake Google Cloud: one project behind a gRPC port and a REST port on loopback."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Self

from sandbox.cloud.calls import Gate
from sandbox.cloud.compute import Compute
from sandbox.cloud.connectors import Connectors
from sandbox.cloud.databases import Databases
from sandbox.cloud.grpc_server import GrpcServer
from sandbox.cloud.names import REGIONS
from sandbox.cloud.operations import Operations
from sandbox.cloud.project import Project
from sandbox.cloud.resources import Resources
from sandbox.cloud.rest_server import RestServer
from sandbox.cloud.revisions import Revisions
from sandbox.cloud.services import Services


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
        self.services = Services(self.project, self.revisions, self._follow)
        self.connectors = Connectors(self.project, self._follow)
        self.databases = Databases(self.project)
        self.compute = Compute(self.project, self._follow)
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
            *self.operations.methods(),
        ]
        grpc_server = GrpcServer(methods, self.gate, self.principal, self._credentials)
        rest_server = RestServer(self.compute.methods(), self.gate, self.principal)
        self._stack.push_async_callback(self.operations.close)
        self.grpc_address = await grpc_server.start()
        self._stack.push_async_callback(grpc_server.stop)
        self.rest_address = await rest_server.start()
        self._stack.push_async_callback(rest_server.stop)
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
        """Puts back what existed; logs and executions stay."""
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
        `internal`, `disabled` (the API is switched off), `garbage` (an answer that is no message), `silent`
        (no answer at all), `lost_response` (the work is done, after `seconds` the connection breaks).
        `times` is how many calls it strikes, all by default.
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

    def _follow(self) -> None:
        """What follows a change of the network or of what serves."""
