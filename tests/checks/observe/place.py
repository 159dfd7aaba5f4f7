"""Staging in the fake Google Cloud, read by the official clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from checks.names import Home
from checks.observe.google import GoogleCloud
from checks.observe.values import Context
from checks.overlay import Overlay
from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud

PROJECT, NUMBER, REGION = "netra-staging", "481516234200", "us-central1"
BACKEND = "netra-backend-staging"
READ_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Staging:
    """A fake Google Cloud and its reader."""

    fake: FakeCloud
    cloud: GoogleCloud

    @property
    def overlay(self) -> Overlay:
        """Where the fake is."""
        return Overlay(google=(self.fake.grpc_address, self.fake.rest_address))


@asynccontextmanager
async def staging(project: str = PROJECT, region: str = REGION) -> AsyncIterator[Staging]:
    """Staging when all is well; `project` and `region` are those that the reader asks for."""
    async with FakeCloud() as fake:
        baseline.fill(fake.resources, datetime.now(UTC))
        overlay = Overlay(google=(fake.grpc_address, fake.rest_address))
        cloud = GoogleCloud(project, region, overlay=overlay)
        try:
            yield Staging(fake, cloud)
        finally:
            await cloud.close()


def context(**numbers: str) -> Context:
    """What converters are given; `numbers` by project id, as `netra_staging="4815"`."""
    known = {number: project.replace("_", "-") for project, number in numbers.items()}
    return Context(Home(PROJECT, REGION, known), READ_AT)
