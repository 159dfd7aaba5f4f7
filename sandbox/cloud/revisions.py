"""Cloud Run's revisions: made from a service's template, ready or not, listed and deleted."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from google.cloud import run_v2
from google.cloud.run_v2 import Condition

from sandbox.cloud import conditions
from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.conditions import condition
from sandbox.cloud.errors import invalid, precondition, stale
from sandbox.cloud.names import page, parse, suffix
from sandbox.cloud.project import Project, missing
from sandbox.cloud.secret_manager import secret_obstacle

API = "run.googleapis.com"
PATH = "/google.cloud.run.v2.Revisions/"
TYPES = ("Ready", "ContainerReady", "ContainerHealthy", "ResourcesAvailable")
USABLE = frozenset({"READY", "UPDATING"})
"""States in which a connector carries traffic; UPDATING is scaling."""


class Revisions:
    """The Revisions interface of Cloud Run."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def methods(self) -> list[Method]:
        """What clients may call."""
        return [
            self._method("GetRevision", "get", run_v2.GetRevisionRequest, self._get, run_v2.Revision),
            self._method(
                "ListRevisions",
                "list",
                run_v2.ListRevisionsRequest,
                self._list,
                run_v2.ListRevisionsResponse,
                lambda request: request.parent,
            ),
            self._method("DeleteRevision", "delete", run_v2.DeleteRevisionRequest, self._delete),
        ]

    def _method(
        self, name: str, verb: str, request: Any, handler: Any, response: Any = None, scope: Any = None
    ) -> Method:
        from google.longrunning import operations_pb2

        return Method(
            name=f"run.revisions.{verb}",
            api=API,
            permission=f"run.revisions.{verb}",
            handler=handler,
            scope=scope or (lambda request: request.name),
            path=PATH + name,
            request=request,
            response=response or operations_pb2.Operation,
        )

    def of(self, service: str) -> list[run_v2.Revision]:
        """A service's revisions (its full name), the newest first."""
        found = [
            each
            for name, each in self._project.resources.revisions.items()
            if name.startswith(service + "/revisions/")
        ]
        return sorted(found, key=lambda each: (each.create_time, each.name), reverse=True)

    def name_next(self, service: str) -> str:
        """A generated short name for the next revision."""
        numbers = (re.search(r"-(\d{5})-\w{3}$", each.name) for each in self.of(service))
        highest = max((int(number[1]) for number in numbers if number), default=0)
        return f"{service.rpartition('/')[2]}-{highest + 1:05d}-{suffix(3)}"

    def make(self, service: run_v2.Service, short: str, caller: Caller) -> run_v2.Revision:
        """Makes a revision of a service's template; it is not ready yet."""
        now = caller.now()
        revision = from_template(service.template)
        revision.name = f"{service.name}/revisions/{short}"
        revision.uid = str(uuid4())
        revision.service = service.name.rpartition("/")[2]
        revision.creator = caller.principal
        revision.create_time = revision.update_time = now
        revision.generation = revision.observed_generation = 1
        revision.etag = new_etag()
        revision.reconciling = True
        revision.log_uri = log_uri(self._project.id, revision.service, short)
        revision.conditions = [condition(each, conditions.RECONCILING, now) for each in TYPES]
        self._project.resources.revisions[revision.name] = revision
        return revision

    def settle(self, name: str, caller: Caller) -> str:
        """Ends a revision's making; gives why it is not ready, or nothing."""
        revision = self._project.resources.revisions[name]
        why, reason = self.obstacle(revision.vpc_access)
        if not why:
            why = secret_obstacle(revision.containers, self._project.resources, self._project.number)
            reason = Condition.CommonReason.SECRETS_ACCESS_CHECK_FAILED
        now = caller.now()
        state = conditions.FAILED if why else conditions.SUCCEEDED
        failing = {"Ready", "ResourcesAvailable"}
        revision.conditions = [
            condition(each, state if each in failing else conditions.SUCCEEDED, now, why, reason=reason)
            if each in failing and why
            else condition(each, conditions.SUCCEEDED, now)
            for each in TYPES
        ]
        revision.reconciling = False
        revision.update_time = now
        return why

    def obstacle(self, access: run_v2.VpcAccess) -> tuple[str, int]:
        """Why something with this VPC access cannot start, with Cloud Run's reason; nothing where it can."""
        undefined = Condition.CommonReason.COMMON_REASON_UNDEFINED
        if access.connector:
            return self._connector_obstacle(access.connector), undefined
        return self._interface_obstacle(
            access.network_interfaces
        ), Condition.CommonReason.VPC_NETWORK_NOT_FOUND

    def _connector_obstacle(self, spelled: str) -> str:
        project = self._project
        name = f"projects/{project.id}/locations/{project.region}/connectors/{spelled}"
        name = project.plain(spelled) if "/" in spelled else name
        if not project.mine(name):
            return ""  # of a shared VPC's host project, which is not here
        connector = project.resources.connectors.get(name)
        if connector is None or parse(name).location != project.region:
            return f"VPC connector {name} does not exist, or Cloud Run does not have permission to use it."
        if connector.state.name not in USABLE:
            return f"VPC connector {name} is not ready yet (state {connector.state.name})."
        return ""

    def _interface_obstacle(self, interfaces: Iterable[run_v2.VpcAccess.NetworkInterface]) -> str:
        resources = self._project.resources
        for interface in interfaces:
            network = interface.network.rpartition("/")[2]
            subnet = interface.subnetwork.rpartition("/")[2]
            if network and f"global/networks/{network}" not in resources.networks:
                return f"VPC network {network} does not exist."
            if subnet and f"regions/{self._project.region}/subnetworks/{subnet}" not in resources.subnetworks:
                return f"VPC subnetwork {subnet} does not exist in region {self._project.region}."
        return ""

    async def _get(self, request: Any, _caller: Caller) -> run_v2.Revision:
        return self._found(self._project.plain(request.name))

    def _found(self, name: str) -> run_v2.Revision:
        revision = self._project.resources.revisions.get(name)
        if revision is None:
            raise missing("REVISION", name, parse(name).location, self._project.id)
        return revision

    async def _list(self, request: Any, _caller: Caller) -> run_v2.ListRevisionsResponse:
        parent = self._project.plain(request.parent)
        services = self._services_of(parent)
        revisions = [each for service in services for each in self.of(service)]
        revisions = [each for each in revisions if request.show_deleted or not each.delete_time]
        found, token = page(revisions, request.page_size, request.page_token, f"revisions {parent}")
        return run_v2.ListRevisionsResponse(revisions=found, next_page_token=token)

    def _services_of(self, parent: str) -> list[str]:
        if parse(parent).kind != "services":
            raise invalid(f"Invalid parent {parent!r}: it names no service.", "parent")
        if not parent.endswith("/services/-"):
            return [parent]
        place = parent.removesuffix("-")
        return sorted({each.rpartition("/revisions/")[0] for each in self._project.resources.revisions
                       if each.startswith(place)})  # fmt: skip

    async def _delete(self, request: Any, caller: Caller) -> Any:
        project = self._project
        revision = self._found(project.plain(request.name))
        if request.etag and request.etag != revision.etag:
            raise stale(revision.name, request.etag, revision.etag)
        service = project.resources.services.get(revision.name.rpartition("/revisions/")[0])
        short = revision.name.rpartition("/")[2]
        if service is not None and _holds(service, short):
            raise precondition(
                f"Revision '{short}' cannot be deleted: it is serving traffic or is the latest."
            )
        place = revision.name.partition("/services/")[0]
        if request.validate_only:
            return project.operations.finished(place, revision)
        project.audit(
            caller, API, "google.cloud.run.v2.Revisions.DeleteRevision", revision.name,
            project.monitored("cloud_run_revision", revision_name=short, service_name=revision.service),
        )  # fmt: skip

        async def remove() -> run_v2.Revision:
            project.resources.revisions.pop(revision.name, None)
            project.resources.changed()
            return revision

        return project.operations.start(place, revision, remove)


def _holds(service: run_v2.Service, short: str) -> bool:
    serving = {each.revision.rpartition("/")[2] for each in service.traffic_statuses}
    return short in serving or service.latest_created_revision.endswith("/" + short)


def from_template(template: run_v2.RevisionTemplate) -> run_v2.Revision:
    """A revision with everything that a template says."""
    shared = set(run_v2.Revision.meta.fields) & set(run_v2.RevisionTemplate.meta.fields)
    source, revision = run_v2.RevisionTemplate.pb(template), run_v2.Revision()
    target = run_v2.Revision.pb(revision)
    for field, value in source.ListFields():
        if field.name not in shared:
            continue
        if isinstance(value, str | int | bool):
            setattr(target, field.name, value)
        else:
            getattr(target, field.name).MergeFrom(value)
    return revision


def new_etag() -> str:
    """A fingerprint as Cloud Run gives them."""
    return f'"{suffix(16)}"'


def log_uri(project: str, service: str, revision: str) -> str:
    """The console's page of a revision's log."""
    return (
        "https://console.cloud.google.com/logs/viewer?project="
        f"{project}&resource=cloud_run_revision/service_name/{service}/revision_name/{revision}"
    )
