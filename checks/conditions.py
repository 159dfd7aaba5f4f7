"""Conditions on a JSON body: pure, no network.

A path is dotted, with numbers for positions in a list: `checks.redis.ok`, `items.0.id`. A key that itself
holds a dot is found as well (`checks.api.v2` finds `{"checks": {"api.v2": …}}`).
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from checks.spec import Strict

Scalar = str | int | float | bool | None
MISSING = object()
SHOWN = 80


class Condition(Strict):
    """What a value must be, where equality does not say it. All that is given must hold."""

    at_least: float | None = Field(default=None, description="A number that is this or more.")
    at_most: float | None = Field(default=None, description="A number that is this or less.")
    one_of: tuple[Scalar, ...] | None = Field(default=None, description="One of these values.")
    exists: bool | None = Field(default=None, description="Whether the path must (or must not) be there.")

    @model_validator(mode="after")
    def _says_something(self) -> "Condition":
        if not self.model_fields_set:
            raise ValueError("is empty; give at_least, at_most, one_of or exists")
        return self


def value_at(body: Any, path: str) -> Any:
    """The value at a dotted path, or `MISSING`."""
    if path == "":
        return body
    if isinstance(body, Mapping):
        if path in body:
            return body[path]
        parts = path.split(".")
        for taken in range(len(parts) - 1, 0, -1):
            key, rest = ".".join(parts[:taken]), ".".join(parts[taken:])
            if key in body and (found := value_at(body[key], rest)) is not MISSING:
                return found
        return MISSING
    if isinstance(body, list):
        position, _, rest = path.partition(".")
        if position.isdecimal() and int(position) < len(body):
            return value_at(body[int(position)], rest)
    return MISSING


def mismatch(body: Any, path: str, expected: Scalar | Condition) -> str | None:
    """Why the value at the path is not as expected, in words, or None where it is."""
    found = value_at(body, path)
    if isinstance(expected, Condition):
        return unmet(found, path, expected)
    if found is MISSING:
        return f"{path} is missing, expected {shown(expected)}"
    if not same(found, expected):
        return f"{path} is {shown(found)}, expected {shown(expected)}"
    return None


def unmet(found: Any, path: str, condition: Condition) -> str | None:
    """Why a condition does not hold for a value, in words, or None where it does."""
    if found is MISSING:
        return None if condition.exists is False else f"{path} is missing"
    if condition.exists is False:
        return f"{path} is there ({shown(found)}), expected not to be"
    if condition.one_of is not None and not any(same(found, wanted) for wanted in condition.one_of):
        wanted = ", ".join(shown(each) for each in condition.one_of)
        return f"{path} is {shown(found)}, expected one of {wanted}"
    if condition.at_least is None and condition.at_most is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return f"{path} is {shown(found)}, expected a number"
    if condition.at_least is not None and found < condition.at_least:
        return f"{path} is {found}, expected at least {condition.at_least:g}"
    if condition.at_most is not None and found > condition.at_most:
        return f"{path} is {found}, expected at most {condition.at_most:g}"
    return None


def same(found: Any, expected: Scalar) -> bool:
    """Equality as in JSON: true is not 1, but 1 is 1.0."""
    return isinstance(found, bool) == isinstance(expected, bool) and bool(found == expected)


def shown(value: Any) -> str:
    """A value as JSON, cut to a length that people read."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
