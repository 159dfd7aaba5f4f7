"""What expressions come to over evidence that is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbooks.values import CITE, Gap, Truth
from tests.runbooks.cel.asking import ask, value

CHECKS = {
    "redis": {"status": "fail", "layer": "dependency", "duration_ms": None, "phases": {}},
    "postgres": {"status": "degraded", "layer": "dependency", "duration_ms": 5187, "phases": {"connect": 9}},
    "clickhouse": {"status": "pass", "layer": "dependency", "duration_ms": 109.5, "phases": {"connect": 4}},
}
AT = datetime(2026, 1, 31, 1, 52, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("checks.redis.status == 'fail'", True),
        ("checks['redis'].status != \"fail\"", False),
        ("values(checks).map(c, c.status)", ("pass", "degraded", "fail")),
        ("checks.keys()", ("clickhouse", "postgres", "redis")),
        ("checks.map(k, checks[k].status)", ("pass", "degraded", "fail")),
        ("values(checks).exists(c, c.status == 'fail')", True),
        ("values(checks).all(c, c.layer == 'dependency')", True),
        ("values(checks).exists_one(c, c.status in ['fail', 'degraded'])", False),
        ("values(checks).filter(c, c.status != 'pass').map(c, c.status).join(' and ')", "degraded and fail"),
        ("values(checks).map(c, has(c.phases.connect), c.phases.connect)", (4, 9)),
        (
            "checks.exists(a, checks.exists(b, checks[a].layer == 'x' || checks[b].status == 'fail'))",
            True,
        ),
        ("[[1], [2]].map(x, x.map(x, x + 1))", ((2,), (3,))),
        ("first(values(checks)).status", "pass"),
        ("size(checks) + size('été') + size([1])", 7),
        ("has(checks.redis)", True),
        ("has(checks.mysql)", False),
        ("has(checks['redis'])", True),
        ("'redis' in checks", True),
        ("'fail' in ['pass']", False),
        ("checks.redis.duration_ms == null", True),
        ("checks.postgres.duration_ms != null", True),
        ("known(checks.redis.status)", True),
        ("5 / 2", 2.5),
        ("-7 % 3", -1),
        ("7.0 % 2", 1),
        ("1 == 1.0", True),
        ("2 > 1.5", True),
        ("-checks.postgres.duration_ms", -5187),
        ("'a' + 'b' < 'b'", True),
        ("[1] + [2, 3]", (1, 2, 3)),
        ("[1, 2.0] == [1.0, 2]", True),
        ("{'a': [1]} == {'a': [1.0]}", True),
        ("{'a': 1} == {'b': 1}", False),
        ("[1, 2, 3][2.0]", 3),
        ("min([3, 1, 2]) + max(3, 4.5)", 5.5),
        ("min(['b', 'a'])", "a"),
        ("sum([1, 2.5])", 3.5),
        ("sum([])", 0),
        ("distinct([1, 1.0, true, 'a', 'a', [1], [1]])", (1, True, "a", (1,))),
        ("'Redis down'.contains('down') && 'ab'.startsWith('a') && 'ab'.endsWith('b')", True),
        ("'connection refused'.matches('refused|reset')", True),
        ("'abc'.matches('^b')", False),
        ("' Ab '.trim().lowerAscii() + 'é'.upperAscii()", "abé"),
        ("string(1) + string(2.0) + string(2.5) + string(true) + string('x')", "122.5truex"),
        ("int('12') + int(3.9) + double('0.5')", 15.5),
        ("duration('1h30m') == duration('90m')", True),
        ("duration('-1.5s') + duration('1500ms')", timedelta(0)),
        ("at - duration('2m') < at", True),
        ("at - timestamp('2026-01-31T02:00:07+01:00')", timedelta(minutes=52)),
        ("at.getHours() * 10000 + at.getMinutes() * 100 + getSeconds(at)", 15207),
        ("duration('90m').getHours()", 1),
        ("string(at)", "2026-01-31T01:52:07Z"),
        ("string(duration('90s'))", "90s"),
        ("max([at, at + duration('1s')]) == at + duration('1s')", True),
        ("true ? 1 : 1 / 0", 1),
        ("{'a': 1}.exists(k, k == 'a')", True),
    ],
)
def test_an_expression_gives_a_value(text: str, expected: Any) -> None:
    """CEL's operators, its macros and our functions, over evidence as views give it."""
    found = value(text, checks=CHECKS, at=AT)
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("cheks.redis", "cheks", "there is no evidence of this name"),
        ("checks.redis.status > 3", "checks.redis.status > 3", "compares a text with a number"),
        ("checks.redis.status == 3", "checks.redis.status == 3", "compares a text with a number"),
        ("checks.redis == [1]", "checks.redis == [1]", "compares a mapping with a list"),
        ("true < false", "true < false", "compares a flag with a flag"),
        ("checks.redis.status.x", "checks.redis.status.x", "asks a text for its x"),
        ("checks[1]", "checks[1]", "asks a mapping for a number"),
        ("[1]['a']", "[1]['a']", "asks a list for a text"),
        ("[1][0.5]", "[1][0.5]", "asks a list for a number"),
        ("'a' in 'abc'", "'a' in 'abc'", "asks for a member of a text; a text has contains()"),
        ("1 in checks", "1 in checks", "asks for a key that is no text"),
        ("has('a'.b)", "has('a'.b)", "asks a text for a text"),
        ("1 + 'a'", "1 + 'a'", "calculates a number + a text"),
        ("at + at", "at + at", "calculates a time + a time"),
        ("duration('1s') - at", "duration('1s') - at", "calculates a duration - a time"),
        ("1.5 % 2", "1.5 % 2", "takes % of numbers that are not whole"),
        ("9223372036854775807 + 1", "9223372036854775807 + 1", "makes a number that is too large"),
        ("1.5e308 * 10", "1.5e+308 * 10", "makes a number that is too large"),
        (
            "at + ages",
            "at + ages",
            "makes a time that is out of range",
        ),
        ("!1", "!1", "is a number, neither true nor false"),
        ("1 && true", "1", "is a number, neither true nor false"),
        ("[1].exists(x, x)", "x", "is a number, neither true nor false"),
        ("'a' ? 1 : 2", "'a'", "is a text, neither true nor false"),
        ("'a'.exists(x, true)", "'a'.exists(x, true)", "goes through a text"),
        ("sice(checks)", "sice(checks)", "there is no function sice(); did you mean size()?"),
        ("size()", "size()", "is given 0 arguments; write size(x)"),
        ("size(1)", "size(1)", "takes the size of a number"),
        ("values([1])", "values([1])", "takes a mapping, not a list"),
        ("'a'.matches('(')", "matches('a', '(')", "is no pattern that RE2 takes: missing ): ("),
        ("min([1, 'a'])", "min([1, 'a'])", "compares a text with a number"),
        ("min([true])", "min([true])", "compares a flag with a flag"),
        ("min(1)", "min(1)", "takes one list or several values, not a number"),
        ("sum(['a'])", "sum(['a'])", "adds up a text"),
        ("[1].join()", "join([1])", "joins what are not all texts"),
        ("string([1])", "string([1])", "cannot be made of a list"),
        ("int([1])", "int([1])", "cannot be made of a list"),
        ("duration(1)", "duration(1)", "cannot be made of a number"),
        ("getHours('a')", "getHours('a')", "is asked of a text"),
        ("{1: 2}", "{1: 2}", "has a number as a key"),
    ],
)
def test_a_mistake_says_what_does_not_fit(text: str, path: str, why: str) -> None:
    """An expression that asks for what there cannot be is unknown, never false, and names the mistake."""
    answer = ask(text, checks=CHECKS, at=AT, ages=timedelta(days=9_000_000))
    assert (answer.truth, answer.gaps) == (Truth.UNKNOWN, (Gap(path, why, mistake=True),))


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("checks.mysql.status", "checks.mysql", "checks.mysql: there is no such evidence"),
        ("checks.redis.duration_ms > 5", "checks.redis.duration_ms > 5", "checks.redis.duration_ms is null"),
        ("checks.redis.duration_ms + 5", "checks.redis.duration_ms + 5", "checks.redis.duration_ms is null"),
        ("redis.slow.x", "redis.slow", "redis.slow is null"),
        (
            "size(redis.slow)",
            "size(redis.slow)",
            "redis.slow is null",
        ),
        (
            "has(redis.slow.x)",
            "has(redis.slow.x)",
            "redis.slow is null",
        ),
        ("null.exists(x, true)", "null.exists(x, true)", "is asked of null"),
        ("null[0]", "null[0]", "is of null"),
        ("[1][null]", "[1][null]", "is of null"),
        ("'a' in null", "'a' in null", "asks for a member of null"),
        ("null in checks", "null in checks", "asks for null"),
        ("!null", "!null", "is null"),
        ("1 / 0", "1 / 0", "divides by zero"),
        ("1 % 0", "1 % 0", "divides by zero"),
        ("[1][1]", "[1][1]", "the list has no such member"),
        ("[1][-1]", "[1][-1]", "the list has no such member"),
        ("first([])", "first([])", "is the first of none"),
        ("min([])", "min([])", "is of none"),
        ("int('x')", "int('x')", "is no number"),
        ("duration('soon')", "duration('soon')", "'soon' is no duration; write 10m, 1h30m or 1.5s"),
        (
            "timestamp('noon')",
            "timestamp('noon')",
            "'noon' is no time; write 2026-01-31T01:52:00Z",
        ),
    ],
)
def test_what_the_evidence_does_not_have_is_unknown(text: str, path: str, why: str) -> None:
    """An expression that fits but finds nothing is unknown without being a mistake."""
    answer = ask(text, checks=CHECKS, redis={"slow": None})
    assert (answer.truth, answer.gaps) == (Truth.UNKNOWN, (Gap(path, why),))


