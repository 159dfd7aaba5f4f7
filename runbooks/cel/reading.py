"""Text to nodes: cel-python's grammar reads it, and its tree becomes ours, within bounds."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from runbooks.cel.nodes import (
    And,
    Arithmetic,
    Call,
    Choice,
    Entries,
    Has,
    Index,
    Items,
    Literal,
    Macro,
    Member,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Relation,
    Variable,
)

if TYPE_CHECKING:
    from lark import Tree

LONGEST = 2_000  # characters of one expression
DEEPEST = 40  # nested parentheses, calls and operators of one expression
GREATEST = 2**63 - 1

MACROS = {"exists": (1, 1), "all": (1, 1), "exists_one": (1, 1), "filter": (1, 1), "map": (1, 2)}
"""The macros that look at each member of a list, and how many bodies they take."""

_SIGNS = {
    "relation_lt": "<",
    "relation_le": "<=",
    "relation_gt": ">",
    "relation_ge": ">=",
    "relation_eq": "==",
    "relation_ne": "!=",
    "relation_in": "in",
    "addition_add": "+",
    "addition_sub": "-",
    "multiplication_mul": "*",
    "multiplication_div": "/",
    "multiplication_mod": "%",
}
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}

Bound: TypeAlias = frozenset[str]
Branch: TypeAlias = "Tree[Any]"


class ExpressionError(ValueError):
    """An expression cannot be read. `str()` is for people, `column` counts from 1."""

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(message)
        self.column = column


def read(text: str) -> Node:
    """The nodes of an expression. Raises `ExpressionError`."""
    if len(text) > LONGEST:
        raise ExpressionError(f"has {len(text):,} characters; at most {LONGEST:,} are read", LONGEST + 1)
    if not text.strip():
        raise ExpressionError("is empty")
    _check_quotes(text)
    return _node(_tree(text), 0, frozenset())


def _check_quotes(text: str) -> None:
    """Every text must end on its line: the grammar's pattern takes exponential time over others."""
    at = 0
    while at < len(text):
        if text.startswith("//", at):
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif text[at] in "'\"":
            at = _end_of_text(text, at)
        at += 1


def _end_of_text(text: str, start: int) -> int:
    quote = text[start]
    if text.startswith(quote * 3, start):
        raise ExpressionError("has a text in triple quotes; write it in single quotes", start + 1)
    at = start + 1
    while at < len(text) and text[at] not in (quote, "\n"):
        at += 2 if text[at] == "\\" and text[at + 1 : at + 2] != "\n" else 1
    if at >= len(text) or text[at] != quote:
        raise ExpressionError("has a text that is not closed on its line", start + 1)
    return at


@lru_cache(maxsize=1)
def _parser() -> Callable[[str], Branch]:
    from celpy.celparser import CELParser  # 0.2 s: only where an expression is read

    return CELParser().parse


def _tree(text: str) -> Branch:
    parse = _parser()
    from celpy.celparser import CELParseError

    try:
        return parse(text)
    except CELParseError as error:
        raise _refusal(text, error.line, error.column, error.__context__) from None


def _refusal(text: str, line: int | None, column: int | None, cause: BaseException | None) -> ExpressionError:
    token = getattr(cause, "token", None)
    if line is None or column is None or line < 1 or (token is not None and token.type == "$END"):
        return ExpressionError("ends too early", len(text) + 1)
    offset = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column
    found = token if token is not None else text[offset - 1 : offset]
    return ExpressionError(f"cannot be read at {str(found)[:40]!r}", offset)


def _node(tree: Branch, depth: int, bound: Bound) -> Node:
    while len(tree.children) == 1 and str(tree.data) in _WRAPPERS:
        tree = tree.children[0]
    if depth > DEEPEST:
        raise ExpressionError(f"is nested too deeply; at most {DEEPEST} levels are read", tree.meta.column)
    return _READERS[str(tree.data)](tree, depth + 1, bound)


def _choice(tree: Branch, depth: int, bound: Bound) -> Node:
    condition, yes, no = (_node(child, depth, bound) for child in _trees(tree))
    return Choice(condition, yes, no)


def _parts(tree: Branch, depth: int, bound: Bound) -> tuple[Node, ...]:
    """The operands of a chain of && or ||, which the grammar nests to the left."""
    kind, found = tree.data, []
    while tree.data == kind and len(tree.children) == 2:
        tree, last = _trees(tree)
        found.append(_node(last, depth, bound))
    return (_node(tree, depth, bound), *reversed(found))


def _binary(tree: Branch, depth: int, bound: Bound) -> tuple[str, Node, Node]:
    """Sign, left and right: the grammar keeps the left operand under the sign."""
    sign, right = _trees(tree)
    return _SIGNS[str(sign.data)], _node(_trees(sign)[0], depth, bound), _node(right, depth, bound)


def _unary(tree: Branch, depth: int, bound: Bound) -> Node:
    sign, operand = _trees(tree)
    of = _node(operand, depth, bound)
    if sign.data == "unary_not":
        return Not(of)
    if isinstance(of, Literal) and isinstance(of.value, int | float) and not isinstance(of.value, bool):
        return Literal(-of.value)
    return Negative(of)


def _member(tree: Branch, depth: int, bound: Bound) -> Node:
    of, key = tree.children
    return Member(_node(of, depth, bound), str(key))


def _index(tree: Branch, depth: int, bound: Bound) -> Node:
    of, key = _trees(tree)
    return Index(_node(of, depth, bound), _node(key, depth, bound))


def _method(tree: Branch, depth: int, bound: Bound) -> Node:
    of, name, *rest = tree.children
    arguments = _trees(rest[0]) if rest else []
    receiver = _node(of, depth, bound)
    if str(name) in MACROS:
        return _macro(str(name), receiver, arguments, tree, depth, bound)
    return Call(str(name), (receiver, *(_node(each, depth, bound) for each in arguments)))


