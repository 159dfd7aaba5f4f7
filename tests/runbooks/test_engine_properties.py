"""What holds of the engine for any runbooks and any evidence."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.causes import citable
from runbooks.cel.expression import Budget
from runbooks.chains import walk
from runbooks.diagnosis import Cite, Diagnosis
from runbooks.engine import reason, wanted
from runbooks.output.why import document
from runbooks.runbook import Cause, Library, Runbook
from runbooks.values import Gap, Partial, Truth, Value
from tests.runbooks.books import AT, book, cause, facts, library, record, remedy

FLAGS = tuple(f"f{number}" for number in range(6))
RECORDS = tuple(f"r{number}" for number in range(4))
LISTS = ("l0", "l1")
WORDS = ("w0", "w1")
SOURCES = (*FLAGS, *RECORDS, *LISTS, *WORDS)
BOOKS = ("b0", "b1", "b2")
NAMES = st.sampled_from(["a", "b", "c"])


@dataclass(frozen=True)
class World:
    """A library with evidence for it."""

    library: Library
    facts: Mapping[str, Value]


def conditions(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    """CEL over flags; monotone in what is known, as all of it is but `known` and `has`.

    From a short list, as each is read once only.
    """
    last = names[-1]
    return st.sampled_from(
        [
            *names,
            f"!{names[0]}",
            f"!{last}",
            f"{names[1]} && {last}",
            f"{names[2]} || {last}",
            f"({names[3]} || !{names[4]}) && {names[5]}",
            f"!({names[0]} && {last}) || {names[1]}",
        ]
    )


@st.composite
def causes(draw: st.DrawFn, depth: int, members: tuple[str, ...] = ()) -> tuple[Cause, ...]:
    """One or two causes with deeper ones."""
    return tuple([draw(one_cause(place, depth, members)) for place in range(draw(st.integers(1, 2)))])


@st.composite
def one_cause(draw: st.DrawFn, place: int, depth: int, members: tuple[str, ...]) -> Cause:
    """A cause over flags and over the members around it."""
    each = draw(st.none() | st.sampled_from(LISTS)) if depth < 3 else None
    within = (*members, f"m{depth}.bad") if each else members
    deeper = draw(causes(depth - 1, within)) if depth and draw(st.booleans()) else ()
    return cause(
        f"c{depth}{place}",
        draw(conditions((*FLAGS, *within))),
        draw(st.lists(st.sampled_from(RECORDS), min_size=0, max_size=2)),
        each=(f"m{depth}", each) if each else None,
        causes=deeper,
        link=tuple(draw(st.lists(st.sampled_from(BOOKS), max_size=1))) if depth else (),
        root=draw(st.booleans()),
        contributing=draw(st.integers(0, 9)) == 0,
        remedies=("mend",),
        asks="Why so, {{ f0 }}?",
        ruled_out=draw(st.none() | st.just("fine: {{ r3.text }}")),
    )


@st.composite
def runbooks(draw: st.DrawFn, name: str) -> Runbook:
    """A runbook; its causes see the member of its `each`, and a name that is let."""
    each = draw(st.none() | st.sampled_from(LISTS))
    members = ("own", "m9.bad") if each else ("own",)
    return book(
        name,
        *draw(causes(2, members)),
        applies=draw(st.none() | st.just("true") | conditions(FLAGS)),
        each=("m9", each) if each else None,
        let={
            "own": draw(conditions(FLAGS)),
            **draw(st.sampled_from([{}, *({"about": word} for word in WORDS)])),
        },
        healthy=draw(st.integers(0, 5)) == 0,
        secondary=draw(st.integers(0, 5)) == 0,
        rank=draw(st.integers(0, 2)),
    )


@st.composite
def evidence(draw: st.DrawFn) -> Mapping[str, Value]:
    """Flags, records and lists, some of them unknown."""
    found: dict[str, Value] = {}
    for name in FLAGS:
        found[name] = draw(st.sampled_from([True, True, False, _gap(name)]))
    for name in RECORDS:
        found[name] = draw(st.sampled_from([record(name), record(name), _gap(name), None]))
    for name in WORDS:
        found[name] = draw(st.sampled_from(["x", "y", _gap(name)]))
    for name in LISTS:
        found[name] = draw(st.just(_gap(name)) | members(name))
    return facts(**found)


@st.composite
def members(draw: st.DrawFn, name: str) -> Value:
    """A list of members with names of their own, perhaps not all of it."""
    names = draw(st.lists(NAMES, unique=True))
    known = tuple({"name": each, "bad": draw(st.booleans() | st.just(_gap(each)))} for each in names)
    return Partial(known, (_gap(name),)) if draw(st.integers(0, 3)) == 0 else known


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some runbooks and some evidence."""
    some = [draw(runbooks(name)) for name in BOOKS[: draw(st.integers(1, 3))]]
    return World(library(*some, remedies=[remedy("mend", when="f1")]), draw(evidence()))


