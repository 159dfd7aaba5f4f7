"""The steps of a path, asked in order."""

from collections.abc import Sequence

from checks.observations import Blind, CloudState, Revision, Seen, Service, TrafficShare, VpcAccess
from checks.path import far_steps, steps
from checks.path.model import Path, Step, StepKey, Target
from checks.path.observed import Observed, cannot_tell
from checks.path.question import Question, waiting
from checks.path.routing import Ways
from checks.result import Status

SERVING_FIELD = "Service.traffic_statuses"
PLANNED = "the planned revision"


def explain(
    state: CloudState, service: str, target: Target, *, planned: VpcAccess | None = None
) -> tuple[Path, ...]:
    """The paths from every serving revision of a service to every address of a target, busiest first.

    `service` is the Cloud Run name. With `planned`, one path per address for that VPC access, as if a
    revision with it served. Always at least one path: where the serving revisions cannot be told, one whose
    verdict is unknown. Never raises. To ask more than once of one state, use `Paths`.
    """
    return Paths(state).explain(service, target, planned=planned)


class Paths:
    """The paths of one `CloudState`, which is indexed once."""

    def __init__(self, state: CloudState) -> None:
        self._observed = Observed(state)
        self._ways = Ways(self._observed)

    def explain(self, service: str, target: Target, *, planned: VpcAccess | None = None) -> tuple[Path, ...]:
        """As the function `explain`."""
        addresses = tuple(dict.fromkeys(sorted(target.addresses))) or ("",)
        if planned is not None:
            said = "As if a revision with the planned VPC access served."
            serving = steps.made(StepKey.SERVING, Status.PASS, said, field=SERVING_FIELD)
            return tuple(
                self._path(service, PLANNED, 100, serving, planned, target, address, planned=True)
                for address in addresses
            )
        known = self._observed.service(service)
        if isinstance(known, Blind):
            return tuple(self._unserved(service, target, each, known) for each in addresses)
        if known is None:
            return tuple(self._missing(service, target, each) for each in addresses)
        shares = _shares(known.serving)
        if not shares:
            blind = cannot_tell(f"no revision of {service} gets traffic{_why(known)}")
            return tuple(self._unserved(service, target, each, blind) for each in addresses)
        return tuple(
            self._serving_path(known, revision, percent, target, address)
            for revision, percent in shares
            for address in addresses
        )

    def _serving_path(
        self, service: Service, revision: str, percent: int, target: Target, address: str
    ) -> Path:
        found = self._observed.revision(service.name, revision)
        vpc: Seen[VpcAccess | None] = (
            waiting(StepKey.SERVING, f"revision {revision}") if isinstance(found, Blind) else found.vpc
        )
        serving = _serving(service, revision, percent, found)
        return self._path(service.name, revision, percent, serving, vpc, target, address)

    def _unserved(self, service: str, target: Target, address: str, blind: Blind) -> Path:
        """Which revision serves could not be told."""
        serving = steps.unknown(StepKey.SERVING, blind, SERVING_FIELD)
        vpc = waiting(StepKey.SERVING, "the serving revision")
        return self._path(service, "", 0, serving, vpc, target, address)

    def _missing(self, service: str, target: Target, address: str) -> Path:
        """There is no such service."""
        state = self._observed.state
        serving = steps.made(
            StepKey.SERVING,
            Status.UNKNOWN,
            f"There is no Cloud Run service {service} in {state.project}, {state.region}; "
            "check `project` and `region` in the environment file.",
            field="Service.name",
            observed="absent",
            expected=service,
        )
        vpc = waiting(StepKey.SERVING, "the serving revision")
        return self._path(service, "", 0, serving, vpc, target, address)

    def _path(
        self,
        service: str,
        revision: str,
        percent: int,
        serving: Step,
        vpc: Seen[VpcAccess | None],
        target: Target,
        address: str,
        *,
        planned: bool = False,
    ) -> Path:
        question = Question(
            self._observed, self._ways, target, address, vpc, revision, service=service, planned=planned
        )
        asked = (serving, *_asked(question))
        failed = [each for each in asked if each.status is Status.FAIL]
        doubtful = [each for each in asked if each.status is Status.UNKNOWN]
        return Path(
            service=service,
            revision=revision,
            percent=percent,
            target=target,
            address=address,
            verdict=Status.FAIL if failed else Status.UNKNOWN if doubtful else Status.PASS,
            steps=asked,
            deciding=next(iter(failed or doubtful), None),
            planned=planned,
        )


def _asked(question: Question) -> tuple[Step, ...]:
    """Every step after the first, in order."""
    network = steps.network(question)
    route = far_steps.route(question, network)
    return (
        steps.vpc_access(question),
        steps.egress(question),
        steps.connector(question),
        network,
        route,
        far_steps.more_specific(question, network, route),
        far_steps.firewall(question),
        far_steps.target(question),
        far_steps.protocol(question),
    )


def _shares(serving: Sequence[TrafficShare]) -> list[tuple[str, int]]:
    """Revisions that get traffic and how much, the busiest first; a tag without traffic serves nobody."""
    percents: dict[str, int] = {}
    for share in serving:
        if share.percent > 0 and share.revision:
            percents[share.revision] = percents.get(share.revision, 0) + share.percent
    return sorted(percents.items(), key=lambda each: (-each[1], each[0]))


def _why(service: Service) -> str:
    failed = [each for each in service.conditions if each.state == "failed"]
    if failed:
        return f" ({failed[0].reason or failed[0].type}: {failed[0].message})".replace(": )", ")")
    return " yet: it is still being changed" if service.reconciling else ""


def _serving(service: Service, revision: str, percent: int, found: Seen[Revision]) -> Step:
    """Which revision serves, as traffic statuses say; the template and the latest one do not matter."""
    if isinstance(found, Blind):
        return steps.unknown(StepKey.SERVING, found, SERVING_FIELD)
    observed, read = f"{revision} {percent} %", steps.sources(service, found)
    said = f"{revision} gets {percent} % of the traffic"
    if found.deleted:
        return steps.made(
            StepKey.SERVING,
            Status.FAIL,
            f"{said}, but was deleted.",
            field=SERVING_FIELD,
            observed=observed,
            expected="a revision that is there",
            change="Traffic would have to go to a revision that is there.",
            sources=read,
        )
    more = {"field": SERVING_FIELD, "observed": observed, "sources": read}
    if found.reconciling and not found.ready:
        return steps.made(StepKey.SERVING, Status.UNKNOWN, f"{said}, but is still being made.", **more)
    unready = " It is not ready, which is no matter of its network path." if found.ready is False else ""
    return steps.made(StepKey.SERVING, Status.PASS, f"{said}.{unready}", **more)
