"""Serverless VPC Access: connectors are listed, made, resized (over REST only) and deleted."""

from typing import Any

import grpc
from google.cloud import vpcaccess_v1
from google.cloud.vpcaccess_v1 import Connector
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from sandbox.cloud.calls import Caller, Method
from sandbox.cloud.errors import CloudError, exists, invalid, precondition
from sandbox.cloud.names import page, parse
from sandbox.cloud.project import Project

API = "vpcaccess.googleapis.com"
PATH = "/google.cloud.vpcaccess.v1.VpcAccessService/"
RESIZABLE = frozenset({"machineType", "minInstances", "maxInstances"})
"""What can be changed in place, as the REST reference of projects.locations.connectors.patch has it."""


class Connectors:
    """The interface of Serverless VPC Access."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def methods(self) -> list[Method]:
        """What clients may call over gRPC."""
        v1 = vpcaccess_v1
        return [
            self.method("GetConnector", "get", v1.GetConnectorRequest, self.get, Connector),
            self.method(
                "ListConnectors",
                "list",
                v1.ListConnectorsRequest,
                self._list,
                v1.ListConnectorsResponse,
                _parent,
            ),
            self.method("CreateConnector", "create", v1.CreateConnectorRequest, self._create, scope=_parent),
            self.method("DeleteConnector", "delete", v1.DeleteConnectorRequest, self._delete),
        ]

    def method(
        self, name: str, verb: str, request: Any, handler: Any, response: Any = None, scope: Any = None
    ) -> Method:
        """A method of this API."""
        return Method(
            name=f"vpcaccess.connectors.{verb}",
            api=API,
            permission=f"vpcaccess.connectors.{verb}",
            handler=handler,
            scope=scope or (lambda request: request.name),
            path=PATH + name,
            request=request,
            response=response or operations_pb2.Operation,
        )

    async def get(self, request: Any, _caller: Caller) -> Connector:
        """A connector by its name."""
        return self.found(request.name)

    def found(self, spelled: str) -> Connector:
        """A connector; raises `CloudError`."""
        name = self._project.plain(spelled)
        connector = self._project.resources.connectors.get(name)
        if connector is None:
            raise CloudError(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' was not found")
        return connector

    async def _list(self, request: Any, _caller: Caller) -> vpcaccess_v1.ListConnectorsResponse:
        parent = self._project.plain(request.parent)
        place = parent.removesuffix("-") if parent.endswith("/-") else f"{parent}/"
        connectors = [
            each
            for name, each in sorted(self._project.resources.connectors.items())
            if name.startswith(place)
        ]
        found, token = page(connectors, request.page_size, request.page_token, f"connectors {parent}")
        return vpcaccess_v1.ListConnectorsResponse(connectors=found, next_page_token=token)

    async def _create(self, request: Any, caller: Caller) -> Any:
        name = f"{self._project.plain(request.parent)}/connectors/{request.connector_id}"
        if name in self._project.resources.connectors:
            raise exists(f"Resource '{name}' already exists")
        connector = Connector(request.connector)
        if bool(connector.subnet.name) == bool(connector.network and connector.ip_cidr_range):
            raise invalid("Either a subnet, or a network with an IP CIDR range must be given.", "connector")
        connector.name, connector.state = name, Connector.State(Connector.State.CREATING)
        _fill(connector)
        self._project.resources.connectors[name] = connector
        self._changed(caller, "CreateConnector", name)

        async def settle() -> Connector:
            connector.state = Connector.State(Connector.State.READY)
            self._project.resources.changed()
            return connector

        return self._project.operations.start(parse(name).parent, _metadata("create", name, caller), settle)

    async def _delete(self, request: Any, caller: Caller) -> Any:
        connector = self.found(request.name)
        if connector.connected_projects:
            raise precondition(
                f"Connector '{connector.name}' is in use by {connector.connected_projects[0]}."
            )
        connector.state = Connector.State(Connector.State.DELETING)
        self._changed(caller, "DeleteConnector", connector.name)

        async def remove() -> Any:
            self._project.resources.connectors.pop(connector.name, None)
            self._project.resources.changed()
            return empty_pb2.Empty()

        place = parse(connector.name).parent
        return self._project.operations.start(place, _metadata("delete", connector.name, caller), remove)

    async def resize(self, name: str, mask: str, document: dict[str, Any], caller: Caller) -> Any:
        """Changes machine type and instances; refuses any other field with INVALID_ARGUMENT."""
        connector = self.found(name)
        fields = [each.strip() for each in mask.split(",") if each.strip()] or sorted(document)
        if not fields or not set(fields) <= RESIZABLE:
            raise invalid(
                f"Only {', '.join(sorted(RESIZABLE))} can be updated, not {', '.join(fields)}.", "update_mask"
            )
        wanted = Connector.from_json(_text({each: document[each] for each in fields if each in document}))
        for each in fields:
            short = {"machineType": "machine_type", "minInstances": "min_instances"}.get(
                each, "max_instances"
            )
            setattr(connector, short, getattr(wanted, short))
        if connector.min_instances >= connector.max_instances:
            raise invalid("minInstances must be less than maxInstances.", "connector")
        connector.state = Connector.State(Connector.State.UPDATING)
        self._changed(caller, "UpdateConnector", connector.name)

        async def settle() -> Connector:
            connector.state = Connector.State(Connector.State.READY)
            self._project.resources.changed()
            return connector

        place = parse(connector.name).parent
        return self._project.operations.start(place, _metadata("update", connector.name, caller), settle)

    def _changed(self, caller: Caller, verb: str, name: str) -> None:
        method = f"google.cloud.vpcaccess.v1.VpcAccessService.{verb}"
        monitored = self._project.monitored("audited_resource", service=API, method=method)
        self._project.audit(caller, API, method, name, monitored)
        self._project.resources.changed()


def _fill(connector: Connector) -> None:
    """Google's defaults."""
    connector.machine_type = connector.machine_type or "e2-micro"
    connector.min_instances = connector.min_instances or 2
    connector.max_instances = connector.max_instances or 10
    connector.min_throughput = connector.min_throughput or connector.min_instances * 100
    connector.max_throughput = connector.max_throughput or connector.max_instances * 100


def _metadata(verb: str, target: str, caller: Caller) -> vpcaccess_v1.OperationMetadata:
    method = f"google.cloud.vpcaccess.v1.VpcAccessService.{verb.title()}Connector"
    return vpcaccess_v1.OperationMetadata(method=method, target=target, create_time=caller.now())


def _text(document: dict[str, Any]) -> str:
    import json

    return json.dumps(document)


def _parent(request: Any) -> str:
    return str(request.parent)
