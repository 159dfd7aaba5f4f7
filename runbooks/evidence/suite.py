"""Reads test classes out of Python files, by their syntax alone: nothing is imported, nothing runs."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

MOST_FILES = 2000
LARGEST_FILE = 1 << 20
TEST_CASE = "TestCase"


@dataclass(frozen=True, slots=True)
class SuiteClass:
    """A class of a file. `bases` as they are written, `names` their own names behind imports' other ones.

    `tests`: it has methods that are tests. `unclear`: a base that is worked out when the file runs.
    """

    name: str
    file: str
    line: int
    bases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    tests: bool = False
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a class of it, of which nothing can be said."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder has: how many test classes, which of them lack the base, and what could not be told."""

    classes: int = 0
    without: tuple[SuiteClass, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(slots=True)
class _Folder:
    """The classes of all files, by their names."""

    base: str
    by_name: dict[str, list[SuiteClass]] = field(default_factory=dict)

    def add(self, classes: Iterable[SuiteClass]) -> None:
        """Knows more classes."""
        for each in classes:
            self.by_name.setdefault(each.name, []).append(each)

    def parents(self, one: SuiteClass) -> Iterator[SuiteClass]:
        """Classes of the folder that a class derives from; of several with a name, that of its own file."""
        for name in one.names:
            known = self.by_name.get(name, ())
            own = [each for each in known if each.file == one.file and each is not one]
            yield from own or [each for each in known if each is not one]

    def ancestry(self, one: SuiteClass) -> list[SuiteClass]:
        """A class and all of the folder that it derives from."""
        found, left = [one], [one]
        while left:
            new = [each for each in self.parents(left.pop()) if each not in found]
            found += new
            left += new
        return found

    def judge(self, one: SuiteClass) -> bool | str:
        """Whether a class derives from the base, or why that cannot be told."""
        lineage = self.ancestry(one)
        if any(self.base in each.names for each in lineage):
            return True
        return next((each.unclear for each in lineage if each.unclear), False)

    def is_test(self, one: SuiteClass) -> bool:
        """Whether it has tests, and is not the base itself."""
        if one.name == self.base:
            return False
        lineage = self.ancestry(one)
        cases = any(name.endswith(TEST_CASE) or name == self.base for each in lineage for name in each.names)
        return one.tests or (cases and any(each.tests for each in lineage))


def find(folder: Path, pattern: str, base: str, shown: str) -> Found:
    """The test classes of a folder and its subfolders; `shown` is what the folder is called. Blocks.

    Raises OSError where the folder cannot be listed.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{shown} is no folder")
    files = sorted(each for each in islice(folder.rglob("*.py"), MOST_FILES + 1) if each.is_file())
    unread = [Unread(shown, f"there are more than {MOST_FILES} files")] if len(files) > MOST_FILES else []
    known, wanted = _Folder(base.rpartition(".")[2]), []
    for path in files[:MOST_FILES]:
        name = f"{shown}/{path.relative_to(folder).as_posix()}"
        classes = read(path, name)
        if isinstance(classes, Unread):
            unread += [classes] if path.match(pattern) else []
            continue
        known.add(classes)
        wanted += classes if path.match(pattern) else []
    return _judged(known, wanted, unread)


def _judged(known: _Folder, wanted: Sequence[SuiteClass], unread: list[Unread]) -> Found:
    tests = [each for each in wanted if known.is_test(each)]
    without = []
    for each in tests:
        verdict = known.judge(each)
        if isinstance(verdict, str):
            unread.append(Unread(each.file, f"class {each.name}: {verdict}"))
        elif not verdict:
            without.append(each)
    return Found(len(tests), tuple(without), tuple(unread))


def read(path: Path, name: str) -> list[SuiteClass] | Unread:
    """The classes of one file, those within functions and classes too."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return Unread(name, f"it is larger than {LARGEST_FILE >> 20} MB")
        tree = ast.parse(path.read_bytes(), filename=name)
    except SyntaxError as error:
        return Unread(name, f"it is no Python that can be read (line {error.lineno or 1}: {error.msg})")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Unread(name, f"it cannot be read ({type(error).__name__})")
    aliases = dict(_aliases(tree))
    return [_class(node, name, aliases) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _aliases(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that a file uses for imported ones: `from a import Base as Other`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((each.asname, each.name) for each in node.names if each.asname)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            yield from (
                (each.id, _own_name(node.value)) for each in node.targets if isinstance(each, ast.Name)
            )


def _class(node: ast.ClassDef, file: str, aliases: Mapping[str, str]) -> SuiteClass:
    bases = [each.value if isinstance(each, ast.Subscript) else each for each in node.bases]
    plain = [each for each in bases if isinstance(each, ast.Name | ast.Attribute)]
    unclear = next((each for each in bases if each not in plain), None)
    return SuiteClass(
        name=node.name,
        file=file,
        line=node.lineno,
        bases=tuple(ast.unparse(each) for each in bases),
        names=tuple(aliases.get(name, name) for name in map(_own_name, plain)),
        tests=any(
            isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test")
            for each in node.body
        ),
        unclear=f"its base {ast.unparse(unclear)} is worked out when it runs" if unclear is not None else "",
    )


def _own_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