def _gap(name: str) -> Gap:
    return Gap(name, f"{name} is not known", f"ask {name}")


def told(world: World, known: Mapping[str, Value]) -> Diagnosis:
    """The diagnosis of these facts."""
    return reason(world.library, known, AT).diagnosis


def found(world: World, known: Mapping[str, Value], truth: Truth) -> set[tuple[str, str]]:
    """The causes that came out so wherever they were looked at."""
    looked = walk(world.library, known, Budget()).looked
    return {each.judged.key for each in looked if each.judged and each.judged.truth is truth}


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_why_names_evidence_that_is_there(world: World) -> None:
    """No claim without evidence, and none of evidence that nobody gathered."""
    there = {each.id for name in RECORDS for each in citable(world.facts[name]) if isinstance(each, Cite)}
    diagnosis = told(world, world.facts)
    chains = [each for each in (diagnosis.chain, *diagnosis.others) if each]
    whys = [why for each in chains for why in each.whys] + list(diagnosis.contributing)
    assert all(why.evidence and {cite.id for cite in why.evidence} <= there for why in whys)
    assert {each.cause for each in diagnosis.remedies} <= {why.cause for why in whys}


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_in_which_evidence_is_held_does_not_matter(world: World, dice: random.Random) -> None:
    """Mappings of any order give the same document."""
    assert document(told(world, _shuffled(world.facts, dice))) == document(told(world, world.facts))


@given(worlds(), st.sampled_from(SOURCES))
@settings(max_examples=100, deadline=None)
def test_less_evidence_never_finds_or_rules_out_more(world: World, hidden: str) -> None:
    """What is confirmed or ruled out with a gap is so without it; remedies as well."""
    less = {**world.facts, hidden: _gap(hidden)}
    for truth in (Truth.TRUE, Truth.FALSE):
        assert found(world, less, truth) <= found(world, world.facts, truth)


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_what_is_not_needed_changes_nothing(world: World, dice: random.Random) -> None:
    """Whoever reads only what is needed, in any order, finds the same causes as with everything."""
    known: dict[str, Value] = dict(world.facts)
    unfinished = set(SOURCES)
    known.update({name: Gap(name, "not read yet", pending=True) for name in SOURCES})
    while open_ := wanted(world.library, known, frozenset(unfinished)):
        assert open_ <= unfinished
        name = dice.choice(sorted(open_))
        known[name] = world.facts[name]
        unfinished.remove(name)
    little, whole = told(world, known), told(world, world.facts)
    assert little.status is whole.status
    assert document(little)["chain"] == document(whole)["chain"]
    assert document(little)["other_chains"] == document(whole)["other_chains"]
    assert little.contributing == whole.contributing
    assert little.remedies == whole.remedies
    assert [each.cause for each in little.ruled_out] == [each.cause for each in whole.ruled_out]
    assert little.unknown == whole.unknown


def _shuffled(value: Value, dice: random.Random) -> Any:
    if isinstance(value, Mapping):
        keys = list(value)
        dice.shuffle(keys)
        return {key: _shuffled(value[key], dice) for key in keys}
    if isinstance(value, Partial):
        return Partial(tuple(_shuffled(each, dice) for each in value), value.gaps)
    return tuple(_shuffled(each, dice) for each in value) if isinstance(value, tuple) else value
