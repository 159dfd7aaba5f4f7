"""What services and connectors are loaded with: how many instances, how busy, how long a start takes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from sandbox import baseline
from sandbox.behaviour import memory_limit
from sandbox.changes.change import Change, ChangeFailedError
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.resources import ConnectorLoad, ServiceLoad
from sandbox.fabric import busiest
from sandbox.logs import SERVICES


class ChangeLoad(Change):
    """A service is loaded unusually for some minutes.

    `refused_per_s` with as many instances as it may have: whoever asks is turned away. `memory_mib` above the
    limit: instances are killed. `cold`: no instance is kept, so that who asks waits for one to start; for
    that the revision must keep none (`deploy` with `min_instances: 0`).
    """

    change: Literal["load"] = "load"
    service: Literal["backend", "auth", "frontend"] = "backend"
    instances: int | None = None
    startup_ms: float | None = None
    requests_per_s: float | None = None
    refused_per_s: float = 0.0
    memory_mib: int | None = None
    cold: bool = False
    minutes: float = 12

    @property
    def title(self) -> str:
        """What the load is."""
        said = [
            f"{self.instances} instances" if self.instances is not None else "",
            f"{self.requests_per_s:g} requests/s" if self.requests_per_s is not None else "",
            f"{self.refused_per_s:g} refused/s" if self.refused_per_s else "",
            f"{self.memory_mib} MiB used" if self.memory_mib is not None else "",
            f"starts take {self.startup_ms / 1000:g} s" if self.startup_ms is not None else "",
        ]
        return f"{self.service}: " + (", ".join(filter(None, said)) or "its usual load")

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the load; refuses one that its revision cannot have."""
        name = f"{baseline.PARENT}/services/{SERVICES[self.service].service}"
        serving = busiest(cloud.resources.services[name], cloud.resources)
        if serving is None:
            raise ChangeFailedError(f"No revision of {self.service} gets requests.")
        most = serving.scaling.max_instance_count
        if self.instances is not None and self.instances > most:
            raise ChangeFailedError(f"{self.service} may have {most} instances, not {self.instances}.")
        if self.memory_mib is not None and self.memory_mib > 4 * memory_limit(serving):
            raise ChangeFailedError(
                f"{self.memory_mib} MiB are far above the limit of {memory_limit(serving)}."
            )
        given = self.model_dump(include={"instances", "startup_ms", "requests_per_s", "memory_mib"})
        load = replace(
            ServiceLoad(),
            since=datetime.now(UTC) - timedelta(minutes=self.minutes),
            refused_per_s=self.refused_per_s,
            cold=self.cold,
            **{key: value for key, value in given.items() if value is not None},
        )
        cloud.resources.loads[name] = load
        cloud.resources.changed()


class ChangeConnectorLoad(Change):
    """A connector carries more than usual for some minutes; from 0.9 of its CPU on, packets wait in it."""

    change: Literal["connector_load"] = "connector_load"
    name: str = baseline.CONNECTOR
    cpu: float = Field(default=0.97, ge=0, le=1)
    instances: int = 3
    sent_mbit: float = 118.0
    received_mbit: float = 171.0
    minutes: float = 12

    @property
    def title(self) -> str:
        """How busy it is."""
        traffic = self.sent_mbit + self.received_mbit
        return f"connector {self.name} at {self.cpu:.0%} of its CPU, {traffic:g} Mbit/s"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the load."""
        full = baseline.connector_name(self.name)
        if full not in cloud.resources.connectors:
            raise ChangeFailedError(f"There is no connector {self.name} in {baseline.REGION}.")
        cloud.resources.loads[full] = ConnectorLoad(
            since=datetime.now(UTC) - timedelta(minutes=self.minutes),
            cpu=self.cpu,
            instances=self.instances,
            sent_mbit=self.sent_mbit,
            received_mbit=self.received_mbit,
        )
        cloud.resources.changed()
