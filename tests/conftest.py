"""Fixtures for every room."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from sandbox.server import SandboxServer
from tests.slack_workspace import running_slack

# Time per example says more about what else runs on the machine than about the code.
settings.register_profile("whybot", deadline=None)
settings.load_profile("whybot")


@pytest.fixture
async def local_slack() -> AsyncIterator[SandboxServer]:
    """A local Slack on a free port, without a staging world; see `tests/slack_workspace.py`."""
    async with running_slack() as sandbox:
        yield sandbox
