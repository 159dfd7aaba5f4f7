"""All that a message about whys shows, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

Phase = Literal["running", "finished", "interrupted"]
Document = Mapping[str, Any]
"""A `whybot/why/1` document, or a part of one."""


@dataclass(frozen=True, slots=True)
class WhyState:
    """One run of runbooks. `spoken` is its id as people say it ("W-12").

    `card_id` is empty where the store does not answer, so that it is kept nowhere and has no buttons.
    `document` is of the evidence so far; `waiting` are sources that are still asked. `people` are user ids in
    the order in which they asked. `shared` where it is about the sweep of a card. `delayed` is how many
    seconds Slack's rate limit has held this message back. `note` says why it was interrupted.
    """

    card_id: str
    spoken: str
    environment: str
    phase: Phase
    document: Document | None
    waiting: tuple[str, ...]
    people: tuple[str, ...]
    asked_at: datetime
    finished_at: datetime | None = None
    took_ms: float = 0.0
    runbook: str = ""
    shared: bool = False
    delayed: int = 0
    note: str = ""

    def ended(self, at: datetime, took_ms: float) -> "WhyState":
        """This, ended at that moment after so many milliseconds."""
        return replace(self, finished_at=at, took_ms=took_ms)

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self.phase == "running"

    @property
    def status(self) -> str:
        """The status of the diagnosis, empty where there is none yet."""
        return str((self.document or {}).get("status", ""))

    def all(self, name: str) -> list[Document]:
        """A list of the document, such as `chain`."""
        return list((self.document or {}).get(name) or ())

    @property
    def chain(self) -> list[Document]:
        """The whys, the first question first."""
        return self.all("chain")

    @property
    def root(self) -> Document | None:
        """The root cause, if one was found."""
        return (self.document or {}).get("root_cause")
