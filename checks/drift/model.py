"""Drift as frozen values."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from checks.observations import Blind, Change, Source
from checks.result import Status


class Severity(StrEnum):
    """How much a difference matters: `critical` closes a path, `warning` could or weakens one, `cosmetic`
    does not."""

    CRITICAL = "critical"
    WARNING = "warning"
    COSMETIC = "cosmetic"


class SideState(StrEnum):
    """Whether a side has a value: `absent` is known not to be there, `unset` is silent about it."""

    KNOWN = "known"
    ABSENT = "absent"
    UNSET = "unset"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Side:
    """What one of declared, Terraform and live says of a field. `value` is in words, never a secret.

    `why` says what made it unknown.
    """

    state: SideState
    value: str = ""
    source: Source | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person lets a difference be until a day, with a reason. `until` is the last day, in UTC."""

    field: str
    by: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Difference:
    """One field on which sides that have a value disagree.

    `field` is a path as in the environment file where it can be: `services.backend.vpc_access.connector`.
    `effect` is what it does to paths: `cuts Redis off`, `cosmetic`. `changed` is who changed it last where
    the log tells. `accepted` counts until it ends; then the difference is new again.
    """

    field: str
    title: str
    declared: Side
    terraform: Side
    live: Side
    severity: Severity
    effect: str
    changed: Change | None = None
    accepted: Acceptance | None = None

    @property
    def key(self) -> str:
        """The same for the same difference seen again; another value makes another key."""
        return f"{self.field}\n{self.declared.value}\n{self.terraform.value}\n{self.live.value}"


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences of an environment, worst first, and what could not be compared.

    `unknown` holds fields of which at least one side could not be told and the others do not disagree.
    `blind` is what could not be read at all and bears on the comparison, `unheard` why the audit log could
    not be read: then only who changed it is missing. `compared` is how many fields were. `expired`
    acceptances have ended; `strays` match no field that there is, so that a slip in their name is told.
    """

    environment: str
    read_at: datetime
    differences: tuple[Difference, ...] = ()
    unknown: tuple[Difference, ...] = ()
    blind: tuple[Blind, ...] = ()
    compared: int = 0
    expired: tuple[Acceptance, ...] = ()
    strays: tuple[Acceptance, ...] = ()
    unheard: Blind | None = None

    @property
    def hidden(self) -> tuple[Blind, ...]:
        """Everything that could not be read, what bears on the comparison first."""
        return self.blind if self.unheard is None else (*self.blind, self.unheard)

    @property
    def status(self) -> Status:
        """`fail` with an open critical difference, `degraded` with an open warning; then `unknown` where a
        field could not be compared or what bears on it not be read, since differences may hide there; else
        `pass`: cosmetic differences are none to act on.
        """
        severities = {each.severity for each in self.open}
        if Severity.CRITICAL in severities:
            return Status.FAIL
        if Severity.WARNING in severities:
            return Status.DEGRADED
        return Status.UNKNOWN if self.unknown or self.blind else Status.PASS

    @property
    def open(self) -> tuple[Difference, ...]:
        """Differences that nobody has accepted."""
        return tuple(each for each in self.differences if each.accepted is None)
