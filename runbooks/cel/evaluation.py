"""Nodes to functions: each node becomes a closure once, so that evaluation only calls them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from runbooks.cel.functions import FUNCTIONS, fitting
from runbooks.cel.gaps import together
from runbooks.cel.lists import entries
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
    children,
    within,
    written,
)
from runbooks.cel.operators import (
    LONGEST_LIST,
    Site,
    Spend,
    calculated,
    comparison,
    equal,
    gaps_of,
    kind,
    listed,
    plain_comparison,
    whole_number,
)
from runbooks.values import CITE, Gap, Partial, Value


@dataclass(frozen=True, slots=True)
class Frame:
    """One evaluation: names from outside, members that macros look at, and what it may still spend."""

    names: Mapping[str, Value]
    spend: Spend
    members: list[Value]


Run: TypeAlias = Callable[[Frame], Value]
Whole: TypeAlias = Callable[[Mapping[str, Value], Spend], Value]
"""A whole expression, over names from outside."""


def cost(node: Node) -> int:
    """Steps of a node and those below it; a macro's bodies are paid for with each member."""
    below = (node.of,) if isinstance(node, Macro) else children(node)
    return 1 + sum(cost(child) for child in below)


def compiled(node: Node) -> Whole:
    """What evaluates a whole expression. It raises what `spend` raises, and nothing else."""
    run, price = _compile(node, {}), cost(node)
    places: list[Value] = [None] * sum(isinstance(each, Macro) for each in within(node))

    def whole(names: Mapping[str, Value], spend: Spend) -> Value:
        spend(price)
        return run(Frame(names, spend, places.copy()))

    return whole


Slots = Mapping[str, int]


def _compile(node: Node, slots: Slots) -> Run:
    make: Callable[..., Run] = _MAKERS[type(node)]
    return make(node, slots)


def _literal(node: Literal, slots: Slots) -> Run:
    value = node.value
    return lambda frame: value


def _name(node: Name, slots: Slots) -> Run:
    name = node.name
    missing = Gap(name, "there is no evidence of this name", mistake=True)
    return lambda frame: frame.names.get(name, missing)


def _variable(node: Variable, slots: Slots) -> Run:
    slot = slots[node.name]
    return lambda frame: frame.members[slot]


def _member(node: Member, slots: Slots) -> Run:
    of, key = _compile(node.of, slots), node.key

    def run(frame: Frame) -> Value:
        found = of(frame)
        return found[key] if type(found) is dict and key in found else _under(found, key, node)

    return run


def _under(found: Value, key: str, node: Member | Index) -> Value:
    """The member of a value; a gap where there is none."""
    if isinstance(found, Mapping):
        if key in found:
            return found[key]
        place = _place(found, key, node)
        return Gap(place, f"{place}: there is no such evidence")
    if isinstance(found, Gap):
        return found
    if found is None:
        return Gap(written(node.of), f"{written(node.of)} is null")
    return Gap(written(node), f"asks {kind(found)} for its {key}", mistake=True)


def _place(found: Mapping[str, Value], key: str, node: Member | Index) -> str:
    """Where in the evidence the member would be: what can be cited knows its own place."""
    cite = found.get(CITE)
    place = cite.get("id") if isinstance(cite, Mapping) else None
    return f"{place}.{key}" if isinstance(place, str) and place else written(node)


def _index(node: Index, slots: Slots) -> Run:
    of, key = _compile(node.of, slots), _compile(node.key, slots)
    site = Site(node)

    def run(frame: Frame) -> Value:
        found, at = of(frame), key(frame)
        gaps = [each for each in (found, at) if isinstance(each, Gap)]
        if gaps:
            return together(gaps)
        if isinstance(found, tuple):
            return _at(found, at, site)
        if isinstance(at, str):
            return _under(found, at, node)
        if found is None or at is None:
            return site.gap("is of null")
        return site.mistake(f"asks {kind(found)} for {kind(at)}")

    return run


def _at(members: tuple[Value, ...], at: Value, site: Site) -> Value:
    if at is None:
        return site.gap("is of null")
    if not isinstance(at, int | float) or isinstance(at, bool) or not whole_number(at):
        return site.mistake(f"asks a list for {kind(at)}")
    if isinstance(members, Partial):
        return together(members.gaps)
    return members[int(at)] if 0 <= at < len(members) else site.gap("the list has no such member")


def _has(node: Has, slots: Slots) -> Run:
    member = node.member
    of = _compile(member.of, slots)
    key: Run = (
        _compile(member.key, slots) if isinstance(member, Index) else _literal(Literal(member.key), slots)
    )
    site = Site(node)

    def run(frame: Frame) -> Value:
        found, at = of(frame), key(frame)
        gaps = [each for each in (found, at) if isinstance(each, Gap)]
        if gaps:
            return together(gaps)
        if isinstance(found, Mapping) and isinstance(at, str):
            value = found.get(at)
            return value if isinstance(value, Gap) else at in found
        if found is None:
            return site.gap(f"{written(member.of)} is null")
        return site.mistake(f"asks {kind(found)} for {kind(at)}")

    return run


