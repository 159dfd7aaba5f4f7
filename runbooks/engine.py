"""The diagnosis: a pure function of runbooks and evidence. The same evidence gives the same diagnosis."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from runbooks.bundle import Bundle
from runbooks.causes import Judged, citable, cite_of
from runbooks.cel.expression import Budget
from runbooks.chains import Looked, Trail, Walk, beside, chain_of, chains, ruled_out, untold, walk
from runbooks.diagnosis import Cite, Diagnosis, Onset, RuledOut, Similar, Untold, Verdict
from runbooks.evidence.facts import facts
from runbooks.evidence.sources import needs
from runbooks.needs import roots
from runbooks.offers import offers
from runbooks.runbook import Library
from runbooks.values import CITE, Gap, Truth, Value

FAILING = ("fail", "degraded")


@dataclass(frozen=True, slots=True)
class Considered:
    """One cause that was looked at, for `--explain`: how its condition came out and what it looked at.

    A runbook whose question was or was not asked is one too: `cause` is then its name alone, `depth` 0.
    """

    cause: str
    subject: str
    depth: int
    truth: Truth
    condition: str
    gaps: tuple[Gap, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A diagnosis with every cause that was looked at, in order."""

    diagnosis: Diagnosis
    considered: tuple[Considered, ...]


def diagnose(library: Library, bundle: Bundle, *, runbook: str | None = None) -> Diagnosis:
    """What the runbooks say of a bundle; with `runbook`, what that one says, whether it applies or not.

    Never raises for what runbooks or evidence are like. Raises KeyError for a runbook that there is not.
    """
    return reason(library, facts(bundle), bundle.at, runbook=runbook).diagnosis


def explain(library: Library, bundle: Bundle, *, runbook: str | None = None) -> Explained:
    """As `diagnose`, with everything that was considered."""
    return reason(library, facts(bundle), bundle.at, runbook=runbook).explained()


def needed(library: Library, bundle: Bundle, *, runbook: str | None = None) -> frozenset[str]:
    """The sources that causes which are still open could need and that the bundle does not have finished.

    Evidence only of branches that are ruled out is not in it.
    """
    finished = {name for name, section in bundle.sections.items() if section.finished}
    known = facts(bundle)
    missing = {root: frozenset(needs(root)) - finished for root in known}
    unfinished = frozenset(root for root, sources in missing.items() if sources)
    found = wanted(library, known, unfinished, runbook=runbook)
    return frozenset(chain.from_iterable(missing[root] for root in found))


