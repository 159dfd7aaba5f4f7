"""What a CEL expression is made of, as frozen nodes, and how each is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, true, false or null."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A name from outside: a source of evidence, or what `let` or `each` adds."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """The member that an enclosing macro is looking at."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`of.key`"""

    of: "Node"
    key: str


@dataclass(frozen=True, slots=True)
class Index:
    """`of[key]`"""

    of: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True)
class Has:
    """`has(of.key)`: whether there is such a member."""

    member: Member | Index


@dataclass(frozen=True, slots=True)
class Call:
    """A function; `of.function(x)` is the same as `function(of, x)`."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """`of.kind(variable, body, …)`: exists, all, exists_one, filter, and map with one or two bodies."""

    kind: str
    of: "Node"
    variable: str
    bodies: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`!of`"""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    """`-of`"""

    of: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """`a && b && …`"""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """`a || b || …`"""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """`left sign right`: == != < <= > >= in"""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left sign right`: + - * / %"""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`"""

    condition: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`"""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """`{'a': b}`"""

    entries: tuple[tuple["Node", "Node"], ...]


Node: TypeAlias = (
    Literal
    | Name
    | Variable
    | Member
    | Index
    | Has
    | Call
    | Macro
    | Not
    | Negative
    | And
    | Or
    | Relation
    | Arithmetic
    | Choice
    | Items
    | Entries
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below, as written; of a macro its bodies last."""
    match node:
        case Member(of=of) | Not(of=of) | Negative(of=of):
            return (of,)
        case Has(member=member):
            return (member,)
        case Macro(of=of, bodies=bodies):
            return (of, *bodies)
        case Call(arguments=several) | And(parts=several) | Or(parts=several) | Items(items=several):
            return several
        case Index(of=of, key=key):
            return (of, key)
        case Relation(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Choice(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case Entries(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case _:
            return ()


def within(node: Node) -> Iterator[Node]:
    """The node and all below it, as written."""
    yield node
    for child in children(node):
        yield from within(child)


def written(node: Node) -> str:
    """The node as CEL in one fixed way: equal nodes are written equally."""
    match node:
        case Literal(value=value):
            return _literal(value)
        case Name(name=name) | Variable(name=name):
            return name
        case Member(of=of, key=key):
            return f"{_inner(of)}.{key}"
        case Index(of=of, key=key):
            return f"{_inner(of)}[{written(key)}]"
        case Has(member=member):
            return f"has({written(member)})"
        case Call(function=function, arguments=arguments):
            return f"{function}({_list(arguments)})"
        case Macro(kind=kind, of=of, variable=variable, bodies=bodies):
            return f"{_inner(of)}.{kind}({variable}, {_list(bodies)})"
        case _:
            return _operator(node)


def _operator(node: Node) -> str:
    match node:
        case Not(of=of):
            return f"!{_inner(of)}"
        case Negative(of=of):
            return f"-{_inner(of)}"
        case And(parts=parts):
            return " && ".join(_inner(part) for part in parts)
        case Or(parts=parts):
            return " || ".join(_inner(part) for part in parts)
        case Relation(sign=sign, left=left, right=right) | Arithmetic(sign=sign, left=left, right=right):
            return f"{_inner(left)} {sign} {_inner(right)}"
        case Choice(condition=condition, yes=yes, no=no):
            return f"{_inner(condition)} ? {_inner(yes)} : {_inner(no)}"
        case Items(items=items):
            return f"[{_list(items)}]"
        case Entries(entries=entries):
            return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in entries) + "}"
        case _:  # pragma: no cover - all others are written above
            raise TypeError(node)


def _inner(node: Node) -> str:
    text = written(node)
    return f"({text})" if isinstance(node, And | Or | Relation | Arithmetic | Choice | Negative) else text


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(written(node) for node in nodes)


def _literal(value: str | int | float | bool | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.encode("unicode_escape").decode("ascii").replace("'", "\\'")
            return f"'{escaped}'" if not value.isprintable() else f"'{_quoted(value)}'"
        case _:
            return str(value)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
