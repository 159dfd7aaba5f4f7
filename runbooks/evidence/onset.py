"""When it began, and what was changed shortly before: a view over logs, changes, services and history."""

from collections.abc import Mapping

from runbooks.evidence.changes import CHANGE
from runbooks.evidence.cite import citable
from runbooks.evidence.services import REVISION
from runbooks.evidence.source import Frame
from runbooks.shape import Listing, Shape, number, time
from runbooks.values import Value

SHAPE = citable(
    {
        "at": time("the first failure that the request log tells; a gap where it tells none"),
        "before": Listing(CHANGE, "changes in the 30 minutes before it, the nearest first"),
        "change": CHANGE,
        "seconds_after_change": number("seconds from that change to the first failure"),
        "revision": REVISION,
    },
    "when it began. `change` is the nearest change before it and `revision` the revision made nearest before "
    "it; null where there is none",
)


class Onset:
    """When it began, and what was changed shortly before."""

    name = "onset"
    title = "when it began"
    shape: Shape = SHAPE
    of: tuple[str, ...] = ("logs", "changes", "services", "history")

    def view(self, facts: Mapping[str, Value], frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
