from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.registry import UsageProblem, commands
from bot.views import ephemeral
from bot.views.message import Message
from tests.bot.views.valid import assert_message_valid

AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)
COMMANDS = commands(["staging", "production"])

EVERY = {
    "usage": ephemeral.usage(
        UsageProblem('No check "reddis" in staging. Did you mean redis?', "/staging-health redis", ("redis",))
    ),
    "help": ephemeral.usage_help(COMMANDS, {"staging": ["redis", "postgres"]}),
    "problem": ephemeral.problem("8KQ2"),
    "known": ephemeral.known_problem("The environment file is wrong."),
    "store": ephemeral.store_down("staging"),
    "no environment": ephemeral.no_environment("staging"),
    "old": ephemeral.old_button(),
    "refused": ephemeral.slack_refused("is_archived"),
}


@pytest.mark.parametrize("message", EVERY.values(), ids=EVERY)
def test_every_answer_fits_and_keeps_the_voice(message: Message) -> None:
    """No answer breaks a limit, shouts or apologises, and its text says what its blocks say."""
    assert_message_valid(message)
    assert "!" not in message.text.replace("<!date", "")
    assert "sorry" not in message.text.lower()
    assert message.blocks[0]["text"]["text"].startswith(message.text[:100])


def test_answers_name_the_next_step() -> None:
    """What a person can do next stands in the answer."""
    assert "`8KQ2`" in EVERY["problem"].text
    assert "Nothing was changed." in EVERY["problem"].text
    assert "Did you mean redis?" in EVERY["usage"].text
    assert "Try `/staging-health redis`." in EVERY["usage"].text
    assert "The result comes here" in EVERY["store"].text
    assert "Open the Home tab again" in EVERY["no environment"].text


def test_help_lists_commands_and_the_names_of_checks() -> None:
    """Help names every command with its hint, and the checks that may be named."""
    said = str(EVERY["help"].blocks)
    for command in COMMANDS:
        assert command.name in said
    assert "`postgres`" in said


@given(st.text(max_size=5_000))
def test_foreign_words_fit_and_mention_no_one(words: str) -> None:
    """What people and servers say is escaped and cut wherever it is repeated."""
    for message in (
        ephemeral.usage(UsageProblem(words, words)),
        ephemeral.known_problem(words or "?"),
        ephemeral.slack_refused(words),
        ephemeral.usage_help(COMMANDS, {words or "?": [words] * 300}),
    ):
        assert_message_valid(message)
        assert "<" not in message.text
