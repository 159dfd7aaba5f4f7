"""The network path from a service to a dependency, judged by configuration."""

from collections.abc import Sequence
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


class VpcPathCheck(CloudCheck):
    """Asks whether the serving revisions can reach a dependency, by what is configured; it sends nothing."""

    title_default: ClassVar[str] = "Network path"

    kind: Literal["vpc_path"] = "vpc_path"
    service: str = Field(description="A key of `services` that has a `cloud_run` name.")
    dependency: str = Field(description="The name of a check of layer `dependency` with a host and a port.")

    @property
    def target(self) -> str:
        """Both ends."""
        return f"{self.service} to {self.dependency}"

    async def look(self, probe: Probe, eyes: Sight) -> Finding:
        """Fails with `path_broken` where a step fails; unknown (`path_unknown`) where one cannot be told."""
        service_of(eyes, self.service)
        paths = await eyes.paths(self.service, (self.dependency,))
        if not paths:
            raise CheckBlind(
                Reason.PATH_UNKNOWN,
                f'no check "{self.dependency}" of layer dependency with a host and a port is in the file',
            )
        path = worst(paths)
        note_path(probe, path)
        if path.verdict is Status.FAIL:
            raise CheckFailed(Reason.PATH_BROKEN, said(path))
        if path.verdict is not Status.PASS:
            raise CheckBlind(Reason.PATH_UNKNOWN, said(path))
        return Finding(Status.PASS, Reason.OK, _open(paths))


def worst(paths: Sequence[Path]) -> Path:
    """The path that decides: a closed one, else one that cannot be told, else the busiest."""
    order = (Status.FAIL, Status.UNKNOWN)
    return min(paths, key=lambda path: order.index(path.verdict) if path.verdict in order else len(order))


def said(path: Path) -> str:
    """Which step decides, in its own words."""
    message = path.deciding.message if path.deciding else ""
    return message if path.revision in message else f"{path.revision}: {message}"


def _open(paths: Sequence[Path]) -> str:
    first = paths[0]
    told = f"{first.revision} reaches {first.target.title} at {first.address}:{first.target.port}"
    more = f", and {len(paths) - 1} more ways are open" if len(paths) > 1 else ""
    detours = [step.message for step in first.steps if step.detour]
    return f"{told}{more}; by a detour: {detours[0]}" if detours else f"{told}{more}"


def note_path(probe: Probe, path: Path) -> None:
    """Notes the verdict and the step that decides."""
    probe.note(
        service=path.service,
        revision=path.revision,
        percent=path.percent,
        dependency=path.target.name,
        address=path.address,
        ruled_out=[str(step.key) for step in path.ruled_out],
        detour=any(step.detour for step in path.steps),
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
