"""Conditions on a JSON body: tables of cases, and properties."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.conditions import MISSING, Condition, mismatch, shown, value_at

BODY = {
    "status": "healthy",
    "checks": {"redis": {"ok": True, "ms": 12.5}, "api.v2": {"ok": 1}},
    "items": [{"id": 3}],
}
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
KEYS = st.text(min_size=1, max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(KEYS, inner)), max_leaves=20
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "healthy"),
        ("checks.redis.ok", True),
        ("checks.api.v2.ok", 1),
        ("items.0.id", 3),
        ("items.1.id", MISSING),
        ("items.x", MISSING),
        ("status.x", MISSING),
        ("nothing", MISSING),
        ("", BODY),
    ],
)
def test_paths_lead_to_values(path: str, value: Any) -> None:
    """A dotted path is followed through objects and lists, and keys with dots are found."""
    assert value_at(BODY, path) == value


@pytest.mark.parametrize(
    ("path", "expected", "words"),
    [
        ("status", "healthy", None),
        ("status", "Healthy", 'status is "healthy", expected "Healthy"'),
        ("checks.redis.ok", True, None),
        ("checks.redis.ok", 1, "checks.redis.ok is true, expected 1"),
        ("items.0.id", 3.0, None),
        ("gone", None, "gone is missing, expected null"),
        ("checks.redis.ms", Condition(at_least=1, at_most=20), None),
        ("checks.redis.ms", Condition(at_least=13), "checks.redis.ms is 12.5, expected at least 13"),
        ("checks.redis.ms", Condition(at_most=12), "checks.redis.ms is 12.5, expected at most 12"),
        ("checks.redis.ok", Condition(at_least=1), "checks.redis.ok is true, expected a number"),
        ("status", Condition(one_of=("ok", "healthy")), None),
        ("status", Condition(one_of=("ok", 1)), 'status is "healthy", expected one of "ok", 1'),
        ("status", Condition(exists=True), None),
        ("status", Condition(exists=False), 'status is there ("healthy"), expected not to be'),
        ("gone", Condition(exists=False), None),
        ("gone", Condition(at_least=0), "gone is missing"),
    ],
)
def test_mismatches_are_said_in_words(path: str, expected: Any, words: str | None) -> None:
    """A value that is not as expected is said with what was found and what was wanted."""
    assert mismatch(BODY, path, expected) == words


def test_an_empty_condition_is_refused() -> None:
    """A condition that says nothing is a mistake of the file."""
    with pytest.raises(ValidationError, match="is empty"):
        Condition()


@given(st.dictionaries(KEYS, JSON), KEYS)
def test_a_key_is_found_under_its_own_name(body: dict[str, Any], key: str) -> None:
    """Whatever its letters, a key of the body is a path to its value."""
    if key in body:
        assert value_at(body, key) is body[key]


@given(JSON, st.text(max_size=10), st.one_of(SCALARS, st.builds(Condition, at_least=st.integers())))
def test_any_body_and_path_give_an_answer(body: Any, path: str, expected: Any) -> None:
    """No body, path or expectation makes the comparison raise."""
    told = mismatch(body, path, expected)
    assert told is None or path in told


@given(st.text(min_size=200))
def test_long_values_are_cut(value: str) -> None:
    """A long value is shown by its start."""
    assert len(shown(value)) <= 81
    assert json.dumps(value, ensure_ascii=False).startswith(shown(value).removesuffix("…"))
