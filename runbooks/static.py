"""What can be said of an expression before it ever runs: names, fields and kinds that do not fit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from runbooks.cel.cases import TooMany, can_be
from runbooks.cel.evaluation import no_function
from runbooks.cel.expression import Expression
from runbooks.cel.functions import FUNCTIONS
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
    written,
)
from runbooks.cel.texts import pattern
from runbooks.cel.times import duration, timestamp
from runbooks.shape import Anything, Listing, Names, Record, Scalar, Shape, Table, flag, number, text
from runbooks.values import Truth

_ANY = Anything()


def problems(expression: Expression, names: Names, *, condition: bool = False) -> list[str]:
    """What cannot be right about it, as sentences, each once; with `condition` it must give true or false."""
    reader = _Reader(names.shapes)
    shape = reader.shape(expression.node, {})
    if condition:
        reader.must_be_flag(expression.node, shape)
    return list(dict.fromkeys(reader.problems))


def shape_of(expression: Expression, names: Names) -> Shape:
    """The shape of its value, `Anything` where that is open."""
    return _Reader(names.shapes).shape(expression.node, {})


def sources(expression: Expression) -> frozenset[str]:
    """The names that it takes from outside."""
    return expression.roots


def constant(conditions: Sequence[Expression]) -> Truth:
    """Whether conditions that must all hold can ever come out otherwise.

    TRUE: they cannot be false. FALSE: they cannot all be true. UNKNOWN: both happens, or there are too many
    cases to try. What is compared with literals is tried with all that they tell apart; anything else counts
    as true or false, whatever stands elsewhere.
    """
    nodes = [each.node for each in conditions]
    try:
        if not can_be(nodes, True):
            return Truth.FALSE
        return Truth.UNKNOWN if can_be(nodes, False) else Truth.TRUE
    except TooMany:
        return Truth.UNKNOWN


def _called(shape: Shape) -> str:
    """What people call a value of this shape."""
    match shape:
        case Scalar(kind="text" | "time" | "duration" | "number" | "flag" as kind):
            return f"a {kind}"
        case Listing():
            return "a list"
        case Record() | Table():
            return "a mapping"
        case _:
            return "anything"


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _united(shapes: Iterable[Shape]) -> Shape:
    """A shape for all of these, `Anything` where they differ."""
    different = list(dict.fromkeys(_Hashed(each) for each in shapes))
    if len(different) == 1:
        return different[0].shape
    kinds = {each.shape.kind if isinstance(each.shape, Scalar) else "" for each in different}
    return Scalar(kinds.pop()) if len(kinds) == 1 and "" not in kinds else _ANY


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A shape by what it is; shapes hold mappings and cannot be keys themselves."""

    shape: Shape

    def __hash__(self) -> int:
        return hash(type(self.shape))


Within = Mapping[str, Shape]


