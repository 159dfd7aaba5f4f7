"""A text of a runbook: sandboxed Jinja2, of which only what is bounded by construction is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass

from runbooks.values import Value

LONGEST = 2_000  # characters of one template
LONGEST_RENDERED = 600  # characters of what it says; more is cut with an ellipsis


class TextError(ValueError):
    """A template cannot be read, or asks for something that texts may not do. `str()` is for people."""


@dataclass(frozen=True, slots=True)
class Text:
    """A template. `roots` are the names that it takes from outside."""

    source: str
    roots: frozenset[str]

    @classmethod
    def parse(cls, source: str) -> "Text":
        """Reads a template. Raises `TextError`."""
        raise NotImplementedError

    def render(self, names: Mapping[str, Value]) -> str:
        """What it says, on one line, without control characters. Never raises; a gap says so itself."""
        raise NotImplementedError
