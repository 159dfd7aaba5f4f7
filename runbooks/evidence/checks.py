"""What the checks of the environment found."""

from collections.abc import AsyncIterator

from checks.reasons import Reason
from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Anything, Record, Shape, Table, flag, number, text
from runbooks.values import Value

LAYERS = ("edge", "service", "dependency")
STATUSES = ("pass", "degraded", "fail", "unknown")
FROM_HERE = Record(
    {
        "status": text("what the same check found from this machine", *STATUSES),
        "reason": text("its reason code, as `reason`"),
        "duration_ms": number("milliseconds; null where nothing answered"),
    },
    "what this machine found beside the job, where both were asked; null elsewhere",
)
CHECK = citable(
    {
        "name": text("its key in the environment file"),
        "kind": text("redis, postgres, http, …: docs/checks.md"),
        "title": text("what people call it: Redis"),
        "target": text("what was asked: an address with its port, or a URL"),
        "layer": text("what it is about", *LAYERS),
        "status": text("its answer; a gap where it could not be told", "pass", "degraded", "fail"),
        "reason": text("the reason code: docs/checks.md", *(reason.value for reason in Reason)),
        "message": text("what was found, in words"),
        "duration_ms": number("milliseconds; null where nothing answered"),
        "budget_ms": number("milliseconds that it may take; 0 where time counts for nothing"),
        "times_over": number("duration over budget; 0 where nothing answered or time counts for nothing"),
        "phases": Table(number("milliseconds"), "connect, tls, auth, query, …; only those that there were"),
        "facts": Anything("what the kind notes: docs/checks.md"),
        "host": text("the host that it asks, empty where it asks none"),
        "port": number("the port that it asks, 0 where it asks none"),
        "service": text("the key of the service that it is about, empty where it is about none"),
        "from_here": FROM_HERE,
        "answered": flag("whether the target answered at all, well or not"),
        "prober_late": flag("whether whybot itself was late, so that nothing could be told"),
    },
    "one check; skipped ones are not there",
)
SHAPE = Table(CHECK, "the checks of the environment file, by name")


class Checks:
    """What the checks of the environment found."""

    name = "checks"
    title = "the health checks"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
