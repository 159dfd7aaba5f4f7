"""Evaluates expressions of Terraform's language as far as files tell; the rest stays `Unevaluated`."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from checks.terraform.errors import TerraformUnreadable
from checks.terraform.functions import (
    LONGEST_TEXT,
    MOST_ITEMS,
    MOVING,
    READING,
    items_of,
    number_of,
    text_of,
    truth_of,
)
from checks.terraform.hcl import Expression, parse_native
from checks.terraform.model import Sensitive, Unevaluated

DEEPEST = 100
MOST_STEPS = 500_000
LARGEST_NUMBER = 10**30
LONGEST_SHOWN = 200  # letters of an expression that is told

# What a file of Terraform may make an operation or a function fail with; it is then not evaluated.
MISTAKES = (ValueError, TypeError, KeyError, IndexError, ArithmeticError, AttributeError, StopIteration)


class CannotTell(Exception):  # noqa: N818 - a signal within an evaluation, not an error for callers
    """A part of an expression has no value that files tell; the text says why."""


class IsSensitive(Exception):  # noqa: N818 - a signal within an evaluation, not an error for callers
    """A part of an expression is sensitive, so the whole of it is."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """What is looked into by name when it is needed: `var`, `local`, a resource, a module."""

    get: Callable[[str], Any]


class Scope(Protocol):
    """Where the first names of expressions are looked up."""

    def root(self, name: str) -> Any:
        """The value of `var`, `each`, `google_redis_instance`, …; raises KeyError."""
        ...


@dataclass(slots=True)
class Effort:
    """How much was evaluated so far, over all files: bounds what a few lines can ask for."""

    steps: int = 0
    depth: int = 0

    def spend(self, steps: int = 1) -> None:
        """Raises `CannotTell` once the configuration asked for too much."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise CannotTell("the configuration is too large to be evaluated whole")


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates in one scope; `names` are those of `for` and of dynamic blocks."""

    scope: Scope
    effort: Effort
    names: Mapping[str, Any] = field(default_factory=dict)

    def value(self, expression: Expression) -> Any:
        """The value. What cannot be told is `Unevaluated`, what is secret `Sensitive`, at any depth."""
        try:
            return _bounded(self._of(expression.tree, expression))
        except (CannotTell, ValueError) as cannot:
            return Unevaluated(shortened(expression.text), str(cannot))
        except IsSensitive:
            return Sensitive()

    def naming(self, **names: Any) -> "Evaluator":
        """With more names."""
        return Evaluator(self.scope, self.effort, {**self.names, **names})

    def _of(self, tree: Any, within: Expression) -> Any:
        self.effort.spend()
        self.effort.depth += 1
        try:
            if self.effort.depth > DEEPEST:
                raise CannotTell("it is nested too deep")
            if not hasattr(tree, "data"):
                return self._json(tree, within)
            evaluate = self._rules.get(str(tree.data))
            if evaluate is None:
                raise CannotTell(f"whybot does not evaluate {_SAID.get(str(tree.data), 'it')}")
            return evaluate(self, tree, within)
        finally:
            self.effort.depth -= 1

    def known(self, tree: Any, within: Expression) -> Any:
        """A value that is known through and through."""
        return plain(self._of(tree, within))

    def part(self, tree: Any, within: Expression) -> Any:
        """An element of a list or object; it may be unknown or sensitive without the others being so."""
        try:
            return self._of(tree, within)
        except (CannotTell, ValueError) as cannot:
            return Unevaluated(shortened(_text(tree, within)), str(cannot))
        except IsSensitive:
            return Sensitive()

    def _json(self, value: Any, within: Expression) -> Any:
        if isinstance(value, dict):
            return {key: self.part(each, within) for key, each in value.items()}
        if isinstance(value, list):
            return [self.part(each, within) for each in value]
        return self._template(value, within) if isinstance(value, str) else value

    def _template(self, text: str, within: Expression) -> Any:
        """A text with `${…}` in it; one that is nothing but that keeps the value's type."""
        parts = list(split_template(text))
        values = [part if literal else self._of(_inner(part, within), within) for part, literal in parts]
        if len(values) == 1 and not parts[0][1]:
            return values[0]
        return _joined(values)

    def _term(self, tree: Any, within: Expression) -> Any:
        return self._of(next(each for each in tree.children if _is_rule(each)), within)

    def _string(self, tree: Any, within: Expression) -> Any:
        parts = [child for child in tree.children if _is_rule(child)]
        values = [self._string_part(part.children[0], within) for part in parts]
        if len(values) == 1 and _is_rule(parts[0].children[0]):
            return values[0]
        return _joined(values)

    def _string_part(self, part: Any, within: Expression) -> Any:
        if not _is_rule(part):
            return unescaped(str(part)) if part.type == "STRING_CHARS" else str(part)[1:]
        if part.data != "interpolation":
            raise CannotTell("whybot does not evaluate directives (%{…})")
        return self._of(part.children[1], within)

    def _heredoc(self, tree: Any, within: Expression) -> Any:
        head, *lines = str(tree.children[0]).replace("\r\n", "\n").rstrip("\n").split("\n")
        body = lines[:-1]
        if head.startswith("<<-"):
            body = _dedented(body)
        return self._template("".join(f"{line}\n" for line in body), within)

    def _identifier(self, tree: Any, within: Expression) -> Any:
        name = str(tree.children[0])
        if name in self.names:
            return self.names[name]
        try:
            return self.scope.root(name)
        except KeyError:
            raise CannotTell(f"nothing is called {name} here") from None

    def _literal(self, tree: Any, within: Expression) -> Any:
        return {"true": True, "false": False, "null": None}[str(tree.children[0])]

    def _number(self, tree: Any, within: Expression) -> Any:
        text = str(tree.children[0])
        if len(text) > 40:
            raise CannotTell("the number is too long")
        return int(text) if tree.data == "int_lit" else float(text)

    def _tuple(self, tree: Any, within: Expression) -> Any:
        return [self.part(child, within) for child in tree.children if _is_value(child)]

    def _object(self, tree: Any, within: Expression) -> Any:
        made = {}
        for element in tree.children:
            if _is_rule(element) and element.data == "object_elem":
                key, value = (child for child in element.children if _is_rule(child))
                made[self._key(key, within)] = self.part(value, within)
        return made

    def _key(self, tree: Any, within: Expression) -> str:
        """A bare word is a key as it stands; anything else is evaluated."""
        inner = tree.children[0]
        bare = inner.children[0] if inner.data == "expr_term" and len(inner.children) == 1 else None
        if bare is not None and bare.data in ("identifier", "literal_value"):
            return str(bare.children[0])
        if inner.data == "keyword":
            return str(inner.children[0])
        return text_of(self.known(inner, within))

    def _attribute(self, tree: Any, within: Expression) -> Any:
        base, step = tree.children
        return self._get(self._of(base, within), str(step.children[-1].children[0]))

    def _index(self, tree: Any, within: Expression) -> Any:
        base, step = tree.children
        return self._get(self._of(base, within), self._index_of(step, within))

    def _index_of(self, step: Any, within: Expression) -> Any:
        if step.data == "short_index":
            return int(str(step.children[-1]))
        return self.known(next(child for child in step.children if _is_value(child)), within)

    def _get(self, value: Any, key: Any) -> Any:
        if isinstance(value, Sensitive):
            raise IsSensitive
        if isinstance(value, Unevaluated):
            raise CannotTell(value.why)
        try:
            if isinstance(value, Namespace):
                return value.get(text_of(key))
            return value[int(key)] if isinstance(value, list) else value[text_of(key)]
        except MISTAKES:
            raise CannotTell(f"it has no {key}") from None

    def _splat(self, tree: Any, within: Expression) -> Any:
        base, splat = tree.children
        value = shallow(self._of(base, within))
        elements = value if isinstance(value, list) else [] if value is None else [value]
        made = []
        for each in elements:
            self.effort.spend()
            for step in splat.children:
                if _is_rule(step):
                    key = (
                        str(step.children[-1].children[0])
                        if step.data == "get_attr"
                        else self._index_of(step, within)
                    )
                    each = self._get(each, key)  # noqa: PLW2901 - one step further in
            made.append(each)
        return made

    def _unary(self, tree: Any, within: Expression) -> Any:
        sign, term = tree.children
        value = self.known(term, within)
        return not truth_of(value) if str(sign) == "!" else -number_of(value)

    def _binary(self, tree: Any, within: Expression) -> Any:
        left, term = (child for child in tree.children if _is_value(child))
        sign, right = (child for child in term.children if _is_rule(child) and child.data != _SPACE)
        name = str(sign.children[0]).strip()
        one = self.known(left, within)
        if (name == "&&" and not truth_of(one)) or (name == "||" and truth_of(one)):
            return truth_of(one)
        return _OPERATIONS[name](one, self.known(right, within))

    def _conditional(self, tree: Any, within: Expression) -> Any:
        condition, yes, no = (child for child in tree.children if _is_value(child))
        return self._of(yes if truth_of(self.known(condition, within)) else no, within)

    def _call(self, tree: Any, within: Expression) -> Any:
        name, *rest = (child for child in tree.children if _is_rule(child) and child.data != _SPACE)
        called = str(name.children[0])
        arguments = [child for each in rest if each.data == "arguments" for child in each.children]
        trees = [child for child in arguments if _is_value(child)]
        if called in ("sensitive", "ephemeralasnull", "nonsensitive"):
            raise IsSensitive
        if called in ("try", "can"):
            return self._try(called, trees, within)
        move, read = MOVING.get(called), READING.get(called)
        function = move or read
        if function is None or len(rest) != (1 if trees else 0):
            raise CannotTell(f"whybot does not evaluate {called}()")
        values = [(shallow if move else plain)(self._of(each, within)) for each in trees]
        if any(str(child) == "..." for child in arguments if not _is_rule(child)):
            values = [*values[:-1], *items_of(values[-1])]
        return self._called(called, function, values)

    def _called(self, name: str, function: Callable[..., Any], values: list[Any]) -> Any:
        if _size(values) > MOST_ITEMS // 10:  # replace() may make the product of its arguments
            raise CannotTell(f"the arguments of {name}() are too large")
        try:
            made = function(*values)
        except MISTAKES:
            raise CannotTell(f"{name}() cannot be evaluated with these arguments") from None
        self.effort.spend(_size(made))
        return made

    def _try(self, called: str, trees: list[Any], within: Expression) -> Any:
        """The first argument; that it has no value here does not mean that Terraform has none."""
        value = self._of(trees[0], within)
        return value if called == "try" else plain(value) is not Ellipsis

    def _for_list(self, tree: Any, within: Expression) -> Any:
        intro, result, condition = _for_parts(tree, 1)
        return [inner.part(result[0], within) for inner in self._turns(intro, condition, within)]

    def _for_map(self, tree: Any, within: Expression) -> Any:
        if any(getattr(child, "type", "") == "ELLIPSIS" for child in tree.children):
            raise CannotTell("whybot does not evaluate grouping (…)")
        intro, result, condition = _for_parts(tree, 2)
        return {
            text_of(inner.known(result[0], within)): inner.part(result[1], within)
            for inner in self._turns(intro, condition, within)
        }

    def _turns(self, intro: Any, condition: Any, within: Expression) -> Iterator["Evaluator"]:
        """An evaluator for each element that the condition lets through."""
        after_in = [getattr(child, "type", "") for child in intro.children].index("IN")
        names = [
            str(child.children[0])
            for child in intro.children[:after_in]
            if _is_rule(child) and child.data == "identifier"
        ]
        collection = next(child for child in intro.children[after_in:] if _is_value(child))
        for key, value in pairs_of(shallow(self._of(collection, within))):
            self.effort.spend()
            inner = self.naming(**dict(zip(names, (key, value) if len(names) > 1 else (value,), strict=True)))
            if condition is None or truth_of(inner.known(condition, within)):
                yield inner

    _rules: ClassVar[Mapping[str, Callable[["Evaluator", Any, Expression], Any]]] = {
        "attr_splat_expr_term": _splat,
        "binary_op": _binary,
        "conditional": _conditional,
        "expr_term": _term,
        "float_lit": _number,
        "for_object_expr": _for_map,
        "for_tuple_expr": _for_list,
        "full_splat_expr_term": _splat,
        "function_call": _call,
        "get_attr_expr_term": _attribute,
        "heredoc_template": _heredoc,
        "heredoc_template_trim": _heredoc,
        "identifier": _identifier,
        "index_expr_term": _index,
        "int_lit": _number,
        "literal_value": _literal,
        "object": _object,
        "string": _string,
        "tuple": _tuple,
        "unary_op": _unary,
    }


