"""Functions of texts. Each is asked with known arguments alone, of the kinds that it takes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from runbooks.cel.operators import CHARACTERS_PER_STEP, LONGEST_TEXT, Arguments, Run, Site, Spend, joined
from runbooks.values import Value

PATTERN_MEMORY = 1 << 15  # bytes that a compiled pattern may take; RE2 refuses what needs more
REFUSED_PATTERN = 1_000  # steps: RE2 may work on it for a while before it refuses
PATTERN_PER_STEP = 128  # characters times the size of the pattern's program: RE2 is linear in both


def of_texts(ask: Callable[[str, str], bool]) -> Run:
    """A question about a text and a part of it."""

    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        text, part = str(arguments[0]), str(arguments[1])
        spend(len(text) // CHARACTERS_PER_STEP)
        return ask(text, part)

    return run


def changed(change: Callable[[str], str]) -> Run:
    """A text made of another that is not shorter."""

    def run(arguments: Arguments, site: Site, spend: Spend) -> Value:
        return joined([change(str(arguments[0])[: LONGEST_TEXT + 1])], "", site, spend)

    return run


def letters(change: Callable[[str], str]) -> Callable[[str], str]:
    """The change made to the letters of ASCII alone."""
    return lambda text: "".join(change(each) if each.isascii() else each for each in text)


@lru_cache(maxsize=512)
def pattern(text: str) -> Any:
    """A compiled RE2 pattern. Raises ValueError with what is wrong with it."""
    import re2  # type: ignore[import-untyped]  # has no stubs; here, since most runbooks have no patterns

    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY
    try:
        return re2.compile(text, options)
    except re2.error as error:
        said = error.args[0]  # RE2's own words, as bytes
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"is no pattern that RE2 takes: {words}") from None


def matches(arguments: Arguments, site: Site, spend: Spend) -> Value:
    """Whether an RE2 pattern is found in a text."""
    text, wanted = str(arguments[0]), str(arguments[1])
    try:
        compiled = pattern(wanted)
    except ValueError as error:
        spend(REFUSED_PATTERN)
        return site.mistake(str(error))
    spend(compiled.programsize + len(text) * compiled.programsize // PATTERN_PER_STEP)
    return compiled.search(text) is not None
