"""What every check of an environment file has in common, and what a check is given when it runs."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic.json_schema import SkipJsonSchema

from checks.reasons import Reason
from checks.result import Fact, Phase, Status
from checks.secrets import SecretRef, Secrets

if TYPE_CHECKING:
    from checks.dialer import Dialer

Layer = Literal["edge", "service", "dependency"]


def parse_milliseconds(value: object) -> object:
    """Reads `500ms`, `3s`, `2m` or a bare number of milliseconds; returns milliseconds as a float."""
    if isinstance(value, bool):
        raise ValueError("is no duration; write for example 500ms, 3s or 2m")
    if isinstance(value, str):
        text = value.strip().replace(" ", "")
        for unit, factor in (("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)):
            number = text.removesuffix(unit)
            if number != text:
                try:
                    return float(number) * factor
                except ValueError:
                    break
        raise ValueError("is no duration; write for example 500ms, 3s or 2m")
    return value


Milliseconds = Annotated[
    float,
    BeforeValidator(parse_milliseconds),
    Field(gt=0, le=600_000),
    PlainSerializer(float),
    WithJsonSchema({"type": ["string", "number"], "examples": ["500ms", "3s"]}),
]


class Strict(BaseModel):
    """A frozen model in which an unknown field is an error, as everywhere in an environment file."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class CheckSpec(Strict):
    """One check of an environment file. Each kind adds its own fields and `run`."""

    title_default: ClassVar[str] = "Check"

    name: SkipJsonSchema[str] = ""  # the key in the file's mapping; written there once
    kind: str
    title: str | None = Field(default=None, description="How people call it; by default the kind's own name.")
    layer: Layer = "dependency"
    budget: Milliseconds = Field(default=1000.0, description="Slower than this is over budget.")
    timeout: Milliseconds = Field(
        default=5000.0, description="No answer after this is a failure.", validate_default=True
    )

    @field_validator("timeout")
    @classmethod
    def _not_below_the_budget(cls, timeout: float, info: ValidationInfo) -> float:
        budget = info.data.get("budget")
        if budget is not None and timeout < budget:
            raise ValueError(f"at least the budget, {budget:g} ms")
        return timeout

    @property
    def label(self) -> str:
        """How people call it: its title, `Redis` for a check named after its kind, else its own name."""
        return self.title or (self.title_default if self.name == self.kind else self.name)

    @property
    def target(self) -> str:
        """What is asked, for people: `10.166.204.83:6379` or a URL without secrets."""
        raise TypeError(f"{type(self).__name__} does not say its target")

    def hosts(self) -> frozenset[str]:
        """Every host name or address that this check may connect to, in lower case.

        Read from a `host` and a `url` field; a kind that names hosts elsewhere adds them.
        """
        host, url = getattr(self, "host", None), getattr(self, "url", None)
        named = {str(host)} if host else set()
        if url and (of_url := urlsplit(str(url)).hostname):
            named.add(of_url)
        return frozenset(name.lower().rstrip(".") for name in named)

    async def run(self, probe: "Probe") -> "Finding":
        """Asks the target once. Raises `CheckFailed` or `CheckBlind`; anything else is a bug of the check."""
        raise TypeError(f"{type(self).__name__} cannot run")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check concludes before the runner compares the time with the budget.

    `measured_ms` is the time that the budget is about; None takes the sum of the phases.
    """

    status: Status
    reason: Reason
    message: str
    measured_ms: float | None = None


class CheckFailed(Exception):  # noqa: N818 - says what happened to the check; it is no error of whybot
    """The target is unhealthy, found deep inside a check; the runner turns it into a failing result."""

    def __init__(self, reason: Reason, message: str, *, status: Status = Status.FAIL) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = status


class CheckBlind(CheckFailed):
    """The check could not tell; becomes `unknown`. The message says what would settle it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message, status=Status.UNKNOWN)


@dataclass(slots=True)
class Probe:
    """What one run of one check may use, and where it notes what it sees.

    `dialer` is the only way to the network. `deadline` is in `time.monotonic()` seconds. Phases and facts
    that were noted before a failure are kept in the result.
    """

    dialer: "Dialer"
    secrets: Secrets
    deadline: float
    phases: list[Phase] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a step. A step that raises (or is cancelled by the deadline) is noted as failed."""
        began = time.perf_counter()
        status = Status.FAIL
        try:
            yield
            status = Status.PASS
        finally:
            self.phases.append(Phase(name, (time.perf_counter() - began) * 1000, status))

    def note(self, **facts: Fact) -> None:
        """Notes typed facts for runbooks and the details view."""
        self.facts.update(facts)

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def timeout(self) -> asyncio.Timeout:
        """An `asyncio.timeout` that ends at the deadline."""
        return asyncio.timeout(self.remaining())

    def secret(self, reference: SecretRef | None) -> str | None:
        """The value behind a reference; raises `CheckBlind` that names the reference if there is none."""
        if reference is None:
            return None
        value = self.secrets.get(reference)
        if value is None:
            raise CheckBlind(
                Reason.SECRET_MISSING,
                f"the secret {reference} is not set here, so the check could not log in",
            )
        return value
