"""Cloud Run: whether the revisions that serve are ready, and what else is going on with the service."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from checks.cloud_check import CloudCheck, seen, service_of
from checks.failures import CheckBlind, CheckFailed
from checks.observations import CloudState, Condition, Revision, Service, TrafficShare
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.sight import Sight
from checks.spec import Finding

FAILED = "failed"


class CloudRunCheck(CloudCheck):
    """Asks Cloud Run which revisions serve, and whether they are ready.

    A newer revision that fails but does not serve is a fact, not a failure.
    """

    title_default: ClassVar[str] = "Cloud Run"

    kind: Literal["cloud_run"] = "cloud_run"
    service: str = Field(description="A key of `services` that has a `cloud_run` name.")

    @property
    def target(self) -> str:
        """The service's key."""
        return self.service

    async def look(self, probe: Probe, eyes: Sight) -> Finding:
        """Fails with `revision_not_ready`, `no_serving_revision` or `cloud_not_found`."""
        name = service_of(eyes, self.service)
        state = await eyes.cloud.state(seconds=probe.remaining())
        service = _found(seen(probe, state.services), name, state)
        note_service(probe, service)
        shares = [share for share in service.serving if share.percent > 0]
        if not shares:
            raise _serves_nothing(service)
        revisions = {each.name: each for each in seen(probe, state.revisions.get(name, ()))}
        serving = [_serving(share, revisions, service) for share in shares]
        note_serving(probe, shares, serving)
        _refuse_failed_routes(service)
        return Finding(Status.PASS, Reason.OK, _said(service, shares, serving))


def _found(services: Iterable[Service], name: str, state: CloudState) -> Service:
    for service in services:
        if service.name == name:
            return service
    raise CheckFailed(
        Reason.CLOUD_NOT_FOUND, f"Cloud Run has no service {name} in {state.region} of {state.project}"
    )


def _serves_nothing(service: Service) -> CheckFailed:
    if settling(service):
        return CheckBlind(
            Reason.REVISION_RECONCILING, f"{service.name} is being changed, and no revision serves yet"
        )
    why = failed_conditions(service.conditions)
    return CheckFailed(
        Reason.NO_SERVING_REVISION,
        f"no revision of {service.name} gets traffic" + (f": {why[0]}" if why else ""),
    )


def _serving(share: TrafficShare, revisions: dict[str, Revision], service: Service) -> Revision:
    """The revision behind a share, which is ready; raises where it is not, or cannot be told."""
    gets = f"{share.revision} gets {share.percent} % of requests"
    revision = revisions.get(share.revision)
    if revision is None:
        raise CheckBlind(Reason.CLOUD_NOT_FOUND, f"{gets}, but Cloud Run does not list it")
    if revision.deleted:
        raise CheckFailed(Reason.REVISION_NOT_READY, f"{gets}, but was deleted")
    if revision.ready is False:
        why = failed_conditions(revision.conditions)
        raise CheckFailed(
            Reason.REVISION_NOT_READY, f"{gets}, but is not ready" + (f": {why[0]}" if why else "")
        )
    if revision.ready is None:
        changing = revision.reconciling or settling(service)
        raise CheckBlind(
            Reason.REVISION_RECONCILING if changing else Reason.CLOUD_ANSWER,
            f"{gets}; whether it is ready is not settled yet"
            if changing
            else f"{gets}, but its condition Ready is not known",
        )
    return revision


def _refuse_failed_routes(service: Service) -> None:
    for condition in service.conditions:
        if condition.type == "RoutesReady" and condition.state == FAILED:
            told = condition.message or condition.reason or "no reason is given"
            raise CheckFailed(
                Reason.REVISION_NOT_READY,
                f"the serving revision is ready, but the service's routes are not: {told}",
                status=Status.DEGRADED,
            )


def _said(service: Service, shares: Sequence[TrafficShare], serving: Sequence[Revision]) -> str:
    told = " and ".join(
        f"{share.revision} serves {share.percent} %" + _made(revision)
        for share, revision in zip(shares, serving, strict=True)
    )
    latest = service.latest_created
    if settling(service):
        return f"{told}, ready; a change is being carried out"
    if latest and latest not in {share.revision for share in shares}:
        return f"{told}, ready; the newest revision {latest} does not serve"
    return f"{told}, ready"


def _made(revision: Revision) -> str:
    by = f" by {revision.creator}" if revision.creator else ""
    on = f" on {revision.created_at:%Y-%m-%d at %H:%M} UTC" if revision.created_at else ""
    return f" (made{by}{on})" if by or on else ""


def settling(service: Service) -> bool:
    """Whether Cloud Run is still carrying a change out."""
    return service.reconciling or service.observed_generation < service.generation


def failed_conditions(conditions: Iterable[Condition]) -> list[str]:
    """What conditions that failed say, the summary `Ready` last: the others are why."""
    failed = sorted((each for each in conditions if each.state == FAILED), key=lambda c: c.type == "Ready")
    return [each.message or f"{each.type} failed ({each.reason or 'no reason is given'})" for each in failed]


def note_service(probe: Probe, service: Service) -> None:
    """Notes what is said of the service as a whole."""
    pinned = bool(service.traffic) and not any(share.latest for share in service.traffic)
    latest_fails = bool(service.latest_created) and service.latest_created != service.latest_ready
    probe.note(
        service=service.name,
        traffic=[f"{share.revision} {share.percent} %" for share in service.serving],
        pinned=pinned,
        reconciling=settling(service),
        latest_created=service.latest_created,
        latest_ready=service.latest_ready,
        latest_failing=latest_fails and not settling(service),
        conditions=[f"{each.type}: {each.state}" for each in service.conditions],
    )
    if service.last_modifier:
        probe.note(last_modifier=service.last_modifier)
    if service.source.url:
        probe.note(console=service.source.url)


def note_serving(probe: Probe, shares: Sequence[TrafficShare], serving: Sequence[Revision]) -> None:
    """Notes the revision with most of the traffic, and that all of them are ready."""
    share, revision = max(zip(shares, serving, strict=True), key=lambda pair: pair[0].percent)
    access = revision.vpc
    probe.note(
        ready=True,
        revision=revision.name,
        percent=share.percent,
        creator=revision.creator,
        image=revision.image,
        created_at=revision.created_at.isoformat() if revision.created_at else None,
        vpc_connector=str(access.connector) if access and access.connector else None,
        vpc_egress=str(access.effective_egress) if access else None,
    )
