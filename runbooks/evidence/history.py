"""What earlier diagnoses of this environment found."""

from collections.abc import AsyncIterator

from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Listing, Shape, text, time
from runbooks.values import Value

PAST = citable(
    {
        "id": text("the diagnosis's id"),
        "at": time("when it was made"),
        "status": text("", "confirmed", "partial", "unknown", "nothing_wrong"),
        "root_cause": text("the cause that was found, as runbook/cause; empty without one"),
        "subject": text("what that was about, empty where it was about one thing only"),
        "because": text("what was said of it"),
    },
    "one earlier diagnosis",
)
SHAPE = Listing(PAST, "earlier diagnoses, the newest first")


class History:
    """What earlier diagnoses of this environment found."""

    name = "history"
    title = "earlier diagnoses"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
