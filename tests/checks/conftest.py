"""Fixtures of the checks' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.checks.place import Place, staged


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A place of this test alone."""
    async with staged(tmp_path) as here:
        yield here
