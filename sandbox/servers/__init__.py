"""Real servers on loopback, each an async context manager: PostgreSQL, Redis (valkey) and ClickHouse."""

from sandbox.servers.clickhouse import ClickHouse
from sandbox.servers.postgres import Postgres
from sandbox.servers.process import ServerError
from sandbox.servers.redis import Redis

__all__ = ["ClickHouse", "Postgres", "Redis", "ServerError"]
