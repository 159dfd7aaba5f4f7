"""What the staging world consists of, and the table of its targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.asyncio import Redis as RedisClient

from sandbox.certificates import Certificates
from sandbox.dns import NameServer
from sandbox.network import Link
from sandbox.servers import ClickHouse, Postgres, Redis
from sandbox.sites import Sites

if TYPE_CHECKING:
    from sandbox.staging_cloud import StagingCloud  # imported late by the world: it costs a second

HERE = "here"
"""The source of the prober: whoever runs on this machine."""
BACKEND = "backend"
JOB = "job"
"""The Cloud Run job of whybot, which asks from the backend's network."""
SOURCES: Mapping[str, str] = {HERE: "this machine", BACKEND: "backend", JOB: "Cloud Run job"}


@dataclass(frozen=True, slots=True)
class Target:
    """Something that has an address. `address` is the one that `environments/staging.yaml` declares."""

    name: str
    title: str
    address: str
    host_name: str | None = None


TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target("redis", "Redis", "10.166.204.83:6379"),
        Target("postgres", "PostgreSQL", "10.20.0.5:5432"),
        Target("clickhouse", "ClickHouse", "10.20.0.9:8123"),
        Target("backend", "Backend", "203.0.113.10:443", "staging.netrasystems.ai"),
        Target("auth", "Auth", "203.0.113.11:443", "auth.staging.netrasystems.ai"),
        Target("frontend", "Frontend", "203.0.113.12:443", "app.staging.netrasystems.ai"),
    )
}
STORES = ("redis", "postgres", "clickhouse")
SITES = ("backend", "auth", "frontend")
DNS = "dns"
CLOUD = "cloud"
"""The target of what can be wrong with Google Cloud's interfaces."""


@dataclass(slots=True)
class Staging:
    """The running parts that faults act on.

    `redis_admin` is connected from the start, since a fault may keep newcomers out.
    """

    redis: Redis
    redis_admin: RedisClient
    postgres: Postgres
    clickhouse: ClickHouse
    certificates: Certificates
    names: NameServer
    sites: Sites
    links: dict[tuple[str, str], Link]
    cloud: "StagingCloud"

    def links_to(self, target: str, source: str = "") -> list[Link]:
        """The links to a target, from one source or (empty) from all."""
        return [link for (of, to), link in self.links.items() if to == target and source in ("", of)]
