"""Where declared, Terraform and live disagree."""

from collections.abc import AsyncIterator

from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Listing, Record, Shape, flag, number, text, time
from runbooks.values import Value

CHANGED = Record(
    {
        "at": time("when it was changed last"),
        "who": text("by whom"),
        "method": text("how: the method of the audit log, or what was made"),
    },
    "who changed it last; null where nothing tells",
)
DIFFERENCE = citable(
    {
        "field": text("the field, as in the environment file where it can be"),
        "title": text("the field in words: connector of backend"),
        "service": text("the key of the service that it is of, empty where it is of none"),
        "declared": text("its value in the environment file; null where that is silent"),
        "terraform": text("its value in Terraform; null where that is silent"),
        "live": text("its value in Google Cloud; null where that is silent"),
        "severity": text("", "critical", "warning", "cosmetic"),
        "effect": text("what it does to paths: cuts Redis off"),
        "accepted": flag("whether somebody lets it be until a day"),
        "changed": CHANGED,
        "terraform_differs": flag("whether what is live is not what Terraform has"),
        "declared_differs": flag("whether what is live is not what is declared"),
    },
    "a field on which sides disagree. A side that could not be told is a gap",
)
SHAPE = Record(
    {
        "known_fields": number("fields that were compared"),
        "differences": Listing(DIFFERENCE, "worst first"),
        "unknown": Listing(Record({"field": text("a field that could not be compared")})),
    }
)


class Drifts:
    """Where declared, Terraform and live disagree."""

    name = "drift"
    title = "what is declared, in Terraform and live"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
