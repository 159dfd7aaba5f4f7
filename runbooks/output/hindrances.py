"""What keeps causes from being told: one entry for each reason, with all the causes that it concerns."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runbooks.said import one_line, span

TIME = re.compile(r"\b(\d+(?:[.,]\d+)*)\s(ms|s|min|h)\b")
UNITS = {"ms": 1.0, "s": 1_000.0, "min": 60_000.0, "h": 3_600_000.0}
UNTOLD = "could not be told: "
ARROW = " → "
MOST_PARTS = 8
"""Things that a reason is said of, one within the other: `Network paths: Redis: backend: May not …`."""
MOST_REASONS = 3
"""Different words for one reason that are said; what would settle it is the same."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A reason, the causes that could not be told for it, and what would settle it (empty: nothing known)."""

    causes: tuple[str, ...]
    why: str
    settle: str


@dataclass(slots=True)
class _Group:
    causes: dict[str, None] = field(default_factory=dict)
    whys: dict[str, None] = field(default_factory=dict)
    settle: str = ""


def hindrances(untold: Iterable[Mapping[str, Any]]) -> list[Hindrance]:
    """Of causes that could not be told (`UntoldDocument`), in the order of the first cause of each reason.

    Gaps are one reason where the same would settle them, or where they say the same about different things.
    """
    listed = [(_cause(each), why, settle) for each in untold for why, settle in _reasons(each)]
    known = {why for _, why, _ in listed}
    listed = [(cause, *_step_apart(why, settle, known)) for cause, why, settle in listed]
    groups: list[_Group] = []
    by: dict[str, _Group] = {}
    for cause, said, settle in listed:
        core = _core(said, known)
        kind = f"why {_kind(core)}"
        found = by.get(kind) or (by.get(f"settle {settle}") if settle else None)
        if found is None:
            found = _Group()
            groups.append(found)
        by[kind] = found
        if settle and not found.settle and f"settle {settle}" not in by:
            found.settle = settle
            by[f"settle {settle}"] = found
        found.causes[cause] = found.whys[core] = None
    return [_hindrance(each) for each in groups]


def _hindrance(group: _Group) -> Hindrance:
    causes = tuple(group.causes)
    whys = together(list(group.whys))
    more = f"; and {len(whys) - MOST_REASONS} more" if len(whys) > MOST_REASONS else ""
    said = "; ".join(whys[:MOST_REASONS]) + more
    return Hindrance(causes, said.removeprefix(f"{causes[0]}: ") if len(causes) == 1 else said, group.settle)


def _cause(untold: Mapping[str, Any]) -> str:
    """`Peering (backend)`."""
    title, subject = one_line(str(untold.get("title", ""))), one_line(str(untold.get("subject", "")))
    title = title or one_line(str(untold.get("cause", ""))) or "—"
    return f"{title} ({subject})" if subject and subject not in title else title


def _reasons(untold: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each gap with what would settle it; what the runbook itself says settles it goes before that."""
    settle = one_line(str(untold.get("settle", "")))
    gaps = [
        (one_line(str(gap["why"])).removesuffix("."), one_line(str(gap["settle"])))
        for gap in untold.get("missing") or ()
    ]
    if not gaps:
        return [(one_line(str(untold.get("why", ""))).removesuffix("."), settle)]
    own = settle and not any(each and each in settle for _, each in gaps)
    return [(why, settle if own else step) for why, step in dict.fromkeys(gaps)]


def _step_apart(why: str, settle: str, known: set[str]) -> tuple[str, str]:
    """A reason and a step. What a settling text only tells, in small letters, is no step but a reason.

    Where that is the reason of others, it is the one to give: what settles it settles this.
    """
    if not settle[:1].islower():
        return why, settle
    core = _core(settle, known)
    return (core if core in known else f"{why}: {settle}"), ""


def _core(said: str, known: set[str]) -> str:
    """Without the way and the thing that a reason is said of, where it is a reason of its own as well."""
    parts = said.split(": ", MOST_PARTS)
    while len(parts) > 1 and ARROW in parts[0]:
        del parts[0]
    for start in range(1, len(parts)):
        if (rest := ": ".join(parts[start:])) in known:
            return rest
    return ": ".join(parts)


def together(whys: Sequence[str]) -> list[str]:
    """Reasons that differ in name and time only, as one: `auth, Redis: answers here in up to 249 ms`."""
    alike: dict[str, dict[str, list[str]]] = {}
    for why in whys:
        about, rest = _parts(why)
        alike.setdefault(_kind(why), {}).setdefault(about, []).append(rest)
    return [_said(list(each), [rest for rests in each.values() for rest in rests]) for each in alike.values()]


def _parts(why: str) -> tuple[str, str]:
    """What a reason is said of (empty: of nothing), and the reason."""
    about, colon, rest = why.partition(": ")
    return (about, rest.removeprefix(UNTOLD)) if colon else ("", why)


def _kind(why: str) -> str:
    """The reason without what it is said of and without its times."""
    return TIME.sub("…", _parts(why)[1])


def _said(abouts: list[str], rests: list[str]) -> str:
    lead = ", ".join(filter(None, abouts))
    if len(rests) == 1:
        return f"{lead}: {rests[0]}" if lead else rests[0]
    places = zip(*(TIME.finditer(each) for each in rests), strict=True)
    longest = iter([max(map(_ms, found)) for found in places])
    said = TIME.sub(lambda _: f"up to {span(next(longest))}", rests[0]) if len(set(rests)) > 1 else rests[0]
    return f"{lead}: {said}" if lead else said


def _ms(found: re.Match[str]) -> float:
    number = found[1].replace(",", "")
    return float(number) * UNITS[found[2]] if number.count(".") < 2 else 0.0
