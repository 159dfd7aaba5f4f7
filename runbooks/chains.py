"""Chains of whys: every way from a question over confirmed causes to the deepest one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runbooks.causes import Judge, Judged, Key
from runbooks.cel.expression import Answer, Budget, BudgetSpent
from runbooks.cel.gaps import reasons
from runbooks.diagnosis import Chain, RuledOut, Untold, Why
from runbooks.runbook import Library, Runbook
from runbooks.text import Text
from runbooks.values import Gap, Truth, Value

ABOUT = "about"
"""What a `let` of this name says is what the whys are about, such as a service: a linked runbook answers for
the same one only."""
MOST_WHYS = 40
"""The deepest that a chain may go."""
VISIT = 20
"""Steps of a diagnosis's budget that a cause costs on each way to it, as there may be very many ways."""
UNTOLD = str(Gap("", ""))
"""What texts say in the place of a gap."""
SPENT = "The runbooks ask for more work than a diagnosis may take; this is what was found until then."


@dataclass(frozen=True, slots=True)
class Step:
    """A cause with the question that it may answer: `asks`, as that of `asking` (its runbook, or a cause)."""

    judged: Judged
    asks: Text | None
    asking: Judged

    @property
    def question(self) -> str:
        """The question, in words."""
        return self.asking.say(self.asks) or "Why?"

    def why(self) -> Why:
        """It, ready to show."""
        judged = self.judged
        return Why(
            question=self.question,
            because=judged.say(judged.cause.because),
            cause=judged.id,
            title=judged.say(judged.cause.title),
            evidence=judged.support.cites,
            subject=judged.subject,
            missing=judged.support.missing,
        )


