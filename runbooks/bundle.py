"""An evidence bundle: all that a diagnosis was made of, as one JSON document with a version and a digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from runbooks.evidence.source import Section
from runbooks.values import Json

SCHEMA: Final = "whybot/bundle/1"


class BundleError(ValueError):
    """A bundle cannot be used: no bundle, a version that is not known, or edited. `str()` is for people."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Evidence of one environment, gathered from `at` on. `environment` is the part of the file that whys
    need.

    `version` is whybot's own. `sections` are by source. No secret is in it.
    """

    environment: Json
    at: datetime
    version: str
    sections: Mapping[str, Section] = field(default_factory=dict)


def document(bundle: Bundle, diagnosis: Json = None) -> Json:
    """The bundle as `whybot/bundle/1`, with its digest (SHA-256 of the canonical JSON of all the rest).

    `diagnosis` is the `whybot/why/1` document made of it, kept so that a replay can say what changed.
    """
    raise NotImplementedError


def from_document(read: Json) -> Bundle:
    """The bundle of a document, an older version's too. Raises `BundleError`, also where it was edited."""
    raise NotImplementedError
