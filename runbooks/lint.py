"""What cannot be right in runbooks that can be read: found before an incident, with line and what was meant.

A finding is no error of the file: such a runbook runs, but says less than its author thinks, or never speaks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from checks.document import Document, Place, dotted
from runbooks import static, wording
from runbooks.binding import Read
from runbooks.cel.expression import Expression
from runbooks.chains import ABOUT
from runbooks.evidence.sources import SHAPES
from runbooks.runbook import Cause, Each, Library, Remedy, Runbook, every
from runbooks.scope import split
from runbooks.shape import Anything, Listing, Names, Record, Shape, Table
from runbooks.text import Text
from runbooks.values import Truth

TEXTS = ("title", "because", "ruled_out", "settle", "asks")
CITABLE = "a record that can be cited, or a list of them"
ALWAYS = ("true",)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that cannot be right: where it is, what was found, and what was meant or would be right."""

    file: str
    line: int
    field: str
    found: str
    meant: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.field}".rstrip(" :")
        return f"{where}: {self.found}{f'; {self.meant}' if self.meant else ''}"


def lint(read: Read, shapes: Mapping[str, Shape] = SHAPES) -> tuple[Finding, ...]:
    """Everything that cannot be right, by file and line. `shapes` is the evidence that there is."""
    notes = _Notes(read.documents)
    linked = {name for runbook in read.library.runbooks for name in _links(runbook)}
    for runbook in read.library.runbooks:
        _Reader(runbook, read.library, Names(shapes), notes, linked=runbook.id in linked).check()
    _check_links(read.library, notes)
    _check_remedies(read.library, Names(shapes), notes)
    return notes.sorted()


