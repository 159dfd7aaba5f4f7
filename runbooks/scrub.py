"""Makes what sources read fit to be kept: plain JSON in one spelling, and no secret in it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from checks.doctor import references
from checks.environment import Environment
from checks.observations import Blind
from checks.observe.redaction import redact
from checks.secrets import REDACTED, Secrets
from runbooks.evidence.source import Section
from runbooks.values import Json

HALF = re.compile("[\ud800-\udfff]")
TELLING = re.compile(r"(?i)(?:^|[_.-])(?:password|passwd|pwd|token|api[_-]?key|authorization|credentials?)$")
"""Keys whose text is a secret, whatever it looks like. A key `secret` is a name in Secret Manager."""


class Scrub:
    """Takes the secrets of one environment out of whatever is kept of it.

    What the environment file itself says is no secret, even where a password is the same word.
    """

    def __init__(self, secrets: Secrets, public: Iterable[str] = ()) -> None:
        self._secrets = secrets
        self._public = frozenset(public)

    @classmethod
    def of(cls, environment: Environment, secrets: Secrets) -> "Scrub":
        """With every secret that the environment's checks refer to, whether it was used or not."""
        for reference in references(environment.checks.values()):
            secrets.get(reference)
        specs = environment.checks.values()
        names = {said for spec in specs for said in (spec.name, spec.kind, spec.title, spec.target) if said}
        return cls(secrets, {*names, environment.name, *environment.services})

    def section(self, section: Section) -> Section:
        """A section that can be kept."""
        blind = section.blind
        took = section.took_ms if math.isfinite(section.took_ms) else 0.0
        return replace(
            section, data=self.json(section.data), blind=blind and self._blind(blind), took_ms=took
        )

    def json(self, value: Json) -> Json:
        """Plain JSON without secrets: keys in order, no NaN, no half characters."""
        match value:
            case str():
                return self.text(value)
            case float():
                return value if math.isfinite(value) else None
            case Mapping():
                pairs = sorted((self.text(str(key)), key, each) for key, each in value.items())
                return {name: self._member(key, each) for name, key, each in pairs}
            case list() | tuple():
                return [self.json(each) for each in value]
            case _:
                return value

    def text(self, text: str) -> str:
        """A text without secrets."""
        text = HALF.sub("�", text)
        return text if text in self._public else redact(self._secrets.redact(text))

    def _member(self, key: object, value: Json) -> Json:
        if isinstance(value, str) and value and TELLING.search(str(key)):
            return REDACTED
        return self.json(value)

    def _blind(self, blind: Blind) -> Blind:
        return replace(blind, message=self.text(blind.message))


def scrub(value: Json, secrets: Secrets) -> Json:
    """Plain JSON without the secrets that were given out, nor what looks like one."""
    return Scrub(secrets).json(value)
