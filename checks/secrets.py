"""Secrets by reference. An environment file never holds one; it says where one is found."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, ConfigDict, Field, model_validator

REDACTED = "•••"


class SecretRef(BaseModel):
    """Where a secret is: `{env: NAME}` (an environment variable) or `{file: PATH}` (a mounted file)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    file: Path | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretRef":
        if (self.env is None) == (self.file is None):
            raise ValueError("names exactly one of env and file")
        return self

    def __str__(self) -> str:
        return f"${self.env}" if self.env is not None else f"file {self.file}"


class Secrets:
    """Looks secrets up, and takes every value that it gave out from any text that leaves whybot."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._given: set[str] = set()

    def get(self, reference: SecretRef) -> str | None:
        """The value, without a file's trailing newline; None where the variable or the file is missing."""
        value = self._environ.get(reference.env) if reference.env is not None else _content(reference.file)
        if value:
            self._given |= spellings(value)
        return value

    def redact(self, text: str) -> str:
        """The text with every secret that was given out replaced, also where it is quoted or escaped."""
        for value in sorted(self._given, key=len, reverse=True):
            text = text.replace(value, REDACTED)
        return text


def _content(path: Path | None) -> str | None:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n") if path is not None else None
    except (OSError, UnicodeDecodeError):
        return None


def spellings(value: str) -> set[str]:
    """A secret as it may appear in a server's or library's words: plain, in a URL, in JSON, in a repr."""
    return {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}
