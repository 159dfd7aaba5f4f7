"""Who changed something last: from the audit log, or from what a revision says of its own making."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from checks.drift.reading import Home
from checks.drift.subjects import Carrier, Group, Subject
from checks.names import Ref, parse_ref
from checks.observations import Blind, Change, Revision, Seen

COLLECTIONS = {
    Group.NETWORK: "networks",
    Group.SUBNET: "subnetworks",
    Group.CONNECTOR: "connectors",
    Group.FIREWALL: "firewalls",
    Group.ROUTE: "routes",
    Group.SERVICE: "services",
    Group.SERVING: "services",
    Group.TEMPLATE: "services",
    Group.REDIS: "instances",
    Group.SQL: "instances",
    Group.PEERING: "networks",
}
"""How the audit log calls the collection that a subject is in."""
MADE_WITHIN = timedelta(minutes=10)
SKEW = timedelta(minutes=1)
"""A revision is made after the call that asked for it, by clocks that differ a little."""


class Provenance:
    """The audit log, looked up by resource."""

    def __init__(self, changes: Seen[Sequence[Change]], home: Home) -> None:
        self._by_resource: dict[tuple[str, str], list[Change]] = defaultdict(list)
        for each in () if isinstance(changes, Blind) else changes:
            ref = parse_ref(each.resource)
            if _is_here(ref, ref.location or each.location, home):
                self._by_resource[ref.kind, ref.name].append(each)

    def of(self, subject: Subject) -> Change | None:
        """The last change of a subject, None where nothing tells. Of a revision: what made it."""
        if subject.group not in COLLECTIONS:
            return None
        found = self._changes(COLLECTIONS[subject.group], subject.name)
        carrier = subject.live.thing
        if not isinstance(carrier, Carrier) or carrier.revision is None:
            return max(found, key=lambda each: each.at, default=None)
        return _that_made(carrier.revision, found)

    def _changes(self, collection: str, name: str) -> list[Change]:
        return [*self._by_resource[collection, name], *self._by_resource["", name]]


def _is_here(ref: Ref, location: str, home: Home) -> bool:
    """Whether a resource is of this project and region, as far as is said; one of a zone is."""
    elsewhere = ref.project not in ("", home.project, home.number)
    region = location in ("", "global", home.region) or location.startswith(f"{home.region}-")
    return region and not elsewhere


def _that_made(revision: Revision, changes: Sequence[Change]) -> Change | None:
    """The call that asked for a revision; else what the revision itself says."""
    made = revision.created_at
    if made is None:
        return None
    near = [each for each in changes if made - MADE_WITHIN <= each.at <= made + SKEW]
    if near:
        return max(near, key=lambda each: each.at)
    if not revision.creator:
        return None
    return Change(made, revision.creator, f"made {revision.name}", revision.source.resource, revision.source)
