"""What is read as an expression, and how the rest is refused."""

import pytest

from runbooks.cel.expression import DEEPEST, LONGEST, Expression, ExpressionError
from runbooks.cel.nodes import written


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a && b || !c", "(a && b) || !c"),
        ("a || b && c", "a || (b && c)"),
        ("a || b || c", "a || b || c"),
        ("a.b.c['d'][0]", "a.b.c['d'][0]"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a -1", "a - 1"),
        ("- 1", "-1"),
        ("0x1F", "31"),
        ("7u", "7"),
        ("1 + 2 * 3 - 4 % 5 / 6", "(1 + (2 * 3)) - ((4 % 5) / 6)"),
        ("checks.values()", "values(checks)"),
        ("checks.size() > 0", "size(checks) > 0"),
        ("l.map(x, x.ok, x.name)", "l.map(x, x.ok, x.name)"),
        ("has(a['b'])", "has(a['b'])"),
        ("{'a': [1, 2.5, null, true]}", "{'a': [1, 2.5, null, true]}"),
        ("a in ['x', \"y\"]", "a in ['x', 'y']"),
        ("a // said later: 'x\n && b", "a && b"),
        (r"'it\'s \\ \x41\u00e9\U0001F600\n'", r"'it\'s \\ A\xe9\U0001f600\n'"),
        (r"r'\d+'", r"'\\d+'"),
        ("nullable && trueness && inside", "nullable && trueness && inside"),
    ],
)
def test_cel_is_read(text: str, node: str) -> None:
    """Operators bind as CEL has it; a method is the function of what stands before it."""
    assert written(Expression.parse(text).node) == node


@pytest.mark.parametrize(
    ("text", "said", "column"),
    [
        ("", "is empty", 1),
        ("  ", "is empty", 1),
        ("a &&", "ends too early", 5),
        ("(a", "ends too early", 3),
        ("a)", "cannot be read at ')'", 2),
        ("a ==\n  && b", "cannot be read at '&&'", 8),
        ("a # b", "cannot be read at '#'", 3),
        ("a = b", "cannot be read at '='", 3),
        ("'a", "has a text that is not closed on its line", 1),
        ("a == 'b\n'", "has a text that is not closed on its line", 6),
        ("x == '''a'''", "has a text in triple quotes; write it in single quotes", 6),
        (r"'\q'", r"has a text with the unknown escape \q; write \\ for a backslash", 1),
        (r"'\ud800'", r"has a text with the unknown escape \u; write \\ for a backslash", 1),
        ("b'a'", "has bytes; write a text in single quotes", 1),
        (".a", "has a name that begins with a dot", 1),
        ("T{a: 1}", "makes an object; runbooks have none", 1),
        ("99999999999999999999", "has a number that is too large", 1),
        ("1e999", "has a number that is too large", 1),
        ("a.filter(x)", "has filter() without all that it needs; write list.filter(name, condition)", 1),
        ("a.exists(x.y, true)", "has exists() without a name for each member", 1),
        ("has(a)", "has has() of something else than one member; write has(a.b)", 1),
        ("has(a.b, c)", "has has() of something else than one member; write has(a.b)", 1),
    ],
)
def test_what_is_no_expression_says_where(text: str, said: str, column: int) -> None:
    """An error names what is wrong and the column where it begins."""
    with pytest.raises(ExpressionError) as refused:
        Expression.parse(text)
    assert (str(refused.value), refused.value.column) == (said, column)


@pytest.mark.parametrize(
    "text",
    [
        "!" * 300 + "a",
        "-" * 301 + "a",
        "a" + ".b" * 300,
        "a" + " + a" * 300,
        "[" * 300 + "]" * 300,
        "a" + "[a" * 300 + "]" * 300,
        "size(" * 300 + "a" + ")" * 300,
        "a ? a : " * 200 + "a",
        "".join(f"l.map(x{depth}, " for depth in range(100)) + "1" + ")" * 100,
    ],
)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    """However it is nested, forty levels are the most that is read."""
    with pytest.raises(ExpressionError, match=f"nested too deeply; at most {DEEPEST} levels"):
        Expression.parse(text)


def test_parentheses_alone_are_no_depth() -> None:
    """What only stands in parentheses is read as itself."""
    assert written(Expression.parse("(" * 300 + "a" + ")" * 300).node) == "a"


def test_long_chains_of_alternatives_are_read() -> None:
    """Any number of conditions beside each other is one level."""
    assert len(Expression.parse(" || ".join(["a"] * 300)).roots) == 1


def test_what_is_too_long_is_refused() -> None:
    """An expression has at most two thousand characters."""
    with pytest.raises(ExpressionError, match="has 2,001 characters; at most 2,000 are read"):
        Expression.parse("a" * (LONGEST + 1))


def test_a_text_of_many_escapes_that_is_not_closed_is_refused_at_once() -> None:
    """The grammar's own pattern would try every way to read its escapes."""
    with pytest.raises(ExpressionError, match="not closed"):
        Expression.parse("'" + r"\a" * 900)


def test_roots_are_the_names_from_outside() -> None:
    """Names that a macro gives are none; the same name outside of it is one."""
    assert Expression.parse("a.filter(c, c.x == b).size() > 0 && c").roots == {"a", "b", "c"}


def test_an_expression_is_read_once() -> None:
    """The same text is the same expression, since runbooks are read again and again."""
    assert Expression.parse("a.b == 'c'") is Expression.parse("a.b == 'c'")
