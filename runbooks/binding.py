"""Puts the forms of all files together into one library, and notes what does not fit."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from checks.document import Document, Place, Problem, dotted
from checks.validation import did_you_mean, shown
from runbooks.cel.expression import Expression
from runbooks.form import CauseForm, ExtensionForm, RemediesForm, RemedyForm, RunbookForm
from runbooks.runbook import Cause, Each, Library, Remedy, Runbook, every

MOST_CAUSES = 2_000  # of the whole library
Form = RunbookForm | ExtensionForm | RemediesForm
Owners = dict[tuple[str, str], str]
"""Which file has a runbook or remedy, of files that may not replace one another."""


@dataclass(frozen=True, slots=True)
class File:
    """One file. `form` is None where it is too wrong to be used."""

    document: Document
    form: Form | None

    @property
    def path(self) -> str:
        """Its path, as problems name it."""
        return self.document.file


@dataclass(frozen=True, slots=True)
class Read:
    """What could be read of all files, and what is wrong with them. `documents` are by path."""

    library: Library
    documents: Mapping[str, Document]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Binding:
    """Puts files together into one library, and notes what does not fit."""

    files: dict[str, File] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    runbooks: dict[str, Runbook] = field(default_factory=dict)
    remedies: dict[str, Remedy] = field(default_factory=dict)

    def complain(self, file: str, found: str, allowed: str) -> None:
        """Notes a problem with a file as a whole."""
        self.problems.append(Problem(file, 1, "", found, allowed))

    def add(self, files: Iterable[File]) -> None:
        """Adds files, which replace what files of another call added."""
        added = list(files)
        mine: Owners = {}
        for file in added:
            self.files[file.path] = file
            match file.form:
                case RunbookForm() as form:
                    if self._first(mine, ("runbook", form.runbook), file, ("runbook",)):
                        self.runbooks[form.runbook] = _runbook(form, file.path)
                case RemediesForm() as form:
                    self._add_remedies(form, file, mine)
        for file in added:
            if isinstance(file.form, ExtensionForm):
                self._extend(file.form, file)

    def read(self) -> Read:
        """What came of it."""
        library = Library(tuple(self.runbooks.values()), dict(self.remedies))
        documents = {path: file.document for path, file in self.files.items()}
        for runbook in library.runbooks:
            self._complain_of_doubles(runbook.causes)
            self._complain_of_names(runbook.causes)
        self._complain_of_number(library)
        problems = [problem for document in documents.values() for problem in document.problems]
        return Read(library, documents, tuple(problems + self.problems))

    def _add_remedies(self, form: RemediesForm, file: File, mine: Owners) -> None:
        for name, remedy in form.remedies.items():
            if self._first(mine, ("remedy", name), file, ("remedies", name)):
                self.remedies[name] = _remedy(name, remedy, file.path)

    def _first(self, mine: Owners, key: tuple[str, str], file: File, place: Place) -> bool:
        """Whether this is the first of its name among files that may not replace one another."""
        other = mine.setdefault(key, file.path)
        if other == file.path:
            return True
        kind, name = key
        self._at(file, place, f"the {kind} {name}, which {other} has as well", "one of them")
        return False

    def _at(self, file: File, place: Place, found: str, allowed: str) -> None:
        line = file.document.line(place)
        self.problems.append(Problem(file.path, line, dotted(place), found, allowed))

    def _extend(self, form: ExtensionForm, file: File) -> None:
        runbook = self.runbooks.get(form.extends)
        if runbook is None:
            self._unknown(file, ("extends",), form.extends, "a runbook", list(self.runbooks))
            return
        let = _let(form.let)
        added = tuple(
            replace(cause, let={**let, **cause.let}) for cause in _causes(form.causes, file.path, ("causes",))
        )
        if form.into is None:
            self.runbooks[runbook.id] = replace(runbook, causes=(*runbook.causes, *added))
            return
        known = [cause.id for cause in every(runbook.causes)]
        if form.into not in known:
            self._unknown(file, ("into",), form.into, f"a cause of {runbook.id}", known)
        widened = _into(runbook.causes, form.into, added)
        self.runbooks[runbook.id] = replace(runbook, causes=widened)

    def _unknown(self, file: File, place: Place, name: str, allowed: str, known: list[str]) -> None:
        names = list(dict.fromkeys(known))
        listed = f": {', '.join(names)}" if len(names) <= 20 else ""
        self._at(file, place, shown(name), f"{allowed}{listed}{did_you_mean(name, names)}")

    def _complain_of_doubles(self, causes: tuple[Cause, ...]) -> None:
        """Causes that answer one question have different ids."""
        times = Counter(cause.id for cause in causes)
        seen: set[str] = set()
        for cause in causes:
            if times[cause.id] > 1 and cause.id in seen:
                found = f"a second cause {cause.id} beside the first"
                self._at(self.files[cause.file], (*cause.place, "id"), found, "another id")
            seen.add(cause.id)
            self._complain_of_doubles(cause.causes)

    def _complain_of_names(self, causes: tuple[Cause, ...]) -> None:
        """What a cause leads to has to be there."""
        for cause in every(causes):
            lists: tuple[tuple[str, tuple[str, ...], Mapping[str, Any]], ...] = (
                ("link", cause.link, self.runbooks),
                ("remedies", cause.remedies, self.remedies),
            )
            for key, names, known in lists:
                for position, name in enumerate(names):
                    if name not in known:
                        what = "a runbook" if key == "link" else "a remedy"
                        place = (*cause.place, key, position)
                        self._unknown(self.files[cause.file], place, name, what, list(known))

    def _complain_of_number(self, library: Library) -> None:
        counts = Counter(cause.file for runbook in library.runbooks for cause in every(runbook.causes))
        if counts.total() > MOST_CAUSES:
            largest = max(counts, key=lambda path: counts[path])
            found = f"{counts[largest]:,} causes here, {counts.total():,} in all files"
            self.complain(largest, found, f"at most {MOST_CAUSES:,} in all files")


def _into(causes: tuple[Cause, ...], name: str, added: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """These causes, where those of that name have more below them."""
    return tuple(
        replace(cause, causes=(*_into(cause.causes, name, added), *(added if cause.id == name else ())))
        for cause in causes
    )


def _runbook(form: RunbookForm, file: str) -> Runbook:
    return Runbook(
        id=form.runbook,
        file=file,
        asks=form.asks,
        applies=form.applies,
        causes=_causes(form.causes, file, ("causes",)),
        title=form.title or form.runbook,
        rank=form.rank,
        healthy=form.healthy,
        secondary=form.secondary,
        each=_each(form.each),
        let=_let(form.let),
    )


def _causes(forms: Iterable[CauseForm], file: str, place: Place) -> tuple[Cause, ...]:
    return tuple(_cause(form, file, (*place, position)) for position, form in enumerate(forms))


def _cause(form: CauseForm, file: str, place: Place) -> Cause:
    return Cause(
        id=form.id,
        title=form.title,
        when=form.when,
        because=form.because,
        evidence=form.evidence,
        asks=form.asks,
        ruled_out=form.ruled_out,
        settle=form.settle,
        let=_let(form.let),
        each=_each(form.each),
        causes=_causes(form.causes, file, (*place, "causes")),
        link=form.link,
        remedies=form.remedies,
        root=form.root,
        contributing=form.contributing,
        file=file,
        place=place,
    )


def _each(form: Mapping[str, Expression] | None) -> Each | None:
    return next((Each(name, of) for name, of in (form or {}).items()), None)


def _let(form: Mapping[str, Expression]) -> dict[str, Expression]:
    return dict(form)


def _remedy(name: str, form: RemedyForm, file: str) -> Remedy:
    return Remedy(
        id=name,
        title=form.title,
        text=form.text,
        when=form.when,
        action=form.action or "",
        undoable=form.undoable,
        reach=form.reach,
        reach_text=form.reach_text,
        lasting=form.lasting,
        commands=form.commands,
        file=file,
    )
