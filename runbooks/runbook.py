"""A runbook, read and checked: a tree of possible causes with conditions over evidence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from checks.document import Place
from runbooks.cel.expression import Expression
from runbooks.text import Text


@dataclass(frozen=True, slots=True)
class Each:
    """One cause for every member of a list: `name` stands for the member within."""

    name: str
    of: Expression


@dataclass(frozen=True, slots=True)
class Cause:
    """One possible because.

    `when` decides; `evidence` are expressions that give what can be cited (a record, or a list of them);
    `title` is its short name ("Redis down"); `ruled_out` what is said of it in brackets when it is not the
    cause. `asks` is the next question, answered by `causes` and then by those of the runbooks of `link`.
    `root`: a cause in its own right, though deeper whys may say how it came to be; a cause without deeper
    ones always is. `contributing`: it makes things worse and is never the root. `settle` says how to find
    out, where its gaps do not.
    """

    id: str
    title: Text
    when: Expression
    because: Text
    evidence: tuple[Expression, ...]
    asks: Text | None = None
    ruled_out: Text | None = None
    settle: Text | None = None
    let: Mapping[str, Expression] = field(default_factory=dict)
    each: Each | None = None
    causes: tuple["Cause", ...] = ()
    link: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    root: bool = False
    contributing: bool = False
    file: str = ""
    place: Place = ()


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would help. `when` says whether it may be offered (a fix that would not help is not).

    `action` is the kind of remediation that a button leads to, empty for what people do by hand: `commands`.
    `undoable` and `reach` (1: one service, 2: the environment, 3: beyond) rank it; `lasting` are those that
    keep it from coming back. `text` says what it will do.
    """

    id: str
    title: Text
    text: Text
    when: Expression | None = None
    action: str = ""
    undoable: bool = False
    reach: int = 1
    reach_text: str = ""
    lasting: bool = False
    commands: tuple[Text, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook. `applies` says whether its question is asked at all; never asked by itself without it.

    `rank` orders runbooks whose chains are equally deep, the lowest first. `healthy`: its cause says that
    nothing is wrong. `secondary`: beside the point of an outage, its chain never comes first.
    """

    id: str
    file: str
    asks: Text
    applies: Expression | None
    causes: tuple[Cause, ...]
    title: str = ""
    rank: int = 100
    healthy: bool = False
    secondary: bool = False
    each: Each | None = None
    let: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Library:
    """All runbooks, in order, and the remedies that they name."""

    runbooks: tuple[Runbook, ...]
    remedies: Mapping[str, Remedy] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Runbook:
        """The runbook of that name. Raises KeyError."""
        return next(each for each in self.runbooks if each.id == name) if self.knows(name) else _missing(name)

    def knows(self, name: str) -> bool:
        """Whether there is one of that name."""
        return any(each.id == name for each in self.runbooks)


def every(causes: Iterable[Cause]) -> Iterator[Cause]:
    """Causes with all that are below them, in the order of the file."""
    for cause in causes:
        yield cause
        yield from every(cause.causes)


def _missing(name: str) -> Runbook:
    raise KeyError(name)
