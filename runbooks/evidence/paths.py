"""The way from each revision to each dependency, as it is configured."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from checks.dependencies import uses
from checks.environment import Environment
from checks.names import Ref
from checks.observations import Blind, CloudState, Egress, Service, VpcAccess
from checks.observe import console
from checks.output.path import document
from checks.path import explain
from checks.path.model import Path, StepKey, Target
from checks.survey import Survey
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.rollback import find_rollback, service_of
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.words import small
from runbooks.evidence.written import NO_PROJECT, moment, plain, time_of
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text
from runbooks.values import CITE, Gap, Json, Value

DECLARED, ROLLBACK = "declared", "rollback"
COPIED = ("service", "revision", "percent", "dependency", "title", "address", "planned")
DECIDING = ("field", "observed", "expected", "message", "change")
"""What a path takes over of the step that decides."""

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
        "revision": text("the revision that it begins at, empty for the declared VPC access"),
        "percent": number("that revision's share of traffic, 0 to 100; 100 of what is not live"),
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
        """Yields the live paths of every service that uses something, and what others would be."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        eyes = scope.eyes
        state, targets = await asyncio.gather(eyes.cloud.state(), eyes.targets())
        known = explain.Paths(state)
        found: list[Json] = []
        for key, name in eyes.cloud_run_names.items():
            wanted = uses(eyes.environment, key)
            used = [each for each in targets if each.name in wanted]
            for planned, paths in _asked(eyes.environment, state, known, name, used).items():
                found += _written(eyes.environment, state, key, planned, paths)
        yield Section(self.name, plain({"read_at": moment(state.read_at), "paths": found}))

    def view(self, section: Section, frame: Frame) -> Value:
        """Every path, as in the section."""
        url = console.connectors(frame.environment["project"])
        return tuple(_path(each, section.data["read_at"], url) for each in section.data["paths"])


def _asked(
    environment: Environment,
    state: CloudState,
    known: explain.Paths,
    name: str,
    targets: Sequence[Target],
) -> Mapping[str, tuple[Path, ...]]:
    """The live paths of a service, and what the declared access and the one of a rollback would be."""
    found = {"": tuple(path for target in targets for path in known.explain(name, target))}
    declared = _declared(environment)
    if declared is not None:
        found[DECLARED] = tuple(
            replace(path, revision="")
            for target in targets
            for path in known.explain(name, target, planned=declared)
        )
    service = service_of(state, name)
    if isinstance(service, Service):
        back = find_rollback(state, known, service, targets)
        if not isinstance(back, Blind) and back.revision is not None:
            found[ROLLBACK] = tuple(replace(path, revision=back.revision.name) for path in back.paths)
    return found


def _declared(environment: Environment) -> VpcAccess | None:
    """The VPC access that the file says services should have."""
    connector = environment.network.connector
    if connector is None:
        return None
    ref = Ref(connector.name, "connectors", environment.project or "", environment.region or "")
    return VpcAccess(ref, Egress(connector.egress))


def _written(
    environment: Environment, state: CloudState, key: str, planned: str, paths: Sequence[Path]
) -> list[Json]:
    """Paths as in `whybot/path/1`, each with whose VPC access it is."""
    pairs = tuple((key, path) for path in paths)
    survey = document(Survey(environment.name, environment.title or "", state.read_at, pairs))
    return [{**each, "planned": planned} for each in survey["paths"]]


def _path(document: Json, read_at: str, url: str) -> Value:
    place = _place(document)
    deciding: Json = next(
        (each for each in document["steps"] if each["key"] == document["deciding_step"]), {}
    )
    detour = next((each["message"] for each in document["steps"] if each["detour"]), "")
    known = document["verdict"] in ("pass", "fail")
    untold = Gap(
        f"{place}.verdict", f"{_title(document)}: {small(deciding.get('message', ''))}", _settle(document)
    )
    fields: dict[str, Value] = {
        **{key: document[key] for key in COPIED},
        "verdict": document["verdict"] if known else untold,
        "deciding": document["deciding_step"] or "",
        **{key: deciding.get(key, "") for key in DECIDING},
        "detour": bool(detour),
        "detour_text": detour,
        "steps": {each["key"]: _step(each, place) for each in document["steps"]},
    }
    if not known:
        return {**fields, CITE: untold}
    read = [source for each in (deciding, *document["steps"]) for source in each.get("sources", ())]
    return cited(
        fields,
        place=place,
        text=_said(document, deciding, detour),
        source="path",
        at=time_of(read_at),
        url=next((each["url"] for each in read if each["url"]), url),
    )


def _step(document: Json, place: str) -> Value:
    known = document["status"] != "unknown"
    untold = Gap(f"{place}.steps.{document['key']}", small(document["message"]), document["change"])
    return {
        "status": document["status"] if known else untold,
        **{key: document[key] for key in DECIDING},
    }


def _settle(document: Json) -> str:
    """What would let whybot see: of the first step that could not be told and says so."""
    return next(
        (each["change"] for each in document["steps"] if each["status"] == "unknown" and each["change"]), ""
    )


def _place(document: Json) -> str:
    """`paths.backend.redis`, with the address where a name has more, and the plan where it is one."""
    parts = ["paths", document["service"], document["dependency"], document["revision"], document["address"]]
    return ".".join(filter(None, [*parts, document["planned"]]))


def _title(document: Json) -> str:
    return f"{document['service']} → {document['title']}"


def _said(document: Json, deciding: Json, detour: str) -> str:
    """`backend → Redis is closed at the network: …`, `backend → Redis is open`."""
    whose = {DECLARED: " with the declared VPC access", ROLLBACK: f" from {document['revision']}"}
    would = "would be" if document["planned"] else "is"
    head = f"{_title(document)}{whose.get(document['planned'], '')} {would}"
    if document["verdict"] == "fail":
        return f"{head} closed at step {deciding['title']}: {small(deciding['message'])}"
    return f"{head} open by a detour: {small(detour)}" if detour else f"{head} open, every step passes"
