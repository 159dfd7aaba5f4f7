"""One row of the table: a configuration, a dependency, and what is to be said of the path."""

from dataclasses import dataclass, field

from checks.observations import CloudState, VpcAccess
from checks.path.model import Target
from tests.checks.path.place import REDIS, Change, staging


@dataclass(frozen=True)
class Case:
    """`step` is the key of the step that decides, empty where every step passes.

    `says` are words of that step's sentence, `needs` words of what would have to change. `detour` is whether
    some step passes by an unusual way. With `planned`, that VPC access is judged.
    """

    name: str
    change: Change
    verdict: str
    step: str = ""
    target: Target = REDIS
    says: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    detour: bool = False
    planned: VpcAccess | None = None
    also: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> CloudState:
        """The configuration."""
        return self.change(staging())
