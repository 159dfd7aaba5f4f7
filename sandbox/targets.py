"""The table of the staging world's targets, and the sources that ask them."""

from collections.abc import Mapping
from dataclasses import dataclass

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
