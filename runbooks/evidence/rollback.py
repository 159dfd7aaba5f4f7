"""Where traffic could go back to: which earlier revision is ready and has open paths. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.observations import Blind, CloudState, Revision, Service, VpcAccess
from checks.path.explain import Paths
from checks.path.model import Path, Target
from checks.result import Status

MOST_ASKED = 8
"""Revisions that are looked at, the newest first: further back is hardly where somebody wants to go."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """The revision to go back to with the paths that it would have; None where there is none.

    `untold` is a revision that would come first, but of whose paths nothing could be told.
    """

    revision: Revision | None = None
    paths: tuple[Path, ...] = ()
    untold: Revision | None = None


def service_of(state: CloudState, name: str) -> Service | Blind | None:
    """A Cloud Run service by its name; None where there is none."""
    if isinstance(state.services, Blind):
        return state.services
    return next((each for each in state.services if each.name == name), None)


def busiest(service: Service) -> str:
    """The revision with most of the traffic, empty where none has any."""
    shares = sorted((each for each in service.serving if each.percent > 0), key=lambda each: -each.percent)
    return shares[0].revision if shares else ""


def find_rollback(
    state: CloudState, known: Paths, service: Service, targets: Sequence[Target]
) -> Rollback | Blind:
    """The newest ready revision older than the busiest one that serves, of which no path is closed.

    Paths of which could not be told whether they are open do not speak against it, unless all are so.
    """
    revisions = state.revisions.get(service.name, ())
    if isinstance(revisions, Blind):
        return revisions
    for revision in _earlier(service, revisions)[:MOST_ASKED]:
        planned = revision.vpc or VpcAccess()
        paths = tuple(
            path for target in targets for path in known.explain(service.name, target, planned=planned)
        )
        verdicts = {path.verdict for path in paths}
        if Status.FAIL in verdicts:
            continue
        if paths and Status.PASS not in verdicts:
            return Rollback(untold=revision)
        return Rollback(revision, paths)
    return Rollback()


def _earlier(service: Service, revisions: Sequence[Revision]) -> list[Revision]:
    """Ready revisions made before the busiest one, the newest first."""
    now = next((each for each in revisions if each.name == busiest(service)), None)
    if now is None or now.created_at is None:
        return []
    made = [
        (each.created_at, each)
        for each in revisions
        if each.ready
        and not each.deleted
        and each.created_at is not None
        and each.created_at < now.created_at
    ]
    return [each for _, each in sorted(made, key=lambda pair: (pair[0], pair[1].name), reverse=True)]
