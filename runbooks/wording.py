"""What can be said of a text before it ever runs: names, fields and filters that do not fit."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import nodes as jinja

from checks.validation import nearest
from runbooks.filters import FILTERS
from runbooks.shape import Anything, Listing, Names, Record, Scalar, Shape, Table, flag, number, text
from runbooks.text import Text

ANYTHING: Final = Anything()
LOOP: Final = Record({"first": flag(), "last": flag(), "index": number(), "length": number()})
KINDS: Final = {
    "text": "a text",
    "number": "a number",
    "flag": "true or false",
    "time": "a time",
    "list": "a list",
}
Within = Mapping[str, Shape]


def problems(said: Text, names: Names) -> list[str]:
    """What cannot be right about a text, as sentences, each once."""
    reader = _Reader()
    reader.blocks(said.tree.body, names.shapes)
    return list(dict.fromkeys(reader.problems))


def kind(shape: Shape) -> str:
    """What filters tell apart: the kind of a scalar, list, mapping; empty where it is open."""
    match shape:
        case Scalar():
            return shape.kind
        case Listing():
            return "list"
        case Record() | Table():
            return "mapping"
        case Anything():
            return ""


def called(of: str) -> str:
    """A kind in words."""
    return KINDS.get(of, f"a {of}")


def meant(name: str, known: Iterable[str]) -> str:
    """`; did you mean status?` where a known name is near."""
    near = nearest(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


@dataclass(slots=True)
class _Reader:
    """Follows the shapes of values through a template, and notes what does not fit."""

    problems: list[str] = field(default_factory=list)

    def note(self, says: str) -> Shape:
        """A problem; what has it may then be anything."""
        self.problems.append(says)
        return ANYTHING

    def blocks(self, nodes: Iterable[jinja.Node], within: Within) -> None:
        for node in nodes:
            match node:
                case jinja.Output():
                    for each in node.nodes:
                        self.shape(each, within)
                case jinja.If():
                    for branch in (node, *node.elif_):
                        self.shape(branch.test, within)
                        self.blocks(branch.body, within)
                    self.blocks(node.else_, within)
                case jinja.For():
                    self._loop(node, within)

    def _loop(self, node: jinja.For, within: Within) -> None:
        of = self.shape(node.iter, within)
        if kind(of) not in ("", "list"):
            self.note(f"{written(node.iter)} is {called(kind(of))}, and a loop goes through a list")
        name = node.target.name if isinstance(node.target, jinja.Name) else ""
        inner = {**within, name: of.of if isinstance(of, Listing) else ANYTHING, "loop": LOOP}
        if node.test is not None:
            self.shape(node.test, inner)
        self.blocks(node.body, inner)
        self.blocks(node.else_, within)

    def shape(self, node: jinja.Node, within: Within) -> Shape:
        """The shape of an expression."""
        read: Callable[[_Reader, Any, Within], Shape] = READERS.get(type(node), _Reader.other)
        return read(self, node, within)

    def other(self, node: jinja.Node, within: Within) -> Shape:
        for child in node.iter_child_nodes():
            self.shape(child, within)
        return ANYTHING

    def constant(self, node: jinja.Const, within: Within) -> Shape:
        match node.value:
            case bool():
                return flag()
            case int() | float():
                return number()
            case str() as value:
                return text("", value)
            case _:
                return ANYTHING

    def name(self, node: jinja.Name, within: Within) -> Shape:
        found = within.get(node.name)
        return found if found is not None else self.note(f"there is no {node.name}{meant(node.name, within)}")

    def attribute(self, node: jinja.Getattr, within: Within) -> Shape:
        return self.member(written(node), self.shape(node.node, within), node.attr)

    def item(self, node: jinja.Getitem, within: Within) -> Shape:
        of, key = self.shape(node.node, within), self.shape(node.arg, within)
        if isinstance(node.arg, jinja.Const) and isinstance(node.arg.value, str):
            return self.member(written(node), of, node.arg.value)
        if isinstance(of, (Listing, Table)):
            wanted = "number" if isinstance(of, Listing) else "text"
            if kind(key) in ("", wanted):
                return of.of
            return self.note(
                f"{written(node)}: members of {called(kind(of))} are asked for by {called(wanted)}"
            )
        return ANYTHING

    def member(self, where: str, of: Shape, key: str) -> Shape:
        """One field of a shape."""
        match of:
            case Anything():
                return ANYTHING
            case Table():
                return of.of
            case Record() if key in of.fields:
                return of.fields[key]
            case Record():
                return self.note(f"{where}: there is no field {key}{meant(key, of.fields)}")
            case Listing():
                return self.note(f"{where}: of a list there is no {key}; take its first, or go through it")
            case Scalar():
                return self.note(f"{where}: {called(of.kind)} has no {key}")

    def filtered(self, node: jinja.Filter, within: Within) -> Shape:
        of = self.shape(node.node, within) if node.node is not None else ANYTHING
        arguments = [*node.args, *(each.value for each in node.kwargs)]
        known = FILTERS[node.name]
        if not known.attribute:
            for each in arguments:
                self.shape(each, within)
        if kind(of) and not {"any", kind(of)} & {*known.kinds}:
            takes = " or ".join(called(each) for each in known.kinds)
            return self.note(f"{written(node)}: it is {called(kind(of))}; {node.name} takes {takes}")
        if known.attribute:
            return self._of_member(
                node, of, str(arguments[0].value) if isinstance(arguments[0], jinja.Const) else ""
            )
        return _gives(node.name, of)

    def _of_member(self, node: jinja.Filter, of: Shape, name: str) -> Shape:
        if not isinstance(of, Listing):
            return ANYTHING
        member = self.member(written(node), of.of, name)
        return Listing(member) if node.name == "map" else of

    def compared(self, node: jinja.Compare, within: Within) -> Shape:
        sides = [(node.expr, self.shape(node.expr, within))]
        for operand in node.ops:
            sides.append((operand.expr, self.shape(operand.expr, within)))
            (_, left), (_, right) = sides[-2:]
            if operand.op in ("eq", "ne"):
                self._equal(node, left, right)
        return flag()

    def _equal(self, node: jinja.Compare, left: Shape, right: Shape) -> None:
        """Texts that are compared have to have one that both can be."""
        if not isinstance(left, Scalar) or not isinstance(right, Scalar):
            return
        if left.kind != right.kind:
            self.note(f"{written(node)}: compares {called(left.kind)} with {called(right.kind)}")
        elif left.values and right.values and not {*left.values} & {*right.values}:
            one, many = sorted((left.values, right.values), key=len)
            self.note(f"{written(node)}: it is never {', '.join(one)}{meant(one[0], many)}")

    def either(self, node: jinja.CondExpr, within: Within) -> Shape:
        self.shape(node.test, within)
        yes = self.shape(node.expr1, within)
        no = self.shape(node.expr2, within) if node.expr2 is not None else text()
        if kind(yes) != kind(no):
            return ANYTHING
        return Scalar(yes.kind) if isinstance(yes, Scalar) else (yes if yes == no else ANYTHING)

    def joined(self, node: jinja.And | jinja.Or, within: Within) -> Shape:
        left, right = self.shape(node.left, within), self.shape(node.right, within)
        return left if left == right else ANYTHING

    def concatenated(self, node: jinja.Concat, within: Within) -> Shape:
        self.other(node, within)
        return text()

    def asked(self, node: jinja.Test | jinja.Not, within: Within) -> Shape:
        self.other(node, within)
        return flag()

    def summed(self, node: jinja.BinExpr | jinja.UnaryExpr, within: Within) -> Shape:
        for child in node.iter_child_nodes():
            of = kind(self.shape(child, within))
            if of not in ("", "number"):
                self.note(f"{written(node)}: calculates with {called(of)}")
        return number()


def _gives(name: str, of: Shape) -> Shape:
    """The shape of what a filter gives."""
    match name:
        case "first" | "last":
            return of.of if isinstance(of, Listing) else ANYTHING
        case "unique":
            return of
        case "names" | "keys":
            return Listing(text())
        case "values":
            return Listing(of.of if isinstance(of, Table) else ANYTHING)
        case "length" | "round":
            return number()
        case "default":
            return ANYTHING
        case _:
            return text()


READERS: Final[Mapping[type[jinja.Node], Callable[[_Reader, Any, Within], Shape]]] = {
    jinja.Const: _Reader.constant,
    jinja.Name: _Reader.name,
    jinja.Getattr: _Reader.attribute,
    jinja.Getitem: _Reader.item,
    jinja.Filter: _Reader.filtered,
    jinja.Compare: _Reader.compared,
    jinja.CondExpr: _Reader.either,
    jinja.And: _Reader.joined,
    jinja.Or: _Reader.joined,
    jinja.Concat: _Reader.concatenated,
    jinja.Test: _Reader.asked,
    jinja.Not: _Reader.asked,
    jinja.Add: _Reader.summed,
    jinja.Sub: _Reader.summed,
    jinja.Neg: _Reader.summed,
}
SIGNS: Final = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "lteq": "<=",
    "gt": ">",
    "gteq": ">=",
    "in": "in",
    "notin": "not in",
}


def written(node: jinja.Node) -> str:
    """An expression about as it is written in the template; what is of no help is left out."""
    match node:
        case jinja.Name():
            return node.name
        case jinja.Const():
            return repr(node.value)
        case jinja.Getattr():
            return f"{written(node.node)}.{node.attr}"
        case jinja.Getitem():
            return f"{written(node.node)}[{written(node.arg)}]"
        case jinja.Filter():
            of = written(node.node) if node.node is not None else ""
            given = ", ".join(written(each) for each in (*node.args, *(each.value for each in node.kwargs)))
            return f"({of} | {node.name}{f'({given})' if given else ''})"
        case jinja.Compare():
            signs = (f" {SIGNS[each.op]} {written(each.expr)}" for each in node.ops)
            return f"{written(node.expr)}{''.join(signs)}"
        case _:
            return "(…)"
