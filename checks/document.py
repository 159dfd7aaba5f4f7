"""A YAML document that knows the line of every value, read so that no file can do harm or hide a mistake.

Only plain data is built (no tags that make objects), keys are always text, and the size after aliases are
followed is bounded, so that a few lines cannot grow into gigabytes.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

Place = tuple[str | int, ...]

LARGEST_FILE = 1_000_000  # bytes
LARGEST_DOCUMENT = 20_000  # values, after aliases are followed
DEEPEST = 50

TAG = "tag:yaml.org,2002:"
PLAIN_TAGS = frozenset({"null", "bool", "int", "float", "str", "timestamp", "seq", "map", "merge", "value"})
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
UNFIT = re.compile(f"{CONTROL.pattern}|[\x80-\x9f\ud800-\udfff]")  # what an escape such as "\x1b" can make
WORDS_OF_YAML = {"true": True, "false": False}
# What ruamel.yaml says, and what a person needs. Its own words quote the file, which may hold a secret.
SYNTAX = (
    ("found character '\\t'", "a tab", "spaces; YAML does not indent with tabs"),
    (
        "found undefined alias",
        "an alias (*…) without its anchor",
        "an anchor (&…) before it, or the text in quotes",
    ),
    ("could not find expected ':'", "a line without a colon", "`key: value`"),
    (
        "mapping values are not allowed",
        "a second colon in one value",
        "the value in quotes, or a line of its own",
    ),
    ("expected a single document", "a second document (---)", "one document in a file"),
    ("special characters are not allowed", "a control character", "plain text"),
    ("maximum depth", f"values nested more than {DEEPEST} deep", "a flatter file"),
    (
        "did not find expected",
        "a list or mapping that is not closed or not indented alike",
        "matching indentation",
    ),
    ("expected ',' or", "a [list] or {mapping} that is not closed", "a closing bracket"),
    ("while scanning a quoted", "a quote that is not closed", "a closing quote"),
    ("found unexpected end of stream", "a quote that is not closed", "a closing quote"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where it is, what was found there and what is allowed. Holds no secret.

    `line` counts from 1; `field` is a path such as `checks.redis.budget`, empty for the file as a whole.
    """

    file: str
    line: int
    field: str
    found: str
    allowed: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.field}".rstrip(" :")
        return f"{where}: found {self.found}; allowed: {self.allowed}"


class FileError(Exception):
    """A file that people write is wrong; `problems` has every mistake that was found, in order of lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.field)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        files = " and ".join(dict.fromkeys(problem.file for problem in self.problems))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        return "\n".join([f"{files}: {count}", *(f"  {problem}" for problem in self.problems)])


@dataclass(slots=True)
class Document:
    """Plain data of one file, the line of every path in it, and what is wrong with it as YAML."""

    file: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Place) -> int:
        """The line of a path, or of the nearest thing around it that is in the file."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def complain(self, line: int, path: Place, found: str, allowed: str) -> None:
        """Notes a problem."""
        self.problems.append(Problem(self.file, line, dotted(path), found, allowed))


def dotted(path: Place) -> str:
    """A path as people write it: `network.ranges[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def read_document(path: Path, *, largest: int = LARGEST_FILE, values: int = LARGEST_DOCUMENT) -> Document:
    """Reads a YAML (or JSON) file. What is wrong with it is in `problems`; `data` is what could be read.

    At most `largest` bytes and, after aliases are followed, `values` values.
    """
    document = Document(str(path))
    text = _text(path, document, largest)
    if text is None:
        return document
    try:
        root = _yaml().compose(text)
    except MarkedYAMLError as error:
        _complain_of_syntax(document, error)
        return document
    except YAMLError:  # the reader's own: a character that YAML does not allow anywhere
        line = next((n for n, part in enumerate(text.split("\n"), 1) if CONTROL.search(part)), 1)
        document.complain(line, (), "a control character", "plain text")
        return document
    if root is None:
        document.complain(1, (), "an empty file", "a YAML mapping")
        return document
    builder = _Builder(document, values)
    try:
        document.data = builder.build(root, ())
    except _TooLarge as error:
        document.complain(error.line, (), "aliases that make the file huge", f"at most {values:,} values")
    return document


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = DEEPEST
    yaml.composer.warn_double_anchors = False  # its warning would print the line, whatever is in it
    return yaml


def _text(path: Path, document: Document, largest: int) -> str | None:
    try:
        raw = _bytes(path, largest + 1)
    except FileNotFoundError:
        document.complain(1, (), "no such file", "a file that exists")
        return None
    except OSError as error:
        document.complain(1, (), f"a file that cannot be read ({error.strerror})", "a readable file")
        return None
    if raw is None:
        document.complain(1, (), "no regular file (a folder, pipe or device)", "a file")
        return None
    if len(raw) > largest:
        document.complain(1, (), f"a file of more than {_size(largest)}", "a smaller file")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        document.complain(line, (), f"the byte 0x{raw[error.start]:02x}, which is not UTF-8", "UTF-8 text")
        return None


def _bytes(path: Path, most: int) -> bytes | None:
    """The first bytes of a file; None if it is no regular one. Never waits, whoever holds the other end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(most)


