"""The values of evidence: what JSON has, and times; a `Gap` stands where something could not be told.

Three-valued throughout: a condition over a gap is unknown, unless what is known decides it (`x || true`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from checks.observations import Blind


class Truth(StrEnum):
    """The three values of a condition."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Gap:
    """Evidence that is not there. `path` is what is missing (`logs.backend`), `why` a sentence for people.

    `settle` says what to grant or to run to find out, empty where whybot knows nothing better. `pending`
    means that it is being gathered and may yet come. A gap of a mistake in a runbook (text compared with a
    number) has `mistake`. Every member of a gap is that gap.
    """

    path: str
    why: str
    settle: str = ""
    pending: bool = False
    mistake: bool = False

    def __str__(self) -> str:
        return "(could not be told)"


def gap_of(path: str, blind: Blind) -> Gap:
    """What could not be read, as missing evidence."""
    return Gap(path, blind.message, settling(blind.role, blind.command))


def settling(role: str | None, command: str | None) -> str:
    """What to do to see: the command with the role that it grants, or such as switches an API on."""
    if not command:
        return ""
    return f"Grant {role}: {command}" if role else f"Run: {command}"


class Partial(tuple["Value", ...]):
    """A list of which some members are not known: `gaps` says why. Its size is unknown, never too small."""

    gaps: tuple[Gap, ...]

    def __new__(cls, items: tuple["Value", ...], gaps: tuple[Gap, ...]) -> "Partial":
        """A list with these members, and perhaps more."""
        made = super().__new__(cls, items)
        made.gaps = gaps
        return made


Value: TypeAlias = (
    bool | int | float | str | datetime | timedelta | Gap | tuple["Value", ...] | Mapping[str, "Value"] | None
)
"""What expressions work on. Lists are tuples. Whoever holds one never changes it."""

CITE = "cite"
"""The key under which a mapping that can be cited keeps its `Cite` (`runbooks.diagnosis`), as a mapping."""

Json: TypeAlias = Any
"""What `json.loads` gives."""
