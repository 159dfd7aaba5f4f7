"""Validations on record: which revisions the deploy gate has looked at before they took traffic.

A deploy pipeline runs `whybot gate` and writes what it said on the revision, as the label `whybot-gate`.
Labels of a revision cannot be changed afterwards; docs/environment-file.md has the command.
"""

from collections.abc import AsyncIterator, Iterator

from checks.observations import Blind, CloudState, Revision
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.validation import LABEL, PASSED, inherited_from, said_of
from runbooks.evidence.words import clock
from runbooks.evidence.written import (
    NO_PROJECT,
    blind_document,
    gap,
    is_blind,
    moment,
    plain,
    time_of,
)
from runbooks.shape import Record, Shape, Table, flag, text, time
from runbooks.values import Json, Value

VALIDATION = citable(
    {
        "validated": flag("whether a validation that passed is on record"),
        "at": time("when the revision was made; null where that is not said"),
        "says": text("what the label has: passed, failed; empty without it"),
    },
    "the validation of one revision",
)
SHAPE = Record(
    {"revisions": Table(VALIDATION, "by the revision's name")},
    "what deploy pipelines have validated: the label whybot-gate of a revision",
)


class Gate:
    """Validations on record: which revisions the deploy gate has looked at before they took traffic."""

    name = "gate"
    title = "validations of deployments"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields the label of every revision that was read of the file's services."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        state = await scope.eyes.cloud.state()
        if isinstance(state.services, Blind):
            yield Section(self.name, blind=state.services)
            return
        names = scope.eyes.cloud_run_names
        found = {key: _written(state, name) for key, name in names.items()}
        blinds = [each for each in found.values() if isinstance(each, Blind)]
        if blinds and len(blinds) == len(found):
            yield Section(self.name, blind=blinds[0])
            return
        services = {
            key: blind_document(each) if isinstance(each, Blind) else each for key, each in found.items()
        }
        yield Section(self.name, plain({"read_at": moment(state.read_at), "services": services}))

    def view(self, section: Section, frame: Frame) -> Value:
        """The validation of every revision; those of a service that could not be read are gaps."""
        read_at = section.data["read_at"]
        revisions: dict[str, Value] = {}
        for key, documents in section.data["services"].items():
            if is_blind(documents):
                revisions |= {name: gap(f"gate.revisions.{name}", documents) for name in _serving(key, frame)}
                continue
            for each in documents:
                revisions[each["name"]] = _validation(each, read_at, frame)
        return {"revisions": revisions}


def _written(state: CloudState, name: str) -> Json | Blind:
    revisions = state.revisions.get(name, ())
    return revisions if isinstance(revisions, Blind) else list(map(_revision, revisions))


def _revision(revision: Revision) -> Json:
    return {
        "name": revision.name,
        "created_at": moment(revision.created_at),
        "says": said_of(revision.labels, revision.name),
        "inherited": inherited_from(revision.labels, revision.name),
        "url": revision.source.url or "",
    }


def _serving(key: str, frame: Frame) -> Iterator[str]:
    """Names of revisions that serve, as the section of services has them."""
    section = frame.sections.get("services")
    document = section.data["services"].get(key, {}) if section is not None and section.data else {}
    yield from (name for name, _ in document.get("serving", ()))


def _validation(document: Json, read_at: str, frame: Frame) -> Value:
    name, says, made = document["name"], document["says"], time_of(document["created_at"])
    fields: dict[str, Value] = {"validated": says == PASSED, "at": made, "says": says}
    since = f" since it was made at {clock(made, frame.at)}" if made else ""
    lacks = (
        f"its label {LABEL} is of {document['inherited']}"
        if document["inherited"]
        else f"it has no label {LABEL}"
    )
    text = {
        PASSED: f"{name} has a validation on record: {LABEL} is {PASSED}",
        "": f"{name} has no validation on record{since}: {lacks}",
    }.get(says, f"{name} has a validation on record that did not pass: {LABEL} is {says}")
    return cited(
        fields,
        place=f"gate.revisions.{name}",
        text=text,
        source="cloud_run",
        at=time_of(read_at),
        url=document["url"],
    )
