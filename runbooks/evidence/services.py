"""What Cloud Run serves: services, their revisions and where traffic could go back to."""

from collections.abc import AsyncIterator

from runbooks.evidence.cite import citable
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.shape import Listing, Record, Shape, Table, flag, number, text, time
from runbooks.values import Value

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
        "creator": text("who made it"),
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
        """Yields what it read."""
        raise NotImplementedError
        yield Section(self.name)

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of it."""
        raise NotImplementedError
