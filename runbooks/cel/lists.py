"""Functions of lists and mappings. Each is asked with known arguments alone, of the kinds that it takes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from runbooks.cel.gaps import together
from runbooks.cel.operators import (
    Arguments,
    Run,
    Site,
    Spend,
    calculated,
    comparison,
    equal,
    gaps_of,
    is_number,
    joined,
    kind,
    listed,
)
from runbooks.values import CITE, Gap, Partial, Value


def entries(mapping: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The members of a mapping in the order of their keys, without what says how to cite the mapping."""
    return [(key, mapping[key]) for key in sorted(mapping) if key != CITE or not _is_cite(mapping[key])]


def _is_cite(value: Value) -> bool:
    return isinstance(value, Mapping) and "id" in value and "text" in value and "source" in value


def size(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """Members or characters; of a list that may have more, at least those that are known."""
    match arguments[0]:
        case Partial() as members:
            return together(members.gaps, least=len(members))
        case Mapping() as mapping:
            return len(mapping) - (CITE in mapping and _is_cite(mapping[CITE]))
        case str() | tuple() as measured:
            return len(measured)
        case other:
            return site.mistake(f"takes the size of {kind(other)}")


def values(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """The members of a mapping, in the order of their keys."""
    mapping: Any = arguments[0]
    spend(len(mapping))
    return tuple(value for _, value in entries(mapping))


def keys(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """The keys of a mapping, in order."""
    mapping: Any = arguments[0]
    spend(len(mapping))
    return tuple(key for key, _ in entries(mapping))


def first(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """The first known member. Of a list that may have more it is one of its members, if not its first."""
    members: Any = arguments[0]
    if members:
        found: Value = members[0]
        return found
    return together(members.gaps) if isinstance(members, Partial) else site.gap("is the first of none")


def extreme(sign: str) -> Run:
    """The least or the greatest of a list, or of several values."""
    compare = comparison(sign)

    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        members = arguments
        if len(arguments) == 1:
            if not isinstance(arguments[0], tuple):
                return site.mistake(f"takes one list or several values, not {kind(arguments[0])}")
            members = arguments[0]
        spend(len(members))
        if gaps := _gaps(members):
            return together(gaps)
        return _best(members, lambda one, other: compare(one, other, site, spend), site)

    return run


def _gaps(members: Arguments) -> list[Gap]:
    """Why a list is not known as a whole."""
    return [each for each in members if isinstance(each, Gap)] + list(gaps_of(members))


def _best(members: Arguments, better: Callable[[Value, Value], bool | Gap], site: Site) -> Value:
    if not members:
        return site.gap("is of none")
    best = members[0]
    for member in (*members[1:], *members[:1]):  # the first once more: one alone must be comparable, too
        found = better(member, best)
        if isinstance(found, Gap):
            return found
        best = member if found else best
    return best


def total(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """Numbers or durations added up."""
    members: Any = arguments[0]
    spend(len(members))
    if gaps := _gaps(members):
        return together(gaps)
    found: Value = members[0] if members else 0
    if not is_number(found) and not isinstance(found, timedelta):
        return site.mistake(f"adds up {kind(found)}")
    for member in members[1:]:
        found = calculated("+", found, member, site, spend)
        if isinstance(found, Gap):
            return found
    return found


def distinct(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """Each member once, where it is first; a list that may have more where that cannot be told."""
    members: Any = arguments[0]
    spend(len(members))
    seen: set[tuple[bool, str | float]] = set()
    kept: list[Value] = []
    unclear = list(gaps_of(members))
    for member in members:
        if isinstance(member, str | int | float):
            key = (isinstance(member, bool), member)
            if key not in seen:
                seen.add(key)
                kept.append(member)
            continue
        found = _repeated(member, kept, site, spend)
        if isinstance(found, Gap):
            unclear.append(found)
        elif not found:
            kept.append(member)
    return listed(tuple(kept), tuple(unclear), site)


def _repeated(member: Value, kept: list[Value], site: Site, spend: Spend) -> bool | Gap:
    """Whether it is among those kept; those of another kind are not it."""
    if isinstance(member, Gap):
        return member
    same, gaps = kind(member), []
    spend(len(kept))
    for other in kept:
        found = kind(other) == same and equal(member, other, site, spend)
        if found is True:
            return True
        if found is not False:
            gaps.append(found)
    return together(gaps) if gaps else False


def join(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """Texts as one."""
    members: Any = arguments[0]
    between = str(arguments[1]) if len(arguments) > 1 else ""
    spend(len(members))
    if gaps := _gaps(members):
        return together(gaps)
    if not all(isinstance(each, str) for each in members):
        return site.mistake("joins what are not all texts")
    return joined(list(members), between, site, spend)
