"""Secrets by reference. An environment file never holds one; it says where one is found."""

from collections.abc import Mapping
from pathlib import Path

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
        if reference.env is not None:
            value = self._environ.get(reference.env)
        else:
            assert reference.file is not None
            try:
                value = reference.file.read_text(encoding="utf-8").rstrip("\r\n")
            except OSError:
                value = None
        if value:
            self._given.add(value)
        return value

    def redact(self, text: str) -> str:
        """The text with every secret that was given out replaced."""
        for value in sorted(self._given, key=len, reverse=True):
            text = text.replace(value, REDACTED)
        return text
