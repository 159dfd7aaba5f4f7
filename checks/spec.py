"""What every check of an environment file has in common."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
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

from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status

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
    timed: ClassVar[bool] = True
    """Whether the time of its answer says something about the target, and is held against the budget."""

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

    async def run(self, probe: Probe) -> "Finding":
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
