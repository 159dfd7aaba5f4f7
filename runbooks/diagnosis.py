"""What runbooks say of the evidence, as frozen values; `runbooks.output.why` makes `whybot/why/1` of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runbooks.values import Gap


class Verdict(StrEnum):
    """The status of a diagnosis.

    `confirmed`: a root cause, every why with evidence. `partial`: whys that hold, but the next one could not
    be told, or no cause of ours fits. `unknown`: not even the first. `nothing_wrong`: everything was asked
    and is as it should be.
    """

    CONFIRMED = "confirmed"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    NOTHING_WRONG = "nothing_wrong"


@dataclass(frozen=True, slots=True)
class Cite:
    """One piece of evidence that a why names. `id` is its place in the evidence (`checks.redis`).

    `url` is its page in a console, empty where it has none; `source` the system that said so.
    """

    id: str
    text: str
    source: str
    at: datetime | None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """One question with its because. `cause` is `runbook/cause`, `subject` what it is about, if of several.

    `missing` is evidence that would have supported it and could not be had: the why is then weaker.
    """

    question: str
    because: str
    cause: str
    title: str
    evidence: tuple[Cite, ...]
    subject: str = ""
    missing: tuple[Gap, ...] = ()

    @property
    def weaker(self) -> bool:
        """Whether evidence is missing that would have supported it."""
        return bool(self.missing)


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A cause that was considered and is not it. `text` says why, in a few words."""

    cause: str
    title: str
    text: str
    evidence: tuple[Cite, ...]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Untold:
    """A cause of which could not be told whether it is one: what is missing, and what would settle it."""

    cause: str
    title: str
    gaps: tuple[Gap, ...]
    settle: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A remedy that follows from a cause, ready to show."""

    id: str
    title: str
    text: str
    cause: str
    action: str
    undoable: bool
    reach: int
    reach_text: str
    lasting: bool
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """Whys from the first question to the deepest confirmed because.

    `root` is the deepest why whose cause is one in its own right; None where the whys only describe what is
    failing. `open` are the causes of the next question that could not be told.
    """

    runbook: str
    whys: tuple[Why, ...]
    root: Why | None
    secondary: bool = False
    open: tuple[Untold, ...] = ()


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier diagnosis of this environment with the same root cause."""

    id: str
    at: datetime
    root_cause: str
    because: str


@dataclass(frozen=True, slots=True)
class Onset:
    """When it began, as far as the evidence tells, and the changes around it, the nearest before it first."""

    at: datetime
    evidence: Cite
    changes: tuple[Cite, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of it. `chain` is the first of the chains; `others` have other roots. `question` is what was asked.

    `notes` are sentences about the diagnosis itself: evidence that did not come in time, a runbook that was
    forced or has a mistake. `asked` are the first questions of the runbooks that apply, by their names;
    `failing` are the titles of the checks that fail.
    """

    environment: str
    at: datetime
    status: Verdict
    question: str
    chain: Chain | None
    others: tuple[Chain, ...] = ()
    contributing: tuple[Why, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    unknown: tuple[Untold, ...] = ()
    remedies: tuple[Offer, ...] = ()
    onset: Onset | None = None
    similar: tuple[Similar, ...] = ()
    notes: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    failing: tuple[str, ...] = ()

    @property
    def root_cause(self) -> Why | None:
        """The root cause of the first chain."""
        return self.chain.root if self.chain else None

    @property
    def roots(self) -> tuple[Why, ...]:
        """The root causes of all chains, the first one's first."""
        chains = (self.chain, *self.others) if self.chain else self.others
        return tuple(chain.root for chain in chains if chain.root is not None)
