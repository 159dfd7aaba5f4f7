"""What Cloud Run serves, written down: services, their revisions, the secrets that these ask for."""

from collections.abc import Iterable, Mapping, Sequence

from checks.dependencies import uses
from checks.environment import Environment
from checks.kinds.cloud_run import settling
from checks.names import Ref, same
from checks.observations import (
    Blind,
    CloudState,
    Condition,
    Revision,
    SecretUse,
    SecretVersion,
    Seen,
    Service,
    VpcAccess,
)
from checks.path.explain import Paths
from checks.path.model import Target
from checks.reasons import Reason
from runbooks.evidence.rollback import Rollback, busiest, find_rollback, service_of
from runbooks.evidence.written import blind_document, moment
from runbooks.values import Json

MOST_KEPT = 20
"""Revisions of a service that are kept besides those that serve."""


def asked_for(state: CloudState, names: Iterable[str]) -> list[SecretUse]:
    """The secrets that the busiest revisions ask for, each version once."""
    found = {}
    for name in names:
        for use in _secrets_of(state, name):
            found[use.key] = use
    return list(found.values())


def _secrets_of(state: CloudState, name: str) -> tuple[SecretUse, ...]:
    service, revisions = service_of(state, name), state.revisions.get(name, ())
    if service is None or isinstance(service, Blind) or isinstance(revisions, Blind):
        return ()
    return next((each.secrets for each in revisions if each.name == busiest(service)), ())


def written(
    environment: Environment,
    state: CloudState,
    known: Paths,
    targets: Sequence[Target],
    secrets: Mapping[tuple[str, str], Seen[SecretVersion]],
    key: str,
    name: str,
) -> Json:
    """One service of the file as JSON, `name` its Cloud Run name; a blind one where it is not there."""
    service = service_of(state, name)
    if isinstance(service, Blind):
        return blind_document(service)
    if service is None:
        message = (
            f"there is no Cloud Run service {name} in {state.project}, {state.region}; "
            "check `project` and `region` in the environment file"
        )
        return blind_document(Blind(Reason.CLOUD_NOT_FOUND, message))
    wanted = uses(environment, key)
    used = [each for each in targets if each.name in wanted]
    return {
        "cloud_run": service.name,
        "conditions": [_condition(each) for each in service.conditions],
        "latest_created": service.latest_created,
        "latest_ready": service.latest_ready,
        "pinned": bool(service.traffic) and not any(each.latest for each in service.traffic),
        "settling": settling(service),
        "ingress": service.ingress,
        "url": service.source.url or "",
        "serving": _shares(service),
        "revisions": _revisions(state, service),
        "revisions_since": _complete_since(state, service),
        "rollback": _rollback(find_rollback(state, known, service, used)),
        "secrets": [_secret(each, secrets.get(each.key)) for each in _secrets_of(state, name)],
    }


def _shares(service: Service) -> Json:
    """Revisions that get traffic, the busiest first."""
    percents: dict[str, int] = {}
    for share in service.serving:
        if share.percent > 0 and share.revision:
            percents[share.revision] = percents.get(share.revision, 0) + share.percent
    return sorted(([*each] for each in percents.items()), key=lambda each: (-each[1], each[0]))


def _revisions(state: CloudState, service: Service) -> Json:
    """Those that serve and the newest ones, the newest first."""
    revisions = state.revisions.get(service.name, ())
    if isinstance(revisions, Blind):
        return blind_document(revisions)
    serving = {share.revision for share in service.serving if share.percent > 0}
    newest = _newest_first(revisions)
    kept = [each for place, each in enumerate(newest) if place < MOST_KEPT or each.name in serving]
    return [_revision(each, state) for each in kept]


def _complete_since(state: CloudState, service: Service) -> str | None:
    """From when on no revision is left out: one that serves may be much older than those in between."""
    revisions = state.revisions.get(service.name, ())
    newest = [] if isinstance(revisions, Blind) else _newest_first(revisions)[:MOST_KEPT]
    return moment(newest[-1].created_at) if newest else None


def _newest_first(revisions: Iterable[Revision]) -> list[Revision]:
    return sorted(revisions, key=lambda each: (moment(each.created_at) or "", each.name), reverse=True)


def _revision(revision: Revision, state: CloudState) -> Json:
    vpc = revision.vpc
    return {
        "name": revision.name,
        "ready": revision.ready,
        "image": revision.image,
        "creator": revision.creator,
        "created_at": moment(revision.created_at),
        "connector": vpc.connector.name if vpc is not None and vpc.connector is not None else "",
        "egress": vpc.effective_egress if vpc is not None else "",
        "network": _network(vpc, state),
        "conditions": [_condition(each) for each in revision.conditions],
        "labels": dict(revision.labels),
        "min_instances": revision.min_instances,
        "max_instances": revision.max_instances,
        "concurrency": revision.concurrency,
        "url": revision.source.url or "",
    }


def _network(vpc: VpcAccess | None, state: CloudState) -> Json:
    """The network that packets come out into; empty where there is none."""
    if vpc is None:
        return ""
    if vpc.connector is not None:
        if isinstance(state.connectors, Blind):
            return blind_document(state.connectors)
        found = [each for each in state.connectors if same(each.ref, vpc.connector)]
        return _of(found[0].network, found[0].subnet, state) if found else ""
    return _of(vpc.interfaces[0].network, vpc.interfaces[0].subnetwork, state) if vpc.interfaces else ""


def _of(network: Ref | None, subnet: Ref | None, state: CloudState) -> Json:
    if network is not None and network.name:
        return network.name
    if isinstance(state.subnets, Blind):
        return blind_document(state.subnets)
    return next((each.network.name for each in state.subnets if same(each.ref, subnet)), "")


def _condition(condition: Condition) -> Json:
    return {
        "type": condition.type,
        "state": condition.state,
        "reason": condition.reason,
        "message": condition.message,
    }


def _rollback(found: Rollback | Blind) -> Json:
    if isinstance(found, Blind):
        return blind_document(found)
    if found.untold is not None:
        message = f"whether the paths of {found.untold.name} are open could not be told"
        return blind_document(Blind(Reason.PATH_UNKNOWN, message))
    return found.revision.name if found.revision else None


def _secret(use: SecretUse, found: Seen[SecretVersion] | None) -> Json:
    if found is None:
        found = Blind(Reason.CLOUD_ANSWER, f"secret {use.secret} was not looked at")
    return {
        "name": use.secret,
        "version": use.version,
        "exists": blind_document(found) if isinstance(found, Blind) else found.usable,
    }
