"""Memorystore and Cloud SQL: instances are read, Memorystore's also changed."""

from typing import Any

import grpc
from google.cloud import redis_v1, sqladmin_v1
from google.longrunning import operations_pb2
from google.protobuf import field_mask_pb2

from sandbox.cloud import errors
from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.errors import CloudError, invalid
from sandbox.cloud.names import page, parse
from sandbox.cloud.project import Project

REDIS = "redis.googleapis.com"
SQL = "sqladmin.googleapis.com"
UPDATABLE = frozenset(
    {"display_name", "labels", "memory_size_gb", "redis_configs", "replica_count", "maintenance_policy"}
)
"""What UpdateInstance takes, as its reference says."""


class Databases:
    """The interfaces of Memorystore for Redis and of Cloud SQL's instances."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def methods(self) -> list[Method]:
        """What clients may call."""
        return [
            self._redis("GetInstance", "get", redis_v1.GetInstanceRequest, self._get, redis_v1.Instance),
            self._redis(
                "ListInstances",
                "list",
                redis_v1.ListInstancesRequest,
                self._list,
                redis_v1.ListInstancesResponse,
                lambda request: request.parent,
            ),
            self._redis(
                "UpdateInstance",
                "update",
                redis_v1.UpdateInstanceRequest,
                self._update,
                scope=lambda request: request.instance.name,
            ),
            self._sql(
                "Get", "get", sqladmin_v1.SqlInstancesGetRequest, self._sql_get, sqladmin_v1.DatabaseInstance
            ),
            self._sql(
                "List",
                "list",
                sqladmin_v1.SqlInstancesListRequest,
                self._sql_list,
                sqladmin_v1.InstancesListResponse,
            ),
        ]

    def _redis(
        self, name: str, verb: str, request: Any, handler: Any, response: Any = None, scope: Any = None
    ) -> Method:
        return Method(
            name=f"redis.instances.{verb}",
            api=REDIS,
            permission=f"redis.instances.{verb}",
            handler=handler,
            scope=scope or (lambda request: request.name),
            path=f"/google.cloud.redis.v1.CloudRedis/{name}",
            request=request,
            response=response or operations_pb2.Operation,
        )

    def _sql(self, name: str, verb: str, request: Any, handler: Any, response: Any) -> Method:
        return Method(
            name=f"cloudsql.instances.{verb}",
            api=SQL,
            permission=f"cloudsql.instances.{verb}",
            handler=handler,
            scope=lambda request: f"projects/{request.project}",
            path=f"/google.cloud.sql.v1.SqlInstancesService/{name}",
            request=request,
            response=response,
            deny=errors.denied_by_sql,
        )

    async def _get(self, request: Any, _caller: Caller) -> redis_v1.Instance:
        return self._found(request.name)

    def _found(self, spelled: str) -> redis_v1.Instance:
        name = self._project.plain(spelled)
        instance = self._project.resources.redis.get(name)
        if instance is None:
            raise CloudError(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' was not found")
        return instance

    async def _list(self, request: Any, _caller: Caller) -> redis_v1.ListInstancesResponse:
        parent = self._project.plain(request.parent)
        place = parent.removesuffix("-") if parent.endswith("/-") else f"{parent}/"
        instances = [
            each for name, each in sorted(self._project.resources.redis.items()) if name.startswith(place)
        ]
        found, token = page(instances, request.page_size, request.page_token, f"redis {parent}")
        return redis_v1.ListInstancesResponse(instances=found, next_page_token=token)

    async def _update(self, request: Any, caller: Caller) -> Any:
        instance = self._found(request.instance.name)
        paths = list(request.update_mask.paths)
        if not paths or not set(paths) <= UPDATABLE:
            raise invalid(f"Only {', '.join(sorted(UPDATABLE))} can be updated.", "update_mask")
        field_mask_pb2.FieldMask(paths=paths).MergeMessage(
            redis_v1.Instance.pb(request.instance), redis_v1.Instance.pb(instance), True, True
        )
        instance.state = redis_v1.Instance.State(redis_v1.Instance.State.UPDATING)
        method = "google.cloud.redis.v1.CloudRedis.UpdateInstance"
        monitored = self._project.monitored(
            "redis_instance", instance_id=instance.name, region=instance.location_id
        )
        self._project.audit(caller, REDIS, method, instance.name, monitored)
        self._project.resources.changed()

        async def settle() -> redis_v1.Instance:
            instance.state = redis_v1.Instance.State(redis_v1.Instance.State.READY)
            self._project.resources.changed()
            return instance

        metadata = redis_v1.OperationMetadata(target=instance.name, verb="update", create_time=caller.now())
        return self._project.operations.start(parse(instance.name).parent, metadata, settle)

    async def _sql_get(self, request: Any, _caller: Caller) -> sqladmin_v1.DatabaseInstance:
        instance = self._project.resources.sql.get(
            f"projects/{self._project.id}/instances/{request.instance}"
        )
        if instance is None:
            raise CloudError(grpc.StatusCode.NOT_FOUND, "The Cloud SQL instance does not exist.")
        return instance

    async def _sql_list(self, request: Any, _caller: Caller) -> sqladmin_v1.InstancesListResponse:
        if request.filter:
            raise invalid("This Cloud SQL knows no filter.", "filter")
        instances = [each for _, each in sorted(self._project.resources.sql.items())]
        found, token = page(instances, request.max_results, request.page_token, "sql")
        return sqladmin_v1.InstancesListResponse(kind="sql#instancesList", items=found, next_page_token=token)