@dataclass(slots=True)
class _Reader:
    """Reads an expression for its shape and notes what does not fit."""

    shapes: Mapping[str, Shape]
    problems: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def note(self, node: Node, said: str) -> Shape:
        """A problem of a node, which may then be anything."""
        self.problems.append(f"{written(node)}: {said}")
        return _ANY

    def shape(self, node: Node, within: Within) -> Shape:
        """The shape of a node; `within` are the variables of macros around it."""
        read: Callable[[_Reader, Any, Within], Shape] = _READERS[type(node)]
        return read(self, node, within)

    def must_be_flag(self, node: Node, shape: Shape) -> None:
        """Notes a condition that is neither true nor false."""
        if not isinstance(shape, Anything) and not (isinstance(shape, Scalar) and shape.kind == "flag"):
            self.note(node, f"is {_called(shape)}, neither true nor false")

    def literal(self, node: Literal, within: Within) -> Shape:
        match node.value:
            case None:
                return _ANY
            case bool():
                return flag()
            case str() as value:
                return text("", value)
            case _:
                return number()

    def name(self, node: Name, within: Within) -> Shape:
        found = self.shapes.get(node.name)
        if found is None:
            return self.note(node, f"there is no evidence {node.name}{_meant(node.name, self.shapes)}")
        return found

    def variable(self, node: Variable, within: Within) -> Shape:
        return within[node.name]

    def member(self, node: Member, within: Within) -> Shape:
        return self._field(node, self.shape(node.of, within), node.key)

    def _field(self, node: Member | Index, of: Shape, key: str) -> Shape:
        match of:
            case Anything():
                return _ANY
            case Table(of=member):
                return member
            case Record(fields=fields):
                if key in fields:
                    return fields[key]
                return self.note(node, f"there is no field {key}{_meant(key, fields)}")
            case Listing():
                return self.note(
                    node, f"{written(node.of)} is a list; ask first({written(node.of)}) or exists()"
                )
            case _:
                hint = "; it is a key: go through values(…) instead" if self._is_key(node.of) else ""
                return self.note(node, f"{written(node.of)} is {_called(of)} and has no {key}{hint}")

    def _is_key(self, node: Node) -> bool:
        return isinstance(node, Variable) and node.name in self.keys

    def index(self, node: Index, within: Within) -> Shape:
        of, key = self.shape(node.of, within), self.shape(node.key, within)
        wanted = "number" if isinstance(of, Listing) else "text"
        if isinstance(of, Scalar):
            return self.note(node, f"{written(node.of)} is {_called(of)} and has no members")
        if not isinstance(of, Anything) and not isinstance(key, Anything) and _kind(key) != wanted:
            return self.note(
                node, f"{written(node.of)} is {_called(of)}, whose members are asked for by a {wanted}"
            )
        match of:
            case Listing(of=member) | Table(of=member):
                return member
            case Record() if isinstance(node.key, Literal) and isinstance(node.key.value, str):
                return self._field(node, of, node.key.value)
            case _:
                return _ANY

    def has(self, node: Has, within: Within) -> Shape:
        self.shape(node.member, within)
        return flag()

    def inverted(self, node: Not, within: Within) -> Shape:
        self.must_be_flag(node.of, self.shape(node.of, within))
        return flag()

    def negative(self, node: Negative, within: Within) -> Shape:
        of = self.shape(node.of, within)
        if not isinstance(of, Anything) and _kind(of) != "number":
            return self.note(node, f"{written(node.of)} is {_called(of)}")
        return number()

    def folded(self, node: And | Or, within: Within) -> Shape:
        for part in node.parts:
            self.must_be_flag(part, self.shape(part, within))
        return flag()

    def choice(self, node: Choice, within: Within) -> Shape:
        self.must_be_flag(node.condition, self.shape(node.condition, within))
        return _united([self.shape(node.yes, within), self.shape(node.no, within)])

    def items(self, node: Items, within: Within) -> Shape:
        return Listing(_united([self.shape(each, within) for each in node.items]) if node.items else _ANY)

    def entries(self, node: Entries, within: Within) -> Shape:
        found = {written(key): self.shape(value, within) for key, value in node.entries}
        for key, _ in node.entries:
            shape = self.shape(key, within)
            if not isinstance(shape, Anything) and _kind(shape) != "text":
                self.note(node, f"{written(key)} is {_called(shape)}; keys are texts")
        literal = [key.value for key, _ in node.entries if isinstance(key, Literal)]
        if len(literal) == len(node.entries):
            return Record(dict(zip(map(str, literal), found.values(), strict=False)))
        return Table(_united(found.values()))

    def arithmetic(self, node: Arithmetic, within: Within) -> Shape:
        left, right = self.shape(node.left, within), self.shape(node.right, within)
        if isinstance(left, Anything) or isinstance(right, Anything):
            return _ANY
        if isinstance(left, Listing) and isinstance(right, Listing) and node.sign == "+":
            return Listing(_united([left.of, right.of]))
        found = _CALCULATED.get((_kind(left), node.sign, _kind(right)))
        if found is None:
            return self.note(node, f"cannot calculate {_called(left)} {node.sign} {_called(right)}")
        return Scalar(found)

    def relation(self, node: Relation, within: Within) -> Shape:
        left, right = self.shape(node.left, within), self.shape(node.right, within)
        if node.sign == "in":
            self._contained(node, left, right)
        else:
            self._compared(node, left, right)
        return flag()

    def _contained(self, node: Relation, left: Shape, right: Shape) -> None:
        match right:
            case Listing(of=member):
                self._compared(node, left, member)
                for each in node.right.items if isinstance(node.right, Items) else ():
                    self._allowed(node, left, each)
            case Table() | Record():
                if not isinstance(left, Anything) and _kind(left) != "text":
                    self.note(node, f"keys are texts, and {written(node.left)} is {_called(left)}")
                elif isinstance(right, Record) and isinstance(node.left, Literal):
                    self._field(Index(node.right, node.left), right, str(node.left.value))
            case Scalar():
                hint = "; write contains()" if right.kind == "text" else ""
                self.note(node, f"{written(node.right)} is {_called(right)}{hint}")
            case _:
                pass

    def _compared(self, node: Relation, left: Shape, right: Shape) -> None:
        if isinstance(left, Anything) or isinstance(right, Anything):
            return
        if _kind(left) != _kind(right):
            self.note(node, f"compares {_called(left)} with {_called(right)}")
        elif node.sign in ("==", "!="):
            self._allowed(node, left, node.right)
            self._allowed(node, right, node.left)
        elif node.sign != "in" and _kind(left) not in _ORDERED:
            self.note(node, f"{_called(left)} is neither less nor greater than another")

    def _allowed(self, node: Relation, shape: Shape, beside: Node) -> None:
        """Notes a text that the value beside it never is."""
        if (
            not isinstance(shape, Scalar)
            or not isinstance(beside, Literal)
            or not isinstance(beside.value, str)
        ):
            return
        if shape.values and beside.value not in shape.values:
            near = _meant(beside.value, shape.values)
            some = ", ".join(each or "empty" for each in shape.values[:8])
            most = ", …" if len(shape.values) > 8 else ""
            self.note(node, f"it is never {written(beside)}{near or f'; it is one of {some}{most}'}")

    def macro(self, node: Macro, within: Within) -> Shape:
        of = self.shape(node.of, within)
        match of:
            case Listing(of=member):
                self.keys.discard(node.variable)
            case Table() | Record():
                member = text()
                self.keys.add(node.variable)
            case Scalar():
                self.note(node.of, f"is {_called(of)}; {node.kind}() goes through a list")
                member = _ANY
            case _:
                member = _ANY
        inner = {**within, node.variable: member}
        found = [self.shape(body, inner) for body in node.bodies]
        for body, shape in zip(node.bodies, found, strict=True):
            if node.kind != "map" or body is not node.bodies[-1]:
                self.must_be_flag(body, shape)
        if node.kind == "map":
            return Listing(found[-1])
        return Listing(member) if node.kind == "filter" else flag()

    def call(self, node: Call, within: Within) -> Shape:
        given = [self.shape(each, within) for each in node.arguments]
        function = FUNCTIONS.get(node.function)
        if function is None:
            return self.note(node, no_function(node.function))
        fewest, most = function.counts
        if not fewest <= len(given) <= most:
            counts = f"{len(given)} argument{'' if len(given) == 1 else 's'}"
            return self.note(node, f"{node.function}() is given {counts}; write {function.form}")
        takes = function.taken(len(given))
        for argument, shape, wanted in zip(node.arguments, given, takes, strict=True):
            if wanted != "any" and not isinstance(shape, Anything) and _taken(shape) != wanted:
                self.note(
                    node, f"{node.function}() takes a {wanted}, and {written(argument)} is {_called(shape)}"
                )
        self._check_literal(node)
        return _given(node.function, function.gives, given)

    def _check_literal(self, node: Call) -> None:
        """Patterns, durations and times that are written out can be read now."""
        read = _READ_NOW.get(node.function)
        last = node.arguments[-1] if node.arguments else None
        if read is None or not isinstance(last, Literal) or not isinstance(last.value, str):
            return
        try:
            read(last.value)
        except ValueError as error:
            self.note(node, str(error))


