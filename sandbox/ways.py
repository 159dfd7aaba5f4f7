"""Keeps the links of the staging world as open as Google Cloud's configuration leaves them.

`here` is the office, whose own line into the networks no configuration of Cloud Run touches. The backend is
one process, which stands for the revision that gets most requests; the job has a VPC access of its own.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sandbox import baseline
from sandbox.cloud.resources import ConnectorLoad, Resources
from sandbox.fabric import access, busiest, fabric, short
from sandbox.impairments import Latency, SlowServer
from sandbox.network import Impairment, Link, Mode
from sandbox.routing import Access, Fabric, Way, way, way_from_office
from sandbox.targets import BACKEND, HERE, JOB, STORES, TARGETS

SERVICE = f"{baseline.PARENT}/services/{baseline.BACKEND}"
PROBE = f"{baseline.PARENT}/jobs/{baseline.JOB}"
INTERCONNECT_MS = 49.0
SATURATED_MS = 250.0
"""What a packet waits in a connector whose instances are busy."""
BUSY = " (busy)"
"""Marks a connector as such among the hops of a way."""
WHY_SLOW: Mapping[str, str] = {
    baseline.VPN: f"goes over {baseline.VPN}, which is saturated",
    baseline.INTERCONNECT: f"goes over {baseline.INTERCONNECT}, which is long",
}
SATURATED: Mapping[str, float] = {"login_ms": 2860, "query_ms": 2300, "next_ms": 120}
"""What PostgreSQL takes over the old tunnel, as in the write-up of the incident."""


def _why_slow(hop: str) -> str:
    if hop.endswith(BUSY):
        return f"goes over {hop.removesuffix(BUSY)}, whose instances are busy"
    return WHY_SLOW.get(hop, "")


def _impairment(hop: str, target: str) -> Impairment | None:
    """What a hop does to a connection: a tunnel that carries too much, a line of some length."""
    if hop.endswith(BUSY):
        return Latency(SATURATED_MS, 0.0, "query")
    if hop == baseline.INTERCONNECT:
        return Latency(INTERCONNECT_MS, 0.0, "query")
    if hop == baseline.VPN:
        return (
            SlowServer(**SATURATED) if target == "postgres" else Latency(SATURATED["query_ms"], 0.0, "query")
        )
    return None


@dataclass(slots=True)
class _Held:
    """What configuration does to one link at present."""

    way: Way = field(default_factory=Way)
    impairments: list[Impairment] = field(default_factory=list)
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Trail:
    """A way as the page shows it. `effect` is how the link looks, empty while nothing is the matter."""

    hops: tuple[str, ...]
    effect: Literal["", "impaired", "closed"]
    why: str | None


def _trail(held: _Held) -> Trail:
    if not held.way.open:
        return Trail(held.way.hops, "closed", held.way.why)
    slow = list(filter(None, map(_why_slow, held.way.hops)))
    return Trail(held.way.hops, "impaired" if slow else "", "; ".join(slow) or None)


class Ways:
    """The way of each link to a store; `follow()` brings the links to what is configured now."""

    def __init__(self, links: Mapping[tuple[str, str], Link], resources: Resources) -> None:
        self._links = {key: link for key, link in links.items() if key[1] in STORES}
        self._resources = resources
        self._held = {key: _Held() for key in self._links}
        self._one_at_a_time = asyncio.Lock()

    def __getitem__(self, key: tuple[str, str]) -> Trail | None:
        """The way of a link as it was followed last, None for links that no configuration decides over."""
        held = self._held.get(key)
        return None if held is None else _trail(held)

    async def follow(self) -> bool:
        """Opens, cuts and slows links; says whether anything has changed."""
        async with self._one_at_a_time:
            wanted = dict(self._computed())
            changed = [key for key, found in wanted.items() if self._held[key].way != found]
            for key in changed:
                await self._lead(key, wanted[key])
            return bool(changed)

    def _computed(self) -> Iterator[tuple[tuple[str, str], Way]]:
        now = fabric(self._resources)
        by_source = {BACKEND: self.backend_access(), JOB: self.job_access()}
        busy = {
            short(name)
            for name, load in self._resources.loads.items()
            if isinstance(load, ConnectorLoad) and load.saturated
        }
        for source, target in self._links:
            found = _way(now, source, by_source.get(source), target)
            hops = tuple(f"{hop}{BUSY}" if hop in busy else hop for hop in found.hops)
            yield (source, target), replace(found, hops=hops)

    def backend_access(self) -> Access | None:
        """How the backend's busiest revision reaches the network."""
        service = self._resources.services.get(SERVICE)
        serving = None if service is None else busiest(service, self._resources)
        return None if serving is None else access(serving.vpc_access, self._resources)

    def job_access(self) -> Access | None:
        """How whybot's job reaches the network."""
        job = self._resources.jobs.get(PROBE)
        return None if job is None else access(job.template.template.vpc_access, self._resources)

    async def _lead(self, key: tuple[str, str], found: Way) -> None:
        link, held = self._links[key], self._held[key]
        for each in held.impairments:
            link.impairments.remove(each)
        made = (_impairment(hop, key[1]) for hop in found.hops)
        held.impairments = [each for each in made if each is not None] if found.open else []
        link.impairments.extend(held.impairments)
        if held.silent is found.open:
            await (link.relent if found.open else link.insist)(Mode.SILENT)
            held.silent = not found.open
        held.way = found
        if found.open:
            await link.drop_connections()  # whoever comes by the new way is a new instance


def _way(now: Fabric, source: str, how: Access | None, target: str) -> Way:
    address, _, port = TARGETS[target].address.rpartition(":")
    return way_from_office(now, address) if source == HERE else way(now, how, address, int(port))
