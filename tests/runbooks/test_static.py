"""What is said of an expression before it runs."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.cel.expression import Budget, Expression
from runbooks.evidence.sources import SHAPES
from runbooks.shape import Anything, Listing, Names, Record, Scalar, Shape, Table, flag, number, text, time
from runbooks.static import constant, problems, shape_of, sources
from runbooks.values import Truth

REVISION = Record({"name": text(), "percent": number("percent"), "made": time()})
CHECK = Record(
    {
        "name": text(),
        "status": text("", "pass", "degraded", "fail"),
        "duration_ms": number("milliseconds"),
        "late": flag(),
        "phases": Table(number("milliseconds")),
        "facts": Anything(),
        "revisions": Listing(REVISION),
    }
)
NAMES = Names({"checks": Table(CHECK), "redis": CHECK, "found": Listing(CHECK), "open": Anything()})


def said(expression: str, *, condition: bool = False) -> list[str]:
    """What is wrong with an expression."""
    return problems(Expression.parse(expression), NAMES, condition=condition)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("cheks.a", "cheks: there is no evidence cheks; did you mean checks?"),
        ("zzz", "zzz: there is no evidence zzz"),
        ("checks.a.statuss == 'x'", "checks.a.statuss: there is no field statuss; did you mean status?"),
        ("checks['a']['late2']", "checks['a']['late2']: there is no field late2; did you mean late?"),
        ("has(redis.phase)", "redis.phase: there is no field phase; did you mean phases?"),
        ("'nam' in redis", "redis['nam']: there is no field nam; did you mean name?"),
        ("found.exists(f, f.nme == 'x')", "f.nme: there is no field nme; did you mean name?"),
        ("first(found).nme", "first(found).nme: there is no field nme; did you mean name?"),
        (
            "found.filter(f, f.late)[0].nme",
            "found.filter(f, f.late)[0].nme: there is no field nme; did you mean name?",
        ),
        ("values(checks).map(c, c.revisions[0]).exists(r, r.x)", "r.x: there is no field x"),
        ("found.map(f, {'n': f.name})[0].m", "found.map(f, {'n': f.name})[0].m: there is no field m"),
        ("found.name", "found.name: found is a list; ask first(found) or exists()"),
        ("redis.name.x", "redis.name.x: redis.name is a text and has no x"),
        (
            "checks.exists(c, c.late)",
            "c.late: c is a text and has no late; it is a key: go through values(…) instead",
        ),
        (
            "redis.status == 'failed'",
            "redis.status == 'failed': it is never 'failed'; did you mean fail?",
        ),
        ("'x' != redis.status", "'x' != redis.status: it is never 'x'; it is one of pass, degraded, fail"),
        (
            "redis.status in ['fail', 'down']",
            "redis.status in ['fail', 'down']: it is never 'down'; it is one of pass, degraded, fail",
        ),
        ("redis.duration_ms > '5'", "redis.duration_ms > '5': compares a number with a text"),
        ("redis.duration_ms == '5'", "redis.duration_ms == '5': compares a number with a text"),
        ("redis == 1", "redis == 1: compares a mapping with a number"),
        ("redis.duration_ms in ['a']", "redis.duration_ms in ['a']: compares a number with a text"),
        ("redis.late < true", "redis.late < true: a flag is neither less nor greater than another"),
        ("'a' in redis.name", "'a' in redis.name: redis.name is a text; write contains()"),
        ("1 in checks", "1 in checks: keys are texts, and 1 is a number"),
        ("redis.name && true", "redis.name: is a text, neither true nor false"),
        ("!redis.duration_ms", "redis.duration_ms: is a number, neither true nor false"),
        ("redis.name ? 1 : 2", "redis.name: is a text, neither true nor false"),
        ("found.all(f, f.name)", "f.name: is a text, neither true nor false"),
        ("redis.name.exists(x, true)", "redis.name: is a text; exists() goes through a list"),
        ("redis.late + 1", "redis.late + 1: cannot calculate a flag + a number"),
        ("-redis.name", "-redis.name: redis.name is a text"),
        ("redis.name[0]", "redis.name[0]: redis.name is a text and has no members"),
        ("found['a']", "found['a']: found is a list, whose members are asked for by a number"),
        ("checks[1]", "checks[1]: checks is a mapping, whose members are asked for by a text"),
        ("{1: 2}", "{1: 2}: 1 is a number; keys are texts"),
        ("sise(found)", "sise(found): there is no function sise(); did you mean size()?"),
        ("size()", "size(): size() is given 0 arguments; write size(x)"),
        ("size(1, 2)", "size(1, 2): size() is given 2 arguments; write size(x)"),
        ("values(found)", "values(found): values() takes a mapping, and found is a list"),
        ("join(found, 1)", "join(found, 1): join() takes a text, and 1 is a number"),
        ("redis.name.matches('(')", "matches(redis.name, '('): is no pattern that RE2 takes: missing ): ("),
        ("duration('5x')", "duration('5x'): '5x' is no duration; write 10m, 1h30m or 1.5s"),
        ("timestamp('noon')", "timestamp('noon'): 'noon' is no time; write 2026-01-31T01:52:00Z"),
    ],
)
def test_what_cannot_be_right_is_said(expression: str, problem: str) -> None:
    """Names, fields, kinds, values and functions that there are not, with what was probably meant."""
    assert said(expression) == [problem]


@pytest.mark.parametrize(
    "expression",
    [
        "redis.status == 'fail' && redis.duration_ms > 500",
        "redis.duration_ms == null || redis.status != null",
        "has(redis.phases.connect) && redis.phases.connect > 3 * 1000",
        "redis.facts.anything.at[0].all == 'x' && open.x > 'a'",
        "values(checks).exists(c, c.status in ['fail', 'degraded'])",
        "checks.exists(k, checks[k].late)",
        "size(found.filter(f, f.late)) > 0 && known(first(found).status)",
        "found.map(f, f.late, f.name).join(' and ') != ''",
        "found[0].revisions[0].made - duration('10m') < timestamp('2026-01-31T01:52:00Z')",
        "sum(found.map(f, f.duration_ms)) / size(found) > max(1, 2)",
        "min(found.map(f, f.revisions[0].made)) < max(found[0].revisions.map(r, r.made))",
        "(redis.late ? 'a' : 'b') in ['a']",
        "'redis' in checks && redis.name in checks",
        "distinct(found.map(f, f.name)) == ['a']",
        "values(redis.phases).all(ms, ms > 1)",
        "(found + found).exists(f, f.late)",
        "{'a': redis}.a.late && {redis.name: redis}['x'].late",
        "string(redis.duration_ms) + redis.name == 'x'",
    ],
)
def test_what_fits_has_no_problems(expression: str) -> None:
    """Fields are followed through lists, tables, macros and functions; what is open is not guessed at."""
    assert said(expression, condition=True) == []


def test_a_condition_must_be_true_or_false() -> None:
    """Where a condition is wanted, a text is none; where any value will do, it is."""
    assert said("redis.name") == []
    assert said("redis.name", condition=True) == ["redis.name: is a text, neither true nor false"]


def test_a_problem_is_said_once() -> None:
    """The same field asked twice is one problem."""
    assert len(said("redis.x == 1 || redis.x == 2")) == 1


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("found.filter(f, f.late)", Listing(CHECK)),
        ("values(checks)", Listing(CHECK)),
        ("first(found)", CHECK),
        ("found.map(f, f.duration_ms)", Listing(number("milliseconds"))),
        ("keys(checks)", Listing(text())),
        ("redis.late ? 1 : 'a'", Anything()),
        ("redis.duration_ms / 2", number()),
        ("found[0].revisions[0].made - found[0].revisions[0].made", Scalar("duration")),
        ("size(found)", number()),
        ("known(found)", flag()),
        ("open.x", Anything()),
        ("checks.x", CHECK),
    ],
)
def test_the_shape_of_a_value_is_told(expression: str, shape: Shape) -> None:
    """What `let` and `each` add to the names is as checked as the evidence itself."""
    assert shape_of(Expression.parse(expression), NAMES) == shape


def test_sources_are_the_names_from_outside() -> None:
    """What an expression needs is gathered for it."""
    assert sources(Expression.parse("found.exists(f, f.late && checks.a.late)")) == {"found", "checks"}


def test_every_evidence_has_a_shape_that_can_be_asked() -> None:
    """The shapes of all sources are read without a problem."""
    for name in SHAPES:
        assert problems(Expression.parse(name), Names(SHAPES)) == []


@pytest.mark.parametrize(
    ("conditions", "truth"),
    [
        ([], Truth.TRUE),
        (["true"], Truth.TRUE),
        (["1 < 2"], Truth.TRUE),
        (["a && false"], Truth.FALSE),
        (["a"], Truth.UNKNOWN),
        (["a || !a"], Truth.TRUE),
        (["a && !a"], Truth.FALSE),
        (["a", "!a || b", "!b"], Truth.FALSE),
        (["a ? b : !b", "a", "!b"], Truth.FALSE),
        (["a == true", "a == false"], Truth.FALSE),
        (["s == 'x'", "s != 'x'"], Truth.FALSE),
        (["s == 'x'", "s == 'y'"], Truth.FALSE),
        (["s == 'x' || s == 'y'"], Truth.UNKNOWN),
        (["s != 'x' || s != 'y'"], Truth.TRUE),
        (["s in ['x', 'y']", "'z' == s"], Truth.FALSE),
        (["s in ['x', 'y']", "s == 'y'"], Truth.UNKNOWN),
        (["s in others", "!(s in others)"], Truth.FALSE),
        (["s == null", "s != null"], Truth.FALSE),
        (["n < 3 || n >= 3"], Truth.TRUE),
        (["n < 3 || n > 3"], Truth.UNKNOWN),
        (["n > 5", "3 > n"], Truth.FALSE),
        (["n > 0 && n < 1"], Truth.UNKNOWN),
        (["n == 2", "n >= 3"], Truth.FALSE),
        (["n < m", "m < n"], Truth.FALSE),
        (["n <= m || m < n"], Truth.TRUE),
        (["n == m", "n != m"], Truth.FALSE),
        (["n < m", "m > n"], Truth.UNKNOWN),
        (["size(l) >= 0"], Truth.TRUE),
        (["size(l) < 0"], Truth.FALSE),
        (["size(l) > 0", "size(l) < 1"], Truth.FALSE),
        (["l.exists(x, x.a)", "!l.exists(x, x.a)"], Truth.FALSE),
        (["s > 'a'", "s < 'a'"], Truth.FALSE),
        ([" && ".join(f"(a{each} || b{each})" for each in range(12))], Truth.UNKNOWN),
        ([" || ".join(f"(a{each} && b{each} && c{each})" for each in range(40)), "a0 && !a0"], Truth.UNKNOWN),
    ],
)
def test_conditions_that_cannot_come_out_otherwise_are_found(conditions: Sequence[str], truth: Truth) -> None:
    """Complements, equalities that exclude each other, bounds and sizes; too many cases stay open."""
    assert constant([Expression.parse(each) for each in conditions]) is truth


ATOMS = st.sampled_from(
    [
        "a",
        "n < 1",
        "n >= 1",
        "n == 2",
        "2 < n",
        "s == 'x'",
        "s != 'y'",
        "s in ['x', 'z']",
        "size(l) > 0",
        "n < m",
        "m <= n",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda one: (
        st.builds("({} && {})".format, one, one)
        | st.builds("({} || {})".format, one, one)
        | st.builds("!({})".format, one)
    ),
    max_leaves=6,
)


@settings(max_examples=100)
@given(
    st.lists(CONDITIONS, min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from([0, 1, 1.5, 2, 3]),
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from(["x", "y", "z", ""]),
    st.integers(0, 2),
)
def test_what_is_said_to_be_constant_is(
    conditions: list[str], a: bool, n: float, m: int, s: str, size: int
) -> None:
    """Whatever the evidence, conditions come out as they are said to."""
    expected = constant([Expression.parse(each) for each in conditions])
    names = {"a": a, "n": n, "m": m, "s": s, "l": (1,) * size}
    found = all(Expression.parse(each).ask(names, Budget()).truth is Truth.TRUE for each in conditions)
    assert expected in (Truth.UNKNOWN, Truth.TRUE if found else Truth.FALSE)
