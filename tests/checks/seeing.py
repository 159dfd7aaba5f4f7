"""Eyes over observations that a test makes up, and a check that looks through them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.dialer import Dialer
from checks.environment import load_environment
from checks.eyes import Eyes
from checks.failures import CheckFailed
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
from checks.probe import Probe
from checks.reasons import Reason
from checks.secrets import Secrets
from checks.spec import CheckSpec
from checks.terraform.model import Infrastructure
from tests.checks.path import place
from tests.checks.place import Outcome

ENVIRONMENTS = Path(__file__).parents[2] / "environments"
NOTHING = Blind(Reason.CLOUD_NOT_FOUND, "there is nothing of this name")
Requests = Callable[[datetime, datetime], Seen[RequestLog]]


@dataclass
class StillCloud:
    """A cloud that does not change. `slow` never answers."""

    now: CloudState = field(default_factory=place.staging)
    log: Requests = lambda since, until: RequestLog("", since, until, place.source("logging", "requests"))
    logged: Seen[tuple[ErrorGroup, ...]] = ()
    changed: Seen[tuple[Change, ...]] = ()
    told: Seen[tuple[ErrorGroup, ...]] = ()
    used: Seen[Usage] | None = None
    kept: Mapping[tuple[str, str], Seen[SecretVersion]] = field(default_factory=dict)
    slow: bool = False

    async def state(self, *, seconds: float = 20.0) -> CloudState:
        """What a test says, if at all."""
        if self.slow:
            await asyncio.Event().wait()
        return self.now

    async def requests(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[RequestLog]:
        """The request log of that time."""
        return self.log(since, until)

    async def errors(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[tuple[ErrorGroup, ...]]:
        """What was logged."""
        return self.logged

    async def platform(
        self, service: str, since: datetime, until: datetime, *, seconds: float = 20.0
    ) -> Seen[tuple[ErrorGroup, ...]]:
        """What Cloud Run itself logged."""
        return self.told

    async def metrics(self, since: datetime, until: datetime, *, seconds: float = 20.0) -> Seen[Usage]:
        """What Cloud Monitoring has."""
        return self.used or Usage(since, until)

    async def secrets(
        self, uses: Collection[SecretUse], *, seconds: float = 20.0
    ) -> Mapping[tuple[str, str], Seen[SecretVersion]]:
        """Every version is enabled, but for what a test says."""
        source = place.source("secret_manager", "versions")
        enabled = {use.key: SecretVersion(use.secret, use.version, "ENABLED", source) for use in uses}
        return {key: self.kept.get(key, each) for key, each in enabled.items()}

    async def changes(self, since: datetime, *, seconds: float = 20.0) -> Seen[tuple[Change, ...]]:
        """The audit log."""
        return self.changed

    async def object_bytes(self, bucket: str, name: str, *, seconds: float = 60.0) -> Seen[bytes]:
        """No bucket holds anything."""
        return NOTHING

    async def open_object(
        self, bucket: str, name: str, *, seconds: float = 120.0
    ) -> Seen[AsyncIterator[bytes]]:
        """No bucket holds anything."""
        return NOTHING

    async def prepare(self) -> None:
        """There is nothing to prepare."""

    async def close(self) -> None:
        """Nothing is open."""


async def look(
    spec: CheckSpec,
    cloud: StillCloud | None = None,
    *,
    terraform: Seen[Infrastructure] | None = None,
    blind: bool = False,
    seconds: float = 20.0,
    variables: Mapping[str, str] | None = None,
    **more: Any,
) -> Outcome:
    """What a check finds in staging as this cloud has it; `blind` without any eyes."""
    environment = load_environment(ENVIRONMENTS / "staging.yaml").model_copy(update=more)

    async def resolve(host: str) -> tuple[str, ...]:
        return (host,)

    async def read() -> Seen[Infrastructure]:
        assert terraform is not None
        return terraform

    eyes = Eyes(environment, cloud or StillCloud(), resolve, read if terraform else None, lambda: place.NOW)
    secrets = Secrets(variables or {})
    async with Dialer((), ()) as dialer:
        deadline = time.monotonic() + seconds
        probe = Probe(dialer=dialer, secrets=secrets, deadline=deadline, eyes=None if blind else eyes)
        try:
            found = await spec.run(probe)
            status, reason, message = found.status, found.reason, found.message
        except CheckFailed as failed:
            status, reason, message = failed.status, failed.reason, failed.message
    return Outcome(status, reason, message, tuple(probe.phases), dict(probe.facts))
