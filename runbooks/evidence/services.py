"""What Cloud Run serves: services, their revisions and where traffic could go back to."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from checks.observations import Blind
from checks.path.explain import Paths
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.serving import asked_for, written
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.validation import validated
from runbooks.evidence.words import clock, listed, small, who
from runbooks.evidence.written import NO_PROJECT, gap, is_blind, moment, plain, time_of
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text, time
from runbooks.values import Gap, Json, Value

HEALTHY = "ContainerHealthy"
"""The condition of a revision whose container started and passed its probe."""
CONDITIONS = Table(
    Record(
        {
            "state": text("", "succeeded", "failed", "pending", "reconciling", "unknown"),
            "reason": text("the code that Cloud Run gives, empty where it gives none"),
            "message": text("what Cloud Run says"),
        }
    ),
    "conditions by their type: Ready, ConfigurationsReady, RoutesReady, …",
)
REVISION = citable(
    {
        "name": text("its full name"),
        "short": text("its number: 00042"),
        "percent": number("its share of traffic, 0 to 100"),
        "ready": flag("its condition Ready"),
        "image": text("the image of its container"),
        "creator": text("who made it, a service account by its short name; somebody where that is not known"),
        "created_at": time("when it was made"),
        "age_s": number("seconds since it was made"),
        "connector": text("the connector that it uses, empty for none"),
        "egress": text("its egress setting, empty without one", "all-traffic", "private-ranges-only", ""),
        "network": text("the network that it goes out into, empty for none"),
        "same_image_as_previous": flag("whether the revision made before it has the same image"),
        "previous": text("the revision made before it, empty where none is known"),
        "conditions": CONDITIONS,
        "validated": flag("whether a validation is on record: the label whybot-gate: passed"),
    },
    "one revision",
)
SECRET = Record(
    {
        "name": text("the secret's name"),
        "version": text("the version that is asked for: latest, 3, …"),
        "exists": flag("whether that version is there and enabled"),
    }
)
SERVICE = citable(
    {
        "name": text("its key in the environment file"),
        "cloud_run": text("its name in Cloud Run"),
        "url": text("its address for users"),
        "uses": Listing(text("the name of a check")),
        "ready": flag("whether every revision that serves has the condition Ready"),
        "conditions": CONDITIONS,
        "serving": Listing(REVISION, "revisions that get traffic, the busiest first"),
        "newest": REVISION,
        "latest_ready": text("the newest revision that became ready"),
        "takes_newest": flag("whether the newest revision gets traffic"),
        "pinned": flag("whether traffic names revisions, so that a new one gets none"),
        "rollback": REVISION,
        "reconciling": flag("whether Cloud Run is still carrying a change out"),
        "ingress": text("who may call it, as the API spells it: INGRESS_TRAFFIC_ALL, …"),
        "min_instances": number("instances that are always kept"),
        "max_instances": number("instances that it may have at most"),
        "concurrency": number("requests that one instance takes at once"),
        "secrets": Listing(SECRET, "secrets that the busiest serving revision asks for"),
    },
    "one service on Cloud Run. `newest` is the revision made last. `rollback` is the newest ready revision "
    "older than the busiest serving one of which the known paths are open; null where there is none",
)
SHAPE = Table(SERVICE, "services on Cloud Run, by their key in the environment file")


class Services:
    """What Cloud Run serves: services, their revisions and where traffic could go back to."""

    name = "services"
    title = "Cloud Run"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields every service of the file that is on Cloud Run, with its revisions."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        eyes = scope.eyes
        state, targets = await asyncio.gather(eyes.cloud.state(), eyes.targets())
        if isinstance(state.services, Blind):
            yield Section(self.name, blind=state.services)
            return
        secrets = await eyes.cloud.secrets(asked_for(state, eyes.cloud_run_names.values()))
        known = Paths(state)
        found = {
            key: written(scope.environment, state, known, targets, secrets, key, name)
            for key, name in eyes.cloud_run_names.items()
        }
        yield Section(self.name, plain({"read_at": moment(state.read_at), "services": found}))

    def view(self, section: Section, frame: Frame) -> Value:
        """Every service, and a gap for one that is not there or could not be read."""
        return {
            key: _Seen(key, each, section.data["read_at"], frame).service()
            for key, each in section.data["services"].items()
        }


class _Seen:
    """One service of a section."""

    def __init__(self, key: str, document: Json, read_at: str, frame: Frame) -> None:
        self.key, self.document, self.frame = key, document, frame
        self.place = f"services.{key}"
        self.at = time_of(read_at)
        self.declared = frame.environment["services"].get(key, {"cloud_run": "", "url": "", "uses": []})

    def service(self) -> Value:
        """The record of the service."""
        if is_blind(self.document):
            return gap(self.place, self.document)
        document = self.document
        fields: dict[str, Value] = {
            "name": self.key,
            "cloud_run": document["cloud_run"],
            "url": self.declared["url"],
            "uses": tuple(self.declared["uses"]),
            "ready": self._ready(),
            "conditions": _conditions(document["conditions"]),
            "serving": tuple(self.revision(name) for name, _ in document["serving"]),
            "newest": self._newest(),
            "latest_ready": document["latest_ready"],
            "takes_newest": self._takes_newest(),
            "pinned": document["pinned"],
            "rollback": self._rollback(),
            "reconciling": document["settling"],
            "ingress": document["ingress"],
            **{each: self._of_busiest(each) for each in ("min_instances", "max_instances", "concurrency")},
            "secrets": tuple(self._secret(each) for each in document["secrets"]),
        }
        return cited(
            fields, place=self.place, text=self._said(), source="cloud_run", at=self.at, url=document["url"]
        )

    @property
    def revisions(self) -> Mapping[str, Json]:
        """Revisions by name, the newest first; none where they could not be read."""
        read = self.document["revisions"]
        return {} if is_blind(read) else {each["name"]: each for each in read}

    def revision(self, name: str) -> Value:
        """The record of one revision, a gap where it is not known."""
        place = f"{self.place}.revisions.{name}"
        if name not in self.revisions:
            return self._unknown(place, f"revision {name} is not among those that were read")
        document = self.revisions[name]
        created, previous = time_of(document["created_at"]), self._previous(name)
        fields: dict[str, Value] = {
            "name": name,
            "short": _short(name, self.document["cloud_run"]),
            "percent": dict(self.document["serving"]).get(name, 0),
            "ready": Gap(f"{place}.ready", f"whether {name} is ready is not settled yet")
            if document["ready"] is None
            else document["ready"],
            "image": document["image"],
            "creator": who(document["creator"]),
            "created_at": created or Gap(f"{place}.created_at", f"when {name} was made is not said"),
            "age_s": (self.frame.at - created).total_seconds()
            if created
            else Gap(f"{place}.age_s", f"when {name} was made is not said"),
            "connector": document["connector"],
            "egress": document["egress"],
            "network": gap(f"{place}.network", document["network"])
            if is_blind(document["network"])
            else document["network"],
            "same_image_as_previous": self.revisions[previous]["image"] == document["image"]
            if previous
            else Gap(f"{place}.same_image_as_previous", f"no revision before {name} is known"),
            "previous": previous,
            "conditions": _conditions(document["conditions"]),
            "validated": validated(document["labels"], name),
        }
        return cited(
            fields,
            place=place,
            text=self._said_of(document),
            source="cloud_run",
            at=self.at,
            url=document["url"],
        )

    def _unknown(self, place: str, why: str) -> Gap:
        read = self.document["revisions"]
        return gap(place, read) if is_blind(read) else Gap(place, why)

    def _previous(self, name: str) -> str:
        """The revision made before this one, empty where none is known."""
        names, since = list(self.revisions), self.document.get("revisions_since") or ""
        before = next(iter(names[names.index(name) + 1 :]), "")
        return before if before and (self.revisions[before]["created_at"] or "") >= since else ""

    def _ready(self) -> Value:
        place, names = f"{self.place}.ready", [name for name, _ in self.document["serving"]]
        if not names:
            return Gap(place, f"{self.key} is being changed") if self.document["settling"] else False
        known = [self.revisions[name]["ready"] if name in self.revisions else None for name in names]
        if False in known:
            return False
        if None in known:
            return self._unknown(place, f"whether all that serves of {self.key} is ready is not known yet")
        return True

    def _newest(self) -> Value:
        name = self.document["latest_created"] or next(iter(self.revisions), "")
        if not name:
            return self._unknown(f"{self.place}.newest", f"{self.key} has no revision")
        return self.revision(name)

    def _takes_newest(self) -> Value:
        name = self.document["latest_created"] or next(iter(self.revisions), "")
        if not name:
            return self._unknown(f"{self.place}.takes_newest", f"{self.key} has no revision")
        return name in dict(self.document["serving"])

    def _rollback(self) -> Value:
        document = self.document["rollback"]
        if is_blind(document):
            return gap(f"{self.place}.rollback", document)
        return None if document is None else self.revision(document)

    def _of_busiest(self, field: str) -> Value:
        name = next((name for name, _ in self.document["serving"]), "")
        if name in self.revisions:
            found: Value = self.revisions[name][field]
            return found
        return self._unknown(f"{self.place}.{field}", f"no revision of {self.key} that serves is known")

    def _secret(self, document: Json) -> Value:
        place, exists = f"{self.place}.secrets.{document['name']}", document["exists"]
        return {
            "name": document["name"],
            "version": document["version"],
            "exists": gap(place, exists) if is_blind(exists) else exists,
        }

    def _said(self) -> str:
        """`backend: netra-backend-staging-00042-xyz serves 100 %, ready`."""
        document = self.document
        if not document["serving"]:
            return f"{self.key}: no revision of {document['cloud_run']} gets traffic"
        told = [f"{name} serves {percent} %" for name, percent in document["serving"]]
        ready = {True: "ready", False: "not ready"}.get(self._ready(), "")  # type: ignore[call-overload]
        newest = document["latest_created"]
        serves = not newest or newest in dict(document["serving"])
        waits = "" if serves else f"the newest, {newest}, gets no traffic"
        return f"{self.key}: {', '.join(filter(None, (listed(told), ready, waits)))}"

    def _said_of(self, document: Json) -> str:
        """`…-00042-xyz: ready, 100 % of the traffic, connector legacy-connector, made by deploy-bot at …`."""
        created, percent = (
            time_of(document["created_at"]),
            dict(self.document["serving"]).get(document["name"]),
        )
        by = f" by {who(document['creator'])}" if document["creator"] else ""
        at = f" at {clock(created, self.frame.at)}" if created else ""
        parts = (
            _readiness(document),
            f"{percent} % of the traffic" if percent else "no traffic",
            f"connector {document['connector']}" if document["connector"] else "",
            f"made{by}{at}" if by or at else "",
        )
        return f"{document['name']}: {', '.join(filter(None, parts))}"


def _readiness(document: Json) -> str:
    """`ready, container healthy`; why not, where it is not."""
    if document["ready"]:
        healthy = any(
            each["type"] == HEALTHY and each["state"] == "succeeded" for each in document["conditions"]
        )
        return "ready, container healthy" if healthy else "ready"
    return "not ready yet" if document["ready"] is None else f"not ready{_why(document)}"


def _why(document: Json) -> str:
    """Why a revision is not ready: the condition that says most."""
    failed = [each for each in document["conditions"] if each["state"] == "failed"]
    failed.sort(key=lambda each: each["type"] == "Ready")
    said = next((each["message"] or each["reason"] for each in failed), "")
    return f" ({small(said)})" if said else ""


def _conditions(documents: Json) -> Value:
    return {
        each["type"]: {"state": each["state"], "reason": each["reason"], "message": each["message"]}
        for each in documents
    }


def _short(revision: str, service: str) -> str:
    """`00042` of `netra-backend-staging-00042-xyz`."""
    return revision.removeprefix(f"{service}-").partition("-")[0] or revision
