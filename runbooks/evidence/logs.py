"""What Cloud Logging has of each service: requests, errors, and known signs in them."""

from collections.abc import AsyncIterator

from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text, time
from runbooks.values import Value

SIGNAL = citable(
    {
        "count": number("how often it was logged"),
        "first": time("when first"),
        "last": time("when last"),
        "example": text("one such line, without secrets"),
    },
    "a known sign in the error log",
)
LATENCY = Record(
    {
        "shortest": number("milliseconds"),
        "median": number("milliseconds"),
        "longest": number("milliseconds"),
    },
    "null where no request has a latency",
)
ERROR = citable(
    {
        "message": text("what is said, without numbers and ids"),
        "count": number("how often"),
        "first": time("when first"),
        "last": time("when last"),
        "severity": text("ERROR, CRITICAL, …"),
        "revision": text("the revision that said it, empty where that is not logged"),
    },
    "log entries that say the same",
)
LOG = citable(
    {
        "total": number("requests"),
        "failed": number("requests that ended in 5xx"),
        "share_failed": number("failed requests of all, 0 to 1; 0 without requests"),
        "by_status": Table(number("requests"), "how many ended in each HTTP status, which is text: '503'"),
        "failed_by_revision": Table(number("requests"), "how many of each revision ended in 5xx"),
        "first_failed": time("the first 5xx; null without one"),
        "last_failed": time("the last 5xx; null without one"),
        "latency_failed_ms": LATENCY,
        "latency_ms": LATENCY,
        "since": time("from when on the log was read"),
        "until": time("until when"),
        "truncated": flag("whether there was more than was read: counts are then at least so many"),
        "errors": Listing(ERROR, "what was logged with severity ERROR or worse, the most frequent first"),
        "signals": Table(SIGNAL, "known signs, by name; only those that there are"),
    },
    "the last hour of one service",
)
SHAPE = Table(LOG, "services on Cloud Run, by their key in the environment file")


class Logs:
    """What Cloud Logging has of each service: requests, errors, and known signs in them."""

    name = "logs"
    title = "the request log"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
