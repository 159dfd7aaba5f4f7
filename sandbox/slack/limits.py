"""Rate limits that bite, after docs.slack.dev/apis/web-api/rate-limits.

Slack publishes tiers (calls a minute per method and workspace) and, for `chat.postMessage`, one
message a second per channel with short bursts. How long a burst may be is not published; five is
what this Slack allows.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

POSTS_PER_SECOND = 1.0
POST_BURST = 5
POSTS_PER_MINUTE_IN_WORKSPACE = 300
"""Slack says "several hundred messages per minute" for a workspace."""

TIERS = {1: 30, 2: 20, 3: 50, 4: 100}
"""Calls a minute by tier. Tier 1 is "1+" at Slack's; its only method here opens sockets, and
reconnecting must work."""


@dataclass(frozen=True)
class Breach:
    """One call that was over the limit."""

    method: str
    channel: str | None
    time: float
    retry_after: int


@dataclass
class Bucket:
    """A token bucket: `capacity` calls at once, refilled at `rate` a second."""

    capacity: float
    rate: float
    tokens: float
    updated: float

    def take(self, now: float) -> float:
        """Takes one token; gives 0, or the seconds until one is there (and takes none)."""
        self.tokens = min(self.capacity, self.tokens + (now - self.updated) * self.rate)
        self.updated = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.rate


@dataclass
class RateLimits:
    """Buckets per method, and per channel for posts. Every breach is kept, for tests to assert on."""

    clock: Callable[[], float] = time.monotonic
    enabled: bool = True
    breaches: list[Breach] = field(default_factory=list)
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def check(self, method: str, tier: int | None, channel: str | None = None) -> int | None:
        """Counts one call. Gives None, or the whole seconds that `Retry-After` must say."""
        if not self.enabled:
            return None
        wait = max((self._take(*bucket) for bucket in self._buckets_of(method, tier, channel)), default=0.0)
        if wait <= 0:
            return None
        retry_after = max(1, math.ceil(wait))
        self.breaches.append(Breach(method, channel, self.clock(), retry_after))
        return retry_after

    @staticmethod
    def _buckets_of(method: str, tier: int | None, channel: str | None) -> list[tuple[str, float, float]]:
        if method == "chat.postMessage":
            workspace = POSTS_PER_MINUTE_IN_WORKSPACE
            return [
                (f"{method} {channel}", POST_BURST, POSTS_PER_SECOND),
                (method, workspace, workspace / 60),
            ]
        if tier is None:
            return []
        return [(method, TIERS[tier], TIERS[tier] / 60)]

    def _take(self, name: str, capacity: float, rate: float) -> float:
        now = self.clock()
        bucket = self._buckets.setdefault(name, Bucket(capacity, rate, capacity, now))
        return bucket.take(now)