@dataclass(frozen=True, slots=True)
class Trail:
    """A chain as it was walked."""

    runbook: Runbook
    steps: tuple[Step, ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        """Its causes, from the first question on."""
        return tuple(step.judged.key for step in self.steps)

    @property
    def root(self) -> Step | None:
        """The deepest step whose cause is one in its own right; never of a healthy environment."""
        if self.runbook.healthy:
            return None
        return next((step for step in reversed(self.steps) if _may_be_root(step.judged)), None)

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """What comes first: beside the point last, with a root, then the deepest, then by rank."""
        return self.runbook.secondary, self.root is None, -len(self.steps), self.runbook.rank


@dataclass(frozen=True, slots=True)
class Looked:
    """One cause that was looked at, or a runbook whose question was or was not asked (no `judged`)."""

    runbook: Runbook
    depth: int
    answer: Answer
    judged: Judged | None = None


@dataclass(slots=True)
class Walk:
    """All that runbooks say of some facts: `trails` in order of finding, and what was looked at.

    `answers` are the possible answers to a confirmed cause's next question, and to a runbook's first one.
    """

    judge: Judge
    looked: list[Looked] = field(default_factory=list)
    trails: list[Trail] = field(default_factory=list)
    contributing: dict[Key, Step] = field(default_factory=dict)
    answers: dict[Judged | str, dict[Judged, None]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    spent: bool = False
    _seen: set[Judged] = field(default_factory=set)

    def runbook(self, runbook: Runbook, *, forced: bool = False) -> None:
        """Asks a runbook's question, if it applies or is forced."""
        answer = Answer(Truth.TRUE) if forced else self.judge.applies(runbook)
        if runbook.applies is None and not forced:
            return
        self.looked.append(Looked(runbook, 0, answer))
        self._note_mistakes(f"runbook {runbook.id}", answer.gaps)
        if answer.truth is not Truth.TRUE:
            return
        for judged in self.judge.top(runbook):
            step = Step(judged, runbook.asks, judged)
            if runbook.id not in self.asked and not judged.of_any:
                self.asked[runbook.id] = step.question
            self._follow(Trail(runbook, ()), step, frozenset({runbook.id}))

    def _follow(self, trail: Trail, step: Step, entered: frozenset[str]) -> bool:
        """Whether the cause is confirmed and part of a chain."""
        self.judge.budget.spend(VISIT)
        judged = step.judged
        self._look(judged, len(trail.steps) + 1)
        self.answers.setdefault(_question(trail), {})[judged] = None
        if judged.truth is not Truth.TRUE:
            return False
        if judged.cause.contributing:
            self.contributing.setdefault(judged.key, step)
            return False
        longer = Trail(trail.runbook, (*trail.steps, step))
        deeper = False
        try:
            for next_, into in self._next(longer, entered):
                deeper |= self._follow(longer, next_, into)
        finally:  # the chain stands as well where the budget is spent on its next question
            if not deeper:
                self.trails.append(longer)
        return True

    def _next(self, trail: Trail, entered: frozenset[str]) -> Iterator[tuple[Step, frozenset[str]]]:
        """The possible answers to the next question, with the runbooks that are on the way to them."""
        judged = trail.steps[-1].judged
        if len(trail.steps) >= MOST_WHYS:
            if judged.cause.causes or judged.cause.link:
                self.notes[f"{judged.id}: a chain ends after {MOST_WHYS} whys"] = None
            return
        asks = judged.cause.asks
        for below in self.judge.below(judged):
            yield Step(below, asks, judged), entered
        for runbook in self.judge.linked(judged):
            if runbook.id not in entered:
                for top in self.judge.top(runbook):
                    if (answer := _about_the_same(judged, top)) is not None:
                        step = Step(answer, asks, judged) if asks else Step(answer, runbook.asks, answer)
                        yield step, entered | {runbook.id}

    def _look(self, judged: Judged, depth: int) -> None:
        if judged not in self._seen:
            self._seen.add(judged)
            self.looked.append(Looked(judged.runbook, depth, Answer(judged.truth, judged.gaps), judged))
            self._note_mistakes(judged.id, (*judged.gaps, *judged.support.missing))

    def _note_mistakes(self, where: str, gaps: Iterable[Gap]) -> None:
        for gap in gaps:
            if gap.mistake:
                self.notes[f"{where} has a mistake: {gap.why}"] = None


def walk(library: Library, facts: Mapping[str, Value], budget: Budget, runbook: str | None = None) -> Walk:
    """Asks every runbook that applies, or this one alone. Raises KeyError where there is none such."""
    chosen = library.runbooks if runbook is None else (library[runbook],)
    walked = Walk(Judge(library, facts, budget))
    try:
        for each in chosen:
            walked.runbook(each, forced=runbook is not None)
    except BudgetSpent:
        walked.spent = True
        walked.notes[SPENT] = None
    return walked


def chains(trails: Sequence[Trail]) -> tuple[Trail, ...]:
    """The trails that say something of their own, the first one first.

    One whose root is on an earlier one does not, nor one without root whose whys are all on one earlier.
    """
    kept: list[Trail] = []
    passing: dict[Key, list[frozenset[Key]]] = {}
    for trail in sorted(trails, key=lambda each: each.rank):
        keys = frozenset(trail.keys)
        if trail.root is None:
            told = any(keys <= longer for longer in passing.get(trail.keys[0], ()))
        else:
            told = trail.root.judged.key in passing
        if not told:
            kept.append(trail)
            for key in keys:
                passing.setdefault(key, []).append(keys)
    return tuple(kept)


def chain_of(trail: Trail, walked: Walk) -> Chain:
    """A trail, ready to show."""
    whys = tuple(step.why() for step in trail.steps)
    root = trail.root
    return Chain(
        runbook=trail.runbook.id,
        whys=whys,
        root=whys[trail.steps.index(root)] if root is not None else None,
        secondary=trail.runbook.secondary,
        open=untold(beside(trail, walked)[-1]),
    )


def beside(trail: Trail, walked: Walk) -> tuple[tuple[Judged, ...], ...]:
    """The possible answers to each of a chain's questions, and last those to the one that it ends with."""
    asking: tuple[Judged | str, ...] = (trail.runbook.id, *(step.judged for step in trail.steps))
    return tuple(tuple(walked.answers.get(each, ())) for each in asking)


def untold(looked: Iterable[Judged]) -> tuple[Untold, ...]:
    """The causes among these that could not be told, each once, with what would settle it.

    Where it is not known whether there is anything to ask of, that is told of the runbook as a whole.
    """
    found: dict[tuple[str, str], Untold] = {}
    for judged in looked:
        if judged.truth is Truth.UNKNOWN:
            each = _whole(judged) if judged.of_any else _single(judged)
            found.setdefault((each.cause, each.subject), each)
    return tuple(found.values())


def _single(judged: Judged) -> Untold:
    settle = judged.say(judged.cause.settle) or _settling(judged.gaps)
    return Untold(judged.id, judged.say(judged.cause.title), judged.gaps, settle, judged.subject)


def _whole(judged: Judged) -> Untold:
    runbook = judged.runbook
    return Untold(runbook.id, runbook.title or runbook.id, judged.gaps, _settling(judged.gaps))


def _settling(gaps: Iterable[Gap]) -> str:
    return " ".join(dict.fromkeys(gap.settle for gap in gaps if gap.settle))


def ruled_out(judged: Judged) -> RuledOut:
    """A cause that is not it, with what says so; its own text where all of that is known."""
    cites = judged.support.cites
    text = judged.say(judged.cause.ruled_out)
    if not text or UNTOLD in text:
        text = "; ".join(cite.text for cite in cites)
    return RuledOut(judged.id, judged.say(judged.cause.title), text, cites, judged.subject)


def _question(trail: Trail) -> Judged | str:
    """Whose question a trail has come to."""
    return trail.steps[-1].judged if trail.steps else trail.runbook.id


def _about_the_same(asking: Judged, answer: Judged) -> Judged | None:
    """The answer of a linked runbook; None where both say what they are about, and it is not the same.

    Where that is not known, the answer could not be told.
    """
    said = [each.scope.values.get(ABOUT) for each in (asking, answer)]
    gaps = tuple(reason for each in said if isinstance(each, Gap) for reason in reasons(each))
    if gaps and answer.truth is not Truth.UNKNOWN:
        return replace(answer, truth=Truth.UNKNOWN, gaps=gaps)
    asked, answered = said
    differ = isinstance(asked, str) and isinstance(answered, str) and asked != answered
    return None if differ else answer


def _may_be_root(judged: Judged) -> bool:
    return judged.cause.root or not (judged.cause.causes or judged.cause.link)
