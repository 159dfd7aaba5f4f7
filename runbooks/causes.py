"""Causes, judged: confirmed, ruled out or untold, each once for every subject."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Generic, TypeVar

from runbooks.cel.expression import Answer, Budget, Expression
from runbooks.cel.gaps import reasons
from runbooks.diagnosis import Cite
from runbooks.runbook import Cause, Library, Runbook
from runbooks.scope import Instance, Scope, instances, split
from runbooks.text import Text
from runbooks.values import CITE, Gap, Partial, Truth, Value

MOST_CITES = 50
"""As many pieces of evidence as one why may name."""
Key = tuple[str, str]
"""What makes a cause the same: `runbook/cause` and its subject."""


T = TypeVar("T")


class Kept(Generic[T]):
    """What an iterator gives, as it is asked for, and kept for whoever asks again."""

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._kept: list[T] = []

    def __iter__(self) -> Iterator[T]:
        yield from self._kept
        for each in self._source:
            self._kept.append(each)
            yield each


@dataclass(frozen=True, slots=True)
class Support:
    """What evidence expressions came to: what can be cited, and what would have been."""

    cites: tuple[Cite, ...] = ()
    missing: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A cause of one subject. `held` where its condition is true, even if nothing can be cited for it.

    With `of_any` it stands for members of its runbook's `each` of which is not known whether there are any.
    """

    runbook: Runbook
    cause: Cause
    scope: Scope
    subject: str
    truth: Truth
    gaps: tuple[Gap, ...] = ()
    support: Support = Support()
    held: bool = False
    of_any: bool = False

    @property
    def id(self) -> str:
        """`runbook/cause`."""
        return f"{self.runbook.id}/{self.cause.id}"

    @property
    def key(self) -> Key:
        """What makes it the same."""
        return self.id, self.subject

    def say(self, text: Text | None) -> str:
        """A text of the cause about this subject."""
        return text.render(self.scope.values) if text is not None else ""


class Judge:
    """Judges causes over facts, each once however many runbooks lead there. Raises `BudgetSpent`."""

    def __init__(self, library: Library, facts: Mapping[str, Value], budget: Budget) -> None:
        self.outermost = Scope.of(facts)
        self.budget = budget
        self._runbooks = {each.id: each for each in library.runbooks}
        self._opened: dict[str, tuple[Instance, ...]] = {}
        self._top: dict[str, Kept[Judged]] = {}
        self._below: dict[Judged, Kept[Judged]] = {}

    def applies(self, runbook: Runbook) -> Answer:
        """Whether its question is asked by itself. What it lets may be used for that, but not its `each`."""
        if runbook.applies is None:
            return Answer(Truth.FALSE)
        scope = self.outermost
        if not runbook.applies.roots <= scope.values.keys():
            scope = scope.let(_free(runbook), self.budget)
        return runbook.applies.ask(scope.values, self.budget)

    def opened(self, runbook: Runbook) -> tuple[Instance, ...]:
        """A runbook for every member of its `each`."""
        if runbook.id not in self._opened:
            made = instances(self.outermost, runbook.each, runbook.let, self.budget)
            self._opened[runbook.id] = made
        return self._opened[runbook.id]

    def top(self, runbook: Runbook) -> Kept[Judged]:
        """The causes of a runbook's first question, of every instance."""
        if runbook.id not in self._top:
            found = (self._causes(runbook, runbook.causes, instance) for instance in self.opened(runbook))
            self._top[runbook.id] = Kept(chain.from_iterable(found))
        return self._top[runbook.id]

    def below(self, judged: Judged) -> Kept[Judged]:
        """A confirmed cause's own deeper causes."""
        if judged not in self._below:
            found = self._causes(judged.runbook, judged.cause.causes, Instance(judged.scope))
            self._below[judged] = Kept(found)
        return self._below[judged]

    def linked(self, judged: Judged) -> tuple[Runbook, ...]:
        """The runbooks to which a cause leads on."""
        return tuple(self._runbooks[name] for name in judged.cause.link if name in self._runbooks)

    def _causes(self, runbook: Runbook, causes: Iterable[Cause], around: Instance) -> Iterator[Judged]:
        for cause in causes:
            if around.gaps:
                yield Judged(
                    runbook, cause, around.scope, around.subject, Truth.UNKNOWN, around.gaps, of_any=True
                )
            else:
                yield from self._of(runbook, cause, around)

    def _of(self, runbook: Runbook, cause: Cause, around: Instance) -> Iterator[Judged]:
        self.budget.spend()
        made = instances(around.scope, cause.each, cause.let, self.budget)
        if not made and cause.ruled_out is not None and not _needs_member(cause):
            yield Judged(runbook, cause, around.scope, "", Truth.FALSE)
        for instance in made:
            subject = instance.subject if cause.each else _subject(cause, instance.scope)
            if instance.gaps:
                yield Judged(runbook, cause, instance.scope, subject, Truth.UNKNOWN, instance.gaps)
            else:
                yield self._judge(runbook, cause, instance.scope, subject)

    def _judge(self, runbook: Runbook, cause: Cause, scope: Scope, subject: str) -> Judged:
        answer = cause.when.ask(scope.values, self.budget)
        if answer.truth is Truth.UNKNOWN:
            return Judged(runbook, cause, scope, subject, Truth.UNKNOWN, answer.gaps)
        support = self._support(cause, scope)
        if answer.truth is Truth.FALSE:
            return Judged(runbook, cause, scope, subject, Truth.FALSE, support=support)
        if support.cites:
            return Judged(runbook, cause, scope, subject, Truth.TRUE, support=support, held=True)
        uncited = Gap(f"{runbook.id}/{cause.id}", "It holds, but there is no evidence to show for it")
        gaps = support.missing or (uncited,)
        return Judged(runbook, cause, scope, subject, Truth.UNKNOWN, gaps, support, held=True)

    def _support(self, cause: Cause, scope: Scope) -> Support:
        cites: dict[str, Cite] = {}
        missing: dict[Gap, None] = {}
        for expression in cause.evidence:
            for found in citable(expression.evaluate(scope.values, self.budget)):
                if isinstance(found, Gap):
                    missing[found] = None
                else:
                    cites.setdefault(found.id, found)
        return Support(tuple(cites.values())[:MOST_CITES], tuple(missing))


