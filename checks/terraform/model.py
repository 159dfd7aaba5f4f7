"""What was read of Terraform, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.observations import Blind, Source


@dataclass(frozen=True, slots=True)
class Unevaluated:
    """A value that cannot be told without Terraform itself: a computed attribute, a function, a missing
    variable.

    `expression` is how the file has it, `why` what is missing. Not the same as absent.
    """

    expression: str
    why: str


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A value that is marked sensitive and was not kept."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A managed resource. `address` is Terraform's: `module.network.google_vpc_access_connector.staging[0]`.

    `values` are attributes; blocks are lists of mappings, as in `terraform show -json`. Leaves are plain
    values, `Unevaluated` or `Sensitive`. `ignored` are attributes that Terraform leaves to others, as the
    configuration spells them (`template[0].containers[0].image`, `all`); a state does not say.
    """

    address: str
    type: str
    name: str
    values: Mapping[str, Any]
    source: Source
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """What Terraform says: of the state where there is one, else of a plan, else of the configuration.

    `configured` is what the configuration declares, `recorded` what the state holds (None: no state was
    named), `planned` what a plan would make of it (None: no plan). `incomplete` are sentences about what was
    skipped or not understood: something that is missing then is unknown, not absent. `blind` are named parts
    that could not be read though a better one could.
    """

    configured: tuple[Resource, ...] | None = None
    recorded: tuple[Resource, ...] | None = None
    planned: tuple[Resource, ...] | None = None
    incomplete: tuple[str, ...] = ()
    serial: int | None = None
    version: str = ""
    projects: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    blind: tuple[Blind, ...] = ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The best that is known of what Terraform holds to be there: state, plan, configuration."""
        for known in (self.recorded, self.planned, self.configured):
            if known is not None:
                return known
        return ()
