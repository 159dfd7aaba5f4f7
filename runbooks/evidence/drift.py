"""Where declared, Terraform and live disagree."""

from collections.abc import AsyncIterator

from checks.observe.permissions import LOGS
from checks.output.drift import document
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.words import clock, small, who
from runbooks.evidence.written import BLIND, NO_PROJECT, blind_of, moment, plain, time_of
from runbooks.shape import Listing, Record, Shape, flag, number, text, time
from runbooks.values import Gap, Json, Partial, Value, gap_of

SIDES = ("declared", "terraform", "live")
AS = {"declared": "declared", "terraform": "in Terraform", "live": "live"}
UNHEARD = (LOGS.permission,)
"""Without the audit log only who changed it last is missing; nothing could hide there."""

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
        """Yields the document `whybot/drift/1`."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        drift = await scope.eyes.drift()
        if not drift.compared and drift.blind:
            yield Section(self.name, blind=drift.blind[0])
            return
        yield Section(self.name, plain(document(drift)))

    def view(self, section: Section, frame: Frame) -> Value:
        """Differences, and how much could be compared."""
        data = section.data
        found: tuple[Value, ...] = tuple(_difference(each, frame) for each in data["differences"])
        hidden = tuple(
            gap_of("drift.differences", blind_of({BLIND: each}))
            for each in data["blind"]
            if each["permission"] not in UNHEARD
        )
        untold = tuple(_untold(each) for each in data["unknown"])
        gaps = hidden or untold
        return {
            "known_fields": data["compared"],
            "differences": Partial(found, gaps) if gaps else found,
            "unknown": tuple({"field": each["field"]} for each in data["unknown"]),
        }


def _untold(document: Json) -> Gap:
    whys = [each["why"] for each in document["sources"].values() if each["why"]]
    why = small(whys[0]) if whys else "one side is not known"
    return Gap(f"drift.{document['field']}", f"{document['field']} could not be compared: {why}")


def _difference(document: Json, frame: Frame) -> Value:
    place, sources, changed = f"drift.{document['field']}", document["sources"], document["changed"]
    sides = {side: _side(document, side) for side in SIDES}
    fields: dict[str, Value] = {
        **{key: document[key] for key in ("field", "title", "severity", "effect")},
        "service": _service(document["field"], frame.environment),
        **sides,
        "accepted": document["accepted"] is not None,
        "changed": None
        if changed is None
        else {"at": time_of(changed["at"]), "who": changed["who"], "method": changed["method"]},
        "terraform_differs": _differs(sides["terraform"], sides["live"]),
        "declared_differs": _differs(sides["declared"], sides["live"]),
    }
    live = sources["live"]
    return cited(
        fields,
        place=place,
        text=_said(document, changed, frame),
        source=live["system"] or sources["terraform"]["system"] or "drift",
        at=time_of(live["read_at"] or frame_time(frame)),
        url=live["url"] or "",
    )


def frame_time(frame: Frame) -> str | None:
    """When gathering began, for sides that say no time."""
    return moment(frame.at)


def _side(document: Json, side: str) -> Value:
    source = document["sources"][side]
    if source["state"] == "unknown":
        why = small(source["why"]) or "it is not known"
        return Gap(f"drift.{document['field']}.{side}", f"{document['field']} {AS[side]}: {why}")
    found: Value = document[side]
    return found


def _differs(side: Value, live: Value) -> Value:
    """Whether a side that says something is not what is live; silence is no difference."""
    for each in (side, live):
        if isinstance(each, Gap):
            return each
    return side is not None and live is not None and side != live


def _service(field: str, environment: Json) -> str:
    parts = field.split(".")
    known = len(parts) > 1 and parts[0] == "services" and parts[1] in environment["services"]
    return parts[1] if known else ""


def _said(document: Json, changed: Json, frame: Frame) -> str:
    """`connector of backend: live legacy-connector, declared staging-connector; changed by …`."""
    sides = [f"{AS[side]} {document[side]}" for side in reversed(SIDES) if document[side] is not None]
    at = time_of(changed["at"]) if changed else None
    since = f"; changed by {who(changed['who'])} at {clock(at, frame.at)}" if at else ""
    effect = f"; {document['effect']}" if document["severity"] != "cosmetic" else ""
    return f"{document['title']}: {', '.join(sides)}{effect}{since}"