def _macro(kind: str, of: Node, arguments: list[Branch], tree: Branch, depth: int, bound: Bound) -> Node:
    least, most = MACROS[kind]
    if not least <= len(arguments) - 1 <= most:
        form = f"list.{kind}(name, {'value' if kind == 'map' else 'condition'})"
        raise ExpressionError(f"has {kind}() without all that it needs; write {form}", tree.meta.column)
    variable = _node(arguments[0], depth, frozenset())
    if not isinstance(variable, Name):
        raise ExpressionError(f"has {kind}() without a name for each member", tree.meta.column)
    inner = bound | {variable.name}
    return Macro(kind, of, variable.name, tuple(_node(each, depth, inner) for each in arguments[1:]))


def _function(tree: Branch, depth: int, bound: Bound) -> Node:
    name, *rest = tree.children
    arguments = _trees(rest[0]) if rest else []
    read = tuple(_node(each, depth, bound) for each in arguments)
    if str(name) != "has":
        return Call(str(name), read)
    if len(read) != 1 or not isinstance(read[0], Member | Index):
        raise ExpressionError("has has() of something else than one member; write has(a.b)", tree.meta.column)
    return Has(read[0])


def _ident(tree: Branch, depth: int, bound: Bound) -> Node:
    name = str(tree.children[0])
    return Variable(name) if name in bound else Name(name)


def _items(tree: Branch, depth: int, bound: Bound) -> Node:
    inner = _trees(_trees(tree)[0]) if tree.children else []
    return Items(tuple(_node(each, depth, bound) for each in inner))


def _entries(tree: Branch, depth: int, bound: Bound) -> Node:
    inner = [_node(each, depth, bound) for each in (_trees(_trees(tree)[0]) if tree.children else [])]
    return Entries(tuple(zip(inner[::2], inner[1::2], strict=True)))


def _literal(tree: Branch, depth: int, bound: Bound) -> Node:
    token: Any = tree.children[0]
    value, column = str(token), token.column or 1
    match token.type:
        case "BOOL_LIT":
            return Literal(value == "true")
        case "NULL_LIT":
            return Literal(None)
        case "INT_LIT" | "UINT_LIT":
            return Literal(_whole(value.rstrip("uU"), column))
        case "FLOAT_LIT":
            return Literal(_bounded(float(value), column))
        case "STRING_LIT":
            return Literal(_text(value, column))
        case _:
            raise ExpressionError("has bytes; write a text in single quotes", column)


def _whole(value: str, column: int) -> int:
    return int(_bounded(int(value, 16 if "x" in value else 10), column))


def _bounded(value: float, column: int) -> float:
    """The number, where 64 bits hold it."""
    if (isinstance(value, int) and abs(value) > GREATEST) or value in (float("inf"), float("-inf")):
        raise ExpressionError("has a number that is too large", column)
    return value


def _text(value: str, column: int) -> str:
    raw = value[0] in "rR"
    inner = value[2 if raw else 1 : -1]
    return inner if raw or "\\" not in inner else _unescaped(inner, column)


def _unescaped(inner: str, column: int) -> str:
    found, at = [], 0
    while at < len(inner):
        length, said = (1, inner[at]) if inner[at] != "\\" else _escape(inner, at + 1, column)
        found.append(said)
        at += length
    return "".join(found)


def _escape(inner: str, at: int, column: int) -> tuple[int, str]:
    """How many characters an escape takes, its backslash with them, and what it stands for."""
    letter = inner[at : at + 1]
    if letter in _ESCAPES:
        return 2, _ESCAPES[letter]
    if letter and letter in "\\'\"`?":
        return 2, letter
    digits = inner[at + 1 : at + 1 + _HEXADECIMAL.get(letter, 0)]
    try:
        if letter in _HEXADECIMAL and len(digits) == _HEXADECIMAL[letter]:
            said = chr(int(digits, 16))
            said.encode()
            return 2 + len(digits), said
    except (ValueError, OverflowError):
        pass  # not digits, or no such character: said below
    raise ExpressionError(
        f"has a text with the unknown escape \\{letter}; write \\\\ for a backslash", column
    )


def _refuse(said: str) -> Callable[[Branch, int, Bound], Node]:
    def refuse(tree: Branch, depth: int, bound: Bound) -> Node:
        raise ExpressionError(said, tree.meta.column)

    return refuse


def _trees(tree: Branch) -> list[Branch]:
    return tree.children


_WRAPPERS = frozenset(
    [
        "expr",
        "conditionalor",
        "conditionaland",
        "relation",
        "addition",
        "multiplication",
        "unary",
        "member",
        "primary",
        "paren_expr",
    ]
)
_READERS: dict[str, Callable[[Branch, int, Bound], Node]] = {
    "expr": _choice,
    "conditionalor": lambda *branch: Or(_parts(*branch)),
    "conditionaland": lambda *branch: And(_parts(*branch)),
    "relation": lambda *branch: Relation(*_binary(*branch)),
    "addition": lambda *branch: Arithmetic(*_binary(*branch)),
    "multiplication": lambda *branch: Arithmetic(*_binary(*branch)),
    "unary": _unary,
    "member_dot": _member,
    "member_dot_arg": _method,
    "member_index": _index,
    "ident_arg": _function,
    "ident": _ident,
    "list_lit": _items,
    "map_lit": _entries,
    "literal": _literal,
    "member_object": _refuse("makes an object; runbooks have none"),
    "dot_ident": _refuse("has a name that begins with a dot"),
    "dot_ident_arg": _refuse("has a name that begins with a dot"),
}
