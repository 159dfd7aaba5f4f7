"""Runbooks from YAML files: ours, and those of a folder that replace, extend and add.

A file can be anything; nothing comes of it but a library or `RunbookError` with every problem of all files.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from checks.document import Document, FileError, Place, read_document
from checks.validation import did_you_mean, problems_of, shown
from runbooks.binding import Binding, File, Form, Read
from runbooks.form import Allowance, CauseForm, ExtensionForm, RemediesForm, RunbookForm
from runbooks.library import BOOKS, FOLDER, REMEDIES
from runbooks.runbook import Library

LARGEST_FILE = 256 * 1024  # bytes
LARGEST_FOLDER = 1_000_000  # bytes of all its files
MOST_FILES = 50  # of a folder
MOST_VALUES = 40_000  # of a file, after aliases are followed
DEEPEST = 12  # causes under causes
SUFFIXES = (".yaml", ".yml")
RUNBOOK, REMEDY = "whybot/runbook/1", "whybot/remedies/1"
Model = TypeVar("Model", bound=BaseModel)


class RunbookError(FileError):
    """Runbooks are wrong. `problems` has every mistake of all files; `str()` is for people."""


def load_library(folder: Path | None = None) -> Library:
    """Our runbooks, with those of a folder. Raises `RunbookError` with every problem of all files."""
    read = read_library(folder)
    if read.problems:
        raise RunbookError(read.problems)
    return read.library


def read_library(folder: Path | None = None) -> Read:
    """As `load_library`, but hands over the problems together with what could be read."""
    binding = Binding()
    binding.add(_ours())
    if folder is not None:
        binding.add(_of_folder(folder, binding))
    return binding.read()


@cache
def _ours() -> tuple[File, ...]:
    """Our own files never change while whybot runs."""
    allowance = Allowance()
    return tuple(_read(FOLDER / f"{name}.yaml", allowance) for name in (*BOOKS, REMEDIES))


def _of_folder(folder: Path, binding: Binding) -> Iterator[File]:
    try:
        paths = sorted(path for path in folder.iterdir() if _is_ours(path))
        inside = folder.resolve()
    except OSError as error:
        found = f"a folder that cannot be read ({error.strerror})"
        binding.complain(str(folder), found, "a folder of runbooks")
        return
    if len(paths) > MOST_FILES:
        binding.complain(str(folder), f"{len(paths):,} files", f"at most {MOST_FILES}")
        return
    if sum(map(_size, paths)) > LARGEST_FOLDER:
        binding.complain(str(folder), "more than 1 MB in all files", "smaller files")
        return
    allowance = Allowance()
    for path in paths:
        if not path.name.isprintable():
            binding.complain(ascii(str(path)), "a name with unseen characters", "a plain name")
        elif _leads_out(path, inside):
            binding.complain(str(path), "a link that leads out of the folder", "a file in the folder")
        else:
            yield _read(path, allowance)


def _is_ours(path: Path) -> bool:
    return path.suffix in SUFFIXES and not path.name.startswith(".")


def _size(path: Path) -> int:
    """The bytes that would be read of it; what is no file is refused later."""
    try:
        return min(path.stat().st_size, LARGEST_FILE)
    except OSError:
        return 0


def _leads_out(path: Path, inside: Path) -> bool:
    """Links within a folder are how Kubernetes mounts a ConfigMap."""
    try:
        return not path.resolve().is_relative_to(inside)
    except (OSError, RuntimeError):  # a circle of links
        return True


def _read(path: Path, allowance: Allowance) -> File:
    document = read_document(path, largest=LARGEST_FILE, values=MOST_VALUES)
    if document.data is None:
        if not document.problems:
            document.complain(1, (), "nothing", "a mapping")
        return File(document, None)
    model = _model(document)
    form = _validated(document, model, allowance) if model is not None else None
    if form is not None and not isinstance(form, RemediesForm):
        _complain_of_depth(document, form.causes, ("causes",), 1)
    return File(document, None if document.problems else form)


def _model(document: Document) -> type[Form] | None:
    """Which form a file has: by its schema, and whether it extends."""
    data = document.data
    if not isinstance(data, dict):
        document.complain(1, (), shown(data), "a mapping")
        return None
    schema = data.get("schema")
    if schema == REMEDY:
        return RemediesForm
    if schema != RUNBOOK:
        known = [RUNBOOK, REMEDY]
        hint = did_you_mean(schema, known) if isinstance(schema, str) else ""
        place = ("schema",)
        found = shown(schema) if "schema" in data else "nothing"
        document.complain(document.line(place), place, found, f"{' or '.join(known)}{hint}")
        return None
    return ExtensionForm if "extends" in data else RunbookForm


def _validated(document: Document, model: type[Model], allowance: Allowance) -> Model | None:
    try:
        return model.model_validate(document.data, context=allowance)
    except ValidationError as error:
        document.problems += problems_of(error, document, model, {})
        return None


def _complain_of_depth(document: Document, causes: Sequence[CauseForm], place: Place, depth: int) -> None:
    if causes and depth > DEEPEST:
        document.complain(document.line(place), place, "causes nested too deep", f"at most {DEEPEST} levels")
        return
    for position, cause in enumerate(causes):
        _complain_of_depth(document, cause.causes, (*place, position, "causes"), depth + 1)
