"""Words for reasons."""

import pytest

from checks.reasons import WORDS, Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    """Each can be said in a headline, explained in a sentence, and comes with a next step."""
    words = WORDS[reason]
    assert words.brief
    assert not words.brief.endswith(".")
    assert len(words.brief) <= 32
    assert words.explained.endswith(".")
    assert words.try_next.endswith(".")
    assert "!" not in words.explained + words.try_next


def test_error_minus_three_is_decoded() -> None:
    """The incident's `Error -3` is explained as what it is: the resolver did not answer."""
    assert "resolver did not answer" in WORDS[Reason.DNS_TIMEOUT].explained
    assert "-3" in WORDS[Reason.DNS_TIMEOUT].explained