def _size(count: int) -> str:
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count // 1024} KB"


def _complain_of_syntax(document: Document, error: MarkedYAMLError) -> None:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 1
    said = f"{error.context or ''} {error.problem or ''}"
    for needle, found, allowed in SYNTAX:
        if needle in said:
            document.complain(line, (), found, allowed)
            return
    shown = re.sub(r"'[^']*'|\"[^\"]*\"", "…", error.problem or "").strip()
    document.complain(
        line, (), f"YAML that cannot be read ({shown})" if shown else "no valid YAML", "valid YAML"
    )


class _TooLarge(Exception):  # noqa: N818 - a signal within this module, not an error for callers
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Builder:
    """Turns nodes into plain data and notes lines; aliases are followed, in bounds."""

    def __init__(self, document: Document, values: int) -> None:
        self._document = document
        self._most = values
        self._built = 0
        self._open: list[int] = []  # the nodes that we are inside of, to see an alias to itself

    def build(self, node: Node, path: Place) -> Any:
        self._built += 1
        line = node.start_mark.line + 1
        if self._built > self._most:
            raise _TooLarge(line)
        self._document.lines.setdefault(path, line)
        tag = str(node.tag)
        if tag.removeprefix(TAG) not in PLAIN_TAGS:
            self._document.complain(
                line, path, "a tag (!…)", "plain values; text that starts with ! in quotes"
            )
            return None
        if isinstance(node, ScalarNode):
            self._complain_of_characters(str(node.value), line, path)
            return _value(tag.removeprefix(TAG), str(node.value))
        if id(node) in self._open:
            self._document.complain(line, path, "an alias to what it is a part of", "values without circles")
            return None
        self._open.append(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, path)
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        finally:
            self._open.pop()

    def _complain_of_characters(self, text: str, line: int, path: Place) -> None:
        """A terminal obeys some of them, and halves of characters cannot be written at all."""
        if UNFIT.search(text):
            self._document.complain(line, path, "a control character, written as an escape", "plain text")

    def _mapping(self, node: MappingNode, path: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, line, child in self._pairs(node, path):
            if key in built:
                first = self._document.lines[*path, key]
                self._document.complain(line, (*path, key), f"a second time (first in line {first})", "once")
                continue
            self._document.lines[*path, key] = line
            built[key] = self.build(child, (*path, key))
        return built

    def _pairs(self, node: MappingNode, path: Place) -> Iterator[tuple[str, int, Node]]:
        for key, child in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, ScalarNode):
                self._complain_of_characters(str(key.value), line, path)
                yield UNFIT.sub("�", str(key.value)), line, child
            else:
                self._document.complain(line, path, "a list or mapping as a key", "text as a key")


def _value(kind: str, text: str) -> Any:
    """A scalar as YAML 1.2 means it; what is no null, truth or number (a date, say) stays text."""
    if kind == "null":
        return None
    if kind == "bool":
        return WORDS_OF_YAML.get(text.lower(), text)
    try:
        if kind == "int":
            return int(text.replace("_", ""), 0) if text.lower()[:2] in ("0x", "0o", "0b") else int(text)
        if kind == "float":
            return float(text)
    except ValueError:
        return text  # a spelling that only YAML knows, such as .inf: no field wants one
    return text
