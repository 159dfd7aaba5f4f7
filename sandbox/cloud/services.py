"""Cloud Run's services: read, deployed, given traffic, deleted.

Behaviour after cloud.google.com/run/docs/reference/rpc and run/docs/rollouts-rollbacks-traffic-migration:
a change of the template makes a revision, LATEST is the latest that is ready, and one that cannot start gets
no traffic.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from google.cloud import run_v2
from google.cloud.run_v2 import Condition, TrafficTarget, TrafficTargetAllocationType, TrafficTargetStatus
from google.longrunning import operations_pb2
from google.protobuf import field_mask_pb2

from sandbox.cloud import conditions
from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.conditions import condition
from sandbox.cloud.errors import exists, invalid, precondition, stale
from sandbox.cloud.names import number_of, page, parse
from sandbox.cloud.project import Project, missing
from sandbox.cloud.revisions import API, Revisions, new_etag

PATH = "/google.cloud.run.v2.Services/"
LATEST = TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
PINNED = TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
MUTABLE = (
    "description", "labels", "annotations", "client", "client_version", "ingress", "launch_stage",
    "binary_authorization", "template", "traffic", "scaling", "invoker_iam_disabled", "default_uri_disabled",
    "iap_enabled", "multi_region_settings", "custom_audiences", "build_config",
)  # fmt: skip
"""Fields of a service that its callers set; the others are Cloud Run's and ignored in a request."""


