"""`whybot answer TOKEN`: what whybot's Cloud Run job runs; it answers another whybot through the log."""

import sys
from typing import Annotated

import typer

from bot.cli.exits import WRONG_FILE, WRONG_USAGE, explained, leave


def answer(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="The signed request.")],
) -> None:
    """Runs the checks that another whybot asks for, inside whybot's Cloud Run job. Not for people.

    Writes a signed line of JSON for each result, which Cloud Logging keeps for whoever asked.
    Exit code: 0 answered · 64 the request was refused · 78 a setting is wrong.
    """
    import asyncio

    from bot.settings import load_secrets, load_settings
    from checks.environment import find_environment, load_overlay
    from checks.runner import utc_now
    from checks.vantage.reply import reply
    from checks.vantage.request import BadRequest

    with explained():
        settings = load_settings()
        if settings.vantage_key is None:
            raise leave(
                "WHYBOT_VANTAGE_KEY is not set, so the answers could not be signed. It is the secret of the "
                "whybot that asks.",
                WRONG_FILE,
                "a setting is wrong",
            )
        overlay = load_overlay(settings.overlay) if settings.overlay else None
        replying = reply(
            token,
            settings.vantage_key.get_secret_value(),
            lambda name: find_environment(settings.environments, name),
            load_secrets(),
            _write,
            utc_now,
            overlay=overlay,
        )
        try:
            asyncio.run(replying)
        except BadRequest as refused:
            raise leave(f"Refused: {refused}.", WRONG_USAGE, "the request was refused") from None


def _write(line: str) -> None:
    """A line to standard output at once: Cloud Run takes each for an entry of the log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
