"""The way from each revision to each dependency, as it is configured."""

from collections.abc import AsyncIterator

from checks.path.model import StepKey
from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text
from runbooks.values import Value

STEP = Record(
    {
        "status": text("a gap where it could not be told", "pass", "fail", "skipped"),
        "message": text("a sentence"),
        "observed": text("the field's value, in words"),
        "expected": text("what it would have to be"),
        "field": text("the field of the configuration that answers"),
        "change": text("what would have to be different"),
    }
)
PATH = citable(
    {
        "service": text("the service's key in the environment file"),
        "revision": text("the revision that it begins at"),
        "percent": number("that revision's share of traffic, 0 to 100"),
        "dependency": text("the name of the check"),
        "title": text("what people call the dependency: Redis"),
        "address": text("the address that it leads to"),
        "verdict": text("whether it is open; a gap where it could not be told", "pass", "fail"),
        "deciding": text("the step that decides, empty where all pass", *(key.value for key in StepKey), ""),
        "field": text("of the deciding step, as are the next four"),
        "observed": text("what is configured"),
        "expected": text("what would be right"),
        "message": text("why, in a sentence"),
        "change": text("what would have to be different"),
        "detour": flag("whether it passes by an unusual way, such as a VPN tunnel"),
        "detour_text": text("which way, in a sentence; empty without one"),
        "steps": Table(STEP, "serving, vpc_access, egress, connector, …: docs/network-path.md"),
        "planned": text("whose VPC access it is, empty for the live one", "", "declared", "rollback"),
    },
    "one path",
)
SHAPE = Listing(
    PATH,
    "the paths of every service on Cloud Run. Only those with `planned == ''` are live; the others say what "
    "the declared VPC access, or the revision to roll back to, would do",
)


class Paths:
    """The way from each revision to each dependency, as it is configured."""

    name = "paths"
    title = "the network paths"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
