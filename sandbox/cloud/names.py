"""Names and small values that Google's resources are made of."""

import base64
import hashlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sandbox.cloud.errors import CloudError, invalid

T = TypeVar("T")

REGIONS = frozenset(
    {
        "asia-east1", "asia-northeast1", "asia-southeast1", "australia-southeast1", "europe-north1",
        "europe-west1", "europe-west2", "europe-west3", "europe-west4", "northamerica-northeast1",
        "southamerica-east1", "us-central1", "us-east1", "us-east4", "us-west1", "us-west2",
    }
)  # fmt: skip
"""Regions that exist; another one is refused as Google refuses it."""

_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Name:
    """A full name in parts: `projects/P/locations/L/KIND/ID[/KIND/ID]`; what is not there is empty."""

    text: str
    project: str
    location: str = ""
    kind: str = ""
    id: str = ""

    @property
    def parent(self) -> str:
        """The name without its last two parts."""
        return self.text.rpartition("/")[0].rpartition("/")[0]


def parse(text: str) -> Name:
    """Reads a full name; raises `CloudError` for what is none."""
    parts = text.split("/")
    if len(parts) < 2 or len(parts) % 2 or parts[0] != "projects" or not all(parts):
        raise invalid(f"Invalid resource name {text!r}.", "name")
    located = len(parts) > 2 and parts[2] == "locations"
    kind, name = (parts[-2], parts[-1]) if len(parts) > (4 if located else 2) else ("", "")
    return Name(text, parts[1], parts[3] if located else "", kind, name)


def suffix(length: int) -> str:
    """Random letters and digits, the first a letter."""
    return secrets.choice(string.ascii_lowercase) + "".join(
        secrets.choice(_LETTERS) for _ in range(length - 1)
    )


def number_of(text: str) -> str:
    """A decimal id that is always the same for a text."""
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big"))


def page(
    items: Sequence[T], size: int, token: str, scope: str, most: int = 1000, usual: int = 100
) -> tuple[list[T], str]:
    """One page of a list and the token of the next, empty after the last.

    `scope` tells what is listed: a token of another request is refused, as Google does.
    """
    if size < 0:
        raise invalid("The page size must not be negative.", "page_size")
    digest = hashlib.sha256(scope.encode()).hexdigest()[:12]
    start = _start(token, digest)
    end = start + min(size or usual, most)
    following = base64.urlsafe_b64encode(f"{end}:{digest}".encode()).decode() if end < len(items) else ""
    return list(items[start:end]), following


def _start(token: str, digest: str) -> int:
    if not token:
        return 0
    try:
        start, _, given = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if given == digest:
            return int(start)
    except ValueError:
        pass  # told below as any other token that is none of ours
    raise _bad_token()


def _bad_token() -> CloudError:
    return invalid("The page token is not valid for this request.", "page_token")
