"""What a check sees of its environment's configuration; `checks.eyes.Eyes` is what sees it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from checks.drift.model import Drift
from checks.observe.cloud import Cloud
from checks.path.model import Path


class Sight(Protocol):
    """One environment as its project in Google Cloud and Terraform have it.

    Narrow, so that a kind of check needs nothing of the environment file, which is read by the kinds.
    """

    @property
    def cloud(self) -> Cloud:
        """The project and region."""
        ...

    @property
    def cloud_run_names(self) -> Mapping[str, str]:
        """The Cloud Run names of the services of the file that have one, by their keys."""
        ...

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    async def paths(self, service: str, names: Sequence[str] = ()) -> tuple[Path, ...]:
        """The paths of a service (its key in the file) to these dependencies, or to all that it uses.

        Raises KeyError for a service that the file does not have or that is not on Cloud Run.
        """
        ...

    async def drift(self) -> Drift:
        """All that differs between declared, Terraform and live."""
        ...
