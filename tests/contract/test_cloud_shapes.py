"""The fake Google Cloud speaks what the official clients speak: paths, messages, numbers, names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import grpc.aio
import httpx
import pytest
from google.cloud import compute_v1
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

from sandbox import baseline
from sandbox.cloud.calls import Method
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.resources import Resources
from tests.sandbox.cloud.clients import ASYNC_CLIENTS, staging_cloud

COMPUTE = f"/compute/v1/projects/{baseline.PROJECT}"
NO_METHODS = ("grpc_channel", "kind", "host", "operations_client")
"""Properties of a transport that are no methods of the API."""


@dataclass
class Recorder:
    """A channel that only notes which method is made with which types."""

    made: dict[str, tuple[Any, Any]]

    def _note(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> None:
        self.made[path] = (request_serializer, response_deserializer)

    unary_unary = stream_stream = unary_stream = stream_unary = _note


def official() -> dict[str, tuple[Any, Any]]:
    """Every gRPC method of the official clients with the functions that write requests and read answers."""
    made: dict[str, tuple[Any, Any]] = {}
    for client in ASYNC_CLIENTS.values():
        transport_type = client.get_transport_class("grpc_asyncio")
        transport = transport_type(channel=grpc.aio.insecure_channel("127.0.0.1:1"))
        transport._logged_channel = Recorder(made)
        transport._stubs.clear()
        for name in [
            each for each in dir(transport_type) if isinstance(getattr(transport_type, each), property)
        ]:
            if name not in ("grpc_channel", "kind", "host", "operations_client", "_wrapped_methods"):
                getattr(transport, name)
    return made


def served() -> list[Method]:
    """Every gRPC method of the fake."""
    cloud = FakeCloud()
    parts = (cloud.services, cloud.revisions, cloud.jobs, cloud.connectors, cloud.databases, cloud.logs)
    return [method for part in parts for method in part.methods()]


async def test_every_method_is_an_official_one_with_its_types() -> None:
    """A path that no client calls, or a message of another kind, would be a fake of nothing."""
    known = official()
    for method in served():
        assert method.path in known, method.path
        write, read = known[method.path]
        assert getattr(write, "__self__", None) is method.request, method.path
        assert read in (
            getattr(method.response, "deserialize", None), getattr(method.response, "FromString", None)
        ), method.path  # fmt: skip


def test_every_method_names_a_permission_of_its_own_service() -> None:
    """`cloud.deny` goes by the names that Google's roles have."""
    services = {"run", "vpcaccess", "redis", "cloudsql", "logging"}
    for method in served():
        service, resource, verb = method.permission.split(".")
        assert service in services
        assert resource.islower() or resource == "logEntries"
        assert verb in {"get", "list", "create", "update", "delete", "run", "cancel"}


def messages(resources: Resources) -> Iterator[Any]:
    """Every message that staging consists of."""
    kinds: list[Mapping[Any, Any]] = [
        resources.services, resources.revisions, resources.jobs, resources.connectors, resources.redis,
        resources.sql, resources.networks, resources.subnetworks, resources.routes, resources.firewalls,
        resources.routers,
    ]  # fmt: skip
    yield from chain.from_iterable(kind.values() for kind in kinds)
    yield from chain.from_iterable(resources.peering_routes.values())
    yield from chain.from_iterable(resources.router_routes.values())
    yield from resources.logs


def check_enums(pb: Any) -> None:
    """Fails where an enumeration has a number that the official type has no name for, at any depth."""
    for field, value in pb.ListFields():
        values = value if field.is_repeated else [value]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        for each in values:
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                check_enums(each)
            elif field.type == FieldDescriptor.TYPE_ENUM:
                assert each in field.enum_type.values_by_number, f"{field.full_name} = {each}"


async def test_staging_consists_of_valid_official_messages() -> None:
    """Every enumeration has a name, and writing and reading gives the same again."""
    async with staging_cloud() as cloud:
        await cloud.deploy(baseline.BACKEND, lambda service: service.labels.update({"a": "b"}))
        seen = list(messages(cloud.resources))
    assert len(seen) > 20
    for message in seen:
        check_enums(type(message).pb(message))
        assert type(message).deserialize(type(message).serialize(message)) == message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/global/networks", compute_v1.NetworkList),
        ("/global/networks/staging-vpc", compute_v1.Network),
        (
            "/global/networks/staging-vpc/getEffectiveFirewalls",
            compute_v1.NetworksGetEffectiveFirewallsResponse,
        ),
        (
            f"/global/networks/staging-vpc/listPeeringRoutes?peeringName={baseline.PEERING}&direction=INCOMING",
            compute_v1.ExchangedPeeringRoutesList,
        ),
        ("/global/routes", compute_v1.RouteList),
        ("/global/firewalls", compute_v1.FirewallList),
        ("/aggregated/subnetworks", compute_v1.SubnetworkAggregatedList),
        ("/aggregated/routers", compute_v1.RouterAggregatedList),
        (f"/{baseline.ROUTER_KEY}/getRouterStatus", compute_v1.RouterStatusResponse),
        ("", compute_v1.Project),
        (f"/regions/{baseline.REGION}", compute_v1.Region),
    ],
)
async def test_json_of_compute_has_official_names_only(path: str, message: Callable[[], Any]) -> None:
    """A strict parser finds no field that the official message does not have."""
    async with staging_cloud() as cloud, httpx.AsyncClient() as client:
        answer = await client.get(f"http://{cloud.rest_address}{COMPUTE}{path}")
    assert answer.status_code == 200
    parsed = type(message()).pb(message())
    json_format.Parse(answer.content, parsed, ignore_unknown_fields=False)
    assert parsed.ListFields()


def test_a_resource_that_was_made_before_this_test_has_a_date() -> None:
    """The baseline's times are of the past, as a real project's are."""
    resources = Resources()
    now = datetime.now(UTC)
    baseline.fill(resources, now)
    assert all(each.create_time <= now for each in resources.revisions.values())
