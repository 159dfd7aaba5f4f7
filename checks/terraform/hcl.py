"""Terraform's language, parsed: files become blocks, whose attributes are expressions that wait for a scope.

Both spellings of the language are read, native (`.tf`) and JSON (`.tf.json`).
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.terraform.errors import TerraformUnreadable

if TYPE_CHECKING:
    from lark import Token, Tree

LARGEST_FILE = 1_000_000  # bytes
JSON_SUFFIX = ".tf.json"

# Attributes of Google's resources that are maps; in JSON nothing else tells them from blocks.
MAPS = frozenset({"labels", "annotations", "limits", "user_labels", "node_selector", "metadata", "params"})
_parsing = threading.Lock()  # lark's post-lexer keeps the state of one text


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was not evaluated yet. `tree` is lark's, or a plain value of a JSON file."""

    tree: Any
    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block: `resource "google_redis_instance" "staging" { … }` has two labels."""

    type: str
    labels: tuple[str, ...]
    attributes: Mapping[str, Expression]
    blocks: tuple["Block", ...]
    file: str
    line: int

    def all(self, kind: str) -> Iterator["Block"]:
        """The blocks of a type in it."""
        return (block for block in self.blocks if block.type == kind)


def parse_file(path: Path, shown: str) -> Block:
    """The file as one block without a type. `shown` is how people are told of it.

    Raises `TerraformUnreadable` with file and line.
    """
    text = _text(path, shown)
    if path.name.endswith(JSON_SUFFIX):
        return _parse_json(text, shown)
    return _Native(text, shown).body(parse_native(text, shown), "", (), 1)


def parse_values(path: Path, shown: str) -> dict[str, Any]:
    """A JSON file of plain values (`*.tfvars.json`). Raises `TerraformUnreadable` with file and line."""
    document = _json(_text(path, shown), shown)
    if not isinstance(document, dict):
        raise TerraformUnreadable(f"{shown}: is no JSON object.")
    return document


def _text(path: Path, shown: str) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise TerraformUnreadable(f"{shown} has more than 1 MB, which is too much to be read.")
        raw = path.read_bytes()
    except OSError as error:
        raise TerraformUnreadable(f"{shown} cannot be read ({error.strerror}).") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TerraformUnreadable(
            f"{shown}:{line}: the byte 0x{raw[error.start]:02x} is not UTF-8."
        ) from None


def parse_native(text: str, shown: str, line: int = 1) -> "Tree[Token]":
    """The text's syntax tree. Raises `TerraformUnreadable` with the line, counted from `line`."""
    import hcl2  # 0.2 s, and 2 s more for its tables at the first text
    from lark.exceptions import LarkError, UnexpectedInput

    try:
        with _parsing:
            return hcl2.parses_to_tree(text)
    except UnexpectedInput as error:
        where = f"{shown}:{max(error.line, 1) + line - 1}" if error.line else shown
        raise TerraformUnreadable(f"{where}: {_found(error, text)}.") from None
    except LarkError:
        raise TerraformUnreadable(f"{shown}: is not understood as Terraform's language.") from None