class Services:
    """The Services interface of Cloud Run."""

    def __init__(self, project: Project, revisions: Revisions) -> None:
        self._project = project
        self._revisions = revisions

    def methods(self) -> list[Method]:
        """What clients may call."""
        return [
            self._method("GetService", "get", run_v2.GetServiceRequest, self._get, run_v2.Service),
            self._method(
                "ListServices",
                "list",
                run_v2.ListServicesRequest,
                self._list,
                run_v2.ListServicesResponse,
                _parent,
            ),
            self._method("CreateService", "create", run_v2.CreateServiceRequest, self.create, scope=_parent),
            self._method(
                "UpdateService",
                "update",
                run_v2.UpdateServiceRequest,
                self.update,
                scope=lambda request: request.service.name,
            ),
            self._method("DeleteService", "delete", run_v2.DeleteServiceRequest, self._delete),
        ]

    def _method(
        self, name: str, verb: str, request: Any, handler: Any, response: Any = None, scope: Any = None
    ) -> Method:
        return Method(
            name=f"run.services.{verb}",
            api=API,
            permission=f"run.services.{verb}",
            handler=handler,
            scope=scope or (lambda request: request.name),
            path=PATH + name,
            request=request,
            response=response or operations_pb2.Operation,
        )

    # reading

    async def _get(self, request: Any, _caller: Caller) -> run_v2.Service:
        return self._found(request.name)

    def _found(self, spelled: str) -> run_v2.Service:
        name = self._project.plain(spelled)
        service = self._project.resources.services.get(name)
        if service is None:
            raise missing("SERVICE", name, parse(name).location, self._project.id)
        return service

    async def _list(self, request: Any, _caller: Caller) -> run_v2.ListServicesResponse:
        parent = self._project.plain(request.parent)
        if parse(parent).location in ("", "-"):
            raise invalid("The parent must name a region; '-' is not supported.", "parent")
        services = [
            each
            for name, each in sorted(self._project.resources.services.items())
            if name.startswith(parent + "/services/") and (request.show_deleted or not each.delete_time)
        ]
        found, token = page(services, request.page_size, request.page_token, f"services {parent}")
        return run_v2.ListServicesResponse(services=found, next_page_token=token)

    # changing

    async def create(self, request: run_v2.CreateServiceRequest, caller: Caller) -> Any:
        """Makes a service; gives the operation."""
        name = f"{self._project.plain(request.parent)}/services/{request.service_id}"
        if name in self._project.resources.services:
            raise exists(f"Resource '{request.service_id}' already exists.")
        current = run_v2.Service(
            name=name, uid=str(uuid4()), creator=caller.principal, create_time=caller.now()
        )
        current.uri = f"https://{request.service_id}-{number_of(name)[:8]}-uc.a.run.app"
        region = parse(name).location
        current.urls = [f"https://{request.service_id}-{self._project.number}.{region}.run.app", current.uri]
        return self._apply(
            current, _merged(current, request.service, ()), request.validate_only, caller, "Create"
        )

    async def update(self, request: run_v2.UpdateServiceRequest, caller: Caller) -> Any:
        """Changes what the mask names, all that can be set without one; gives the operation."""
        name = self._project.plain(request.service.name)
        if request.allow_missing and name not in self._project.resources.services:
            parent, _, short = name.rpartition("/services/")
            wanted = run_v2.CreateServiceRequest(
                parent=parent, service_id=short, service=request.service, validate_only=request.validate_only
            )
            return await self.create(wanted, caller)
        current = self._found(name)
        if request.service.etag and request.service.etag != current.etag:
            raise stale(parse(name).id, request.service.etag, current.etag)
        wanted_service = _merged(current, request.service, tuple(request.update_mask.paths))
        mask = {"updateMask": ",".join(request.update_mask.paths)}
        return self._apply(current, wanted_service, request.validate_only, caller, "Update", mask)

    def _apply(
        self,
        current: run_v2.Service,
        wanted: run_v2.Service,
        validate_only: bool,
        caller: Caller,
        verb: str,
        said: dict[str, Any] | None = None,
    ) -> Any:
        place = current.name.partition("/services/")[0]
        self._validate(wanted)
        revision = self._next_revision(current, wanted)
        if validate_only:
            return self._project.operations.finished(place, wanted)
        made = self._accept(wanted, revision, caller)
        self._audit(caller, verb, wanted.name, said)
        self._project.resources.changed()

        async def settle() -> run_v2.Service:
            return self._settle(wanted.name, made, caller)

        return self._project.operations.start(place, wanted, settle)

    def _audit(self, caller: Caller, verb: str, name: str, said: dict[str, Any] | None = None) -> None:
        monitored = self._project.monitored(
            "cloud_run_revision", service_name=parse(name).id, location=parse(name).location
        )
        method = f"google.cloud.run.v2.Services.{verb}Service"
        self._project.audit(caller, API, method, name, monitored, said)

    def _next_revision(self, current: run_v2.Service, wanted: run_v2.Service) -> str | None:
        """The short name of the revision that a change makes, None where it makes none."""
        if wanted.template == current.template and current.latest_created_revision:
            return None
        named = wanted.template.revision
        short = parse(wanted.name).id
        if not named:
            return self._revisions.name_next(wanted.name)
        if not named.startswith(short + "-"):
            raise invalid(f"Revision name '{named}' must start with '{short}-'.", "template.revision")
        if f"{wanted.name}/revisions/{named}" in self._project.resources.revisions:
            raise exists(f"Revision named '{named}' with different configuration already exists.")
        return named

    def _accept(self, service: run_v2.Service, revision: str | None, caller: Caller) -> str | None:
        """Takes a change as wanted; what it makes of the world follows in `_settle`."""
        now = caller.now()
        service.generation += 1
        service.update_time = now
        service.last_modifier = caller.principal
        service.etag = new_etag()
        service.reconciling = True
        service.terminal_condition = condition("Ready", conditions.RECONCILING, now)
        made = None
        if revision is not None:
            made = self._revisions.make(service, revision, caller).name
            service.latest_created_revision = made
        self._project.resources.services[service.name] = service
        return made

    def _settle(self, name: str, made: str | None, caller: Caller) -> run_v2.Service:
        service = self._found(name)
        newest = made is None or service.latest_created_revision == made
        why = ""
        if made is not None and made in self._project.resources.revisions:
            why = self._revisions.settle(made, caller)
            if not why and newest:
                service.latest_ready_revision = made
        problem = self._route(service)
        if why:
            short = made.rpartition("/")[2] if made else ""
            problem = f"Revision '{short}' is not ready and cannot serve traffic. {why}"
        if newest:
            self._conclude(service, why, problem, caller)
        self._project.resources.changed()
        if problem:
            raise precondition(problem)
        return service

    def _conclude(self, service: run_v2.Service, why: str, problem: str, caller: Caller) -> None:
        now = caller.now()
        failed = {"reason": Condition.CommonReason.REVISION_FAILED}

        def told(type_: str, message: str) -> Condition:
            if message:
                return condition(type_, conditions.FAILED, now, message, **failed)
            return condition(type_, conditions.SUCCEEDED, now)

        service.conditions = [
            told("RoutesReady", "" if why else problem),
            told("ConfigurationsReady", problem if why else ""),
        ]
        service.terminal_condition = told("Ready", problem)
        service.observed_generation = service.generation
        service.reconciling = False
        service.etag = new_etag()

    def _route(self, service: run_v2.Service) -> str:
        """Gives traffic as asked for; says why not where a revision is not ready."""
        statuses: list[TrafficTargetStatus] = []
        for target in service.traffic:
            name = service.latest_ready_revision
            if target.type_ == PINNED:
                name = f"{service.name}/revisions/{target.revision}"
            short = name.rpartition("/")[2]
            revision = self._project.resources.revisions.get(name)
            if revision is None or not conditions.succeeded(revision.conditions):
                if target.type_ == PINNED:
                    return f"Revision '{short}' is not ready and cannot serve traffic."
                continue
            statuses.append(status(service, target, short))
        service.traffic_statuses = statuses
        return ""

    def _validate(self, service: run_v2.Service) -> None:
        access = service.template.vpc_access
        if access.connector and access.network_interfaces:
            raise invalid(
                "VPC connector and network interfaces are mutually exclusive.", "template.vpc_access"
            )
        if not service.template.containers:
            raise invalid("template.containers: at least one container is required.", "template.containers")
        if not service.traffic:
            service.traffic = [TrafficTarget(type_=LATEST, percent=100)]
        self._validate_traffic(service)

    def _validate_traffic(self, service: run_v2.Service) -> None:
        if sum(target.percent for target in service.traffic) != 100:
            raise invalid("Traffic percentages must add up to 100.", "traffic")
        tags = [target.tag for target in service.traffic if target.tag]
        if len(tags) != len(set(tags)):
            raise invalid("Traffic tags must be unique.", "traffic")
        for target in service.traffic:
            if target.type_ == PINNED and not self._known(service, target.revision):
                raise invalid(f"Traffic target revision '{target.revision}' does not exist.", "traffic")

    def _known(self, service: run_v2.Service, short: str) -> bool:
        return (
            f"{service.name}/revisions/{short}" in self._project.resources.revisions
            or short == service.template.revision
        )

    async def _delete(self, request: Any, caller: Caller) -> Any:
        service = self._found(request.name)
        if request.etag and request.etag != service.etag:
            raise stale(parse(service.name).id, request.etag, service.etag)
        place = service.name.partition("/services/")[0]
        if request.validate_only:
            return self._project.operations.finished(place, service)
        self._audit(caller, "Delete", service.name)

        async def remove() -> run_v2.Service:
            resources = self._project.resources
            resources.services.pop(service.name, None)
            for revision in self._revisions.of(service.name):
                resources.revisions.pop(revision.name, None)
            resources.changed()
            return service

        return self._project.operations.start(place, service, remove)


