"""What the staging world consists of."""

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