def _found(error: Any, text: str) -> str:
    """What a syntax error is, without quoting the line: it may hold a secret."""
    from lark.exceptions import UnexpectedCharacters

    expected = set(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    token = getattr(error, "token", None)
    if token is not None and (token.type == "$END" or not str(token).strip()):
        at_end = token.type == "$END" or not text[(error.pos_in_stream or 0) :].strip()
        if at_end:
            return "the file ends inside of a block or an expression; a closing bracket is missing"
    if isinstance(error, UnexpectedCharacters):
        return "a character that Terraform's language does not have here"
    if "EQ" in expected and "LBRACE" in expected:
        return "a name without `=` or a block behind it"
    if "RBRACE" in expected or "RSQB" in expected or "RPAR" in expected:
        return "something that does not belong here; a bracket or a comma may be missing before it"
    if "NAME" in expected and "LPAR" in expected:
        return "no value where one should be"
    return "this is not Terraform's language"


class _Native:
    """Turns lark's tree of one text into blocks."""

    def __init__(self, text: str, shown: str) -> None:
        self._text = text
        self._shown = shown

    def body(self, tree: Any, kind: str, labels: tuple[str, ...], line: int) -> Block:
        if tree.data == "start":
            tree = tree.children[0]
        attributes: dict[str, Expression] = {}
        blocks = []
        for child in tree.children:
            if child.data == "attribute":
                name, expression = self._attribute(child)
                if name in attributes:
                    raise TerraformUnreadable(
                        f"{self._shown}:{expression.line}: {name} is set a second time "
                        f"(first in line {attributes[name].line})."
                    )
                attributes[name] = expression
            elif child.data == "block":
                blocks.append(self._block(child))
        return Block(kind, labels, attributes, tuple(blocks), self._shown, line)

    def _attribute(self, tree: Any) -> tuple[str, Expression]:
        name, _, value = tree.children
        return _word(name), self.expression(value)

    def expression(self, tree: Any) -> Expression:
        text = self._text[tree.meta.start_pos : tree.meta.end_pos].strip()
        return Expression(tree, text, self._shown, tree.meta.line)

    def _block(self, tree: Any) -> Block:
        named = [
            child
            for child in tree.children
            if hasattr(child, "data") and child.data not in ("body", "new_line_or_comment")
        ]
        body = next(child for child in tree.children if getattr(child, "data", "") == "body")
        kind, *labels = map(_word, named)
        return self.body(body, kind, tuple(labels), tree.meta.line)


def _word(tree: Any) -> str:
    """An identifier, a keyword, or a label in quotes."""
    if tree.data == "string":
        return "".join(str(part.children[0]) for part in tree.children[1:-1])
    return str(tree.children[0])


def _parse_json(text: str, shown: str) -> Block:
    """https://developer.hashicorp.com/terraform/language/syntax/json"""
    document = _json(text, shown)
    if not isinstance(document, dict):
        raise TerraformUnreadable(f"{shown}: is no JSON object.")
    blocks: list[Block] = []
    for kind, content in document.items():
        blocks += _labelled(kind, content, _LABELS.get(kind, 0), (), shown)
    return Block("", (), {}, tuple(blocks), shown, 1)


def _json(text: str, shown: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise TerraformUnreadable(f"{shown}:{error.lineno}: is no JSON ({error.msg.lower()}).") from None
    except RecursionError:
        raise TerraformUnreadable(f"{shown}: is nested too deep.") from None


_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}


def _labelled(kind: str, content: Any, labels: int, named: tuple[str, ...], shown: str) -> Iterator[Block]:
    for each in content if isinstance(content, list) else [content]:
        if not isinstance(each, dict):
            raise TerraformUnreadable(f"{shown}: {'.'.join((kind, *named))} is no JSON object.")
        if labels:
            for name, inner in each.items():
                yield from _labelled(kind, inner, labels - 1, (*named, name), shown)
        else:
            yield _json_block(kind, each, named, shown, nested=kind == "resource")


def _json_block(
    kind: str, content: Mapping[str, Any], named: tuple[str, ...], shown: str, *, nested: bool
) -> Block:
    """A block of a JSON file; `nested` where objects in it are blocks, but for those of `MAPS`."""
    blocks: list[Block] = []
    attributes = {}
    for name, value in content.items():
        inner = value if isinstance(value, list) else [value]
        if nested and name not in MAPS and inner and all(isinstance(each, dict) for each in inner):
            blocks += (_json_block(name, each, (), shown, nested=True) for each in inner)
        else:
            attributes[name] = Expression(value, json.dumps(value, ensure_ascii=False), shown, 1)
    return Block(kind, named, attributes, tuple(blocks), shown, 1)