def citable(value: Value) -> Iterator[Cite | Gap]:
    """What can be cited of a value: a record with a cite, or such records in a list; gaps as they are."""
    match value:
        case Gap():
            yield from reasons(value)
        case tuple():
            for member in value:
                yield from citable(member)
            yield from value.gaps if isinstance(value, Partial) else ()
        case Mapping():
            cite = value.get(CITE)
            if isinstance(cite, Gap):
                yield cite
            elif isinstance(cite, Mapping):
                yield cite_of(cite)


def cite_of(cite: Mapping[str, Value]) -> Cite:
    """A cite as evidence has it, as the diagnosis has it."""
    at = cite.get("at")
    id_, text, source, url = (_plain(cite.get(key)) for key in ("id", "text", "source", "url"))
    return Cite(id_, text, source, at if isinstance(at, datetime) else None, url)


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _free(runbook: Runbook) -> Mapping[str, Expression]:
    """The names of a runbook's `let` that depend on no member of its `each`."""
    return split(runbook.each, runbook.let)[0] if runbook.each else runbook.let


def texts_of(cause: Cause) -> tuple[Text, ...]:
    """The texts that are said of a confirmed cause."""
    return tuple(text for text in (cause.title, cause.because, cause.asks) if text is not None)


def _subject(cause: Cause, scope: Scope) -> str:
    """The member that a cause is about: that of the innermost `each` that it looks at, if it looks at any."""
    if not scope.depth:
        return ""
    said = frozenset[str]().union(cause.when.roots, cause.title.roots, cause.because.roots)
    return scope.origin(sorted(said.union(*(each.roots for each in cause.evidence)))).subject


def _needs_member(cause: Cause) -> bool:
    """Whether what is said of a cause that is ruled out uses a member, of which there is none."""
    own = {*cause.let, *([cause.each.name] if cause.each else ())}
    said = (cause.title, cause.ruled_out) if cause.ruled_out is not None else (cause.title,)
    return any(text.roots & own for text in said)