def _not(node: Not, slots: Slots) -> Run:
    of, site = _compile(node.of, slots), Site(node)

    def run(frame: Frame) -> Value:
        found = of(frame)
        return not found if isinstance(found, bool) else _no_flag(found, site)

    return run


def _no_flag(found: Value, site: Site) -> Gap:
    """What a value is as a condition that is neither true nor false."""
    if isinstance(found, Gap):
        return found
    return site.gap("is null") if found is None else site.mistake(f"is {kind(found)}, neither true nor false")


def as_condition(found: Value, node: Node) -> bool | Gap:
    """A value where true or false is wanted."""
    return found if isinstance(found, bool) else _no_flag(found, Site(node))


def _negative(node: Negative, slots: Slots) -> Run:
    of, site = _compile(node.of, slots), Site(node)

    def run(frame: Frame) -> Value:
        return calculated("-", 0, of(frame), site, frame.spend)

    return run


def _and(node: And, slots: Slots) -> Run:
    return _folded(node.parts, slots, decides=False)


def _or(node: Or, slots: Slots) -> Run:
    return _folded(node.parts, slots, decides=True)


def _folded(parts: tuple[Node, ...], slots: Slots, *, decides: bool) -> Run:
    """&& and ||: one operand that decides is enough, whatever is unknown beside it."""
    compiled_parts = tuple((_compile(part, slots), Site(part)) for part in parts)

    def run(frame: Frame) -> Value:
        gaps: list[Gap] = []
        for part, site in compiled_parts:
            found = part(frame)
            if found is decides:
                return decides
            if not isinstance(found, bool):
                gaps.append(_no_flag(found, site))
        return together(gaps) if gaps else not decides

    return run


def _relation(node: Relation, slots: Slots) -> Run:
    left, right = _compile(node.left, slots), _compile(node.right, slots)
    compare, site = comparison(node.sign), Site(node)
    if isinstance(node.right, Literal) and (simple := plain_comparison(node.sign, node.right.value)):
        return _beside_literal(
            left,
            node.right.value,
            simple,
            lambda frame, found: compare(found, right(frame), site, frame.spend),
        )
    return lambda frame: compare(left(frame), right(frame), site, frame.spend)


def _beside_literal(
    left: Run, literal: Value, simple: Callable[[Any, Any], bool], compare: Callable[[Frame, Value], Value]
) -> Run:
    """A comparison with a literal, which most are: values of its own kind need nothing else."""
    same = type(literal)

    def run(frame: Frame) -> Value:
        found = left(frame)
        return simple(found, literal) if type(found) is same else compare(frame, found)

    return run


def _arithmetic(node: Arithmetic, slots: Slots) -> Run:
    left, right = _compile(node.left, slots), _compile(node.right, slots)
    sign, site = node.sign, Site(node)
    return lambda frame: calculated(sign, left(frame), right(frame), site, frame.spend)


def _choice(node: Choice, slots: Slots) -> Run:
    condition, yes, no = (_compile(each, slots) for each in (node.condition, node.yes, node.no))
    site, asked = Site(node), Site(node.condition)

    def run(frame: Frame) -> Value:
        found = condition(frame)
        if isinstance(found, bool):
            return yes(frame) if found else no(frame)
        one, other = yes(frame), no(frame)
        if equal(one, other, site, frame.spend) is True:
            return one
        gaps = [each for each in (one, other) if isinstance(each, Gap)]
        return together([_no_flag(found, asked), *(gaps if len(gaps) == 2 else ())])

    return run


def _items(node: Items, slots: Slots) -> Run:
    items = tuple(_compile(each, slots) for each in node.items)
    return lambda frame: tuple(each(frame) for each in items)


def _entries(node: Entries, slots: Slots) -> Run:
    pairs = tuple((_compile(key, slots), _compile(value, slots)) for key, value in node.entries)
    site = Site(node)

    def run(frame: Frame) -> Value:
        made: dict[str, Value] = {}
        for key, value in pairs:
            name = key(frame)
            if not isinstance(name, str):
                return name if isinstance(name, Gap) else site.mistake(f"has {kind(name)} as a key")
            made[name] = value(frame)
        return made

    return run


def _call(node: Call, slots: Slots) -> Run:
    site = Site(node)
    function = FUNCTIONS.get(node.function)
    if function is None:
        unknown = site.mistake(no_function(node.function))
        return lambda frame: unknown
    fewest, most = function.counts
    if not fewest <= len(node.arguments) <= most:
        miscounted = site.mistake(f"is given {len(node.arguments)} arguments; write {function.form}")
        return lambda frame: miscounted
    arguments = tuple(_compile(each, slots) for each in node.arguments)
    if not function.strict:
        return lambda frame: function.run(tuple(each(frame) for each in arguments), site, frame.spend)
    takes = function.taken(len(arguments))

    def run(frame: Frame) -> Value:
        found = tuple(each(frame) for each in arguments)
        refused = _refused(found, takes, node.arguments, site)
        return function.run(found, site, frame.spend) if refused is None else refused

    return run


