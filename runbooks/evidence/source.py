"""What every source of evidence is: it gathers one section of a bundle, and says what runbooks see of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from checks.environment import Environment
from checks.eyes import Eyes
from checks.observations import Blind
from checks.result import Sweep
from runbooks.shape import Shape
from runbooks.values import Json, Value


@dataclass(frozen=True, slots=True)
class Section:
    """What one source said: plain JSON, no secret in it. `blind` where nothing could be read at all.

    `finished` is False where more is to come; a later section of the same source takes its place.
    """

    source: str
    data: Json = None
    blind: Blind | None = None
    gathered_at: datetime | None = None
    took_ms: float = 0.0
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """What a source may ask. `sweep` runs all checks as they come, or hands over one that is fresh enough.

    `eyes` is None where the file names no project. `past` reads earlier diagnoses of this environment,
    newest first, each as its `whybot/why/1` document with `id` and `at`; None without a store. `scrub` takes
    secrets out of what is kept (`runbooks.scrub`); without one only what looks like a secret goes.
    """

    environment: Environment
    eyes: Eyes | None
    sweep: Callable[[], AsyncIterator[Sweep]]
    now: Callable[[], datetime]
    past: Callable[[], Awaitable[list[Json]]] | None = None
    scrub: "Callable[[Section], Section] | None" = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What a source's view may look at besides its own section: the bundle's frame and the other sections.

    `environment` is the bundle's part of the environment file, as JSON; `at` is when gathering began.
    """

    environment: Json
    at: datetime
    sections: Mapping[str, Section] = field(default_factory=dict)


class Source(Protocol):
    """One source. `name` is the root under which expressions find it, `title` what people call it."""

    name: str
    title: str
    shape: Shape

    def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Reads it; raises nothing for what systems answer. The last section has `finished`."""
        ...

    def view(self, section: Section, frame: Frame) -> Value:
        """What expressions see of a section: pure, the same for the same JSON. Of the form of `shape`.

        What could not be told within it is a `Gap` at its place.
        """
        ...


class Derived(Protocol):
    """Evidence that nobody is asked for: a view over what sources said. `of` are the names of those sources.

    `facts` has what expressions see of them, a gap for one that is not there.
    """

    name: str
    title: str
    shape: Shape
    of: tuple[str, ...]

    def view(self, facts: Mapping[str, Value], frame: Frame) -> Value:
        """What expressions see: pure, and of the form of `shape`."""
        ...
