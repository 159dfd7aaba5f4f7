"""What is asked of a network path, and the answer, as frozen values."""

from dataclasses import dataclass

from checks.observations import Source
from checks.result import Status


@dataclass(frozen=True, slots=True)
class Target:
    """A dependency: its name in the environment file, its kind of check, and where it listens.

    `addresses` are what `host` resolves to, the host itself where it is an address; empty where that could
    not be
    told.
    """

    name: str
    title: str
    kind: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path, in the order in which an expert asks.

    `key` is its fixed code (`egress`, `connector_ready`, …), `title` what it asks. `status` is pass, fail,
    unknown, or
    skipped where it does not apply (a connector's step with Direct VPC) or no longer matters. `field` is
    the field of
    the configuration that answers, `observed` and `expected` its values in words. `message` is a sentence.
    `change` is
    what would have to be different for the step to pass. `detour` says that it passes by an unusual way.
    """

    key: str
    title: str
    status: Status
    message: str
    field: str = ""
    observed: str = ""
    expected: str = ""
    change: str = ""
    detour: bool = False
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """The way from one revision to one address of a target.

    `verdict` is pass where every step passes, fail where one fails, else unknown. `deciding` is the step
    that decides:
    the first that fails, else the first that is unknown, else None. `percent` is the revision's share of
    traffic;
    `planned` where it was asked of a configuration that is not live.
    """

    service: str
    revision: str
    percent: int
    target: Target
    address: str
    verdict: Status
    steps: tuple[Step, ...]
    deciding: Step | None = None
    planned: bool = False

    @property
    def ruled_out(self) -> tuple[Step, ...]:
        """Steps that pass: what the reason is not."""
        return tuple(step for step in self.steps if step.status is Status.PASS)
