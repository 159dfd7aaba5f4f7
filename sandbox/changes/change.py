"""What a change of the configuration is."""

from abc import abstractmethod

from pydantic import BaseModel, ConfigDict

from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.errors import WorldError


class ChangeFailedError(WorldError):
    """A change of the configuration cannot be made; the message says why."""

    code = "change_failed"


class Change(BaseModel):
    """One change of what is configured in Google Cloud, as a scenario's file or the control API wishes it.

    A subclass has a field `change` with its name. Every field is checked before anything is changed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def title(self) -> str:
        """What is changed, in a few words for people."""

    @abstractmethod
    async def apply(self, cloud: FakeCloud) -> None:
        """Makes the change; raises `ChangeFailedError` where it cannot be made."""
