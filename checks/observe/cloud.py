"""What the rest of whybot asks of Google Cloud, whoever answers."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Protocol

from checks.observations import (
    Blind,
    Change,
    CloudState,
    ErrorGroup,
    RequestLog,
    SecretUse,
    SecretVersion,
    Seen,
    Usage,
)


class ObjectLost(Exception):  # noqa: N818 - says what happened on the way; it is no error of whybot
    """Reading an object of Cloud Storage failed after it had begun; `blind` says why."""

    def __init__(self, blind: Blind) -> None:
        super().__init__(blind.message)
        self.blind = blind


class Cloud(Protocol):
    """One project and region. No method raises for what Google answers: that is a `Blind`.

    `seconds` bounds the whole call, retries and paging included.
    """

    async def state(self, *, seconds: float = 20.0) -> CloudState:
        """Everything that path and drift need. Concurrent callers share one reading."""
        ...

    async def requests(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[RequestLog]:
        """The request log of one Cloud Run service."""
        ...

    async def errors(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[tuple[ErrorGroup, ...]]:
        """What the service logged with severity ERROR or worse, grouped, the most frequent first."""
        ...

    async def platform(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[tuple[ErrorGroup, ...]]:
        """What Cloud Run itself logged of a service, whatever its severity, grouped, the most frequent first.

        Instances that start or are killed, requests that reached none, deployments that failed.
        """
        ...

    async def metrics(self, since: datetime, until: datetime, *, seconds: float = 20.0) -> Seen[Usage]:
        """What Cloud Run services and connectors used (Cloud Monitoring). Points are minutes late."""
        ...

    async def secrets(
        self, uses: Collection[SecretUse], *, seconds: float = 20.0
    ) -> Mapping[tuple[str, str], Seen[SecretVersion]]:
        """Whether these versions are there and enabled, by `SecretUse.key`. Payloads are never read."""
        ...

    async def changes(self, since: datetime, *, seconds: float = 20.0) -> Seen[tuple[Change, ...]]:
        """Who changed Cloud Run services, connectors and network resources, newest first (audit log)."""
        ...

    async def object_bytes(self, bucket: str, name: str, *, seconds: float = 60.0) -> Seen[bytes]:
        """A small object of Cloud Storage; see `open_object` for large ones."""
        ...

    async def open_object(
        self, bucket: str, name: str, *, seconds: float = 120.0
    ) -> Seen[AsyncIterator[bytes]]:
        """An object of any size, in parts of about 1 MB that are read as they are asked for.

        The iterator raises `ObjectLost` where the rest cannot be read.
        """
        ...

    async def prepare(self) -> None:
        """Does now what would make this process late during the first question; never raises."""
        ...

    async def close(self) -> None:
        """Closes all channels."""
        ...
