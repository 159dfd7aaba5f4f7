"""What the schedule says of drift, as a state machine."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.drift_watch import DriftWatch, Episode, News, from_document, to_document
from checks.drift.model import Drift, Severity
from tests.bot.drifts import CONNECTOR, EGRESS, NOON, RULE, accepted, difference, drift, untold

QUIET = DriftWatch("staging")
HOUR = timedelta(hours=1)


def seen(*drifts: Drift, watch: DriftWatch = QUIET) -> list[list[tuple[News, Episode]]]:
    """What is said after each look, an hour apart; what is known goes through the store in between."""
    said = []
    for number, each in enumerate(drifts):
        watch = from_document("staging", json.loads(json.dumps(to_document(watch))))
        watch, news = watch.after(each, NOON + number * HOUR)
        said.append(list(news))
    return said


def kinds(said: list[list[tuple[News, Episode]]]) -> list[list[str]]:
    return [[news.value for news, _ in each] for each in said]


def test_new_drift_is_told_once() -> None:
    """The same drift at the next looks is no news."""
    here = drift(difference())
    assert kinds(seen(drift(), here, here, here)) == [[], ["appeared"], [], []]


def test_gone_drift_is_told_once_with_how_long_it_was() -> None:
    """The episode has its beginning and its end; afterwards there is nothing to say."""
    said = seen(drift(difference()), drift(difference()), drift(), drift())
    assert kinds(said) == [["appeared"], [], ["gone"], []]
    episode = said[2][0][1]
    assert episode.ended_at == NOON + 2 * HOUR
    assert [each.ended for each in episode.members] == ["gone"]


def test_what_is_compared_with_nothing_is_as_it_was() -> None:
    """Where no field was compared, as with a slip in the region, nothing is gone."""
    nothing = Drift("staging", NOON)
    assert kinds(seen(drift(difference()), nothing, drift())) == [["appeared"], [], ["gone"]]


def test_another_value_is_the_same_episode() -> None:
    """A field that differs otherwise updates what was said; nothing new appears."""
    said = seen(drift(difference()), drift(difference(live="other-connector")))
    assert kinds(said) == [["appeared"], ["changed"]]
    assert said[0][0][1].id == said[1][0][1].id
    assert said[1][0][1].members[0].live == "other-connector"


def test_what_appears_together_is_told_together() -> None:
    """One revision with two wrong fields is one message, over when both are gone."""
    both = (difference(), difference(EGRESS, "private", Severity.WARNING))
    said = seen(drift(*both), drift(both[1]), drift())
    assert kinds(said) == [["appeared"], ["changed"], ["gone"]]
    assert [len(each[0][1].open) for each in said] == [2, 1, 0]


def test_what_appears_later_is_told_apart() -> None:
    """Another drift while one is open has a message of its own."""
    first, second = difference(), difference(RULE, "deny")
    said = seen(drift(first), drift(first, second), drift(second), drift())
    assert kinds(said) == [["appeared"], ["appeared"], ["gone"], ["gone"]]
    assert len({episode.id for each in said for _, episode in each}) == 2


def test_drift_that_comes_back_is_new() -> None:
    """After it was told as gone, the same drift is told again."""
    here = drift(difference())
    said = seen(here, drift(), here)
    assert kinds(said) == [["appeared"], ["gone"], ["appeared"]]
    assert said[0][0][1].id != said[2][0][1].id


def test_cosmetic_drift_is_not_told() -> None:
    """Nobody is told of what nothing depends on; where it becomes worse, they are."""
    quiet = difference(severity=Severity.COSMETIC)
    assert kinds(seen(drift(quiet), drift(difference()))) == [[], ["appeared"]]


def test_drift_that_becomes_cosmetic_is_not_gone() -> None:
    """It is still there, with another effect."""
    milder = difference(severity=Severity.COSMETIC, effect="cosmetic")
    assert kinds(seen(drift(difference()), drift(milder), drift())) == [["appeared"], ["changed"], ["gone"]]


def test_unknown_is_not_gone() -> None:
    """While the field cannot be read, nothing is said; then what is true."""
    hidden = drift(unknown=(CONNECTOR,))
    assert kinds(seen(drift(difference()), hidden, hidden, drift(difference()))) == [["appeared"], [], [], []]
    assert kinds(seen(drift(difference()), hidden, drift())) == [["appeared"], [], ["gone"]]


def test_a_list_that_cannot_be_read_hides_what_is_in_it() -> None:
    """A rule is not gone because rules cannot be listed, nor a template's field with its revisions'."""
    rule, template = difference(RULE, "deny"), difference("services.backend.template.vpc_access.egress", "x")
    assert kinds(seen(drift(rule), drift(unknown=("network.firewalls",)))) == [["appeared"], []]
    assert kinds(seen(drift(template), drift(unknown=("services.backend.vpc_access.egress",)))) == [
        ["appeared"],
        [],
    ]


def test_accepted_drift_ends_and_comes_back_when_that_ends() -> None:
    """Accepting is told as what it is; afterwards the difference is new again."""
    said = seen(drift(difference()), drift(accepted(difference())), drift(difference()))
    assert kinds(said) == [["appeared"], ["gone"], ["appeared"]]
    assert said[1][0][1].members[0].ended == "accepted by bob"
    assert kinds(seen(drift(accepted(difference())))) == [[]]


FIELDS = (CONNECTOR, EGRESS, RULE)
LOOK = st.fixed_dictionaries(
    {name: st.sampled_from(["well", "wrong", "worse", "cosmetic", "accepted", "untold"]) for name in FIELDS}
)


def looked(states: dict[str, str]) -> Drift:
    found = []
    for name, state in states.items():
        severity = Severity.COSMETIC if state == "cosmetic" else Severity.WARNING
        one = difference(name, live=state, severity=severity)
        if state in ("wrong", "worse", "cosmetic"):
            found.append(one)
        elif state == "accepted":
            found.append(accepted(one))
    hidden = tuple(name for name, state in states.items() if state == "untold")
    return replace(drift(*found), unknown=tuple(map(untold, hidden)))


@given(st.lists(LOOK, max_size=12))
@settings(max_examples=150)
def test_whatever_happens_each_episode_appears_once_and_goes_once(looks: list[dict[str, str]]) -> None:
    """Nothing is told twice, nothing goes that did not appear, and a last look at peace leaves none open."""
    peace = dict.fromkeys(FIELDS, "well")
    said = [one for each in seen(*map(looked, [*looks, peace])) for one in each]
    stories: dict[str, list[str]] = {}
    for news, episode in said:
        stories.setdefault(episode.id, []).append(news.value)
    for story in stories.values():
        assert story[0] == "appeared"
        assert story[-1] == "gone"
        assert set(story[1:-1]) <= {"changed"}


@given(st.lists(LOOK, max_size=6), LOOK)
def test_the_same_look_twice_says_nothing_more(looks: list[dict[str, str]], last: dict[str, str]) -> None:
    """Looking again at the same world is no news."""
    said = seen(*map(looked, [*looks, last, last]))
    assert said[-1] == []
