"""What a text says of values: three-valued, and within a number of steps.

It walks what Jinja2 read and `runbooks.text` allowed. No template is ever turned into Python.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from jinja2 import nodes as jinja

from runbooks.filters import FILTERS, TESTS, no_use
from runbooks.said import LARGEST, LONGEST_SAID, MOST_MEMBERS, clock, more, one_line, said
from runbooks.values import Gap, Partial, Value

LONGEST_RENDERED = 600  # characters of what a text says; more is cut with an ellipsis
STEPS = 20_000  # nodes visited and members looked at while one text is rendered


class Spent(Exception):  # noqa: N818 - how a rendering ended
    """More steps than a text may take, or more said than is ever shown."""


@dataclass(slots=True)
class Page:
    """What was said so far, and the steps that are left."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    steps: int = STEPS

    def spend(self, steps: int = 1) -> None:
        """Takes steps away. Raises `Spent`."""
        self.steps -= steps
        if self.steps < 0:
            raise Spent

    def write(self, text: str) -> None:
        """Raises `Spent` when enough was said. Blanks count, though runs of them are drawn together."""
        self.parts.append(text)
        self.length += len(text)
        if self.length > 4 * LONGEST_RENDERED:
            raise Spent

    def text(self, *, cut: bool) -> str:
        """All of it on one line; with an ellipsis if it is `cut` or too long."""
        whole = one_line("".join(self.parts))
        if len(whole) <= LONGEST_RENDERED and not cut:
            return whole
        return f"{whole[: LONGEST_RENDERED - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Renderer:
    """Says a template of which every node was allowed."""

    names: Mapping[str, Value]
    page: Page

    def blocks(self, nodes: list[jinja.Node]) -> None:
        """Writes what these statements say. Raises `Spent`."""
        for node in nodes:
            self.page.spend()
            match node:
                case jinja.Output():
                    for each in node.nodes:
                        self.page.write(self._said(each))
                case jinja.If():
                    self._if(node)
                case jinja.For():
                    self._for(node)

    def _said(self, node: jinja.Expr) -> str:
        if isinstance(node, jinja.TemplateData):
            return node.data
        value = self.value(node)
        return clock(value, today=self.today) if isinstance(value, datetime) else said(value)

    @property
    def today(self) -> datetime | None:
        """When the evidence was gathered, so that a time of another day is said with its day."""
        env = self.names.get("env")
        at = env.get("at") if isinstance(env, Mapping) else None
        return at if isinstance(at, datetime) else None

    def _if(self, node: jinja.If) -> None:
        """Neither branch where the condition is unknown; if there are two, that it could not be told."""
        chosen = node.else_
        for branch in (node, *node.elif_):
            holds = truth(self.value(branch.test))
            if isinstance(holds, Gap):
                self.page.write(said(holds) if node.else_ else "")
                return
            if holds:
                chosen = branch.body
                break
        self.blocks(chosen)

    def _for(self, node: jinja.For) -> None:
        members = self.value(node.iter)
        if isinstance(members, Partial) and not members and members.gaps:
            members = members.gaps[0]
        if not isinstance(members, tuple):
            self.page.write(said(members if isinstance(members, Gap) else no_use("for", members)))
            return
        chosen = self._chosen(node, members)
        for position, each in enumerate(chosen):
            first, last = position == 0, position == len(chosen) - 1
            loop = {"first": first, "last": last, "index": position + 1, "length": len(chosen)}
            self._with(node, each, loop).blocks(node.body)
        if not chosen:
            self.blocks(node.else_)
        self.page.write(more(len(members)))
        if isinstance(members, Partial) and members.gaps:
            self.page.write(" and perhaps more")

    def _chosen(self, node: jinja.For, members: tuple[Value, ...]) -> list[Value]:
        """As many members as are shown, of those that `{% for … if … %}` lets through."""
        few = list(islice(members, MOST_MEMBERS))
        if node.test is None:
            return few
        return [each for each in few if truth(self._with(node, each, {}).value(node.test)) is True]

    def _with(self, node: jinja.For, value: Value, loop: Mapping[str, Value]) -> "Renderer":
        """Within a loop: with a member under the loop's name."""
        self.page.spend(1 + len(self.names) // 10)
        name = node.target.name if isinstance(node.target, jinja.Name) else ""
        return Renderer({**self.names, name: value, "loop": loop}, self.page)

    def value(self, node: jinja.Node) -> Value:
        """What an expression comes to; a gap where it is unknown. Raises `Spent`."""
        self.page.spend()
        made: Value = EVALUATED[type(node)](self, node)
        return made

    def named(self, node: jinja.Name) -> Value:
        """A name from outside or of a loop."""
        return self.names.get(node.name, Gap(node.name, f"there is no {node.name}", mistake=True))

    def filtered(self, node: jinja.Filter) -> Value:
        """`x | names`."""
        value = self.value(node.node) if node.node is not None else ""
        if isinstance(value, (tuple, Mapping)):
            self.page.spend(len(value) // 10)
        given = (*node.args, *(each.value for each in node.kwargs))
        return FILTERS[node.name](value, *(self.value(each) for each in given), today=self.today)

    def either(self, node: jinja.CondExpr) -> Value:
        """`a if x else b`; unknown where `x` is, unless there is nothing to say otherwise."""
        holds = truth(self.value(node.test))
        other = node.expr2
        if isinstance(holds, Gap):
            nothing = other is None or (isinstance(other, jinja.Const) and other.value == "")
            return "" if nothing else holds
        if holds:
            return self.value(node.expr1)
        return self.value(other) if other is not None else ""

    def joined(self, node: jinja.And | jinja.Or) -> Value:
        """`a or b`, `a and b`: the one that decides, as in Jinja2. An unknown one decides nothing."""
        stops = isinstance(node, jinja.Or)
        left = self.value(node.left)
        holds = truth(left)
        if holds is stops:
            return left
        right = self.value(node.right)
        if not isinstance(holds, Gap) or truth(right) is stops:
            return right
        return right if stops and right == "" else holds

    def negated(self, node: jinja.Not) -> Value:
        """`not x`."""
        holds = truth(self.value(node.node))
        return holds if isinstance(holds, Gap) else not holds

    def compared(self, node: jinja.Compare) -> Value:
        """`a < b <= c`."""
        left, unknown = self.value(node.expr), None
        for operand in node.ops:
            right = self.value(operand.expr)
            if isinstance(right, (tuple, str)):
                self.page.spend(len(right) // 100)
            holds = compare(operand.op, left, right)
            if holds is False:
                return False
            unknown = unknown or (holds if isinstance(holds, Gap) else None)
            left = right
        return True if unknown is None else unknown

    def concatenated(self, node: jinja.Concat) -> Value:
        """`a ~ b`."""
        return "".join(said(self.value(each)) for each in node.nodes)[:LONGEST_SAID]

    def summed(self, node: jinja.BinExpr) -> Value:
        """`a + b`, `a - b`."""
        sign = -1 if isinstance(node, jinja.Sub) else 1
        return total(self.value(node.left), self.value(node.right), sign)

    def listed(self, node: jinja.List | jinja.Tuple) -> Value:
        """`[a, b]`."""
        return tuple(self.value(each) for each in node.items)


EVALUATED: Final[Mapping[type[jinja.Node], Callable[[Renderer, Any], Value]]] = {
    jinja.Const: lambda _, node: node.value,
    jinja.Name: Renderer.named,
    jinja.Getattr: lambda renderer, node: member(renderer.value(node.node), node.attr),
    jinja.Getitem: lambda renderer, node: member(renderer.value(node.node), renderer.value(node.arg)),
    jinja.Filter: Renderer.filtered,
    jinja.Test: lambda renderer, node: TESTS[node.name](renderer.value(node.node)),
    jinja.CondExpr: Renderer.either,
    jinja.Compare: Renderer.compared,
    jinja.And: Renderer.joined,
    jinja.Or: Renderer.joined,
    jinja.Not: Renderer.negated,
    jinja.Concat: Renderer.concatenated,
    jinja.Add: Renderer.summed,
    jinja.Sub: Renderer.summed,
    jinja.Neg: lambda renderer, node: total(0, renderer.value(node.node), -1),
    jinja.List: Renderer.listed,
    jinja.Tuple: Renderer.listed,
}
"""The expressions that texts may have. What is not here cannot be evaluated, and is refused when read."""


def member(value: Value, key: Value) -> Value:
    """A member of a record by its name or of a list by its position; a gap where it is not there."""
    if isinstance(value, Gap):
        return value
    if isinstance(key, Gap):
        return key
    if isinstance(value, Mapping) and isinstance(key, str):
        return value.get(key, Gap(key, f"there is no {key}"))
    if isinstance(value, tuple) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else Gap(str(key), "there are not so many")
    return no_use(f".{said(key)[:40]}", value)


def truth(value: Value) -> bool | Gap:
    """Whether a value counts as true: not null, 0, empty or false. A list that may be empty is unknown."""
    if isinstance(value, Gap):
        return value
    if isinstance(value, Partial) and not value and value.gaps:
        return value.gaps[0]
    return bool(value)


def compare(operator: str, left: Value, right: Value) -> bool | Gap:
    """One comparison. What cannot be compared is a gap with `mistake`."""
    gap = next((each for each in (left, right) if isinstance(each, Gap)), None)
    if gap is not None:
        return gap
    if operator in ("in", "notin"):
        found = _contains(right, left)
        return found if isinstance(found, Gap) else found is (operator == "in")
    if isinstance(left, (tuple, Mapping)) or isinstance(right, (tuple, Mapping)):
        return no_use("a comparison", left)
    if operator in ("eq", "ne"):
        return (left == right) is (operator == "eq")
    return _ordered(operator, left, right)


def _ordered(operator: str, left: Any, right: Any) -> bool | Gap:
    alike = any(isinstance(left, kind) and isinstance(right, kind) for kind in ORDERED)
    if not alike:
        return no_use("a comparison", left)
    try:
        less, equal = bool(left < right), bool(left == right)
    except TypeError:  # a time with a zone and one without
        return no_use("a comparison", left)
    return {"lt": less, "lteq": less or equal, "gt": not (less or equal), "gteq": not less}[operator]


ORDERED = ((int, float), str, datetime, timedelta)


def _contains(whole: Value, part: Value) -> bool | Gap:
    match whole:
        case str() if isinstance(part, str):
            return part in whole
        case Mapping() if isinstance(part, str):
            return part in whole
        case tuple():
            if any(not isinstance(each, (tuple, Mapping, Gap)) and each == part for each in whole):
                return True
            gaps = whole.gaps if isinstance(whole, Partial) else ()
            return next((each for each in (*whole, *gaps) if isinstance(each, Gap)), False)
        case _:
            return no_use("in", whole)


def total(left: Value, right: Value, sign: int) -> Value:
    """A sum or difference of two numbers."""
    if isinstance(left, Gap) or isinstance(right, Gap):
        return left if isinstance(left, Gap) else right
    if isinstance(left, (bool, str)) or not isinstance(left, (int, float)):
        return no_use("+ or -", left)
    if isinstance(right, (bool, str)) or not isinstance(right, (int, float)):
        return no_use("+ or -", right)
    huge = not (abs(left) < LARGEST and abs(right) < LARGEST)
    return no_use("+ or -", left) if huge else left + sign * right
