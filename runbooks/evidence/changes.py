"""Who changed what in the last seven days."""

from collections.abc import AsyncIterator, Sequence

from checks.drift.provenance import MADE_WITHIN, SKEW
from checks.eyes import CHANGES_OF
from checks.names import parse_ref
from checks.observations import Blind, Change
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.words import clock, who
from runbooks.evidence.written import NO_PROJECT, is_blind, moment, plain, time_of
from runbooks.shape import Listing, Shape, flag, text, time
from runbooks.values import Gap, Json, Value

KINDS = {
    "services": "service",
    "revisions": "revision",
    "jobs": "job",
    "connectors": "connector",
    "networks": "network",
    "subnetworks": "subnet",
    "routes": "route",
    "routers": "router",
    "firewalls": "firewall",
    "firewallPolicies": "firewall",
    "instances": "instance",
    "secrets": "secret",
    "versions": "secret",
}
"""What the audit log's collections are called here."""
WORDS = {"firewall": "firewall rule", "service": "the service"}
VERBS = {
    "create": "made",
    "insert": "made",
    "add": "added",
    "delete": "deleted",
    "destroy": "destroyed",
    "disable": "disabled",
    "enable": "enabled",
    "remove": "removed",
}
"""How methods begin, and what that did; everything else changed something."""
RUNS = ".RunJob"
"""Running a job changes nothing of its configuration; whybot itself does it with every sweep."""
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
        """Yields what the audit log has."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        until = scope.eyes.now()
        read = await scope.eyes.cloud.changes(until - CHANGES_OF)
        if isinstance(read, Blind):
            yield Section(self.name, blind=read)
            return
        found = [_written(each) for each in read]
        yield Section(self.name, plain({"read_at": moment(until), "changes": found}))

    def view(self, section: Section, frame: Frame) -> Value:
        """Every change, the newest first; which revision it made tells what Cloud Run lists."""
        made = Made(section.data["changes"], frame)
        places: dict[str, int] = {}
        found = []
        for each in section.data["changes"]:
            if each["method"].endswith(RUNS):
                continue
            place = f"changes.{each['at']}"
            places[place] = places.get(place, 0) + 1
            numbered = place if places[place] == 1 else f"{place}.{places[place]}"
            found.append(_change(numbered, each, made, frame))
        return tuple(found)


def _written(change: Change) -> Json:
    return {
        "at": moment(change.at),
        "who": change.who,
        "method": change.method,
        "resource": change.resource,
        "user_agent": change.user_agent,
        "url": change.source.url or "",
    }


class Made:
    """Which change made which revision, as far as Cloud Run's revisions are among the evidence."""

    def __init__(self, changes: Json, frame: Frame) -> None:
        self._keys = {each["cloud_run"]: key for key, each in frame.environment["services"].items()}
        self._section = frame.sections.get("services")
        data = self._section.data if self._section is not None else None
        self._services: Json = {} if data is None else data["services"]
        self._by_change: dict[tuple[str, str], str] = {}
        for key, service in self._services.items():
            if is_blind(service) or is_blind(service["revisions"]):
                continue
            mine = [each for each in changes if self.service(each) == key]
            for revision in service["revisions"]:
                if (at := _maker(revision, mine)) is not None:
                    self._by_change.setdefault((key, at), revision["name"])

    def service(self, change: Json) -> str:
        """The key of the service that a change is of, empty where it is of none."""
        ref = parse_ref(change["resource"])
        return str(self._keys.get(ref.name, "")) if KINDS.get(ref.kind, "service") == "service" else ""

    def revision(self, change: Json) -> Value:
        """The revision that a change made, empty where it made none; a gap where that could not be told."""
        key = self.service(change)
        if not key:
            return ""
        if name := self._by_change.get((key, change["at"])):
            return name
        known = self._services.get(key)
        if known is None or is_blind(known) or is_blind(known["revisions"]):
            pending = self._section is None or not self._section.finished
            return Gap("changes.revision", f"revisions of {key} could not be read", pending=pending)
        listed = [each["created_at"] or "" for each in known["revisions"]]
        oldest = known.get("revisions_since") or min(listed, default="")
        if change["at"] < oldest:
            return Gap("changes.revision", f"revisions of {key} from before {oldest[:10]} were not read")
        return ""

    def is_split(self, key: str) -> bool:
        """Whether traffic of a service is not simply that of its latest revision."""
        known = self._services.get(key)
        if known is None or is_blind(known):
            return False
        return bool(known["pinned"]) or len(known["serving"]) > 1


def _maker(revision: Json, changes: Sequence[Json]) -> str | None:
    """When the change that made a revision was: the last one before it (as `checks.drift.provenance`)."""
    made = time_of(revision["created_at"])
    if made is None:
        return None
    times = [(at, each["at"]) for each in changes if (at := time_of(each["at"])) is not None]
    near = [pair for pair in times if made - MADE_WITHIN <= pair[0] <= made + SKEW]
    return max(near)[1] if near else None


def _change(place: str, document: Json, made: Made, frame: Frame) -> Value:
    ref, key = parse_ref(document["resource"]), made.service(document)
    revision = made.revision(document)
    kind = "service" if key else KINDS.get(ref.kind, "")
    what = _what(document["method"], kind, revision, split=made.is_split(key))
    at, agent = time_of(document["at"]), document["user_agent"]
    fields: dict[str, Value] = {
        "at": at,
        "who": document["who"],
        "method": document["method"],
        "what": what,
        "resource": ref.name,
        "service": key,
        "kind": kind,
        "revision": revision,
        "terraform": "terraform" in agent.lower(),
        "user_agent": agent,
    }
    return cited(
        fields,
        place=place,
        text=_said(document, what, ref.name, revision, frame),
        source="audit log",
        at=at,
        url=document["url"],
    )


def _what(method: str, kind: str, revision: Value, *, split: bool) -> str:
    """`deployed`, `changed traffic`, `changed connector`; no more than the log and Cloud Run tell."""
    name = method.rpartition(".")[2]
    verb = next((said for begin, said in VERBS.items() if name.lower().startswith(begin)), "changed")
    if "peering" in name.lower():
        return f"{verb} peering"
    if "iampolicy" in name.lower():
        return "changed access"
    if kind == "service" and verb in ("changed", "made"):
        if isinstance(revision, str) and revision:
            return "deployed"
        if revision == "" and split:
            return "changed traffic"
    return f"{verb} {WORDS.get(kind, kind) or 'something'}"


def _said(document: Json, what: str, name: str, revision: Value, frame: Frame) -> str:
    """`deploy-bot deployed netra-backend-staging-00042-xyz at 20:04 UTC, with deploy_to_gcp_actual.py`."""
    at = time_of(document["at"])
    deployed = what == "deployed" and isinstance(revision, str)
    of = " of" if what.endswith(("traffic", "access", "peering")) else ""
    said = f"{who(document['who'])} {what}{of} {revision if deployed else name}"
    agent = document["user_agent"].partition(" ")[0]
    using = f", with {agent}" if agent else ""
    return f"{said} at {clock(at, frame.at)}{using}" if at else said
