"""Several gaps as one value, so that a condition can say everything that made it unknown."""

from collections.abc import Iterable
from dataclasses import dataclass

from runbooks.values import Gap

MOST = 50  # gaps that one value names; more help nobody


@dataclass(frozen=True, slots=True)
class Unknown(Gap):
    """Unknown for several reasons, or a number of which only the least is known.

    It says of itself what its first reason says; `pending` and `mistake` where any of them is.
    """

    reasons: tuple[Gap, ...] = ()
    least: int | None = None


def reasons(gap: Gap) -> tuple[Gap, ...]:
    """What made it unknown, each once."""
    return gap.reasons if isinstance(gap, Unknown) else (gap,)


def together(gaps: Iterable[Gap], least: int | None = None) -> Gap:
    """All of these as one, each once, in order. There must be at least one."""
    found = list(dict.fromkeys(reason for gap in gaps for reason in reasons(gap)))
    if len(found) == 1 and least is None:
        return found[0]
    pending, mistake = any(gap.pending for gap in found), any(gap.mistake for gap in found)
    head = found[0]
    return Unknown(head.path, head.why, head.settle, pending, mistake, tuple(found[:MOST]), least)
