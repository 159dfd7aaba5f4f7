"""A place in which checks can be run against servers of a test: an overlay, a resolver, an authority."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from checks.dialer import Dialer
from checks.failures import CheckFailed
from checks.overlay import Overlay
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Fact, Phase, Status
from checks.secrets import Secrets
from checks.spec import CheckSpec
from tests.servers.certificates import Authority
from tests.servers.names import Names, resolving
from tests.servers.tcp import Handler, silent

ADDRESS = "203.0.113.10"
HOST = "staging.example.org"
BRIEF: Mapping[str, float] = {"timeout": 1000.0, "budget": 100.0}
"""Milliseconds; for a check that waits in vain. What comes before the silence must be done within it, on a
busy machine as well."""
RANGES = (ip_network("203.0.113.0/24"), ip_network("10.0.0.0/8"))


def patience_with(handler: Handler) -> Mapping[str, float]:
    """Fields of a check of such a server: brief where it never answers, else as long as in life."""
    return BRIEF if handler is silent else {}


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    status: Status
    reason: Reason
    message: str
    phases: tuple[Phase, ...]
    facts: Mapping[str, Fact]

    @property
    def steps(self) -> list[tuple[str, Status]]:
        """The phases without their times."""
        return [(phase.name, phase.status) for phase in self.phases]


@dataclass
class Place:
    """`map` what the file's addresses are here, then `ask`."""

    names: Names
    authority: Authority
    folder: Path
    addresses: dict[str, str] = field(default_factory=dict)

    def map(self, port: int, local_port: int, address: str = ADDRESS) -> None:
        """Puts a local server at an address of the environment file."""
        self.addresses[f"{address}:{port}"] = f"127.0.0.1:{local_port}"

    def overlay(self) -> Overlay:
        """The overlay as it is now."""
        return Overlay(dict(self.addresses), ("127.0.0.1", self.names.port), (self.authority.pem,))

    def dialer(self, *hosts: str) -> Dialer:
        """A dialer for an environment file that names these hosts."""
        return Dialer(hosts, RANGES, self.overlay())

    async def ask(
        self,
        spec: CheckSpec,
        *hosts: str,
        variables: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Outcome:
        """Runs one check; `hosts` are named by the file besides its own."""
        seconds = timeout if timeout is not None else spec.timeout / 1000
        async with self.dialer(*spec.hosts(), *hosts) as dialer:
            probe = Probe(
                dialer=dialer, secrets=Secrets(variables or {}), deadline=time.monotonic() + seconds
            )
            try:
                found = await spec.run(probe)
                status, reason, message = found.status, found.reason, found.message
            except CheckFailed as failed:
                status, reason, message = failed.status, failed.reason, failed.message
        return Outcome(status, reason, message, tuple(probe.phases), dict(probe.facts))


@contextlib.asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Place]:
    """A place with one name, `HOST`, that points to `ADDRESS`."""
    async with resolving() as names:
        names.zone.append(f"{HOST}. 60 IN A {ADDRESS}")
        yield Place(names, Authority(folder), folder)