_SPACE = "new_line_or_comment"
_NO_VALUES = frozenset({_SPACE, "for_intro", "for_cond", "binary_operator"})
_SAID = {"template_string": "templates"}


def _is_rule(child: Any) -> bool:
    return hasattr(child, "data")


def _is_value(child: Any) -> bool:
    return hasattr(child, "data") and child.data not in _NO_VALUES


def _text(tree: Any, within: Expression) -> str:
    meta = getattr(tree, "meta", None)
    outer = getattr(within.tree, "meta", None)
    if meta is None or outer is None or meta.empty or outer.empty:
        return within.text
    return within.text[meta.start_pos - outer.start_pos : meta.end_pos - outer.start_pos] or within.text


def _for_parts(tree: Any, results: int) -> tuple[Any, list[Any], Any]:
    intro = next(child for child in tree.children if _is_rule(child) and child.data == "for_intro")
    values = [child for child in tree.children if _is_value(child)]
    guard = next((child for child in tree.children if _is_rule(child) and child.data == "for_cond"), None)
    condition = None if guard is None else next(child for child in guard.children if _is_value(child))
    return intro, values[:results], condition


def _inner(source: str, within: Expression) -> Any:
    """The tree of what stands between `${` and `}` in a text."""
    try:
        tree: Any = parse_native(f"_ = ({source})", within.file, within.line)
    except TerraformUnreadable:
        raise CannotTell("the text between ${ and } is not Terraform's language") from None
    attribute = next(child for child in tree.children[0].children if child.data == "attribute")
    return attribute.children[2]


