"""Compute Engine over REST: networks with their peerings, subnets, routes, firewalls and routers.

Answers are the official messages in JSON. A peering that is not ACTIVE exchanges no routes.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.cloud import compute_v1
from google.protobuf import json_format
from starlette.requests import Request

from sandbox.cloud import errors
from sandbox.cloud.calls import Caller
from sandbox.cloud.errors import CloudError, exists, invalid
from sandbox.cloud.names import REGIONS, number_of, page
from sandbox.cloud.project import Project
from sandbox.cloud.rest_server import RestHandler, RestMethod, body

API = "compute.googleapis.com"
ROOT = "/compute/v1/projects/{project}"
URL = "https://www.googleapis.com/compute/v1/projects"
FILTER = re.compile(r'^\(?\s*(\w+)\s*(=|eq|:)\s*"?([^"()]*?)"?\s*\)?$')


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection: where it is in `Resources`, its messages, and what log entries about it are called."""

    collection: str
    message: Any
    listed: Any
    monitored: str
    regional: bool = False

    @property
    def singular(self) -> str:
        """`network` of `networks`."""
        return self.collection.removesuffix("s")


KINDS = (
    Kind("networks", compute_v1.Network, compute_v1.NetworkList, "gce_network"),
    Kind("firewalls", compute_v1.Firewall, compute_v1.FirewallList, "gce_firewall_rule"),
    Kind("routes", compute_v1.Route, compute_v1.RouteList, "gce_route"),
    Kind("subnetworks", compute_v1.Subnetwork, compute_v1.SubnetworkList, "gce_subnetwork", regional=True),
    Kind("routers", compute_v1.Router, compute_v1.RouterList, "gce_router", regional=True),
)
BY_NAME: Mapping[str, Kind] = {kind.collection: kind for kind in KINDS}
AGGREGATED = {
    "subnetworks": (compute_v1.SubnetworkAggregatedList, compute_v1.SubnetworksScopedList),
    "routers": (compute_v1.RouterAggregatedList, compute_v1.RoutersScopedList),
}


