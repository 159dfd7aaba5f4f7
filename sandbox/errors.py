"""What can be wrong with a wish to break or mend something, each with words for the one who wished it."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three known names that look like this one, the most alike first."""
    return tuple(difflib.get_close_matches(name.lower(), list(known), n=3, cutoff=0.5))


class WorldError(Exception):
    """A wish that the sandbox cannot grant. `code` is for programs, `str()` for people."""

    code = "sandbox_error"


class UnknownNameError(WorldError):
    """There is no scenario, fault, target or option of this name; `nearest` has those that look like it."""

    def __init__(self, what: str, name: str, known: Iterable[str], where: str = "") -> None:
        choices = tuple(known)
        self.code = f"unknown_{what}"
        self.name = name
        self.nearest = nearest(name, choices)
        hint = f"Did you mean {' or '.join(self.nearest)}?" if self.nearest else _listed(choices)
        super().__init__(f"There is no {what} {name!r}{' ' + where if where else ''}. {hint}")


class WrongOptionError(WorldError):
    """An option's value is of the wrong kind."""

    code = "wrong_option"


class FaultFailedError(WorldError):
    """A fault could not be applied or mended, since a server of the sandbox did not do as it was told."""

    code = "fault_failed"


def _listed(choices: tuple[str, ...]) -> str:
    return f"There is {', '.join(choices)}." if choices else "It takes none."