def pairs_of(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values of what can be gone through; a set's elements are both. Raises `CannotTell`."""
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, frozenset):
        return [(each, each) for each in items_of(value)]
    if isinstance(value, list):
        return list(enumerate(value))
    raise CannotTell("it goes through something that is neither a list nor a map")


def shallow(value: Any) -> Any:
    """The value itself is known, though not each element of it."""
    if isinstance(value, Unevaluated):
        raise CannotTell(value.why)
    if isinstance(value, Sensitive):
        raise IsSensitive
    return value


def plain(value: Any) -> Any:
    """The value and all that is in it is known."""
    waiting = [_bounded(value)]
    while waiting:
        each = shallow(waiting.pop())
        if isinstance(each, Namespace):
            raise CannotTell("it is a whole object, not a value")
        waiting += each.values() if isinstance(each, Mapping) else each if isinstance(each, list) else ()
    return value


def _bounded(value: Any) -> Any:
    """The value, unless it is too large to be worked with: a few lines can ask for gigabytes."""
    if _size(value) > MOST_ITEMS:
        raise CannotTell("it is too large")
    return value


def _size(value: Any) -> int:
    """How much a value holds, or enough to know that it is too much."""
    waiting, size = [(value, 0)], 0
    while waiting and size <= MOST_ITEMS:
        each, depth = waiting.pop()
        size += 1
        if depth > DEEPEST or (isinstance(each, int) and abs(each) > LARGEST_NUMBER):
            return MOST_ITEMS + 1
        if isinstance(each, str):
            size += len(each) * MOST_ITEMS // LONGEST_TEXT
        elif isinstance(each, Mapping):
            waiting += ((inner, depth + 1) for inner in each.values())
        elif isinstance(each, list | frozenset):
            waiting += ((inner, depth + 1) for inner in each)
    return size


