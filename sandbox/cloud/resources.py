"""What exists in the fake Google Cloud: the official messages, by their full names.

Whoever prepares a world writes to these mappings and calls `changed()` afterwards, as the API's methods do.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.cloud import compute_v1, redis_v1, run_v2, sqladmin_v1, vpcaccess_v1
from google.cloud.logging_v2.types import LogEntry

LOG_ENTRIES = 10_000
"""How many log entries are kept; the oldest go first. Who lists looks at all, in the loop of the links."""

SATURATED = 0.9
"""The share of its CPU from which on a connector makes packets wait."""


@dataclass(frozen=True, slots=True)
class BucketObject:
    """An object of Cloud Storage: its bytes, or the file that holds them where they are many."""

    content: bytes | Path
    content_type: str = "application/json"
    generation: int = 1
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def size(self) -> int:
        """In bytes."""
        return self.content.stat().st_size if isinstance(self.content, Path) else len(self.content)


@dataclass(frozen=True, slots=True)
class Load:
    """What Cloud Monitoring measures of something. `since`: before that it was the usual, the defaults."""

    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceLoad(Load):
    """The load of a Cloud Run service. `refused_per_s` are requests for which there is no instance.

    `memory_mib` is what an instance uses: above its limit it is killed. `cold` says that no instance is kept
    between requests, so that each starts one.
    """

    instances: int = 2
    startup_ms: float = 1900.0
    requests_per_s: float = 0.6
    refused_per_s: float = 0.0
    memory_mib: int = 310
    cold: bool = False


@dataclass(frozen=True, slots=True)
class ConnectorLoad(Load):
    """The load of a connector: `cpu` from 0 to 1, traffic in Mbit/s."""

    cpu: float = 0.11
    instances: int = 2
    sent_mbit: float = 6.0
    received_mbit: float = 9.0

    @property
    def saturated(self) -> bool:
        """Whether packets wait in it."""
        return self.cpu >= SATURATED


@dataclass
class Resources:
    """Everything of one project.

    Keys are full names as the API gives them (`projects/netra-staging/locations/us-central1/services/…`) with
    the project's id. Compute's are the path after `projects/PROJECT/` (`global/networks/staging-vpc`,
    `regions/us-central1/subnetworks/staging-subnet`); `peering_routes` is what a network imports over a
    peering, keyed by `(network name, peering name)`; `router_routes` is what a router has learned, keyed as
    routers are; `policies` are firewall policies in force, keyed by network name. SQL's are
    `projects/PROJECT/instances/NAME`. `objects` is keyed by `(bucket, object)`. `secrets` has by short name
    the states (ENABLED, DISABLED, DESTROYED) of versions by number. `loads` is what is not usual, by full
    name of a service or connector. `programs` says by image what is wrong with its code. `logs` is in order
    of arrival; entries are not changed.
    """

    services: dict[str, run_v2.Service] = field(default_factory=dict)
    revisions: dict[str, run_v2.Revision] = field(default_factory=dict)
    jobs: dict[str, run_v2.Job] = field(default_factory=dict)
    executions: dict[str, run_v2.Execution] = field(default_factory=dict)
    tasks: dict[str, run_v2.Task] = field(default_factory=dict)
    connectors: dict[str, vpcaccess_v1.Connector] = field(default_factory=dict)
    redis: dict[str, redis_v1.Instance] = field(default_factory=dict)
    sql: dict[str, sqladmin_v1.DatabaseInstance] = field(default_factory=dict)
    networks: dict[str, compute_v1.Network] = field(default_factory=dict)
    subnetworks: dict[str, compute_v1.Subnetwork] = field(default_factory=dict)
    routes: dict[str, compute_v1.Route] = field(default_factory=dict)
    firewalls: dict[str, compute_v1.Firewall] = field(default_factory=dict)
    routers: dict[str, compute_v1.Router] = field(default_factory=dict)
    router_routes: dict[str, list[compute_v1.Route]] = field(default_factory=dict)
    peering_routes: dict[tuple[str, str], list[compute_v1.ExchangedPeeringRoute]] = field(
        default_factory=dict
    )
    policies: dict[str, list[compute_v1.NetworksGetEffectiveFirewallsResponseEffectiveFirewallPolicy]] = (
        field(default_factory=dict)
    )
    objects: dict[tuple[str, str], BucketObject] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    logs: list[LogEntry] = field(default_factory=list)
    _subscribers: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each change but those of logs; gives what ends that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def changed(self) -> None:
        """Tells the subscribers."""
        for callback in tuple(self._subscribers):
            callback()

    def log(self, *entries: LogEntry) -> None:
        """Adds log entries; the oldest make room."""
        self.logs.extend(entries)
        if len(self.logs) > LOG_ENTRIES:
            del self.logs[: len(self.logs) - LOG_ENTRIES]

    def snapshot(self) -> "Resources":
        """A copy that nothing changes, without subscribers."""
        return Resources(**{name: _copy(getattr(self, name)) for name in _kinds()})

    def restore(self, snapshot: "Resources", keep: Iterable[str] = ("logs", "executions", "tasks")) -> None:
        """Puts everything back as it was but for what happened (logs and executions), and tells."""
        for name in set(_kinds()) - set(keep):
            setattr(self, name, _copy(getattr(snapshot, name)))
        self.changed()


def _kinds() -> tuple[str, ...]:
    return tuple(each.name for each in fields(Resources) if not each.name.startswith("_"))


def _copy(value: Any) -> Any:
    """Copies containers and messages; what is in a `BucketObject` never changes."""
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copy(each) for each in value]
    return value if isinstance(value, BucketObject) else copy.deepcopy(value)
