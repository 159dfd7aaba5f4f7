"""Judges a diagnosis against a case of the fault matrix; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.matrix import Case
from runbooks.diagnosis import Chain, Diagnosis, Verdict

NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one diagnosis did.

    `missed` are roots and whys that were demanded and not found, `blamed` root causes that are not there,
    `certain` those that should have been unknown, `unfounded` whys without evidence of the bundle.
    """

    case: Case
    found: tuple[str, ...]
    missed: tuple[str, ...]
    blamed: tuple[str, ...]
    certain: tuple[str, ...]
    whys: int
    unfounded: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether all that is there was found, and nothing else blamed."""
        return not (self.missed or self.blamed or self.certain)


def judge(case: Case, diagnosis: Diagnosis, cited: Mapping[str, str]) -> Judgement:
    """Holds a diagnosis to its case. `cited` are the texts of all that the evidence lets one cite, by id."""
    chains = [chain for chain in (diagnosis.chain, *diagnosis.others) if chain is not None]
    roots = [chain.root.cause for chain in chains if chain.root is not None and not chain.secondary]
    if diagnosis.status is Verdict.NOTHING_WRONG:
        roots += [chain.whys[-1].cause for chain in chains]
    whys = [why for chain in chains for why in chain.whys]
    on_chains = {why.cause for why in whys}
    unknown = [each.cause for each in (*diagnosis.unknown, *(u for chain in chains for u in chain.open))]
    return Judgement(
        case=case,
        found=tuple(dict.fromkeys(roots)),
        missed=tuple(
            [root for root in case.roots if root not in roots]
            + [why for why in case.whys if why not in on_chains]
        ),
        blamed=tuple(_blamed(case, chains)),
        certain=tuple(each for each in case.unknown if not _any_under(each, unknown)),
        whys=len(whys),
        unfounded=tuple(
            why.cause
            for why in whys
            if not why.evidence or any(cited.get(cite.id) != cite.text for cite in why.evidence)
        ),
    )


def _blamed(case: Case, chains: Sequence[Chain]) -> Iterable[str]:
    allowed = {*case.roots, *case.whys, *case.also}
    for chain in chains:
        if chain.root is None or chain.secondary or chain.root.cause in allowed:
            continue
        yield chain.root.cause


def _any_under(name: str, causes: Iterable[str]) -> bool:
    return any(cause == name or cause.startswith(f"{name}/") for cause in causes)


def summary(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """The figures of the table: shares from 0 to 1, counts, and the confusion of root causes."""
    told = [each for each in judgements if not each.case.denied]
    partial = [each for each in judgements if each.case.unknown]
    whys = sum(each.whys for each in judgements)
    return {
        "cases": len(judgements),
        "right": _share(each.right for each in told),
        "right_partial": _share(each.right for each in judgements if each.case.denied),
        "false_blame": sum(len(each.blamed) for each in judgements),
        "unknown_right": _share(not each.certain for each in partial),
        "founded": 1.0 - sum(len(each.unfounded) for each in judgements) / whys if whys else 1.0,
        "whys": whys,
    }


def confusion(judgements: Sequence[Judgement]) -> Counter[tuple[str, str]]:
    """How often which root cause was found where which was there; only where they differ."""
    pairs: Counter[tuple[str, str]] = Counter()
    for each in judgements:
        missing = [root for root in each.missed if root in each.case.roots]
        for there in missing or ([NONE] if each.blamed else []):
            for found in each.blamed or (NONE,):
                pairs[there, found] += 1
    return pairs


def _share(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 1.0
