"""Who changed what in the last seven days."""

from collections.abc import AsyncIterator

from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Listing, Shape, flag, text, time
from runbooks.values import Value

CHANGE = citable(
    {
        "at": time("when"),
        "who": text("by whom"),
        "method": text("the method of the audit log"),
        "what": text("what was done, in words: deployed, changed traffic, changed connector"),
        "resource": text("the resource's short name"),
        "service": text("the key of the service that it is of, empty where it is of none"),
        "kind": text("what was changed: service, connector, network, route, firewall, …"),
        "revision": text("the revision that it made, empty where it made none"),
        "terraform": flag("whether Terraform did it, as the user agent says"),
        "user_agent": text("what the caller says of itself"),
    },
    "one change",
)
SHAPE = Listing(CHANGE, "changes of the last seven days, the newest first")


class Changes:
    """Who changed what in the last seven days."""

    name = "changes"
    title = "the audit log"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
