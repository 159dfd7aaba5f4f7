"""The list of kinds."""

from importlib import import_module
from pathlib import Path

import checks.kinds
from checks.environment import models
from checks.kinds import KINDS


def test_every_file_of_kinds_is_listed() -> None:
    """A kind that is in no tuple would never run."""
    files = {path.stem for path in Path(checks.kinds.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {kind.__module__.rpartition(".")[2] for kind in KINDS}


def test_kinds_are_named_as_their_files() -> None:
    """`kind: redis` is in redis.py, once."""
    for name, model in models().items():
        assert import_module(f"checks.kinds.{name}") is import_module(model.__module__)
    assert len(models()) == len(KINDS)
