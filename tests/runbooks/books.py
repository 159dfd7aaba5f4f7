"""Runbooks and facts, made by hand for tests of the engine."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from runbooks.cel.expression import Expression
from runbooks.runbook import Cause, Each, Library, Remedy, Runbook
from runbooks.text import Text
from runbooks.values import CITE, Gap, Value

AT = datetime(2026, 11, 20, 2, 14, tzinfo=UTC)


def cause(
    name: str,
    when: str = "true",
    evidence: Iterable[str] = ("shown",),
    *,
    each: tuple[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    because: str = "",
    ruled_out: str | None = None,
    settle: str | None = None,
    asks: str | None = None,
    **more: Any,
) -> Cause:
    """A cause; its title and because are made of its name where none are given."""
    return Cause(
        id=name,
        title=Text.parse(name.replace("-", " ").capitalize()),
        when=Expression.parse(when),
        because=Text.parse(because or f"It is {name}"),
        evidence=tuple(Expression.parse(each) for each in evidence),
        asks=Text.parse(asks) if asks else None,
        ruled_out=Text.parse(ruled_out) if ruled_out is not None else None,
        settle=Text.parse(settle) if settle else None,
        each=Each(each[0], Expression.parse(each[1])) if each else None,
        let={key: Expression.parse(text) for key, text in (let or {}).items()},
        **more,
    )


def book(
    name: str,
    *causes: Cause,
    applies: str | None = "true",
    each: tuple[str, str] | None = None,
    let: Mapping[str, str] | None = None,
    asks: str = "",
    **more: Any,
) -> Runbook:
    """A runbook of these causes."""
    return Runbook(
        id=name,
        file=f"{name}.yaml",
        asks=Text.parse(asks or f"Why {name}?"),
        applies=Expression.parse(applies) if applies is not None else None,
        causes=causes,
        title=name.capitalize(),
        each=Each(each[0], Expression.parse(each[1])) if each else None,
        let={key: Expression.parse(text) for key, text in (let or {}).items()},
        **more,
    )


def remedy(name: str, *, when: str | None = None, text: str = "", **more: Any) -> Remedy:
    """A remedy."""
    title = Text.parse(name.replace("-", " ").capitalize())
    condition = Expression.parse(when) if when is not None else None
    return Remedy(name, title, Text.parse(text or f"Does {name}"), condition, **more)


def library(*runbooks: Runbook, remedies: Iterable[Remedy] = ()) -> Library:
    """A library of these."""
    return Library(runbooks, {each.id: each for each in remedies})


def record(place: str, text: str = "", **members: Value) -> Mapping[str, Value]:
    """A record that can be cited."""
    cite = {"id": place, "text": text or f"{place} says so", "source": "test", "at": AT, "url": ""}
    return {**members, CITE: cite}


def gap(path: str = "logs", why: str = "logs cannot be read", settle: str = "", **more: bool) -> Gap:
    """Missing evidence."""
    return Gap(path, why, settle, **more)


def facts(**members: Value) -> Mapping[str, Value]:
    """Facts of an environment in which `shown` can be cited."""
    return {"env": {"name": "staging"}, "shown": record("shown"), **members}
