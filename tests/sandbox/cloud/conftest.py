"""A fake cloud with staging in it, and the official clients of it."""

from collections.abc import AsyncIterator

import pytest

from sandbox.cloud.fake_cloud import FakeCloud
from tests.sandbox.cloud.clients import Clients, staging_cloud


@pytest.fixture
async def cloud() -> AsyncIterator[FakeCloud]:
    """Staging as it should be."""
    async with staging_cloud() as running:
        yield running


@pytest.fixture
async def clients(cloud: FakeCloud) -> AsyncIterator[Clients]:
    """The gRPC clients of `cloud`."""
    made = Clients(cloud)
    yield made
    await made.close()
