"""What evidence the causes that are still open could need."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from runbooks.causes import Judged, texts_of
from runbooks.cel.expression import Expression
from runbooks.chains import ABOUT, Looked, Walk
from runbooks.runbook import Cause, Each, Library, Remedy, Runbook
from runbooks.scope import Scope
from runbooks.text import Text
from runbooks.values import Truth

Reach: TypeAlias = Mapping[str, frozenset[str]]
"""What each name is taken from: roots of evidence."""

ABOUT_THE_WHOLE = ("onset", "history")
"""What a diagnosis with a chain looks at besides: when it began, and whether it was there before."""


def roots(library: Library, walked: Walk, unfinished: frozenset[str]) -> frozenset[str]:
    """The roots of evidence that may yet be looked at. `unfinished` are those of which more may come."""
    reading = _Reading(library, walked.judge.outermost)
    needed: set[str] = set()
    for looked in walked.looked:
        needed |= reading.of(looked, unfinished)
    failing = any(not trail.runbook.healthy for trail in walked.trails)
    if failing or needed & unfinished:
        needed.update(ABOUT_THE_WHOLE)
    return frozenset(needed)


class _Reading:
    """What runbooks read, without running them; of each runbook once."""

    def __init__(self, library: Library, outermost: Scope) -> None:
        self._runbooks = {each.id: each for each in library.runbooks}
        self._remedies = library.remedies
        self._outermost: Reach = {name: each.sources for name, each in outermost.origins.items()}
        self._own: dict[str, frozenset[str]] = {}

    def of(self, looked: Looked, unfinished: frozenset[str]) -> frozenset[str]:
        """What may yet be read of something that was looked at."""
        if looked.judged is not None:
            return self._of_cause(looked.judged, unfinished)
        runbook = looked.runbook
        if looked.answer.truth is not Truth.UNKNOWN or runbook.applies is None:
            return self._of_opening(runbook) if looked.answer.truth is Truth.TRUE else frozenset()
        asked = _taken(self._outermost, [runbook.applies], runbook.let)
        return asked | self._runbook(runbook) if asked & unfinished else frozenset()

    def _of_opening(self, runbook: Runbook) -> frozenset[str]:
        """What a runbook that is asked reads before its causes."""
        each = [runbook.each.of] if runbook.each else []
        return _taken(self._outermost, [*each, runbook.asks], runbook.let)

    def _of_cause(self, judged: Judged, unfinished: frozenset[str]) -> frozenset[str]:
        if judged.truth is Truth.FALSE:
            return frozenset()
        cause = judged.cause
        reach = {name: each.sources for name, each in judged.scope.origins.items()}
        shown = _reads(reach, cause.evidence)
        if judged.truth is Truth.TRUE:
            said = _reads(reach, (cause.when, *texts_of(cause), *self._remedies_of(cause)))
            return shown | said | reach.get(ABOUT, frozenset())
        decides = self._decides(judged, reach) | (shown if judged.held else frozenset())
        return decides | self._subtree([(cause, reach)]) if decides & unfinished else frozenset()

    def _decides(self, judged: Judged, reach: Reach) -> frozenset[str]:
        """What decides whether there is a member of which a cause could be, and whether it is one."""
        runbook, cause = judged.runbook, judged.cause
        member = _taken(self._outermost, [runbook.each.of] if runbook.each else [], runbook.let)
        own = _reads(reach, [cause.when, *([cause.each.of] if cause.each else [])])
        return member | own | reach.get(ABOUT, frozenset())

    def _runbook(self, runbook: Runbook) -> frozenset[str]:
        """All that a runbook could read, without those to which it leads on."""
        if runbook.id not in self._own:
            self._own[runbook.id] = frozenset()
            reach = _named(self._outermost, runbook.each, runbook.let)
            top = self._subtree([(cause, reach) for cause in runbook.causes])
            self._own[runbook.id] = self._of_opening(runbook) | top
        return self._own[runbook.id]

    def _subtree(self, causes: list[tuple[Cause, Reach]]) -> frozenset[str]:
        """All that causes, those below them and the runbooks to which they lead could read."""
        found: set[str] = set()
        entered: dict[str, None] = {}
        open_ = list(causes)
        while open_:
            cause, around = open_.pop()
            reach = _named(around, cause.each, cause.let)
            found |= _reads(around, [cause.each.of] if cause.each else []) | reach.get(ABOUT, frozenset())
            found |= _reads(reach, (cause.when, *cause.evidence, *texts_of(cause), *self._remedies_of(cause)))
            open_ += [(below, reach) for below in cause.causes]
            for name in cause.link:
                if name in self._runbooks and name not in entered:
                    entered[name] = None
                    linked = self._runbooks[name]
                    found |= self._of_opening(linked)
                    into = _named(self._outermost, linked.each, linked.let)
                    open_ += [(top, into) for top in linked.causes]
        return frozenset(found)

    def _remedies_of(self, cause: Cause) -> Iterator[Expression | Text]:
        for name in cause.remedies:
            if (remedy := self._remedies.get(name)) is not None:
                yield from parts_of(remedy)


def parts_of(remedy: Remedy) -> Iterator[Expression | Text]:
    """Everything of a remedy that looks at evidence."""
    if remedy.when is not None:
        yield remedy.when
    yield from (remedy.title, remedy.text, *remedy.commands)


def _named(around: Reach, each: Each | None, let: Mapping[str, Expression]) -> Reach:
    """What names are taken from within an `each` and a `let`."""
    if each is None and not let:
        return around
    reach = dict(around)
    if each is not None:
        reach[each.name] = frozenset()
    for name, expression in let.items():
        reach[name] = _reads(reach, [expression])
    if each is not None:
        member = _reads(reach, [each.of])
        for name in (each.name, *let):
            reach[name] |= member
    return reach


def _taken(
    around: Reach, parts: Iterable[Expression | Text], let: Mapping[str, Expression]
) -> frozenset[str]:
    return _reads(_named(around, None, let), parts)


def _reads(reach: Reach, parts: Iterable[Expression | Text]) -> frozenset[str]:
    names = frozenset[str]().union(*(part.roots for part in parts))
    return frozenset[str]().union(*(reach[name] for name in names if name in reach))
