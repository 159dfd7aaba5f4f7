"""What expressions come to where evidence is missing."""

from typing import Any

import pytest

from runbooks.cel.gaps import MOST
from runbooks.values import Gap, Partial, Truth
from tests.runbooks.cel.asking import BLIND, WAITING, ask, value

NAMES: dict[str, Any] = {
    "u": BLIND,
    "w": WAITING,
    "t": True,
    "f": False,
    "checks": {"redis": {"status": BLIND}, "postgres": {"status": "fail"}, "clickhouse": {"status": "pass"}},
    "part": Partial(({"status": "fail"}, {"status": "pass"}), (WAITING,)),
    "none": Partial((), (WAITING,)),
}
TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("u && f", FALSE),
        ("f && u", FALSE),
        ("u && t", UNKNOWN),
        ("u || t", TRUE),
        ("t || u", TRUE),
        ("u || f", UNKNOWN),
        ("!u", UNKNOWN),
        ("1 && f", FALSE),
        ("u ? t : f", UNKNOWN),
        ("u ? t : t", TRUE),
        ("(u ? 1 : 1.0) == 1", TRUE),
        ("u == u", UNKNOWN),
        ("u == null", UNKNOWN),
        ("u.x.y == 'a'", UNKNOWN),
        ("[1, u] == [2, u]", FALSE),
        ("[1, u] == [1, 2]", UNKNOWN),
        ("[1, u] == [1]", FALSE),
        ("{'a': u, 'b': 1} == {'a': 1, 'b': 2}", FALSE),
        ("{'a': u} == {'b': u}", FALSE),
        ("1 in [u, 1]", TRUE),
        ("1 in [u, 2]", UNKNOWN),
        ("'redis' in {'redis': u}", UNKNOWN),
        ("has(checks.redis.status)", UNKNOWN),
        ("has(u.x)", UNKNOWN),
        ("has(checks.redis)", TRUE),
        ("known(u)", FALSE),
        ("known(u.x)", FALSE),
        ("known(checks.redis)", TRUE),
        ("known(part)", FALSE),
        ("known(nothing)", FALSE),
        ("values(checks).exists(c, c.status == 'fail')", TRUE),
        ("values(checks).exists(c, c.status == 'late')", UNKNOWN),
        ("values(checks).all(c, c.status == 'fail')", FALSE),
        ("values(checks).all(c, c.status != 'late')", UNKNOWN),
        ("values(checks).exists_one(c, c.status == 'fail')", UNKNOWN),
        ("values(checks).exists_one(c, c.status != 'late')", FALSE),
        ("part.exists(c, c.status == 'fail')", TRUE),
        ("part.exists(c, c.status == 'late')", UNKNOWN),
        ("part.all(c, c.status == 'fail')", FALSE),
        ("part.all(c, c.status != 'late')", UNKNOWN),
        ("part.exists_one(c, c.status == 'fail')", UNKNOWN),
        ("none.exists(c, true)", UNKNOWN),
        ("size(part) > 0", TRUE),
        ("size(part) > 1", TRUE),
        ("size(part) > 2", UNKNOWN),
        ("size(part) >= 2", TRUE),
        ("size(part) == 1", FALSE),
        ("size(part) == 2", UNKNOWN),
        ("size(part) != 1", TRUE),
        ("size(part) < 2", FALSE),
        ("size(part) <= 1", FALSE),
        ("size(part) <= 2", UNKNOWN),
        ("1 < size(part)", TRUE),
        ("1 == size(part)", FALSE),
        ("size(none) > 0", UNKNOWN),
        ("size(part) == size(part)", UNKNOWN),
        ("size(part.filter(c, c.status == 'fail')) > 0", TRUE),
        ("size(part.map(c, c.status)) > 1", TRUE),
        ("size(part + [1]) > 2", TRUE),
        ("part == []", FALSE),
        ("part == part", UNKNOWN),
        ("part[0].status == 'fail'", UNKNOWN),
        ("first(part).status == 'fail'", TRUE),
        ("first(none).status == 'fail'", UNKNOWN),
        ("'fail' in part.map(c, c.status)", TRUE),
        ("'late' in part.map(c, c.status)", UNKNOWN),
        ("min(u, 1) == 1", UNKNOWN),
        ("sum([1, u]) > 0", UNKNOWN),
        ("part.map(c, c.status).join() == ''", UNKNOWN),
        ("size(distinct([1, 2, u])) >= 2", TRUE),
        ("size(distinct([1, 2, u])) == 1", FALSE),
        ("size(distinct([1, 2, u])) == 2", UNKNOWN),
        ("size([u, u]) == 2", TRUE),
        ("{u: 1} == {'a': 1}", UNKNOWN),
        ("checks[u] == checks", UNKNOWN),
    ],
)
def test_what_is_known_decides(text: str, truth: Truth) -> None:
    """A condition is unknown exactly where the evidence that is there leaves it open."""
    assert ask(text, **NAMES).truth is truth


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("u && w", (BLIND, WAITING)),
        ("w || u || w", (WAITING, BLIND)),
        ("u && t", (BLIND,)),
        ("t && (f || u)", (BLIND,)),
        ("(u && f) || w", (WAITING,)),
        ("u ? w : t", (BLIND,)),
        ("u ? w : w", (BLIND, WAITING)),
        ("u == w", (BLIND, WAITING)),
        ("part.all(c, c.status == 'fail' || u)", (BLIND, WAITING)),
        ("size(part) > 2", (WAITING,)),
        ("u.a.b > 1", (BLIND,)),
        ("values(checks).filter(c, c.status == 'x').size() > 0", (BLIND,)),
    ],
)
def test_an_unknown_answer_names_what_made_it_so(text: str, gaps: tuple[Gap, ...]) -> None:
    """Each gap that left it open is named once, in the order in which the expression asks."""
    assert ask(text, **NAMES).gaps == gaps