def _refused(
    found: tuple[Value, ...], takes: tuple[str, ...], nodes: tuple[Node, ...], site: Site
) -> Gap | None:
    """Why a function cannot be asked with these: unknown, null, or not of the kind that it takes."""
    gaps = [each for each in found if isinstance(each, Gap)]
    if gaps:
        return together(gaps)
    for value, wanted, node in zip(found, takes, nodes, strict=True):
        if value is None:
            return site.gap(f"{written(node)} is null")
        if not fitting(wanted, value):
            return site.mistake(f"takes a {wanted}, not {kind(value)}")
    return None


def no_function(name: str) -> str:
    """What is said of a function that there is not."""
    near = get_close_matches(name, [*FUNCTIONS, "has", "exists", "all", "exists_one", "filter", "map"], 1)
    return f"there is no function {name}()" + (f"; did you mean {near[0]}()?" if near else "")


Test = Callable[[Value], Value]
Fold = Callable[[tuple[Value, ...], tuple[Test, ...], Site, Node], Value]


def _macro(node: Macro, slots: Slots) -> Run:
    slot = max(slots.values(), default=-1) + 1  # its own, though a macro around it has the same name for it
    of, site = _compile(node.of, slots), Site(node)
    bodies = tuple(_compile(body, {**slots, node.variable: slot}) for body in node.bodies)
    price = sum(cost(body) for body in node.bodies) + 1
    fold = _FOLDS[node.kind]

    def run(frame: Frame) -> Value:
        members = _members(of(frame), site, frame.spend)
        if isinstance(members, Gap):
            return members

        def test(body: Run) -> Test:
            def ask(member: Value) -> Value:
                frame.spend(price)
                frame.members[slot] = member
                return body(frame)

            return ask

        return fold(members, tuple(test(body) for body in bodies), site, node.bodies[0])

    return run


def _members(found: Value, site: Site, spend: Spend) -> tuple[Value, ...] | Gap:
    """What a macro goes through: the members of a list, the keys of a mapping."""
    if isinstance(found, tuple | Gap):
        return found
    if isinstance(found, Mapping):
        spend(len(found))
        return tuple(key for key, _ in entries(found))
    return site.gap("is asked of null") if found is None else site.mistake(f"goes through {kind(found)}")


def _exists(members: tuple[Value, ...], tests: tuple[Test, ...], site: Site, body: Node) -> Value:
    return _decided(members, tests[0], body, decides=True)


def _all(members: tuple[Value, ...], tests: tuple[Test, ...], site: Site, body: Node) -> Value:
    return _decided(members, tests[0], body, decides=False)


def _decided(members: tuple[Value, ...], test: Test, body: Node, *, decides: bool) -> Value:
    gaps: list[Gap] = []
    for member in members:
        found = test(member)
        if found is decides:
            return decides
        if not isinstance(found, bool):
            gaps.append(as_condition(found, body))  # type: ignore[arg-type]  # no flag: it gives a gap
    gaps.extend(gaps_of(members))
    return together(gaps) if gaps else not decides


def _split(members: Iterable[Value], test: Test, body: Node) -> tuple[list[Value], list[Gap]]:
    """The members for which it is true, and why it could not be told of others."""
    kept: list[Value] = []
    gaps: list[Gap] = []
    for member in members:
        found = as_condition(test(member), body)
        if isinstance(found, Gap):
            gaps.append(found)
        elif found:
            kept.append(member)
    return kept, gaps


def _exists_one(members: tuple[Value, ...], tests: tuple[Test, ...], site: Site, body: Node) -> Value:
    kept, gaps = _split(members, tests[0], body)
    if len(kept) > 1:
        return False
    gaps.extend(gaps_of(members))
    return together(gaps) if gaps else len(kept) == 1


def _filter(members: tuple[Value, ...], tests: tuple[Test, ...], site: Site, body: Node) -> Value:
    kept, gaps = _split(members, tests[0], body)
    return listed(tuple(kept), (*gaps, *gaps_of(members)), site)


def _map(members: tuple[Value, ...], tests: tuple[Test, ...], site: Site, body: Node) -> Value:
    if len(members) > LONGEST_LIST:
        return site.mistake(f"makes a list of more than {LONGEST_LIST:,} members")
    if len(tests) == 1:
        return listed(tuple(map(tests[0], members)), gaps_of(members), site)
    kept, gaps = _split(members, tests[0], body)
    return listed(tuple(map(tests[1], kept)), (*gaps, *gaps_of(members)), site)


_FOLDS: Mapping[str, Fold] = {
    "exists": _exists,
    "all": _all,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
_MAKERS: Mapping[type[Node], Callable[..., Run]] = {
    Literal: _literal,
    Name: _name,
    Variable: _variable,
    Member: _member,
    Index: _index,
    Has: _has,
    Call: _call,
    Macro: _macro,
    Not: _not,
    Negative: _negative,
    And: _and,
    Or: _or,
    Relation: _relation,
    Arithmetic: _arithmetic,
    Choice: _choice,
    Items: _items,
    Entries: _entries,
}
