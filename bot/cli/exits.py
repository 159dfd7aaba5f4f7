"""Exit codes, and errors that are a person's to mend, said without a stack."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

HEALTHY = 0
UNHEALTHY = 1
NOT_TOLD = 2
# From sysexits.h: the command line is wrong; a bundle is; whybot itself; not now; a file or a setting.
WRONG_USAGE = 64
WRONG_DATA = 65
WRONG_PROGRAM = 70
NOT_NOW = 75
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
    from runbooks.bundle import BundleError

    try:
        yield
    except FileError as error:
        raise leave(str(error), WRONG_FILE, "the file is wrong") from None
    except BundleError as error:
        raise leave(str(error), WRONG_DATA, "the bundle cannot be read or written") from None
    except SettingsError as error:
        raise leave(str(error), WRONG_FILE, "a setting is wrong") from None
    except (UnknownCheck, UnknownEnvironment) as error:
        raise leave(str(error), WRONG_USAGE, "the command line is wrong") from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001 - the border: nobody is shown a stack that did not ask for it
        raise unforeseen(error) from None


def unforeseen(error: Exception) -> typer.Exit:
    """Says that whybot itself is wrong; the stack is shown with `WHYBOT_LOG_LEVEL=debug` alone."""
    import traceback

    from bot.settings import load_settings

    if load_settings().log_level == "debug":
        traceback.print_exception(error)
    why = f"That did not work: a mistake in whybot ({type(error).__name__}). Nothing was changed."
    ask = "Run it again with WHYBOT_LOG_LEVEL=debug and report what it prints."
    return leave(f"{why} {ask}", WRONG_PROGRAM, "whybot itself failed")