def wanted(
    library: Library, known: Mapping[str, Value], unfinished: frozenset[str], *, runbook: str | None = None
) -> frozenset[str]:
    """The roots among `unfinished` ones that causes which are still open could need."""
    walked = walk(library, known, Budget(), runbook)
    return unfinished if walked.spent else roots(library, walked, unfinished) & unfinished


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A diagnosis with the walk that led to it."""

    diagnosis: Diagnosis
    walked: Walk

    def explained(self) -> Explained:
        """Everything that was considered, in words."""
        return Explained(self.diagnosis, tuple(_considered(each) for each in self.walked.looked))


def reason(
    library: Library, known: Mapping[str, Value], at: datetime, *, runbook: str | None = None
) -> Reasoned:
    """The diagnosis of facts that were gathered from `at` on. Raises KeyError for an unknown runbook."""
    budget = Budget()
    walked = walk(library, known, budget, runbook)
    findings = _findings(walked, known)
    first = findings.first
    offered, unsure = offers(findings.trails, library.remedies, budget)
    considered = _beside(first, walked)
    diagnosis = Diagnosis(
        environment=_environment(known),
        at=at,
        status=findings.status,
        question=_question(findings, known),
        chain=chain_of(first, walked) if first else None,
        others=tuple(chain_of(trail, walked) for trail in findings.others),
        contributing=tuple(step.why() for step in walked.contributing.values()),
        ruled_out=_ruled_out(considered),
        unknown=_unknown(considered),
        remedies=offered,
        onset=None if findings.status is Verdict.NOTHING_WRONG else _onset(known),
        similar=_similar(known, first.root.judged.id, at) if first and first.root else (),
        notes=(*_notes(findings, known, runbook), *unsure),
        asked=dict(walked.asked),
        failing=tuple(_title(check) for check in _failing(known)),
    )
    return Reasoned(diagnosis, walked)


# which chain, and what it amounts to


@dataclass(frozen=True, slots=True)
class _Findings:
    """The first chain and the others, of a walk. `well` is the because of a healthy environment."""

    walked: Walk
    status: Verdict
    first: Trail | None
    others: tuple[Trail, ...] = ()
    well: str = ""

    @property
    def trails(self) -> tuple[Trail, ...]:
        return (self.first, *self.others) if self.first else self.others


def _findings(walked: Walk, known: Mapping[str, Value]) -> _Findings:
    """What is beside the point of an outage comes first only where all else is well."""
    found = chains([trail for trail in walked.trails if not trail.runbook.healthy])
    healthy = chains([trail for trail in walked.trails if trail.runbook.healthy])
    if found and not found[0].runbook.secondary:
        return _Findings(walked, _status(found[0]), found[0], found[1:])
    if not healthy or walked.spent or any(_failing(known)):
        status = Verdict.PARTIAL if walked.contributing else Verdict.UNKNOWN
        return _Findings(walked, status, None, found)
    if found:
        return _Findings(walked, _status(found[0]), found[0], found[1:], healthy[0].steps[-1].why().because)
    return _Findings(walked, Verdict.NOTHING_WRONG, healthy[0])


def _status(first: Trail) -> Verdict:
    return Verdict.CONFIRMED if first.root is not None else Verdict.PARTIAL


def _failing(known: Mapping[str, Value]) -> Iterator[Mapping[str, Value]]:
    """The checks that fail or are degraded, in order of their names."""
    checks = known.get("checks")
    for _, check in sorted(checks.items()) if isinstance(checks, Mapping) else ():
        if isinstance(check, Mapping) and check.get("status") in FAILING:
            yield check


def _environment(known: Mapping[str, Value]) -> str:
    env = known.get("env")
    name = env.get("name") if isinstance(env, Mapping) else None
    return name if isinstance(name, str) else ""


def _question(findings: _Findings, known: Mapping[str, Value]) -> str:
    """What was asked: by the first chain, else by the first runbook that applies."""
    if findings.first is not None:
        return findings.first.steps[0].question
    asked = findings.walked.asked
    return next(iter(asked.values()), f"What is wrong with {_environment(known) or 'it'}?")


# what else was considered


def _beside(first: Trail | None, walked: Walk) -> tuple[Judged, ...]:
    """What was looked at, each cause once: beside the first chain first, what is beside the point last."""
    near = {judged for level in beside(first, walked) for judged in level} if first else set()
    looked = [each.judged for each in walked.looked if each.judged and not each.judged.runbook.healthy]
    return tuple(sorted(looked, key=lambda each: (each not in near, each.runbook.secondary)))


def _ruled_out(looked: Sequence[Judged]) -> tuple[RuledOut, ...]:
    """Causes that are false wherever they were looked at.

    Those of which evidence itself is quoted come first ("firewall: no rule denies it"): they tell the most.
    One whose `ruled_out` is empty is not listed.
    """
    open_ = {each.key for each in looked if each.truth is not Truth.FALSE}
    false = {each.key: each for each in reversed(looked) if each.key not in open_}
    kept = [false[key] for key in dict.fromkeys(each.key for each in looked) if key in false]
    kept = [each for each in kept if not _passed_over(each)]
    return tuple(map(ruled_out, sorted(kept, key=lambda judged: not _quotes(judged))))


def _passed_over(judged: Judged) -> bool:
    said = judged.cause.ruled_out
    return said is not None and not said.source.strip()


def _quotes(judged: Judged) -> bool:
    said = judged.cause.ruled_out
    return said is not None and bool(said.roots)


def _unknown(looked: Sequence[Judged]) -> tuple[Untold, ...]:
    """Causes that could not be told and are confirmed nowhere."""
    confirmed = {each.key for each in looked if each.truth is Truth.TRUE}
    return untold(each for each in looked if each.key not in confirmed)


# when, and what else is said


def _onset(known: Mapping[str, Value]) -> Onset | None:
    seen = known.get("onset")
    if not isinstance(seen, Mapping):
        return None
    at, cite = seen.get("at"), seen.get(CITE)
    if not isinstance(at, datetime) or not isinstance(cite, Mapping):
        return None
    return Onset(at, cite_of(cite), tuple(_cites(seen.get("before"))))


def _similar(known: Mapping[str, Value], root_cause: str, now: datetime) -> tuple[Similar, ...]:
    """Earlier diagnoses with this root cause; not this one, should it be kept already."""
    history = known.get("history")
    found = (_earlier(each) for each in (history if isinstance(history, tuple) else ()))
    return tuple(each for each in found if each and each.root_cause == root_cause and each.at < now)


def _earlier(past: Value) -> Similar | None:
    if not isinstance(past, Mapping):
        return None
    id_, at, root, because = (past.get(key) for key in ("id", "at", "root_cause", "because"))
    if not isinstance(at, datetime) or not isinstance(id_, str) or not isinstance(root, str):
        return None
    return Similar(id_, at, root, because if isinstance(because, str) else "")


def _notes(findings: _Findings, known: Mapping[str, Value], runbook: str | None) -> tuple[str, ...]:
    """Sentences about the diagnosis itself."""
    walked = findings.walked
    notes = [f"Only the runbook {runbook} was asked."] if runbook is not None else []
    if findings.well:
        notes.append(f"Otherwise all is well: {findings.well}")
    if findings.status in (Verdict.PARTIAL, Verdict.UNKNOWN):
        notes += _unexplained(findings, known)
    return (*notes, *_not_asked(walked.looked), *walked.notes)


def _unexplained(findings: _Findings, known: Mapping[str, Value]) -> list[str]:
    """The failing checks that no why names."""
    steps = [step for trail in findings.trails for step in trail.steps]
    named = {cite.id for step in steps for cite in step.judged.support.cites}
    titles = [_title(check) for check in _failing(known) if not named & {each.id for each in _cites(check)}]
    return [f"No cause of ours explains: {', '.join(titles)}."] if titles else []


def _cites(value: Value) -> Iterator[Cite]:
    return (each for each in citable(value) if isinstance(each, Cite))


def _title(check: Mapping[str, Value]) -> str:
    names = (check.get(key) for key in ("title", "name"))
    return next((each for each in names if isinstance(each, str) and each), "a check")


def _not_asked(looked: Sequence[Looked]) -> list[str]:
    """The questions of which could not be told whether they are to be asked, by what hinders that."""
    hindered: dict[str, list[str]] = {}
    for each in looked:
        if each.judged is None and each.answer.truth is Truth.UNKNOWN:
            whys = dict.fromkeys(gap.why.rstrip(".") for gap in each.answer.gaps if not gap.mistake)
            if whys:
                hindered.setdefault("; ".join(whys), []).append(each.runbook.title or each.runbook.id)
    unsure = "Could not be told whether this is to be asked about"
    return [f"{unsure}: {', '.join(of)} ({why})." for why, of in hindered.items()]


def _considered(looked: Looked) -> Considered:
    runbook, judged = looked.runbook, looked.judged
    gaps = looked.answer.gaps
    if judged is None:
        condition = runbook.applies.text if runbook.applies else ""
        return Considered(runbook.id, "", 0, looked.answer.truth, condition, gaps, runbook.title)
    cause = judged.cause
    text = {Truth.TRUE: cause.because, Truth.FALSE: cause.ruled_out, Truth.UNKNOWN: cause.settle}
    said = judged.say(text[judged.truth])
    return Considered(judged.id, judged.subject, looked.depth, judged.truth, cause.when.text, gaps, said)
