"""How a command ends when something is wrong."""

import pytest
import typer

from bot.cli.exits import WRONG_PROGRAM, explained

SECRET = "p4ssw0rd-in-a-message"


def fail() -> None:
    """What a bug does."""
    raise KeyError(SECRET)


def ended(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and what stands on standard error."""
    with pytest.raises(typer.Exit) as caught, explained():
        fail()
    return caught.value.exit_code, capsys.readouterr().err


def test_a_mistake_of_whybot_is_said_without_its_stack(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence that says what to do, and nothing that the error holds."""
    code, said = ended(capsys)
    assert code == WRONG_PROGRAM
    assert "a mistake in whybot (KeyError)" in said
    assert "WHYBOT_LOG_LEVEL=debug" in said
    assert "Traceback" not in said
    assert SECRET not in said


def test_the_stack_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `WHYBOT_LOG_LEVEL=debug` it is printed."""
    monkeypatch.setenv("WHYBOT_LOG_LEVEL", "debug")
    _, said = ended(capsys)
    assert "Traceback" in said
    assert "in fail" in said


def test_a_wanted_end_passes_through() -> None:
    """An exit code of a command is no mistake."""
    with pytest.raises(typer.Exit) as caught, explained():
        raise typer.Exit(1)
    assert caught.value.exit_code == 1
