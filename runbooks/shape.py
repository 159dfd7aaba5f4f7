"""The shape of evidence, declared by each source: what conditions may name, checked before they ever run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """A plain value: `kind` is text, number, flag, time or duration. `values`, where not empty, are all that
    it can be."""

    kind: str
    says: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with fixed fields. `cited` where evidence lists may name it."""

    fields: Mapping[str, "Shape"]
    says: str = ""
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping by name, such as checks by their names."""

    of: "Shape"
    says: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    of: "Shape"
    says: str = ""


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever the kind gives, such as the facts of a check; not checked further."""

    says: str = ""


Shape: TypeAlias = Scalar | Record | Table | Listing | Anything


def text(says: str = "", *values: str) -> Scalar:
    """A text."""
    return Scalar("text", says, values)


def number(says: str = "") -> Scalar:
    """A number; `says` gives its unit."""
    return Scalar("number", says)


def flag(says: str = "") -> Scalar:
    """True or false."""
    return Scalar("flag", says)


def time(says: str = "") -> Scalar:
    """A moment, UTC."""
    return Scalar("time", says)


CITED = Record(
    {
        "id": text("where it is in the evidence: checks.redis"),
        "text": text("what it says, in words"),
        "source": text("the system that said so: check, cloud_run, logging, …"),
        "at": time("when it was read"),
        "url": text("its page in the console, or empty"),
    },
    "what a why shows of this",
)


@dataclass(frozen=True, slots=True)
class Names:
    """What expressions may take from outside: evidence by the name of its source, and what `let` adds."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)
