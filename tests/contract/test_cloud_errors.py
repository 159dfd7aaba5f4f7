"""What the official clients raise when the fake Google Cloud refuses, is slow, or answers nonsense."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1, run_v2
from google.rpc import error_details_pb2

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud
from tests.sandbox.cloud.clients import BACKEND, JOB, PARENT, Clients, rest, staging_cloud

Ask = Callable[[Clients], Awaitable[Any]]
REVISION = f"{BACKEND}/revisions/x"
EXECUTION = f"{JOB}/executions/x"
CONNECTOR = baseline.connector_name(baseline.CONNECTOR)
REDIS = f"{PARENT}/instances/{baseline.REDIS}"
NONE: dict[str, Any] = {"retry": None}
GRPC: dict[str, Ask] = {
    "run.services.list": lambda to: to.services.list_services(parent=PARENT, **NONE),
    "run.services.get": lambda to: to.services.get_service(name=BACKEND, **NONE),
    "run.services.update": lambda to: to.services.update_service(
        service=run_v2.Service(name=BACKEND), **NONE
    ),
    "run.services.create": lambda to: to.services.create_service(
        parent=PARENT, service=run_v2.Service(), service_id="x", **NONE
    ),
    "run.services.delete": lambda to: to.services.delete_service(name=BACKEND, **NONE),
    "run.revisions.list": lambda to: to.revisions.list_revisions(parent=BACKEND, **NONE),
    "run.revisions.get": lambda to: to.revisions.get_revision(name=REVISION, **NONE),
    "run.revisions.delete": lambda to: to.revisions.delete_revision(name=REVISION, **NONE),
    "run.jobs.list": lambda to: to.jobs.list_jobs(parent=PARENT, **NONE),
    "run.jobs.get": lambda to: to.jobs.get_job(name=JOB, **NONE),
    "run.jobs.run": lambda to: to.jobs.run_job(name=JOB, **NONE),
    "run.executions.get": lambda to: to.executions.get_execution(name=EXECUTION, **NONE),
    "run.executions.list": lambda to: to.executions.list_executions(parent=JOB, **NONE),
    "run.executions.cancel": lambda to: to.executions.cancel_execution(name=EXECUTION, **NONE),
    "run.tasks.list": lambda to: to.tasks.list_tasks(parent=EXECUTION, **NONE),
    "vpcaccess.connectors.list": lambda to: to.connectors.list_connectors(parent=PARENT, **NONE),
    "vpcaccess.connectors.get": lambda to: to.connectors.get_connector(name=CONNECTOR, **NONE),
    "redis.instances.list": lambda to: to.redis.list_instances(parent=PARENT, **NONE),
    "redis.instances.get": lambda to: to.redis.get_instance(name=REDIS, **NONE),
    "cloudsql.instances.list": lambda to: to.sql.list({"project": baseline.PROJECT}, **NONE),
    "cloudsql.instances.get": lambda to: to.sql.get(
        {"project": baseline.PROJECT, "instance": baseline.SQL}, **NONE
    ),
    "logging.logEntries.list": lambda to: to.logging.list_log_entries(
        resource_names=[f"projects/{baseline.PROJECT}"], **NONE
    ),
}
"""A call for each permission that gRPC methods need."""


async def raised(answer: Awaitable[Any]) -> Exception | None:
    """What a call raises; what it asks for need not be there."""
    try:
        await answer
    except exceptions.GoogleAPICallError as error:
        return error
    return None


@pytest.mark.parametrize("permission", GRPC)
async def test_a_missing_permission_is_denied_as_google_denies_it(permission: str) -> None:
    """It is named in the details, but by Cloud SQL, which names none; with it back the call goes through."""
    async with staging_cloud() as cloud:
        clients = Clients(cloud)
        cloud.deny(permission)
        with pytest.raises(exceptions.PermissionDenied) as denied:
            await GRPC[permission](clients)
        infos = [each for each in denied.value.details if isinstance(each, error_details_pb2.ErrorInfo)]
        if permission.startswith("cloudsql"):
            assert not infos
        else:
            assert infos[0].reason == denied.value.reason == "IAM_PERMISSION_DENIED"
            assert infos[0].metadata["permission"] == permission
            assert permission in denied.value.message
        cloud.allow()
        assert not isinstance(await raised(GRPC[permission](clients)), exceptions.PermissionDenied)
        await clients.close()


async def test_a_switched_off_api_says_where_to_enable_it() -> None:
    """Only that API; its reason is SERVICE_DISABLED."""
    async with staging_cloud() as cloud:
        clients = Clients(cloud)
        cloud.disable("redis.googleapis.com")
        with pytest.raises(exceptions.PermissionDenied, match="has not been used in project") as denied:
            await GRPC["redis.instances.list"](clients)
        assert denied.value.reason == "SERVICE_DISABLED"
        assert denied.value.metadata["service"] == "redis.googleapis.com"
        await GRPC["run.services.list"](clients)
        cloud.enable("redis.googleapis.com")
        await GRPC["redis.instances.list"](clients)
        await clients.close()


async def test_a_quota_says_when_to_ask_again() -> None:
    """429 with RetryInfo, as often as told."""
    async with staging_cloud() as cloud:
        clients = Clients(cloud)
        cloud.trouble("quota", "run.services.*", seconds=2.5, times=1)
        with pytest.raises(exceptions.ResourceExhausted, match="Quota exceeded") as refused:
            await GRPC["run.services.list"](clients)
        [retry] = [each for each in refused.value.details if isinstance(each, error_details_pb2.RetryInfo)]
        assert retry.retry_delay.ToTimedelta().total_seconds() == 2.5
        assert refused.value.reason == "RATE_LIMIT_EXCEEDED"
        await GRPC["run.services.list"](clients)
        await clients.close()


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("unavailable", exceptions.ServiceUnavailable),
        ("deadline", exceptions.DeadlineExceeded),
        ("internal", exceptions.InternalServerError),
        ("disabled", exceptions.PermissionDenied),
    ],
)
async def test_trouble_comes_and_goes(trouble: str, error: type[Exception]) -> None:
    """Only the methods that match have it, until it is ended."""
    async with staging_cloud() as cloud:
        clients = Clients(cloud)
        end = cloud.trouble(trouble, "run.services.list")
        with pytest.raises(error):
            await GRPC["run.services.list"](clients)
        await GRPC["run.services.get"](clients)
        end()
        await GRPC["run.services.list"](clients)
        await clients.close()


async def test_an_answer_that_is_no_message_is_none_for_the_client() -> None:
    """A limit of grpc.aio: what cannot be read is logged and None, so that a reader must look."""
    async with staging_cloud() as cloud:
        clients = Clients(cloud)
        cloud.trouble("garbage", "run.services.get")
        assert await GRPC["run.services.get"](clients) is None
        await clients.close()


async def test_no_answer_lasts_until_the_client_gives_up() -> None:
    """And a slow one arrives."""
    async with staging_cloud() as cloud:
        clients = Clients(cloud)
        cloud.trouble("silent", "run.services.list")
        with pytest.raises(exceptions.DeadlineExceeded):
            await clients.services.list_services(parent=PARENT, timeout=0.3, retry=None)
        cloud.clear_troubles()
        cloud.trouble("slow", "run.services.list", seconds=0.3)
        began = time.monotonic()
        await clients.services.list_services(parent=PARENT, retry=None)
        assert time.monotonic() - began >= 0.3
        await clients.close()


async def test_another_project_or_region_is_said_so() -> None:
    """A project that there is not, a region that there is not, and a region that has nothing."""
    async with staging_cloud() as cloud:
        to = Clients(cloud)
        with pytest.raises(exceptions.PermissionDenied, match="resource project other") as other:
            await to.services.list_services(parent="projects/other/locations/us-central1")
        assert other.value.reason == "CONSUMER_INVALID"
        with pytest.raises(exceptions.PermissionDenied, match="'locations/us-centrall'"):
            await to.connectors.list_connectors(parent=f"projects/{baseline.PROJECT}/locations/us-centrall")
        elsewhere = f"projects/{baseline.PROJECT}/locations/europe-west1"
        assert not [each async for each in await to.services.list_services(parent=elsewhere)]
        with pytest.raises(exceptions.InvalidArgument):
            await to.services.list_services(parent=f"projects/{baseline.PROJECT}/locations/-")
        with pytest.raises(exceptions.InvalidArgument):
            await to.services.get_service(name="netra-backend-staging")
        await to.close()


async def test_a_method_that_is_not_faked_is_unimplemented() -> None:
    """It is never taken for an empty answer."""
    async with staging_cloud() as cloud:
        to = Clients(cloud)
        with pytest.raises(exceptions.MethodNotImplemented):
            await to.redis.get_instance_auth_string(name=REDIS, retry=None)
        await to.close()


REST: dict[str, Callable[[FakeCloud], Any]] = {
    "compute.networks.list": lambda cloud: list(
        rest(cloud, compute_v1.NetworksClient).list(project=baseline.PROJECT, **NONE)
    ),
    "compute.networks.get": lambda cloud: rest(cloud, compute_v1.NetworksClient).get(
        project=baseline.PROJECT, network=baseline.VPC, **NONE
    ),
    "compute.networks.listPeeringRoutes": lambda cloud: list(
        rest(cloud, compute_v1.NetworksClient).list_peering_routes(
            {"project": baseline.PROJECT, "network": baseline.VPC, "peering_name": baseline.PEERING}, **NONE
        )
    ),
    "compute.networks.getEffectiveFirewalls": lambda cloud: rest(
        cloud, compute_v1.NetworksClient
    ).get_effective_firewalls(project=baseline.PROJECT, network=baseline.VPC, **NONE),
    "compute.routes.list": lambda cloud: list(
        rest(cloud, compute_v1.RoutesClient).list(project=baseline.PROJECT, **NONE)
    ),
    "compute.firewalls.list": lambda cloud: list(
        rest(cloud, compute_v1.FirewallsClient).list(project=baseline.PROJECT, **NONE)
    ),
    "compute.subnetworks.list": lambda cloud: list(
        rest(cloud, compute_v1.SubnetworksClient).aggregated_list(project=baseline.PROJECT, **NONE)
    ),
    "compute.routers.list": lambda cloud: list(
        rest(cloud, compute_v1.RoutersClient).aggregated_list(project=baseline.PROJECT, **NONE)
    ),
    "compute.routers.get": lambda cloud: rest(cloud, compute_v1.RoutersClient).get_router_status(
        project=baseline.PROJECT, region=baseline.REGION, router=baseline.ROUTER, **NONE
    ),
}
"""A call for each permission of Compute Engine that is read."""


@pytest.mark.parametrize("permission", REST)
async def test_compute_names_the_permission_in_its_sentence(permission: str) -> None:
    """It has no details; with the permission the call goes through."""
    async with staging_cloud() as cloud:
        cloud.deny(permission)
        with pytest.raises(exceptions.Forbidden, match=f"Required '{permission}' permission for") as denied:
            await asyncio.to_thread(REST[permission], cloud)
        assert not denied.value.details
        cloud.allow(permission)
        assert await asyncio.to_thread(REST[permission], cloud)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("quota", exceptions.TooManyRequests),
        ("unavailable", exceptions.ServiceUnavailable),
        ("disabled", exceptions.Forbidden),
        ("garbage", Exception),
    ],
)
async def test_rest_has_the_same_troubles(trouble: str, error: type[Exception]) -> None:
    """Garbage is what a client makes of it: the JSON parser's own error."""
    async with staging_cloud() as cloud:
        cloud.trouble(trouble, "compute.*")
        with pytest.raises(error):
            await asyncio.to_thread(REST["compute.routes.list"], cloud)
        cloud.clear_troubles()
        await asyncio.to_thread(REST["compute.routes.list"], cloud)


async def test_compute_does_not_find_another_project_or_resource() -> None:
    """404, with the resource's path."""

    def ask(cloud: FakeCloud, project: str, network: str) -> Any:
        return rest(cloud, compute_v1.NetworksClient).get(project=project, network=network, **NONE)

    async with staging_cloud() as cloud:
        with pytest.raises(exceptions.NotFound, match="'projects/other' was not found"):
            await asyncio.to_thread(ask, cloud, "other", baseline.VPC)
        with pytest.raises(exceptions.NotFound, match="global/networks/nowhere"):
            await asyncio.to_thread(ask, cloud, baseline.PROJECT, "nowhere")
