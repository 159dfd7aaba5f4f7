"""Whether the job has the VPC access of what serves: only then it speaks for the service. Pure.

The deploy pipeline gives the job the service's VPC access (docs/vantage.md); whybot only looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.names import same
from checks.observations import Blind, CloudState, Interface, Job, Revision, Service, VpcAccess
from checks.reasons import Reason


@dataclass(frozen=True, slots=True)
class Standing:
    """For which revision the job speaks; `revision` is empty where it speaks for none, and `why` says why.

    `percent` is that revision's share of traffic; `for_all` where all that serve leave as the job does.
    `command` is what would mend it, where there is one.
    """

    revision: str = ""
    percent: int = 0
    for_all: bool = False
    why: str = ""
    reason: Reason = Reason.VANTAGE_CANNOT_TELL
    command: str | None = None

    @property
    def speaks(self) -> bool:
        """Whether what the job finds says something of what the service reaches."""
        return bool(self.revision)


def standing(state: CloudState, service: str, job: str) -> Standing:
    """Compares the job's VPC access with that of the revisions that serve; `service` is its Cloud Run name.

    Where several serve, the job speaks for the busiest one that it is like.
    """
    if isinstance(state.jobs, Blind):
        return _untold(state.jobs, job, service)
    if isinstance(state.services, Blind):
        return _untold(state.services, job, service)
    found_job = next((each for each in state.jobs if each.name == job), None)
    found = next((each for each in state.services if each.name == service), None)
    if found_job is None:
        return Standing(why=f"there is no job {job} in {state.region}", reason=Reason.CLOUD_NOT_FOUND)
    if found is None:
        return Standing(why=f"there is no service {service} in {state.region}", reason=Reason.CLOUD_NOT_FOUND)
    serving = _serving(state, found)
    if isinstance(serving, Blind):
        return _untold(serving, job, service)
    return _judged(found_job, service, serving)


def _judged(job: Job, service: str, serving: Sequence[tuple[Revision, int]]) -> Standing:
    if not serving:
        return Standing(why=f"no revision of {service} gets traffic, so the job {job.name} speaks for none")
    like = [(revision, percent) for revision, percent in serving if alike(job.vpc, revision.vpc)]
    if not like:
        revision = serving[0][0]
        why = (
            f"the job {job.name} leaves {said(job.vpc)}, but the serving revision {revision.name} "
            f"{said(revision.vpc)}: deploy the job again with the service's VPC access"
        )
        return Standing(why=why)
    return Standing(like[0][0].name, like[0][1], for_all=len(like) == len(serving))


def _untold(blind: Blind, job: str, service: str) -> Standing:
    why = f"whether the job {job} has the VPC access of {service} could not be told: {blind.message}"
    return Standing(why=why, reason=blind.reason, command=blind.command)


def _serving(state: CloudState, service: Service) -> list[tuple[Revision, int]] | Blind:
    """The revisions that get traffic and their shares, the busiest first."""
    shares: dict[str, int] = {}
    for share in service.serving:
        shares[share.revision] = shares.get(share.revision, 0) + share.percent
    revisions = state.revisions.get(service.name, ())
    if isinstance(revisions, Blind):
        return revisions
    known = {revision.name: revision for revision in revisions}
    wanted = sorted((name for name, percent in shares.items() if percent > 0), key=lambda n: -shares[n])
    if missing := [name for name in wanted if name not in known]:
        return Blind(Reason.CLOUD_NOT_FOUND, f"the serving revision {missing[0]} could not be read")
    return [(known[name], shares[name]) for name in wanted]


def alike(one: VpcAccess | None, other: VpcAccess | None) -> bool:
    """Whether two settings let packets out by the same way, however they are spelt."""
    mine, theirs = _set(one), _set(other)
    if mine is None or theirs is None:
        return mine is theirs
    return (
        mine.effective_egress is theirs.effective_egress
        and same(mine.connector, theirs.connector)
        and len(mine.interfaces) == len(theirs.interfaces)
        and all(map(_alike, mine.interfaces, theirs.interfaces))
    )


def _set(access: VpcAccess | None) -> VpcAccess | None:
    """None for a setting that names no way into a VPC, which is as good as none."""
    return access if access is not None and (access.connector or access.interfaces) else None


def _alike(one: Interface, other: Interface) -> bool:
    # Cloud Run fills in whichever of network and subnetwork was not given: compare what both say.
    pairs = [(one.network, other.network), (one.subnetwork, other.subnetwork)]
    both = [(mine, theirs) for mine, theirs in pairs if mine and theirs]
    return bool(both) and all(same(*pair) for pair in both) and set(one.tags) == set(other.tags)


def said(access: VpcAccess | None) -> str:
    """A setting in words that follow "leaves": `through connector staging-connector (all-traffic)`."""
    access = _set(access)
    if access is None:
        return "directly, without VPC access"
    if access.connector:
        return f"through connector {access.connector} ({access.effective_egress})"
    names = [str(each.subnetwork or each.network or "a network") for each in access.interfaces]
    return f"through Direct VPC on {', '.join(names)} ({access.effective_egress})"
