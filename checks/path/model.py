"""What is asked of a network path, and the answer, as frozen values."""

from dataclasses import dataclass
from enum import StrEnum

from checks.observations import Source
from checks.result import Status


class StepKey(StrEnum):
    """The steps of a path, in the order in which an expert asks. docs/network-path.md tells of each."""

    SERVING = "serving"
    VPC_ACCESS = "vpc_access"
    EGRESS = "egress"
    CONNECTOR = "connector"
    NETWORK = "network"
    ROUTE = "route"
    MORE_SPECIFIC = "more_specific"
    FIREWALL = "firewall"
    TARGET = "target"
    PROTOCOL = "protocol"


TITLES = {
    StepKey.SERVING: "Serving revision",
    StepKey.VPC_ACCESS: "VPC access",
    StepKey.EGRESS: "Egress setting",
    StepKey.CONNECTOR: "Connector",
    StepKey.NETWORK: "Network",
    StepKey.ROUTE: "Route",
    StepKey.MORE_SPECIFIC: "More specific routes",
    StepKey.FIREWALL: "Egress firewall",
    StepKey.TARGET: "Target",
    StepKey.PROTOCOL: "TLS and AUTH",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A dependency: its name in the environment file, its kind of check, and where it listens.

    `addresses` are what `host` resolves to, the host itself where it is an address; empty where that could
    not be told. `tls` and `auth` are whether the check speaks TLS and gives a password, None where it is not
    known.
    """

    name: str
    title: str
    kind: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    tls: bool | None = None
    auth: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path, in the order in which an expert asks.

    `key` is its fixed code, `title` what it asks. `status` is pass, fail, unknown, or skipped where it does
    not apply (a connector's step with Direct VPC) or no longer matters. `field` is the field of the
    configuration that answers, `observed` and `expected` its values in words. `message` is a sentence.
    `change` is what would have to be different for the step to pass. `detour` says that it passes by an
    unusual way.
    """

    key: StepKey
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

    `verdict` is pass where every step passes, fail where one fails, else unknown. `deciding` is the step that
    decides: the first that fails, else the first that is unknown, else None. `percent` is the revision's
    share of traffic; `planned` where it was asked of a configuration that is not live.
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
