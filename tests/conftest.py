"""Fixtures for every room."""

from collections.abc import AsyncIterator

import pytest

from sandbox.server import SandboxServer
from tests.slack_workspace import running_slack


@pytest.fixture
async def local_slack() -> AsyncIterator[SandboxServer]:
    """A local Slack on a free port, without a staging world; see `tests/slack_workspace.py`."""
    async with running_slack() as sandbox:
        yield sandbox
