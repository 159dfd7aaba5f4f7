"""The network path from a service to a dependency, judged by configuration."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from checks.cloud_check import CloudCheck, service_of
from checks.failures import CheckBlind, CheckFailed
from checks.path.model import Path, Step
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.sight import Sight
from checks.spec import Finding

FULL = 100
"""Percent."""


class VpcPathCheck(CloudCheck):
    """Asks whether the serving revisions can reach a dependency, by what is configured; it sends nothing."""

    title_default: ClassVar[str] = "Network path"

    kind: Literal["vpc_path"] = "vpc_path"
    service: str = Field(description="A key of `services` that has a `cloud_run` name.")
    dependency: str | None = Field(
        default=None,
        description=(
            "The name of a check of layer `dependency` with a host and a port; by default all that the "
            "service uses."
        ),
    )

    @property
    def target(self) -> str:
        """Both ends."""
        return f"{self.service} to {self.dependency or 'all that it uses'}"

    async def look(self, probe: Probe, eyes: Sight) -> Finding:
        """Fails with `path_broken` where a step fails; unknown (`path_unknown`) where one cannot be told."""
        service_of(eyes, self.service)
        paths = await eyes.paths(self.service, (self.dependency,) if self.dependency else ())
        if not paths:
            raise CheckBlind(Reason.PATH_UNKNOWN, self._nothing())
        path = worst(paths)
        note_path(probe, path)
        probe.note(
            closed=titles(each for each in paths if each.verdict is Status.FAIL),
            detour=any(step.detour for each in paths for step in each.steps),
        )
        if path.verdict is Status.FAIL:
            raise CheckFailed(Reason.PATH_BROKEN, said(path, paths))
        if path.verdict is not Status.PASS:
            raise CheckBlind(Reason.PATH_UNKNOWN, said(path, paths))
        return Finding(Status.PASS, Reason.OK, _open(paths))

    def _nothing(self) -> str:
        kind = "of layer dependency with a host and a port"
        if self.dependency is None:
            return f'service "{self.service}" uses no check {kind}'
        return f'no check "{self.dependency}" {kind} is in the file'


def worst(paths: Sequence[Path]) -> Path:
    """The path that decides: a closed one, else one that cannot be told, else the busiest."""
    order = (Status.FAIL, Status.UNKNOWN)
    return min(paths, key=lambda path: order.index(path.verdict) if path.verdict in order else len(order))


def said(path: Path, paths: Sequence[Path]) -> str:
    """Which step decides, in its own words, for how much of the traffic, and what is said of the others."""
    message = path.deciding.message if path.deciding else ""
    share = _share(path, paths)
    if share:
        alone = ", " not in share  # of several revisions the sentence names the one that it is about
        message = f"{share}: {message.replace(path.revision, 'it', 1) if alone else message}"
    elif path.revision not in message:
        message = f"{path.revision}: {message}"
    if len(titles(paths)) > 1 and path.target.title not in message:
        message = f"{path.target.title}: {message}"
    others = _others(path, paths)
    return f"{message.removesuffix('.')}; {'; '.join(others)}" if others else message


def titles(paths: Iterable[Path]) -> list[str]:
    """What paths lead to, each once."""
    return list(dict.fromkeys(path.target.title for path in paths))


def _share(path: Path, paths: Sequence[Path]) -> str:
    """`closed for 30 % of the traffic (…-00042)`; nothing where it is all of it, or is not known."""
    same = [each for each in paths if each.target == path.target and each.verdict is path.verdict]
    percents = {each.revision: each.percent for each in same if each.revision}
    total = sum(percents.values())
    if not 0 < total < FULL:
        return ""
    names = ", ".join(_short(path.service, revision) for revision in percents)
    what = "closed" if path.verdict is Status.FAIL else "could not be told"
    return f"{what} for {total} % of the traffic ({names})"


def _short(service: str, revision: str) -> str:
    """`…-00042-xyz`: Cloud Run names revisions after their service."""
    return f"…{revision.removeprefix(service)}" if revision.startswith(f"{service}-") else revision


def _others(path: Path, paths: Sequence[Path]) -> list[str]:
    """What is said of the paths to other dependencies than the one that decides."""
    rest = [each for each in paths if each.target != path.target]
    closed = titles(each for each in rest if each.verdict is Status.FAIL)
    untold = titles(each for each in rest if each.verdict is Status.UNKNOWN)
    around = titles(each for each in rest if each.verdict is Status.PASS and _detours(each))
    told = {
        f"also closed: {listed(closed)}": closed,
        f"could not be told: {listed(untold)}": [each for each in untold if each not in closed],
        f"{listed(around)} only by a detour": [each for each in around if each not in (*closed, *untold)],
    }
    return [words for words, those in told.items() if those]


def _open(paths: Sequence[Path]) -> str:
    first, to = paths[0], titles(paths)
    if len(to) == 1:
        told = f"{first.revision} reaches {first.target.title} at {first.address}:{first.target.port}"
        more = f", and {len(paths) - 1} more ways are open" if len(paths) > 1 else ""
    else:
        revisions = len({path.revision for path in paths})
        told = f"{first.revision} reaches {listed(to)}"
        more = f", and so do {revisions - 1} more revisions" if revisions > 1 else ""
    detours = [message for path in paths for message in _detours(path)]
    return f"{told}{more}; by a detour: {detours[0]}" if detours else f"{told}{more}"


def _detours(path: Path) -> list[str]:
    return [step.message for step in path.steps if step.detour]


def listed(names: Sequence[str]) -> str:
    """`Redis, PostgreSQL and ClickHouse`."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def note_path(probe: Probe, path: Path) -> None:
    """Notes the verdict and the step that decides."""
    probe.note(
        service=path.service,
        revision=path.revision,
        percent=path.percent,
        dependency=path.target.name,
        address=path.address,
        ruled_out=[str(step.key) for step in path.ruled_out],
    )
    step: Step | None = path.deciding
    if step is not None:
        probe.note(
            step=str(step.key),
            field=step.field,
            observed=step.observed,
            expected=step.expected,
            change=step.change,
        )
