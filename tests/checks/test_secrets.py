"""Secrets by reference, and out of every text."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.secrets import REDACTED, SecretRef, Secrets

SECRET = st.text(min_size=3, max_size=20).filter(lambda text: REDACTED not in text and text.strip("•"))


@given(SECRET, st.text(max_size=20), st.text(max_size=20))
def test_secret_that_was_given_out_is_in_no_text(secret: str, before: str, after: str) -> None:
    """Plain, in a URL, in JSON or in a repr: none of them is left."""
    secrets = Secrets({"PASSWORD": secret})
    secrets.get(SecretRef(env="PASSWORD"))
    for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert REDACTED in secrets.redact(before + form + after)
        assert form not in secrets.redact(form)


def test_longer_secret_goes_first() -> None:
    """A secret that is part of another leaves no rest of it."""
    secrets = Secrets({"A": "hunter", "B": "hunter2-and-more"})
    for name in ("A", "B"):
        secrets.get(SecretRef(env=name))
    assert secrets.redact("hunter2-and-more, hunter") == f"{REDACTED}, {REDACTED}"


def test_secret_that_nobody_asked_for_is_not_looked_for() -> None:
    """Only what a check was given can be in its words."""
    assert Secrets({"HOME": "root"}).redact("root") == "root"


def test_file_is_read_without_its_last_newline(tmp_path: Path) -> None:
    """As mounted secrets are written; one that is missing or no text is None."""
    path = tmp_path / "password"
    path.write_text(" hunter2 \n")
    assert Secrets({}).get(SecretRef(file=path)) == " hunter2 "
    path.write_bytes(b"\xff\xfe")
    assert Secrets({}).get(SecretRef(file=path)) is None
    assert Secrets({}).get(SecretRef(file=tmp_path / "none")) is None
    assert Secrets({}).get(SecretRef(env="NONE")) is None


@pytest.mark.parametrize("fields", [{}, {"env": "A", "file": "/b"}])
def test_reference_names_one_place(fields: dict[str, str]) -> None:
    """Neither none nor two."""
    with pytest.raises(ValidationError):
        SecretRef.model_validate(fields)


def test_reference_is_said_by_its_name() -> None:
    """So that a person knows what to set."""
    assert str(SecretRef(env="PASSWORD")) == "$PASSWORD"
    assert str(SecretRef(file=Path("/run/secrets/password"))) == "file /run/secrets/password"
