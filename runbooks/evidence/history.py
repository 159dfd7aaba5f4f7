"""What earlier diagnoses of this environment found."""

from collections.abc import AsyncIterator

from checks.observations import Blind
from checks.reasons import Reason
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.words import clock, small
from runbooks.evidence.written import plain, time_of
from runbooks.shape import Listing, Shape, text, time
from runbooks.values import Json, Value

MOST = 50
NOT_KEPT = Blind(Reason.NOT_SELECTED, "earlier diagnoses are kept by the bot's store, which was not asked")
SAID = {"nothing_wrong": "nothing was wrong", "unknown": "it could not be told"}
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
        """Yields the newest ones, shortened."""
        if scope.past is None:
            yield Section(self.name, blind=NOT_KEPT)
            return
        yield Section(self.name, plain([_written(each) for each in (await scope.past())[:MOST]]))

    def view(self, section: Section, frame: Frame) -> Value:
        """Every earlier diagnosis."""
        return tuple(_past(each, frame) for each in section.data)


def _written(document: Json) -> Json:
    """What is kept of a `whybot/why/1` document."""
    root, onset = document.get("root_cause") or {}, document.get("onset") or {}
    return {
        "id": str(document["id"]),
        "at": document["at"],
        "status": document["status"],
        "root_cause": root.get("cause", ""),
        "subject": root.get("subject", ""),
        "because": root.get("because", ""),
        "onset": onset.get("at"),
    }


def _past(document: Json, frame: Frame) -> Value:
    at = time_of(document["at"])
    fields: dict[str, Value] = {
        **{key: document[key] for key in ("id", "status", "root_cause", "subject", "because")},
        "at": at,
    }
    said = document["because"] or SAID.get(document["status"], "no root cause was found")
    when = f" at {clock(at, frame.at)}" if at else ""
    return cited(
        fields,
        place=f"history.{document['id']}",
        text=f"Diagnosed{when}: {small(said)}",
        source="history",
        at=at,
    )