def _joined(values: list[Any]) -> str:
    texts = [text_of(plain(value)) for value in values]
    if sum(map(len, texts)) > LONGEST_TEXT:
        raise CannotTell("it is too long")
    return "".join(texts)


def _equal(one: Any, other: Any) -> bool:
    return (type(one) is type(other) and bool(one == other)) or (_numbers(one, other) and bool(one == other))


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _on_numbers(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(one: Any, other: Any) -> Any:
        try:
            made = operation(number_of(one), number_of(other))
        except MISTAKES:
            raise CannotTell("the operation needs numbers") from None
        return int(made) if isinstance(made, float) and made.is_integer() else _bounded(made)

    return apply


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": _equal,
    "!=": lambda one, other: not _equal(one, other),
    "&&": lambda one, other: truth_of(one) and truth_of(other),
    "||": lambda one, other: truth_of(one) or truth_of(other),
    "+": _on_numbers(operator.add),
    "-": _on_numbers(operator.sub),
    "*": _on_numbers(operator.mul),
    "/": _on_numbers(operator.truediv),
    "%": _on_numbers(operator.mod),
    "<": _on_numbers(operator.lt),
    ">": _on_numbers(operator.gt),
    "<=": _on_numbers(operator.le),
    ">=": _on_numbers(operator.ge),
}


def shortened(text: str) -> str:
    """An expression as it is told: on one line, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def unescaped(text: str) -> str:
    """The letters behind the backslashes of a quoted text."""
    pattern = r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))'
    return re.sub(pattern, lambda m: _ESCAPES[m[1]] if m[1] else _letter(m[2] or m[3]), text)


def _letter(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _dedented(lines: list[str]) -> list[str]:
    margins = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    return [line[min(margins, default=0) :] for line in lines]


def split_template(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text: literal ones (True), and what stands between `${` and `}` (False).

    Raises `CannotTell` for directives and for a brace that is not closed.
    """
    literal, position = "", 0
    while position < len(text):
        if text.startswith(("$${", "%%{"), position):
            literal += text[position + 1 : position + 3]
            position += 3
        elif text.startswith("%{", position):
            raise CannotTell("whybot does not evaluate directives (%{…})")
        elif text.startswith("${", position):
            end = _closing(text, position + 2)
            if literal:
                yield literal, True
            yield text[position + 2 : end], False
            literal, position = "", end + 1
        else:
            literal += text[position]
            position += 1
    if literal:
        yield literal, True


def _closing(text: str, position: int) -> int:
    """Where the brace that was opened before `position` is closed; quoted texts may hold braces too."""
    depth, quoted = 1, False
    while position < len(text):
        letter = text[position]
        if quoted and letter == "\\":
            position += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "{}":
            depth += 1 if letter == "{" else -1
            if not depth:
                return position
        position += 1
    raise CannotTell("a ${ is not closed")