def _kind(shape: Shape) -> str:
    """The kind of a scalar, list or mapping."""
    return shape.kind if isinstance(shape, Scalar) else _taken(shape)


def _taken(shape: Shape) -> str:
    match shape:
        case Scalar(kind=kind):
            return kind
        case Listing():
            return "list"
        case _:
            return "mapping"


def _given(function: str, gives: str, given: Sequence[Shape]) -> Shape:
    """The shape of what a function gives."""
    first = given[0] if given else _ANY
    if function == "values":
        return Listing(_members(first))
    if function == "keys":
        return Listing(text())
    if function == "distinct":
        return first
    if function == "sum" or (gives == "any" and len(given) == 1):
        return first.of if isinstance(first, Listing) else _ANY
    return _united(given) if gives == "any" else Scalar(gives)


def _members(mapping: Shape) -> Shape:
    match mapping:
        case Table(of=member):
            return member
        case Record(fields=fields):
            return _united(shape for key, shape in fields.items() if key != "cite")
        case _:
            return _ANY


_ORDERED = frozenset({"text", "number", "time", "duration"})
_CALCULATED = {
    **{("number", sign, "number"): "number" for sign in "+-*/%"},
    ("text", "+", "text"): "text",
    ("time", "+", "duration"): "time",
    ("duration", "+", "time"): "time",
    ("time", "-", "duration"): "time",
    ("time", "-", "time"): "duration",
    ("duration", "+", "duration"): "duration",
    ("duration", "-", "duration"): "duration",
}
_READ_NOW: Mapping[str, Callable[[str], object]] = {
    "matches": pattern,
    "duration": duration,
    "timestamp": timestamp,
}
_READERS: Mapping[type[Node], Callable[[_Reader, Any, Within], Shape]] = {
    Literal: _Reader.literal,
    Name: _Reader.name,
    Variable: _Reader.variable,
    Member: _Reader.member,
    Index: _Reader.index,
    Has: _Reader.has,
    Call: _Reader.call,
    Macro: _Reader.macro,
    Not: _Reader.inverted,
    Negative: _Reader.negative,
    And: _Reader.folded,
    Or: _Reader.folded,
    Relation: _Reader.relation,
    Arithmetic: _Reader.arithmetic,
    Choice: _Reader.choice,
    Items: _Reader.items,
    Entries: _Reader.entries,
}
