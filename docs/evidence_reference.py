"""The page of all evidence that expressions see, written from the shapes of its sources."""

from collections.abc import Iterator

from runbooks.evidence.sources import DERIVED, ENV, SHAPES, SOURCES, needs
from runbooks.shape import CITED, Anything, Listing, Record, Scalar, Shape, Table
from runbooks.values import CITE

HEAD = """\
# Evidence

Written by `make schemas` from `runbooks/evidence/`; a test keeps it equal. This is all that expressions and
texts of runbooks can look at. Missing evidence makes a condition *unknown*, never false: whatever could not
be read is a **gap** that says why, and what to grant or to run to find out. `known(x)` asks whether something
is no gap, `has(x)` whether it is there at all.

What is marked ⊕ can be cited: `evidence:` of a cause may name it, or a list of such. Its field `cite` is what
people then see:

"""
COLUMNS = "| field | form | |\n|---|---|---|\n"
FORMS = {"flag": "yes or no", "time": "time, UTC"}
STEP = {Table: ".KEY", Listing: "[]"}


def evidence_page() -> str:
    """The text of docs/evidence.md."""
    seen: dict[int, str] = {}
    sections = "".join(_section(root, seen) for root in SHAPES)
    return f"{HEAD}{COLUMNS}{_lines(_rows(CITED, '', {}))}\n{_overview()}{sections}"


def _overview() -> str:
    titles = {each.name: each.title for each in SOURCES} | {each.name: each.title for each in DERIVED}
    titles[ENV] = "the environment file"
    rows = [f"| [`{root}`](#{root}) | {titles[root]} | {_asked(root)} |\n" for root in SHAPES]
    return f"| root | what it is of | gathered |\n|---|---|---|\n{''.join(rows)}"


def _asked(root: str) -> str:
    """From where a root comes, where that is not a source of its own."""
    if root == ENV:
        return "always there"
    sources = needs(root)
    return "by itself" if sources == (root,) else f"from {', '.join(f'`{each}`' for each in sources)}"


def _section(root: str, seen: dict[int, str]) -> str:
    shape = SHAPES[root]
    said = "" if isinstance(shape, Scalar | Anything) else shape.says
    inner, path = _inmost(shape, root)
    seen[id(inner)] = path
    mark = _mark(shape) and "⊕ "
    told = f"{mark}{said[:1].upper()}{said[1:]}." if said else ""
    opening = f"`{path}`{_mark(inner)}: {inner.says}.\n\n" if inner is not shape else ""
    return f"\n## {root}\n\n{told}\n\n{opening}{COLUMNS}{_lines(_rows(inner, path, seen))}"


def _inmost(shape: Shape, path: str) -> tuple[Shape, str]:
    """The record within tables and lists, and how expressions come to it."""
    while isinstance(shape, Table | Listing):
        shape, path = shape.of, f"{path}{STEP[type(shape)]}"
    return shape, path


def _rows(shape: Shape, path: str, seen: dict[int, str], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """A row for each field of a record, and below it those of a record within; each record is told once."""
    if not isinstance(shape, Record):
        return
    for name, field in shape.fields.items():
        if name == CITE:
            continue
        inner, steps = _inmost(field, "")
        known = seen.get(id(inner)) if isinstance(inner, Record) else None
        form = _form(field) + (f", as `{known}`" if known else "")
        yield f"{prefix}{name}", form, _says(field)
        if isinstance(inner, Record) and not known:
            place = f"{path}.{name}{steps}"
            seen[id(inner)] = place
            yield from _rows(inner, path, seen, f"{prefix}{name}{steps}.")


def _says(shape: Shape) -> str:
    """What is said of a field: of itself, else of what is in it."""
    if not shape.says and isinstance(shape, Table | Listing):
        return _says(shape.of)
    return shape.says.replace("|", "\\|")


def _form(shape: Shape) -> str:
    match shape:
        case Scalar(kind, _, values):
            named = " or ".join(f"`{each}`" for each in values if each) if len(values) <= MOST_VALUES else ""
            return named or FORMS.get(kind, kind)
        case Table(of):
            return f"table of {_form(of)}"
        case Listing(of):
            return f"list of {_form(of)}"
        case Record():
            return f"record{_mark(shape)}"
        case _:
            return "anything"


MOST_VALUES = 8
"""Values that are listed; more have a page of their own."""


def _mark(shape: Shape) -> str:
    return " ⊕" if isinstance(shape, Record) and shape.cited else ""


def _lines(rows: Iterator[tuple[str, str, str]]) -> str:
    return "".join(f"| `{name}` | {form} | {says} |\n" for name, form, says in rows)
