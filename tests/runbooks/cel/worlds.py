"""Expressions of every kind, and evidence of which any part may be missing."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from runbooks.values import Gap, Partial, Value

Texts = st.SearchStrategy[str]

NUMBERS = st.integers(-3, 3)
WORDS = st.sampled_from(["", "a", "ab", "b"])
RECORDS = st.fixed_dictionaries(
    {"n": NUMBERS, "t": WORDS, "f": st.booleans()}, optional={"extra": NUMBERS, "more": WORDS}
)
WORLDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "n": NUMBERS,
        "m": NUMBERS,
        "t": WORDS,
        "f": st.booleans(),
        "r": RECORDS,
        "ns": st.lists(NUMBERS, max_size=4),
        "rs": st.lists(RECORDS, max_size=3),
        "table": st.dictionaries(st.sampled_from(["a", "b", "c"]), RECORDS, max_size=3),
    }
)


@cache
def numbers(depth: int, of: str = "") -> Texts:
    """Expressions that give numbers; `of` is the variable of a macro over numbers around it."""
    plain = ["n", "m", "r.n", "1", "2", "size(ns)", "size(rs)", "size(t)", *([of] if of else [])]
    leaves = st.sampled_from(plain)
    if not depth:
        return leaves
    one = numbers(depth - 1, of)
    return st.one_of(
        leaves,
        st.builds("({} {} {})".format, one, st.sampled_from(["+", "-", "*"]), one),
        st.builds("({} ? {} : {})".format, flags(depth - 1, of), one, one),
        st.builds("size({})".format, lists(depth - 1, of)),
        st.builds("-({})".format, leaves),
    )


@cache
def lists(depth: int, of: str = "") -> Texts:
    """Expressions that give lists of numbers."""
    leaves = st.sampled_from(["ns", "[]", "[n, 1]", "rs.map(x, x.n)", "rs.filter(x, x.f).map(x, x.n)"])
    if not depth:
        return leaves
    one = lists(depth - 1, of)
    return st.one_of(
        leaves,
        st.builds("[{}, {}]".format, numbers(depth - 1, of), numbers(depth - 1, of)),
        st.builds("({} + {})".format, one, one),
        st.builds("{}.filter(y, {})".format, one, flags(depth - 1, "y")),
        st.builds("{}.map(y, {})".format, one, numbers(depth - 1, "y")),
    )


@cache
def flags(depth: int, of: str = "") -> Texts:
    """Expressions that are true or false."""
    leaves = st.sampled_from(
        ["f", "r.f", "true", "t == 'a'", "has(r.extra)", "'a' in table", "n > m", "t.startsWith('a')"]
        + ([f"{of} > 0", f"{of} == n"] if of else [])
    )
    if not depth:
        return leaves
    one, number, several = flags(depth - 1, of), numbers(depth - 1, of), lists(depth - 1, of)
    macros = st.sampled_from(["exists", "all", "exists_one"])
    return st.one_of(
        leaves,
        st.builds("({} && {})".format, one, one),
        st.builds("({} || {})".format, one, one),
        st.builds("!({})".format, one),
        st.builds("({} {} {})".format, number, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), number),
        st.builds("({} ? {} : {})".format, one, one, one),
        st.builds("{}.{}(y, {})".format, several, macros, flags(depth - 1, "y")),
        st.builds("({} in {})".format, number, several),
        st.builds("({} {} {})".format, several, st.sampled_from(["==", "!="]), several),
        st.builds("rs.{}(x, x.f || {})".format, macros, one),
    )


OURS = st.sampled_from(
    [
        "min(ns) < n",
        "max([n, m]) == 2",
        "sum(ns) > 1",
        "values(table).exists(x, x.n == n)",
        "size(distinct(rs.map(x, x.n))) == 2",
        "size(distinct(rs)) > 1",
        "size(rs.filter(x, x.f)) >= 2",
        "0 < size(values(table).filter(x, x.t == t))",
        "values(table).filter(x, x.f) == []",
        "r.extra > 0",
        "table.a.n in ns",
        "table[t].f",
        "rs[n].f",
        "has(table[t])",
        "t in table",
        "t in ['a', t]",
        "string(n) == '1'",
        "int(string(m)) == m",
        "rs.map(x, x.t).join('-').contains('a')",
        "n / m > 1",
        "n % m == 1",
        "t.matches('^a+$')",
        "r == rs[0]",
        "n == t",
        "f && t",
        "nothing.at.all",
        "size({'a': n, 'b': m}.filter(k, k == t)) == 1",
        "(f ? n : m) == (f ? m : n)",
    ]
)
"""Conditions in what CEL does not have, or celpy does otherwise."""


@st.composite
def masked(draw: st.DrawFn, whole: Any, path: str = "w") -> Any:
    """The same evidence, of which some parts became gaps."""
    if draw(st.integers(0, 5)) == 0:
        return Gap(path, "not told")
    if isinstance(whole, Mapping):
        return {key: draw(masked(each, f"{path}.{key}")) for key, each in whole.items()}
    if isinstance(whole, tuple | list):
        return tuple([draw(masked(each, f"{path}.{place}")) for place, each in enumerate(whole)])
    return whole


def frozen(whole: Any) -> Value:
    """Evidence as views give it: lists are tuples."""
    if isinstance(whole, Mapping):
        return {key: frozen(each) for key, each in whole.items()}
    return tuple(map(frozen, whole)) if isinstance(whole, list) else whole


def agrees(less: Value, more: Value) -> bool:
    """Whether what was said with less evidence still holds with more."""
    if isinstance(less, Gap):
        return True
    if isinstance(less, Partial):
        return isinstance(more, tuple) and _among(list(less), list(more))
    if isinstance(less, tuple):
        same = isinstance(more, tuple) and not isinstance(more, Partial) and len(less) == len(more)
        return same and all(agrees(one, other) for one, other in zip(less, more, strict=True))
    if isinstance(less, Mapping):
        same = isinstance(more, Mapping) and less.keys() == more.keys()
        return same and all(agrees(less[key], more[key]) for key in less)
    return less == more and isinstance(less, bool) == isinstance(more, bool)


def _among(less: list[Value], more: list[Value]) -> bool:
    """Whether every one of these is a different one of those."""
    if not less:
        return True
    return any(
        agrees(less[0], other) and _among(less[1:], more[:place] + more[place + 1 :])
        for place, other in enumerate(more)
    )
