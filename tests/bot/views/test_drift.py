"""Drift as messages: within Slack's limits whatever is told, and all of it in words."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.drift_watch import DriftWatch
from bot.views.drift import answer, looking, told
from checks.drift.model import Severity
from tests.bot.drifts import (
    ACCEPTANCE,
    CONNECTOR,
    EGRESS,
    HIDDEN,
    NOON,
    accepted,
    changed,
    difference,
    drift,
)
from tests.bot.views.valid import assert_message_valid, drawn

FOREIGN = st.text(max_size=400)


def test_an_answer_says_all() -> None:
    """The three sides, the effect, who changed it, what was accepted, what is hidden and how to see it."""
    found = drift(
        changed(difference()),
        accepted(difference(EGRESS, severity=Severity.WARNING)),
        unknown=("network.vpc",),
    )
    message = answer(
        replace(found, blind=(HIDDEN,), expired=(ACCEPTANCE,), strays=(ACCEPTANCE,)), "id", "UALICE"
    )
    assert_message_valid(message)
    for blocks in (message.blocks, message.fallback_blocks):
        shown = drawn(blocks)
        for words in (
            "legacy-connector",
            "cuts Redis off",
            "deploy-bot@x",
            "accepted by bob",
            "gcloud projects",
            "could not be compared",
            "matches no field",
            "ended on 2026-12-24",
        ):
            assert words in shown
    assert message.text.startswith("🔴 staging: 1 critical difference — ")
    assert "declared staging-connector, Terraform staging-connector, live legacy-connector" in message.text


def test_no_drift_is_one_line() -> None:
    """Nothing to see, nothing shown but how much was compared."""
    message = answer(drift(), "id", "UALICE")
    assert_message_valid(message)
    assert message.text == "🟢 staging: no drift in 40 fields"
    assert "table" not in drawn(message.blocks)


def test_without_a_store_there_is_no_button() -> None:
    """A press would find nothing."""
    message = answer(drift(difference()), "", "UALICE")
    assert_message_valid(message)
    assert "drift_again" not in drawn(message.blocks)
    assert "not kept" in drawn(message.blocks)


@pytest.mark.parametrize("number", [0, 1, 30, 150])
def test_any_number_of_differences_fits(number: int) -> None:
    """What does not fit is counted, never left out silently."""
    found = drift(*(difference(f"network.firewalls.rule-{each}", "x" * 150) for each in range(number)))
    message = answer(found, "id", "UALICE")
    assert_message_valid(message)
    if number == 150:
        assert "more" in message.text
        assert "more with `whybot drift`" in drawn(message.blocks)
        assert "more with `whybot drift`" in drawn(message.fallback_blocks)


@given(st.lists(st.tuples(FOREIGN, FOREIGN, FOREIGN), max_size=12), FOREIGN)
@settings(max_examples=60)
def test_foreign_words_break_nothing(words: list[tuple[str, str, str]], said: str) -> None:
    """Names and messages from elsewhere are text, whatever is in them."""
    rows = [
        difference(f"f{place}.{one}", two, effect=three or "x")
        for place, (one, two, three) in enumerate(words)
    ]
    found = replace(drift(*map(changed, rows)), blind=(replace(HIDDEN, message=said, command=said),))
    assert_message_valid(answer(found, "id", "UALICE"))
    _, news = DriftWatch("staging").after(found, NOON)
    for _, episode in news:
        assert_message_valid(told(episode))


def test_an_episode_from_first_to_last() -> None:
    """New drift is red where it closes a path; in the end it is told as gone, and after how long."""
    watch, news = DriftWatch("staging").after(drift(changed(difference())), NOON)
    first = told(news[0][1])
    assert_message_valid(first)
    assert first.text.startswith(f"🔴 staging: new drift — {CONNECTOR}: cuts Redis off")
    _, news = watch.after(drift(), NOON + timedelta(hours=3))
    last = told(news[0][1])
    assert_message_valid(last)
    assert last.text.startswith(f"🟢 staging: drift gone after 3 h — {CONNECTOR}")
    assert "/staging-drift" in drawn(last.blocks)


def test_milder_drift_is_orange_and_accepted_drift_says_who() -> None:
    """A warning is no alarm, and letting it be is told with a name."""
    mild = difference(severity=Severity.WARNING)
    watch, news = DriftWatch("staging").after(drift(mild), NOON)
    assert told(news[0][1]).text.startswith("🟠")
    _, news = watch.after(drift(accepted(mild)), NOON + timedelta(days=3))
    assert "drift accepted by bob after 3 days" in told(news[0][1]).text


def test_looking_is_said_at_once() -> None:
    """Before anything is known the message says what is being done."""
    message = looking("staging", "UALICE", NOON)
    assert_message_valid(message)
    assert "comparing declared, Terraform and live" in message.text
