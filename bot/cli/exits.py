"""Exit codes, and errors that are a person's to mend, said without a stack."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

HEALTHY = 0
UNHEALTHY = 1
NOT_TOLD = 2
# From sysexits.h: the command line is wrong; a file or a setting is wrong.
WRONG_USAGE = 64
WRONG_FILE = 78
# As shells say it: 128 and the number of the signal.
INTERRUPTED = 130


def leave(why: str, code: int, explained: str) -> typer.Exit:
    """Says why on standard error, and what the exit code means; returns the exit to raise."""
    sys.stderr.write(f"{why}\nexit code {code}: {explained}\n")
    return typer.Exit(code)


@contextmanager
def explained() -> Iterator[None]:
    """Turns wrong files, settings and names into a sentence and an exit code."""
    # Imported by the command that runs, not by the command line as a whole.
    from bot.settings import SettingsError
    from checks.document import FileError
    from checks.environment import UnknownCheck, UnknownEnvironment

    try:
        yield
    except FileError as error:
        raise leave(str(error), WRONG_FILE, "the file is wrong") from None
    except SettingsError as error:
        raise leave(str(error), WRONG_FILE, "a setting is wrong") from None
    except (UnknownCheck, UnknownEnvironment) as error:
        raise leave(str(error), WRONG_USAGE, "the command line is wrong") from None
