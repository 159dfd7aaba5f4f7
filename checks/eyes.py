"""What whybot sees of one environment's configuration, and what follows from it for paths and drift."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from checks.dependencies import is_dependency, uses
from checks.drift.compare import compare
from checks.drift.model import Acceptance, Drift
from checks.environment import Environment
from checks.observations import Change, CloudState, Seen
from checks.observe.cloud import Cloud
from checks.path.explain import Paths
from checks.path.model import Path, Target
from checks.spec import CheckSpec
from checks.terraform.model import Infrastructure

CHANGES_OF = timedelta(days=7)

Resolve = Callable[[str], Awaitable[tuple[str, ...]]]
"""The addresses of a host, none where they cannot be told; never raises."""
ReadTerraform = Callable[[], Awaitable[Seen[Infrastructure]]]


class Eyes:
    """Observations of one environment and the reasoning over them. What cannot be read raises nothing."""

    def __init__(
        self,
        environment: Environment,
        cloud: Cloud,
        resolve: Resolve,
        terraform: ReadTerraform | None,
        now: Callable[[], datetime],
    ) -> None:
        self.environment = environment
        self.cloud = cloud
        self._resolve = resolve
        self._terraform = terraform
        self.now = now

    @property
    def cloud_run_names(self) -> Mapping[str, str]:
        """The Cloud Run names of the services of the file that have one, by their keys."""
        services = self.environment.services
        return {key: each.cloud_run for key, each in services.items() if each.cloud_run}

    async def targets(self, names: Sequence[str] = ()) -> tuple[Target, ...]:
        """The dependencies of these names, all of them for none, with their addresses."""
        specs = [spec for spec in self.environment.checks.values() if is_dependency(spec)]
        chosen = [spec for spec in specs if not names or spec.name in names]
        return tuple(await asyncio.gather(*map(self._target, chosen)))

    async def paths(
        self, service: str, names: Sequence[str] = (), *, seconds: float = 20.0
    ) -> tuple[Path, ...]:
        """The paths of a service (its key in the file) to these dependencies, or to all that it uses.

        What Google Cloud does not answer in so many seconds is unknown.

        Raises KeyError for a service that the file does not have or that is not on Cloud Run.
        """
        wanted = names or uses(self.environment, service)
        cloud_run = self.environment.services[service].cloud_run
        if cloud_run is None:
            raise KeyError(service)
        if not wanted:
            return ()  # it uses nothing
        state, targets = await asyncio.gather(self.cloud.state(seconds=seconds), self.targets(wanted))
        known = Paths(state)
        return tuple(path for target in targets for path in known.explain(cloud_run, target))

    async def drift(self) -> Drift:
        """All that differs between declared, Terraform and live."""
        since = self.now() - CHANGES_OF
        state: CloudState
        targets: tuple[Target, ...]
        changes: Seen[tuple[Change, ...]]
        terraform: Seen[Infrastructure] | None
        state, targets, changes, terraform = await asyncio.gather(
            self.cloud.state(), self.targets(), self.cloud.changes(since), self._read_terraform()
        )
        accepted = [
            Acceptance(each.field, each.by, each.reason, each.until)
            for each in self.environment.accepted_drift
        ]
        return compare(
            self.environment, terraform, state, targets, changes=changes, accepted=accepted, now=self.now()
        )

    async def _read_terraform(self) -> Seen[Infrastructure] | None:
        return None if self._terraform is None else await self._terraform()

    async def _target(self, spec: CheckSpec) -> Target:
        host, port = str(getattr(spec, "host", "")), int(getattr(spec, "port", 0))
        auth = spec.password is not None if hasattr(spec, "password") else None
        addresses = await self._resolve(host)
        return Target(
            spec.name, spec.label, spec.kind, host, port, addresses, tls=getattr(spec, "tls", None), auth=auth
        )
