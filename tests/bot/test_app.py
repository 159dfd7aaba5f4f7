"""Every file that listens is listed, and every kind of request has an answer."""

import importlib
import pkgutil
import typing

import bot.interactions
from bot.app import LISTENERS
from bot.commands import registry
from bot.commands.triage import ANSWERS
from bot.interactions import unknown


def test_every_interaction_is_listed() -> None:
    """A file in `bot/interactions` that registers something is in the tuple; `unknown` comes last."""
    files = [
        importlib.import_module(f"bot.interactions.{module.name}")
        for module in pkgutil.iter_modules(bot.interactions.__path__)
    ]
    listening = {file.register for file in files if hasattr(file, "register")}
    assert listening <= set(LISTENERS)
    assert LISTENERS[-1] is unknown.register


def test_every_request_has_an_answer() -> None:
    """What the registry can understand, somebody answers."""
    assert {kind for kind, _ in ANSWERS} == set(typing.get_args(registry.Request))
