"""Remedies that follow from what was found, those that are quick and can be undone first."""

from collections.abc import Iterable, Iterator, Mapping

from runbooks.causes import Judged
from runbooks.cel.expression import Answer, Budget, BudgetSpent
from runbooks.chains import Trail
from runbooks.diagnosis import Offer
from runbooks.runbook import Remedy
from runbooks.values import Truth

REACHES = {1: "1 service", 2: "the environment", 3: "beyond this environment"}


def offers(
    trails: Iterable[Trail], remedies: Mapping[str, Remedy], budget: Budget
) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
    """The remedies of chains that have a root, and sentences about those that could not be judged.

    Of equal ones the nearest to the root of the first chain comes first.
    """
    found: dict[tuple[str, str, str], tuple[bool, Offer]] = {}
    notes: dict[str, None] = {}
    for secondary, remedy, judged in _named(trails, remedies):
        answer = _may_be_offered(remedy, judged, budget)
        if answer.truth is Truth.TRUE:
            offer = _offer(remedy, judged)
            found.setdefault((offer.id, offer.title, offer.text), (secondary, offer))
        elif answer.truth is Truth.UNKNOWN:
            notes[_unsure(remedy.title.render(judged.scope.values), answer)] = None
    ranked = sorted(found.values(), key=_rank)
    return tuple(offer for _, offer in ranked), tuple(notes)


def _rank(found: tuple[bool, Offer]) -> tuple[bool, bool, bool, int]:
    """What can be undone and reaches little first; what is beside the point, and what lasts, at the end."""
    secondary, offer = found
    return offer.lasting, secondary, not offer.undoable, offer.reach


def _named(trails: Iterable[Trail], remedies: Mapping[str, Remedy]) -> Iterator[tuple[bool, Remedy, Judged]]:
    """Each remedy with the cause that names it; first whether its chain is beside the point."""
    for trail in trails:
        if trail.root is not None:
            for step in reversed(trail.steps):
                for name in step.judged.cause.remedies:
                    if name in remedies:
                        yield trail.runbook.secondary, remedies[name], step.judged


def _may_be_offered(remedy: Remedy, judged: Judged, budget: Budget) -> Answer:
    if remedy.when is None:
        return Answer(Truth.TRUE)
    try:
        return remedy.when.ask(judged.scope.values, budget)
    except BudgetSpent:
        return Answer(Truth.UNKNOWN)


def _offer(remedy: Remedy, judged: Judged) -> Offer:
    names = judged.scope.values
    return Offer(
        id=remedy.id,
        title=remedy.title.render(names),
        text=remedy.text.render(names),
        cause=judged.id,
        action=remedy.action,
        undoable=remedy.undoable,
        reach=remedy.reach,
        reach_text=remedy.reach_text or REACHES.get(remedy.reach, ""),
        lasting=remedy.lasting,
        commands=tuple(command.render(names) for command in remedy.commands),
    )


def _unsure(title: str, answer: Answer) -> str:
    whys = "; ".join(dict.fromkeys(gap.why.rstrip(".") for gap in answer.gaps))
    return f"Not offered, since it could not be told whether it helps: {title}{f' ({whys})' if whys else ''}."
