"""Fixtures for every room."""

import signal
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from sandbox.server import SandboxServer
from tests.slack_workspace import running_slack

# Time per example says more about what else runs on the machine than about the code.
settings.register_profile("whybot", deadline=None)
settings.load_profile("whybot")


def pytest_configure() -> None:
    """A shell that starts the tests in the background makes them, and all that they start, deaf to Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def local_slack() -> AsyncIterator[SandboxServer]:
    """A local Slack on a free port, without a staging world; see `tests/slack_workspace.py`."""
    async with running_slack() as sandbox:
        yield sandbox
