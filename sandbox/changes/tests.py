"""Changes of the end-to-end tests that staging's environment file names."""

from typing import Literal

from pydantic import Field

from sandbox.changes.change import Change
from sandbox.cloud.fake_cloud import FakeCloud

CLASS = """

class {name}({bases}):
    async def test_events_arrive_in_order(self) -> None:
        self.logger.info("listens as %s", self.test_user)
"""


class AddTests(Change):
    """A file with a test class is written, which derives from `bases`; in `text` is what it holds instead.

    Nothing of Google Cloud changes: the world keeps a copy of the tests, which mending puts back.
    """

    change: Literal["tests"] = "tests"
    file: str = Field(default="test_websocket_events.py", pattern=r"^[a-z][a-z0-9_]*\.py$")
    name: str = Field(default="StagingWebSocketEventsTest", pattern=r"^[A-Za-z_]\w*$")
    bases: tuple[str, ...] = ("unittest.IsolatedAsyncioTestCase",)
    text: str = ""

    @property
    def title(self) -> str:
        """What is written."""
        return f"{self.file} has a test class {self.name} of {', '.join(self.bases) or 'no base'}"

    @property
    def content(self) -> str:
        """The file."""
        imports = sorted({each.partition(".")[0] for each in self.bases if "." in each})
        head = '"""Events over the WebSocket, in the order in which they happened."""\n\n'
        imported = "".join(f"import {each}\n" for each in imports)
        return self.text or head + imported + CLASS.format(name=self.name, bases=", ".join(self.bases))

    async def apply(self, cloud: FakeCloud) -> None:
        """Leaves the cloud as it is."""