@dataclass(slots=True)
class _Notes:
    """Findings, each once."""

    documents: Mapping[str, Document]
    made: dict[Finding, None] = field(default_factory=dict)

    def note(self, file: str, place: Place, found: str, meant: str = "") -> None:
        self.made[Finding(file, self._line(file, place), dotted(place), found, meant)] = None

    def sentences(self, file: str, place: Place, sentences: Iterable[str]) -> None:
        """What static analysis says: what was meant comes behind a semicolon."""
        for sentence in sentences:
            found, _, meant = sentence.partition("; ")
            self.note(file, place, found, meant)

    def has(self, file: str, place: Place) -> bool:
        """Whether this place is in the file as it is written."""
        document = self.documents.get(file)
        return document is not None and place in document.lines

    def sorted(self) -> tuple[Finding, ...]:
        return tuple(sorted(self.made, key=lambda each: (each.file, each.line, each.field, each.found)))

    def _line(self, file: str, place: Place) -> int:
        document = self.documents.get(file)
        return document.line(place) if document is not None else 1


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one runbook with the shapes of all names at each place."""

    runbook: Runbook
    library: Library
    evidence: Names
    notes: _Notes
    linked: bool

    def check(self) -> None:
        runbook, file = self.runbook, self.runbook.file
        self._check_applies()
        names = self._names(self.evidence, runbook.each, runbook.let, file, ())
        self._text(runbook.asks, names, file, ("asks",), blank="the first question")
        self._check_use(runbook.each, runbook.let, _roots_of_book(runbook, self.library), file, ())
        self._check_use_of_extensions()
        for cause in runbook.causes:
            self._cause(cause, names, ())
        self._check_doubles()

    def _check_applies(self) -> None:
        runbook = self.runbook
        if runbook.applies is None:
            if not self.linked:
                self.notes.note(
                    runbook.file,
                    ("runbook",),
                    "no runbook links to it, and it has no `applies`",
                    "give it `applies`, or let a runbook `link` to it",
                )
            return
        names = self.evidence
        free = split(runbook.each, runbook.let)[0] if runbook.each else runbook.let
        for name, expression in free.items():
            names = Names({**names.shapes, name: static.shape_of(expression, names)})
        self._expression(runbook.applies, names, runbook.file, ("applies",), condition=True)
        truth = static.constant([runbook.applies])
        if truth is Truth.FALSE:
            self.notes.note(runbook.file, ("applies",), "it can never be true")
        if truth is Truth.TRUE and runbook.applies.text not in ALWAYS:
            self.notes.note(
                runbook.file,
                ("applies",),
                "it cannot be false",
                "`true`, if its question is always to be asked",
            )

    # names

    def _names(
        self, around: Names, each: Each | None, let: Mapping[str, Expression], file: str, place: Place
    ) -> Names:
        """The names within: `each` may use what does not depend on it, the rest of `let` may use `each`."""
        before, after = split(each, let) if each is not None else (let, {})
        names = self._let(around, before, file, place)
        if each is not None:
            names = self._each(each, names, file, (*place, "each", each.name))
        return self._let(names, after, file, place)

    def _each(self, each: Each, around: Names, file: str, place: Place) -> Names:
        self._check_name(each.name, around, file, place)
        shape = self._expression(each.of, around, file, place)
        if not isinstance(shape, (Listing, Table, Anything)):
            said = f"{each.of.text} is {wording.called(wording.kind(shape))}"
            self.notes.note(file, place, said, "it takes the members of a list")
        member = shape.of if isinstance(shape, (Listing, Table)) else Anything()
        return Names({**around.shapes, each.name: member})

    def _let(self, around: Names, let: Mapping[str, Expression], file: str, place: Place) -> Names:
        for name, expression in let.items():
            where = self._where(file, place, name)
            self._check_name(name, around, file, where)
            shape = self._expression(expression, around, file, where)
            around = Names({**around.shapes, name: shape})
        return around

    def _where(self, file: str, place: Place, name: str) -> Place:
        """Where a name is written: `let` of an extension is that of all its causes."""
        own = (*place, "let", name)
        return own if self.notes.has(file, own) else ("let", name)

    def _check_name(self, name: str, around: Names, file: str, place: Place) -> None:
        if name in self.evidence.shapes:
            self.notes.note(file, place, f"{name} is the name of evidence", "take another name")
        elif name in around.shapes:
            self.notes.note(file, place, f"{name} is a name already", "take another name")

    def _check_use(
        self, each: Each | None, let: Mapping[str, Expression], used: frozenset[str], file: str, place: Place
    ) -> None:
        for name in let:
            others = (expression.roots for other, expression in let.items() if other != name)
            if name == ABOUT:  # the engine reads it
                continue
            if self.notes.has(file, (*place, "let", name)) and name not in used.union(*others):
                self.notes.note(file, (*place, "let", name), f"nothing uses {name}", "leave it out")
        if each is not None and each.name not in used.union(
            *(expression.roots for expression in let.values())
        ):
            self.notes.note(file, (*place, "each", each.name), f"nothing uses {each.name}", "leave it out")

    def _check_use_of_extensions(self) -> None:
        """A name of an extension is used if one of its causes does."""
        let: dict[tuple[str, str], bool] = {}
        for cause in every(self.runbook.causes):
            used = _roots_of_cause(cause, self.library).union(*(each.roots for each in cause.let.values()))
            for name in cause.let:
                if not self.notes.has(cause.file, (*cause.place, "let", name)):
                    let[cause.file, name] = let.get((cause.file, name), False) or name in used
        for (file, name), is_used in let.items():
            if not is_used and name != ABOUT:
                self.notes.note(file, ("let", name), f"nothing uses {name}", "leave it out")

    def _expression(
        self, expression: Expression, names: Names, file: str, place: Place, *, condition: bool = False
    ) -> Shape:
        self.notes.sentences(file, place, static.problems(expression, names, condition=condition))
        return static.shape_of(expression, names)

    def _text(self, text: Text | None, names: Names, file: str, place: Place, *, blank: str = "") -> None:
        if text is None:
            return
        if blank and not text.source.strip():
            self.notes.note(file, place, "nothing is said", blank)
        self.notes.sentences(file, place, wording.problems(text, names))

    # causes

    def _cause(self, cause: Cause, around: Names, above: tuple[Cause, ...]) -> None:
        file, place = cause.file, cause.place
        names = self._names(around, cause.each, cause.let, file, place)
        self._expression(cause.when, names, file, (*place, "when"), condition=True)
        self._check_condition(cause, above)
        self._check_evidence(cause, names)
        for key in TEXTS:
            blank = "" if key in ("ruled_out", "settle") else f"the {key} of the cause"
            self._text(getattr(cause, key), names, file, (*place, key), blank=blank)
        self._check_said(cause)
        for name in cause.remedies:
            if name in self.library.remedies:
                self._remedy(self.library.remedies[name], cause, names)
        self._check_use(cause.each, cause.let, _roots_of_cause(cause, self.library), file, place)
        for below in cause.causes:
            self._cause(below, names, (*above, cause))

    def _check_condition(self, cause: Cause, above: tuple[Cause, ...]) -> None:
        place = (*cause.place, "when")
        truth = static.constant([cause.when])
        if truth is Truth.FALSE:
            self.notes.note(cause.file, place, "it can never be true")
        elif truth is Truth.TRUE and not self._is_conditioned(cause, above):
            self.notes.note(cause.file, place, "it cannot be false", "a condition on evidence")
        elif (why := self._excluded(cause, above)) is not None:
            self.notes.note(
                cause.file, place, f"it can never be true where {why} is", "the cause is never reached"
            )

    def _is_conditioned(self, cause: Cause, above: tuple[Cause, ...]) -> bool:
        """Whether `when: true` is a condition, since the cause is asked of some members or runbooks alone."""
        if cause.when.text not in ALWAYS:
            return False
        runbook = self.runbook
        if cause.each is not None or above:
            return cause.each is not None
        asked = runbook.applies is not None and static.constant([runbook.applies]) is not Truth.TRUE
        return runbook.each is not None or (asked and not self.linked)

    def _excluded(self, cause: Cause, above: tuple[Cause, ...]) -> str | None:
        """What rules the cause out wherever it is asked; None if nothing does.

        Names that are given twice on the way may stand for different things: then nothing is concluded.
        """
        way = (*above, cause)
        names = [name for each in way for name in (*each.let, *([each.each.name] if each.each else []))]
        if len({*names}) < len(names):
            return None
        asked = [] if self.linked or self.runbook.applies is None else [("`applies`", self.runbook.applies)]
        for name, condition in [*asked, *((each.id, each.when) for each in above)]:
            if static.constant([condition, cause.when]) is Truth.FALSE:
                return name
        return None

    def _check_evidence(self, cause: Cause, names: Names) -> None:
        place = (*cause.place, "evidence")
        if not cause.evidence:
            meant = f"{CITABLE}; without one it is never confirmed"
            self.notes.note(cause.file, place, "there is no evidence", meant)
        for position, expression in enumerate(cause.evidence):
            shape = self._expression(expression, names, cause.file, (*place, position))
            if isinstance(shape, Table) and _is_citable(Listing(shape.of)):
                said, meant = f"{expression.text} is a table", f"values({expression.text})"
                self.notes.note(cause.file, (*place, position), said, meant)
            elif not _is_citable(shape):
                said = f"{expression.text} is {wording.called(wording.kind(shape))} that cannot be cited"
                self.notes.note(cause.file, (*place, position), said, CITABLE)

    def _check_said(self, cause: Cause) -> None:
        goes_on = bool(cause.causes or cause.link)
        if goes_on and cause.asks is None:
            self.notes.note(
                cause.file, (*cause.place, "asks"), "there is no next question", "causes or links answer it"
            )
        if not goes_on and cause.asks is not None:
            self.notes.note(
                cause.file, (*cause.place, "asks"), "nothing answers the question", "`causes` or `link`"
            )
        if cause.ruled_out is None and not cause.contributing:
            meant = 'it is not listed when it is ruled out; "" if that is meant'
            self.notes.note(cause.file, (*cause.place, "ruled_out"), "nothing is said", meant)
        if cause.root and cause.contributing:
            self.notes.note(
                cause.file, (*cause.place, "root"), "what contributes is no root cause", "one of the two"
            )

    def _remedy(self, remedy: Remedy, cause: Cause, names: Names) -> None:
        """A remedy, at the cause that names it, whose names it may use."""
        place = ("remedies", remedy.id)
        named = f" (where {self.runbook.id}/{cause.id} names it)"
        for key, sentences in _of_remedy(remedy, names):
            told = (f"{found}{named}{end}" for found, end in map(_parted, sentences))
            self.notes.sentences(remedy.file, (*place, *key), told)

    def _check_doubles(self) -> None:
        """An id on two ways is the same cause: it has the same condition and title."""
        first: dict[str, Cause] = {}
        for cause in every(self.runbook.causes):
            other = first.setdefault(cause.id, cause)
            if (other.when, other.title) != (cause.when, cause.title):
                meant = "the same `when` and `title`, or another id"
                self.notes.note(
                    cause.file, (*cause.place, "id"), f"another cause {cause.id} is a different one", meant
                )


def _parted(sentence: str) -> tuple[str, str]:
    found, semicolon, meant = sentence.partition("; ")
    return found, semicolon + meant


def _of_remedy(remedy: Remedy, names: Names) -> Iterator[tuple[Place, list[str]]]:
    """What is wrong with each part of a remedy, where these names are there."""
    if remedy.when is not None:
        yield ("when",), static.problems(remedy.when, names, condition=True)
    yield ("title",), wording.problems(remedy.title, names)
    yield ("text",), wording.problems(remedy.text, names)
    for position, command in enumerate(remedy.commands):
        yield ("commands", position), wording.problems(command, names)


def _is_citable(shape: Shape) -> bool:
    match shape:
        case Anything():
            return True
        case Record():
            return shape.cited
        case Listing():
            return _is_citable(shape.of)
        case _:
            return False


# what uses which names


def _roots_of_book(runbook: Runbook, library: Library) -> frozenset[str]:
    """The names that anything of a runbook uses, besides its `let`."""
    own = [runbook.applies, runbook.asks, runbook.each.of if runbook.each else None]
    below = [_roots_of_cause(cause, library) | _roots_of_let(cause) for cause in runbook.causes]
    return frozenset(chain.from_iterable(each.roots for each in own if each is not None)).union(*below)


def _roots_of_cause(cause: Cause, library: Library) -> frozenset[str]:
    """The names that anything of a cause and below it uses, besides its own `let`."""
    own: list[Expression | Text | None] = [
        cause.when,
        *cause.evidence,
        *(getattr(cause, key) for key in TEXTS),
    ]
    own += [cause.each.of] if cause.each else []
    for name in cause.remedies:
        if name in library.remedies:
            remedy = library.remedies[name]
            own += [remedy.when, remedy.title, remedy.text, *remedy.commands]
    below = [_roots_of_cause(each, library) | _roots_of_let(each) for each in cause.causes]
    return frozenset(chain.from_iterable(each.roots for each in own if each is not None)).union(*below)


def _roots_of_let(cause: Cause) -> frozenset[str]:
    return frozenset[str]().union(*(each.roots for each in cause.let.values()))


# what holds for the library as a whole


def _links(runbook: Runbook) -> Iterator[str]:
    return chain.from_iterable(cause.link for cause in every(runbook.causes))


def _check_links(library: Library, notes: _Notes) -> None:
    """Runbooks that lead back to themselves: the second time round nothing is asked."""
    runbooks = {each.id: each for each in library.runbooks}
    done: set[str] = set()
    for name in runbooks:
        _walk(name, (), runbooks, done, notes)


def _walk(
    name: str, way: tuple[str, ...], runbooks: Mapping[str, Runbook], done: set[str], notes: _Notes
) -> None:
    for cause in every(runbooks[name].causes):
        for position, link in enumerate(cause.link):
            if link in (*way, name):
                circle = " → ".join([*_from(link, (*way, name)), link])
                notes.note(
                    cause.file, (*cause.place, "link", position), f"a circle: {circle}", "no link back"
                )
            elif link in runbooks and link not in done:
                _walk(link, (*way, name), runbooks, done, notes)
    done.add(name)


def _from(name: str, way: Sequence[str]) -> Sequence[str]:
    return way[way.index(name) :]


def _check_remedies(library: Library, evidence: Names, notes: _Notes) -> None:
    named = {
        name for runbook in library.runbooks for cause in every(runbook.causes) for name in cause.remedies
    }
    for remedy in library.remedies.values():
        place = ("remedies", remedy.id)
        if remedy.id not in named:
            notes.note(remedy.file, place, f"no cause names {remedy.id}", "leave it out, or name it")
            for key, sentences in _of_remedy(remedy, evidence):
                notes.sentences(remedy.file, (*place, *key), sentences)
        for what in ("title", "text"):
            if not getattr(remedy, what).source.strip():
                notes.note(remedy.file, (*place, what), "nothing is said", f"the {what} of the remedy")