def test_a_filter_keeps_what_is_sure_and_why_there_may_be_more() -> None:
    """Members of which it could not be told are not in it."""
    found = value("values(checks).filter(c, c.status == 'fail')", **NAMES)
    assert isinstance(found, Partial)
    assert (tuple(found), found.gaps) == (({"status": "fail"},), (BLIND,))


def test_a_map_keeps_gaps_as_members() -> None:
    """One value that is missing does not make the list unknown."""
    assert value("values(checks).map(c, c.status)", **NAMES) == ("pass", "fail", BLIND)


def test_members_of_a_gap_are_that_gap() -> None:
    """However deep it is asked, the first gap is what is missing."""
    assert value("u.a['b'].c", **NAMES) == BLIND


def test_a_value_of_several_gaps_waits_while_one_of_them_does() -> None:
    """Evidence that is on its way may still decide it."""
    found = value("u && w", **NAMES)
    assert isinstance(found, Gap)
    assert (found.path, found.pending, found.mistake) == (BLIND.path, True, False)


def test_a_mistake_beside_a_gap_is_told() -> None:
    """Both stand in the answer; the mistake keeps its mark."""
    assert [gap.mistake for gap in ask("u && 1 == 'a'", **NAMES).gaps] == [False, True]


def test_gaps_of_a_let_name_stay_apart() -> None:
    """What an expression left open is named gap by gap by the next that uses it."""
    first = value("u && w", **NAMES)
    assert ask("earlier || f", earlier=first, f=False).gaps == (BLIND, WAITING)


def test_an_answer_names_a_bounded_number_of_gaps() -> None:
    """A list of a thousand gaps does not make an answer of a thousand."""
    many = tuple(Gap(f"g{number}", "not told") for number in range(1_000))
    assert len(ask("l.all(x, x)", l=many).gaps) == MOST
    assert len(value("l.filter(x, x)", l=many).gaps) == MOST
