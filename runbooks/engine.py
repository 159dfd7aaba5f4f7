"""The diagnosis: a pure function of runbooks and evidence. The same evidence gives the same diagnosis."""

from dataclasses import dataclass

from runbooks.bundle import Bundle
from runbooks.diagnosis import Diagnosis
from runbooks.runbook import Library
from runbooks.values import Gap, Truth


@dataclass(frozen=True, slots=True)
class Considered:
    """One cause that was looked at, for `--explain`: how its condition came out and what it looked at."""

    cause: str
    subject: str
    depth: int
    truth: Truth
    condition: str
    gaps: tuple[Gap, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A diagnosis with every cause that was looked at, in order."""

    diagnosis: Diagnosis
    considered: tuple[Considered, ...]


def diagnose(library: Library, bundle: Bundle, *, runbook: str | None = None) -> Diagnosis:
    """What the runbooks say of a bundle; with `runbook`, what that one says, whether it applies or not.

    Never raises for what runbooks or evidence are like. Raises KeyError for a runbook that there is not.
    """
    return explain(library, bundle, runbook=runbook).diagnosis


def explain(library: Library, bundle: Bundle, *, runbook: str | None = None) -> Explained:
    """As `diagnose`, with everything that was considered."""
    raise NotImplementedError


def needed(library: Library, bundle: Bundle, *, runbook: str | None = None) -> frozenset[str]:
    """The sources that causes which are still open could need and that the bundle does not have finished.

    Evidence only of branches that are ruled out is not in it.
    """
    raise NotImplementedError