def test_a_missing_member_of_what_can_be_cited_is_named_by_its_place() -> None:
    """Within a macro the evidence itself knows where it is."""
    cite = {"id": "checks.redis", "text": "Redis", "source": "check"}
    redis = {"status": "fail", CITE: cite}
    assert ask("l.all(c, c.nope)", l=(redis,)).gaps[0].path == "checks.redis.nope"


def test_how_a_mapping_is_cited_is_none_of_its_members() -> None:
    """Going through a mapping that can be cited gives its members alone; asked for by name it is there."""
    table = {"a": 1, CITE: {"id": "logs.x", "text": "", "source": "logging"}}
    assert value("[keys(t), values(t), [size(t)], t.map(k, k), [t.cite.id]]", t=table) == (
        ("a",),
        (1,),
        (1,),
        ("a",),
        ("logs.x",),
    )


def test_times_without_a_zone_are_utc() -> None:
    """A time of evidence that names no zone compares with one that does."""
    assert value("a == b && a <= b && a - b == duration('0s')", a=AT, b=AT.replace(tzinfo=None)) is True


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400])
@pytest.mark.parametrize(
    "text", ["n * 1.5", "n % 2", "1 / n", "string(n)", "int(n)", "[1][n]", "n < 1", "-n"]
)
def test_odd_numbers_of_evidence_do_no_harm(text: str, number: float) -> None:
    """Whatever a document has for a number, an expression over it ends in a value or a gap."""
    value(text, n=number)