def status(service: run_v2.Service, target: TrafficTarget, short: str) -> TrafficTargetStatus:
    """A traffic target as it came true; a tag gets its own URL."""
    uri = service.uri.replace("https://", f"https://{target.tag}---", 1) if target.tag else ""
    return TrafficTargetStatus(
        type_=target.type_, revision=short, percent=target.percent, tag=target.tag, uri=uri
    )


def _merged(current: run_v2.Service, given: run_v2.Service, paths: Sequence[str]) -> run_v2.Service:
    """A copy of the current service with what the mask names taken from the given one."""
    merged = run_v2.Service()
    target, source = run_v2.Service.pb(merged), run_v2.Service.pb(run_v2.Service(given))
    target.CopyFrom(run_v2.Service.pb(current))
    wanted = [path for path in paths or MUTABLE if path.partition(".")[0] in (*MUTABLE, "*")]
    wanted = list(MUTABLE) if "*" in wanted else wanted
    mask = field_mask_pb2.FieldMask(paths=paths if "*" not in paths else ())
    if not mask.IsValidForDescriptor(target.DESCRIPTOR):
        raise invalid(f"Invalid update mask: {','.join(paths)}.", "update_mask")
    for path in wanted:
        if "." in path:
            getattr(source, path.partition(".")[0]).SetInParent()  # absent means: clear what is named of it
    field_mask_pb2.FieldMask(paths=wanted).MergeMessage(source, target, True, True)
    return merged


def _parent(request: Any) -> str:
    return str(request.parent)