class Compute:
    """The parts of Compute Engine that networks are made of."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._operations: dict[str, tuple[compute_v1.Operation, Any]] = {}

    def methods(self) -> list[RestMethod]:
        """What clients may call."""
        found = [method for kind in KINDS for method in self._of(kind)]
        network = f"{ROOT}/global/networks/{{name}}"
        found += [
            _method(
                "GET", f"{network}/listPeeringRoutes", "networks.listPeeringRoutes", self._peering_routes
            ),
            _method(
                "GET", f"{network}/getEffectiveFirewalls", "networks.getEffectiveFirewalls", self._effective
            ),
            _method("POST", f"{network}/addPeering", "networks.addPeering", self._add_peering),
            _method("PATCH", f"{network}/updatePeering", "networks.updatePeering", self._update_peering),
            _method("POST", f"{network}/removePeering", "networks.removePeering", self._remove_peering),
            _method(
                "GET",
                f"{ROOT}/regions/{{region}}/routers/{{name}}/getRouterStatus",
                "routers.getRouterStatus",
                self._router_status,
                permission="routers.get",
            ),
            _method("GET", ROOT, "projects.get", self._own_project),
            _method("GET", f"{ROOT}/regions/{{region}}", "regions.get", self._own_region),
            _method("GET", f"{ROOT}/global/operations/{{name}}", "globalOperations.get", self._operation),
            _method(
                "POST",
                f"{ROOT}/global/operations/{{name}}/wait",
                "globalOperations.wait",
                self._wait,
                permission="globalOperations.get",
            ),
        ]
        return found

    def _of(self, kind: Kind) -> list[RestMethod]:
        name = kind.collection
        base = f"{ROOT}/{'regions/{region}' if kind.regional else 'global'}/{name}"
        one = f"{base}/{{name}}"
        found = [
            _method("GET", base, f"{name}.list", self._lister(kind)),
            _method("GET", one, f"{name}.get", self._getter(kind)),
        ]
        if kind.regional:
            aggregated = f"{ROOT}/aggregated/{name}"
            return [
                _method("GET", aggregated, f"{name}.aggregatedList", self._aggregated(kind), f"{name}.list"),
                *found,
            ]
        return [
            *found,
            _method("POST", base, f"{name}.insert", self._inserter(kind), permission=f"{name}.create"),
            _method("PATCH", one, f"{name}.patch", self._patcher(kind), permission=f"{name}.update"),
            _method("DELETE", one, f"{name}.delete", self._deleter(kind)),
        ]

    # reading

    def _all(self, kind: Kind) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self._project.resources, kind.collection)
        return found

    def _lister(self, kind: Kind) -> RestHandler:
        async def answer(request: Request, _caller: Caller) -> str:
            prefix = self._prefix(kind, request)
            items = [each for key, each in sorted(self._all(kind).items()) if key.startswith(prefix)]
            found, token = self._page(items, request, kind.collection)
            listed = kind.listed(
                kind=f"compute#{kind.singular}List",
                id=f"projects/{self._project.id}/{prefix.rstrip('/')}",
                items=found,
                self_link=f"{URL}/{self._project.id}/{prefix.rstrip('/')}",
            )
            if token:
                listed.next_page_token = token
            return _json(listed)

        return answer

    def _page(self, items: list[Any], request: Request, what: str) -> tuple[list[Any], str]:
        query = request.query_params
        wanted = query.get("filter", "")
        chosen = [each for each in items if _matches(each, wanted)]
        size = query.get("maxResults", "0")
        if not size.isdigit() or int(size) > 500:
            raise invalid(f"Invalid value for field 'maxResults': '{size}'. Values must be within [0, 500].")
        return page(chosen, int(size), query.get("pageToken", ""), f"{what} {wanted}", most=500, usual=500)

    def _aggregated(self, kind: Kind) -> RestHandler:
        whole, scoped = AGGREGATED[kind.collection]

        async def answer(request: Request, _caller: Caller) -> str:
            found, token = self._page([*sorted(self._all(kind).items())], request, f"all {kind.collection}")
            scopes: dict[str, list[Any]] = {}
            for key, each in found:
                scopes.setdefault("/".join(key.split("/")[:2]), []).append(each)
            items = {scope: scoped(**{kind.collection: each}) for scope, each in scopes.items()}
            listed: Any = whole(kind=f"compute#{kind.singular}AggregatedList", items=items)
            if token:
                listed.next_page_token = token
            return _json(listed)

        return answer

    def _getter(self, kind: Kind) -> RestHandler:
        async def answer(request: Request, _caller: Caller) -> str:
            return _json(self._found(kind, request)[1])

        return answer

    @staticmethod
    def _prefix(kind: Kind, request: Request) -> str:
        place = f"regions/{request.path_params['region']}" if kind.regional else "global"
        return f"{place}/{kind.collection}/"

    def _found(self, kind: Kind, request: Request) -> tuple[str, Any]:
        key = self._prefix(kind, request) + request.path_params["name"]
        found = self._all(kind).get(key)
        if found is None:
            raise _missing(f"projects/{self._project.id}/{key}")
        return key, found

    async def _peering_routes(self, request: Request, _caller: Caller) -> str:
        network = self._found(BY_NAME["networks"], request)[1]
        query = request.query_params
        wanted = query.get("peeringName", "")
        peering = next((each for each in network.peerings if each.name == wanted), None)
        if peering is None:
            raise _missing(f"projects/{self._project.id}/global/networks/{network.name}/peerings/{wanted}")
        if query.get("direction", "INCOMING") not in ("INCOMING", "OUTGOING"):
            raise invalid(f"Invalid value for field 'direction': '{query['direction']}'.")
        exchanged = peering.state == "ACTIVE" and query.get("direction", "INCOMING") == "INCOMING"
        routes = self._project.resources.peering_routes.get((network.name, wanted), []) if exchanged else []
        found, token = self._page(list(routes), request, f"peering {network.name} {wanted}")
        listed = compute_v1.ExchangedPeeringRoutesList(kind="compute#exchangedPeeringRoutesList", items=found)
        if token:
            listed.next_page_token = token
        return _json(listed)

    async def _effective(self, request: Request, _caller: Caller) -> str:
        network = self._found(BY_NAME["networks"], request)[1]
        rules = [
            each
            for _, each in sorted(self._project.resources.firewalls.items())
            if each.network.rpartition("/")[2] == network.name
        ]
        return _json(
            compute_v1.NetworksGetEffectiveFirewallsResponse(
                firewalls=rules, firewall_policys=self._project.resources.policies.get(network.name, [])
            )
        )

    async def _router_status(self, request: Request, _caller: Caller) -> str:
        key, router = self._found(BY_NAME["routers"], request)
        learned = self._project.resources.router_routes.get(key, [])
        result = compute_v1.RouterStatus(
            network=router.network, best_routes=learned, best_routes_for_router=learned
        )
        return _json(compute_v1.RouterStatusResponse(kind="compute#routerStatusResponse", result=result))

    async def _own_project(self, _request: Request, _caller: Caller) -> str:
        return _json(compute_v1.Project(id=int(self._project.number), name=self._project.id))

    async def _own_region(self, request: Request, _caller: Caller) -> str:
        region = request.path_params["region"]
        if region not in REGIONS:
            raise _missing(f"projects/{self._project.id}/regions/{region}")
        return _json(compute_v1.Region(name=region, status="UP"))

    # changing

    def _inserter(self, kind: Kind) -> RestHandler:
        async def answer(request: Request, caller: Caller) -> str:
            made = _read(kind.message, await body(request))
            key = self._prefix(kind, request) + made.name
            if not made.name or key in self._all(kind):
                raise exists(f"The resource 'projects/{self._project.id}/{key}' already exists")
            made.id = int(number_of(key))
            made.self_link = f"{URL}/{self._project.id}/{key}"
            made.creation_timestamp = caller.now().isoformat(timespec="milliseconds")
            return self._change(kind, key, "insert", caller, lambda: self._all(kind).__setitem__(key, made))

        return answer

    def _patcher(self, kind: Kind) -> RestHandler:
        async def answer(request: Request, caller: Caller) -> str:
            key, found = self._found(kind, request)
            document = await body(request)
            given = _read(kind.message, document)

            def patch() -> None:
                pb, source = kind.message.pb(found), kind.message.pb(given)
                for field in source.ListFields():
                    pb.ClearField(field[0].name)
                pb.MergeFrom(source)

            return self._change(kind, key, "patch", caller, patch)

        return answer

    def _deleter(self, kind: Kind) -> RestHandler:
        async def answer(request: Request, caller: Caller) -> str:
            key, _ = self._found(kind, request)
            return self._change(kind, key, "delete", caller, lambda: self._all(kind).pop(key, None))

        return answer

    async def _add_peering(self, request: Request, caller: Caller) -> str:
        given = _read(compute_v1.NetworksAddPeeringRequest, await body(request)).network_peering
        if any(each.name == given.name for each in self._found(BY_NAME["networks"], request)[1].peerings):
            raise exists(f"There is already a peering '{given.name}'")
        given.state = given.state or "ACTIVE"
        return self._peer(request, caller, "addPeering", given.name, given)

    async def _update_peering(self, request: Request, caller: Caller) -> str:
        given = _read(compute_v1.NetworksUpdatePeeringRequest, await body(request)).network_peering
        return self._peer(request, caller, "updatePeering", given.name, given)

    async def _remove_peering(self, request: Request, caller: Caller) -> str:
        given = _read(compute_v1.NetworksRemovePeeringRequest, await body(request))
        return self._peer(request, caller, "removePeering", given.name, None)

    def _peer(self, request: Request, caller: Caller, verb: str, name: str, given: Any) -> str:
        kind = BY_NAME["networks"]
        key, network = self._found(kind, request)
        current = next((each for each in network.peerings if each.name == name), None)
        if current is None and verb != "addPeering":
            raise _missing(f"projects/{self._project.id}/{key}/peerings/{name}")

        def change() -> None:
            others = [each for each in network.peerings if each.name != name]
            if given is None:
                network.peerings = others
                return
            merged = compute_v1.NetworkPeering(current) if current else compute_v1.NetworkPeering()
            compute_v1.NetworkPeering.pb(merged).MergeFrom(compute_v1.NetworkPeering.pb(given))
            network.peerings = [*others, merged]

        return self._change(kind, key, verb, caller, change)

    def _change(self, kind: Kind, key: str, verb: str, caller: Caller, change: Callable[[], Any]) -> str:
        project = self._project
        name = key.rpartition("/")[2]
        monitored = project.monitored(kind.monitored, **{f"{kind.singular}_id": number_of(key)})
        full = f"projects/{project.id}/{key}"
        project.audit(caller, API, f"v1.compute.{kind.collection}.{verb}", full, monitored)

        async def settle() -> compute_v1.Operation:
            change()
            project.resources.changed()
            return compute_v1.Operation(name=name)

        running = project.operations.start(f"projects/{project.id}/global", compute_v1.Operation(), settle)
        operation = compute_v1.Operation(
            kind="compute#operation",
            id=int(number_of(running.name)),
            name=f"operation-{uuid.uuid4()}",
            operation_type=verb,
            status="RUNNING",
            target_link=f"{URL}/{project.id}/{key}",
            user=caller.principal,
            insert_time=caller.now().isoformat(timespec="milliseconds"),
        )
        operation.self_link = f"{URL}/{project.id}/global/operations/{operation.name}"
        self._operations[operation.name] = (operation, running)
        return _json(operation)

    async def _operation(self, request: Request, _caller: Caller) -> str:
        operation, running = self._known(request)
        if (await self._project.operations.get(running.name)).done:
            operation.status, operation.progress = (
                compute_v1.Operation.Status(compute_v1.Operation.Status.DONE),
                100,
            )
        return _json(operation)

    async def _wait(self, request: Request, caller: Caller) -> str:
        await self._project.operations.result(self._known(request)[1])
        return await self._operation(request, caller)

    def _known(self, request: Request) -> tuple[compute_v1.Operation, Any]:
        name = request.path_params["name"]
        if name not in self._operations:
            raise _missing(f"projects/{self._project.id}/global/operations/{name}")
        return self._operations[name]


def _method(verb: str, path: str, name: str, handler: RestHandler, permission: str = "") -> RestMethod:
    return RestMethod(
        verb=verb,
        path=path,
        name=f"compute.{name}",
        api=API,
        permission=f"compute.{permission or name}",
        handler=handler,
        deny=errors.denied_by_compute,
    )


def _missing(resource: str) -> CloudError:
    return CloudError(grpc.StatusCode.NOT_FOUND, f"The resource '{resource}' was not found")


def _matches(item: Any, wanted: str) -> bool:
    """Whether a resource (or a key with it) passes a filter of the form `field = value`."""
    if not wanted:
        return True
    found = FILTER.match(wanted)
    resource = item[1] if isinstance(item, tuple) else item
    field = re.sub(r"(?<!^)([A-Z])", r"_\1", found[1]).lower() if found else ""
    if found is None or field not in type(resource).meta.fields:
        raise invalid(f"Invalid value for field 'filter': '{wanted}'. Invalid list filter expression.")
    value = str(getattr(resource, field))
    return found[3] in value if found[2] == ":" else value == found[3]


def _json(message: Any) -> str:
    return str(json_format.MessageToJson(type(message).pb(message)))


def _read(type_: Any, document: dict[str, Any]) -> Any:
    message = type_()
    try:
        json_format.ParseDict(document, type_.pb(message))
    except json_format.ParseError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
    return message
