"""The official clients of Google Cloud, pointed at a fake one that holds staging as it should be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import grpc.aio
from google.auth.credentials import AnonymousCredentials
from google.cloud import redis_v1, run_v2, sqladmin_v1, vpcaccess_v1
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud

PARENT = baseline.PARENT
BACKEND = f"{PARENT}/services/{baseline.BACKEND}"
JOB = f"{PARENT}/jobs/{baseline.JOB}"
LEGACY = baseline.connector_name(baseline.LEGACY_CONNECTOR)

ASYNC_CLIENTS: dict[str, Any] = {
    "services": run_v2.ServicesAsyncClient,
    "revisions": run_v2.RevisionsAsyncClient,
    "jobs": run_v2.JobsAsyncClient,
    "executions": run_v2.ExecutionsAsyncClient,
    "tasks": run_v2.TasksAsyncClient,
    "connectors": vpcaccess_v1.VpcAccessServiceAsyncClient,
    "redis": redis_v1.CloudRedisAsyncClient,
    "sql": sqladmin_v1.SqlInstancesServiceAsyncClient,
    "logging": LoggingServiceV2AsyncClient,
}
"""Every gRPC client that the fake answers, by a name of its own."""


class Clients:
    """The clients of one fake cloud, each over the same channel; `await close()` closes it."""

    services: Any
    revisions: Any
    jobs: Any
    executions: Any
    tasks: Any
    connectors: Any
    redis: Any
    sql: Any
    logging: Any

    def __init__(self, cloud: FakeCloud) -> None:
        self.channel = grpc.aio.insecure_channel(cloud.grpc_address)
        for name, client in ASYNC_CLIENTS.items():
            transport = client.get_transport_class("grpc_asyncio")
            setattr(self, name, client(transport=transport(channel=self.channel)))

    async def close(self) -> None:
        """Closes the channel."""
        await self.channel.close()


def rest(cloud: FakeCloud, client: Any) -> Any:
    """A client of Compute Engine for this cloud."""
    return client(
        credentials=AnonymousCredentials(), client_options={"api_endpoint": f"http://{cloud.rest_address}"}
    )


@asynccontextmanager
async def staging_cloud(operation_seconds: float = 0.0) -> AsyncIterator[FakeCloud]:
    """A fake cloud in which staging is as it should be."""
    cloud = FakeCloud(baseline.PROJECT, baseline.NUMBER, baseline.REGION, operation_seconds=operation_seconds)
    baseline.fill(cloud.resources, datetime.now(UTC))
    async with cloud:
        yield cloud
