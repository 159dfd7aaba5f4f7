"""A text of a runbook: Jinja2's language, of which only what is bounded by construction is allowed.

Jinja2 reads the template and nothing more: its compiler, which turns templates into Python, is never
reached. What it read is held against a list of what texts may have; `runbooks.rendering` says it.
docs/decisions/0023 has the reasons.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from jinja2 import TemplateError
from jinja2 import nodes as jinja
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runbooks.filters import FILTERS, TESTS
from runbooks.rendering import EVALUATED, Page, Renderer, Spent
from runbooks.said import LARGEST, one_line
from runbooks.values import Value

LONGEST = 2_000  # characters of one template
DEEPEST = 30  # nested expressions and blocks of one template
MOST_LOOPS = 2  # within one another
COMPARISONS = frozenset({"eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin"})
STATEMENTS = frozenset({jinja.Output, jinja.TemplateData, jinja.If, jinja.For, jinja.Keyword, jinja.Operand})
NO_ARITHMETIC = "arithmetic other than + and -"
USE_LET = "a name of its own; `let` of the runbook gives names"
ANOTHER = "another template"
# What people may write and texts do not have, in their words.
REFUSED: Mapping[type[jinja.Node], str] = {
    jinja.Call: "a call; a filter is written as in {{ failing | names }}",
    jinja.CallBlock: "a call; a filter is written as in {{ failing | names }}",
    jinja.Macro: "a macro",
    jinja.Assign: USE_LET,
    jinja.AssignBlock: USE_LET,
    jinja.With: USE_LET,
    jinja.Include: ANOTHER,
    jinja.Import: ANOTHER,
    jinja.FromImport: ANOTHER,
    jinja.Extends: ANOTHER,
    jinja.Block: "a block",
    jinja.FilterBlock: "a block of a filter",
    jinja.Slice: "a slice; `first` and `last` are filters",
    jinja.Dict: "a mapping",
    jinja.Mul: NO_ARITHMETIC,
    jinja.Div: NO_ARITHMETIC,
    jinja.FloorDiv: NO_ARITHMETIC,
    jinja.Mod: NO_ARITHMETIC,
    jinja.Pow: NO_ARITHMETIC,
}


class TextError(ValueError):
    """A template cannot be read, or asks for something that texts may not do. `str()` is for people."""


@dataclass(frozen=True, slots=True)
class Text:
    """A template. `roots` are the names that it takes from outside; `tree` is what lint looks into."""

    source: str
    roots: frozenset[str]
    tree: jinja.Template = field(repr=False, compare=False)

    @classmethod
    def parse(cls, source: str) -> "Text":
        """Reads a template. Raises `TextError`."""
        if len(source) > LONGEST:
            raise TextError(f"a text of {len(source):,} characters; at most {LONGEST:,} are allowed")
        try:
            tree = _reader().parse(source)
        except TemplateError as error:
            raise TextError(f"a text that cannot be read: {_said_of(error)}") from None
        except RecursionError:
            raise TextError(f"a text nested more than {DEEPEST} deep") from None
        return cls(source, frozenset(_outside(tree.iter_child_nodes(), frozenset(), 0, 1)), tree)

    def render(self, names: Mapping[str, Value]) -> str:
        """What it says, on one line, without control characters. Never raises; a gap says so itself."""
        page = Page()
        try:
            Renderer(names, page).blocks(self.tree.body)
        except Spent:
            return page.text(cut=True)
        return page.text(cut=False)


@cache
def _reader() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment()


def _said_of(error: TemplateError) -> str:
    """Jinja2's message, which may quote the template, in one short line."""
    return one_line(error.message or "")[:120].rstrip(".")


def _outside(nodes: Iterable[jinja.Node], bound: frozenset[str], loops: int, depth: int) -> Iterator[str]:
    """The names that nodes take from outside. Raises `TextError` for the first thing that texts do not have.

    `bound` are the names of the loops around, `loops` is how many these are.
    """
    if depth > DEEPEST:
        raise TextError(f"a text nested more than {DEEPEST} deep")
    for node in nodes:
        _check(node)
        if isinstance(node, jinja.For):
            yield from _outside_of_loop(node, bound, loops, depth)
            continue
        if isinstance(node, jinja.Name) and node.name not in bound:
            yield node.name
        yield from _outside(node.iter_child_nodes(), bound, loops, depth + 1)


def _outside_of_loop(node: jinja.For, bound: frozenset[str], loops: int, depth: int) -> Iterator[str]:
    target = node.target
    if not isinstance(target, jinja.Name) or node.recursive or target.name == "loop":
        raise TextError("a loop other than {% for name in list %}")
    if loops == MOST_LOOPS:
        raise TextError(f"more than {MOST_LOOPS} loops within one another")
    _check(target)
    yield from _outside((node.iter, *node.else_), bound, loops, depth + 1)
    within = (node.test, *node.body) if node.test is not None else node.body
    yield from _outside(within, bound | {target.name, "loop"}, loops + 1, depth + 1)


def _check(node: jinja.Node) -> None:
    if type(node) not in STATEMENTS and type(node) not in EVALUATED:
        raise TextError(f"{REFUSED.get(type(node), type(node).__name__.lower())} (texts do not have that)")
    match node:
        case jinja.Name(name=str(name)) | jinja.Getattr(attr=str(name)):
            _check_name(name)
        case jinja.Getitem(arg=jinja.Const(value=str(name))):
            _check_name(name)
        case jinja.Const():
            _check_constant(node.value)
        case jinja.Operand() if node.op not in COMPARISONS:
            raise TextError(f"the comparison {node.op} (texts do not have that)")
        case jinja.Filter():
            _check_filter(node)
        case jinja.Test():
            _check_test(node)


def _check_name(name: str) -> None:
    if name.startswith("_"):
        raise TextError(f"the name {name[:40]}; no name of evidence starts with _")


def _check_constant(value: object) -> None:
    if isinstance(value, (int, float)) and not abs(value) < LARGEST:
        raise TextError("a number beyond all measure")


def _check_filter(node: jinja.Filter) -> None:
    known = FILTERS.get(node.name)
    if known is None:
        raise TextError(f"the filter {node.name[:40]}; texts have {', '.join(FILTERS)}")
    named = [each.key for each in node.kwargs]
    if node.node is None or node.dyn_args or node.dyn_kwargs or named not in ([], ["attribute"]):
        raise TextError(f"the filter {node.name} with arguments that it does not take")
    given = [*node.args, *(each.value for each in node.kwargs)]
    if not known.least <= len(given) <= known.most or (named and not known.attribute):
        raise TextError(f"the filter {node.name} with {len(given)} arguments; it takes {known.arguments}")
    for argument in given if known.attribute else ():
        if not isinstance(argument, jinja.Const) or not isinstance(argument.value, str):
            raise TextError(f"the filter {node.name} of something else than a name in quotes")
        _check_name(argument.value)


def _check_test(node: jinja.Test) -> None:
    if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        known = ", ".join(f"`is {each}`" for each in TESTS)
        raise TextError(f"the test `is {node.name[:40]}`; texts have {known}")
