"""Redis (and Valkey): connect, TLS, AUTH, PING, INFO, and a test of its connection pool."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import redis.exceptions as redis_errors
from pydantic import Field

from checks.durations import spoken
from checks.errors import connection_failed
from checks.failures import CheckBlind, CheckFailed
from checks.hosts import HostName, Port
from checks.probe import Probe
from checks.reasons import Reason
from checks.redis_pool import DialedConnection, PoolExhausted, PoolOutcome, PoolTest, Streams
from checks.result import Fact, Status
from checks.secrets import SecretRef
from checks.spec import CheckSpec, Finding, Milliseconds, Strict
from checks.stream import handshake

NEARLY = 0.9

# What of INFO becomes a fact: field of Redis, name of the fact (with its unit), type.
INFO_FACTS: tuple[tuple[str, str, type[int] | type[str]], ...] = (
    ("redis_version", "version", str),
    ("valkey_version", "valkey_version", str),
    ("role", "role", str),
    ("master_link_status", "master_link", str),
    ("master_link_down_since_seconds", "master_link_down_s", int),
    ("slave_read_only", "replica_read_only", int),
    ("used_memory", "used_memory_bytes", int),
    ("mem_not_counted_for_evict", "memory_not_counted_bytes", int),
    ("maxmemory", "maxmemory_bytes", int),
    ("maxmemory_policy", "maxmemory_policy", str),
    ("connected_clients", "connected_clients", int),
    ("maxclients", "maxclients", int),
    ("loading", "loading", int),
    ("loading_loaded_perc", "loading_percent", str),
    ("loading_eta_seconds", "loading_eta_s", int),
    ("uptime_in_seconds", "uptime_s", int),
    ("evicted_keys", "evicted_keys", int),
    ("rejected_connections", "rejected_connections", int),
    ("rdb_last_bgsave_status", "last_save", str),
)


class PoolSpec(Strict):
    """How to test the pool: `checkouts` at once from a pool of `size` connections."""

    size: int = Field(default=4, ge=1, le=100, description="Connections that the pool may open.")
    checkouts: int = Field(default=8, ge=1, le=1000, description="How many ask for one at the same time.")
    timeout: Milliseconds = Field(default=1000.0, description="Waiting longer means an exhausted pool.")


class RedisCheck(CheckSpec):
    """Asks a Redis server whether it answers, may be written to, and has room; writes nothing."""

    title_default: ClassVar[str] = "Redis"

    kind: Literal["redis"] = "redis"
    host: HostName
    port: Port = 6379
    user: str | None = Field(default=None, description="ACL user; without one, the default user.")
    password: SecretRef | None = None
    tls: bool = False
    expect_role: Literal["master", "any"] = Field(
        default="master", description="A replica is unhealthy where a master is expected."
    )
    pool: PoolSpec | None = Field(default=None, description="Tests a connection pool as well.")

    @property
    def target(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    async def run(self, probe: Probe) -> Finding:
        """One connection for PING and INFO; then, where asked for, the pool. The budget is about PING."""
        password = probe.secret(self.password)
        began = time.perf_counter()
        streams = await self._dial(probe)
        connection = DialedConnection(dial=_given(streams), username=self.user, password=password)
        try:
            info, answered_at = await self._ask(connection, probe)
        finally:
            connection.abandon()
            streams[1].transport.abort()
        measured_ms = (answered_at - began) * 1000
        finding = self._judge(info, measured_ms)
        # Over budget is the finding already; a pool on such a path would only wait, and hide that.
        if self.pool is not None and finding.status is not Status.FAIL and measured_ms <= self.budget:
            await self._test_pool(self.pool, password, probe)
        return finding

    async def _dial(self, probe: Probe) -> Streams:
        connected = await probe.dialer.connect(self.host, self.port, probe)
        if not self.tls:
            return await asyncio.open_connection(sock=connected)
        context = probe.dialer.tls_context()
        return await handshake(probe, connected, str(probe.facts["address"]), context, self.host)

    async def _ask(self, connection: DialedConnection, probe: Probe) -> tuple[Mapping[str, Fact], float]:
        """Facts from INFO, and when PING was answered."""
        with self._step(probe, "auth", "logging in") if connection.password else self._errors("connecting"):
            async with probe.timeout():
                await connection.connect()  # type: ignore[no-untyped-call]  # redis-py's own gap
        with self._step(probe, "query", "waiting for the answer to PING"):
            async with probe.timeout():
                # Both in one packet: INFO tells why, where PING is refused, and costs no round trip.
                both = connection.pack_commands([("PING",), ("INFO",)])
                await connection.send_packed_command(both, check_health=False)
                await self._pong(connection, probe)
        answered_at = time.perf_counter()
        try:
            with self._step(probe, "info", "waiting for the answer to INFO"):
                async with probe.timeout():
                    return await self._info(connection, probe), answered_at
        except CheckFailed as failed:
            if failed.reason is Reason.PERMISSION_DENIED:
                words = (
                    f"PING is answered, but {self._who} may not run INFO, so role and memory are not known"
                )
                raise CheckBlind(Reason.PERMISSION_DENIED, words) from failed
            raise

    async def _pong(self, connection: DialedConnection, probe: Probe) -> None:
        """Reads the answer to PING; raises `CheckFailed` for a refusal, with what INFO says of it."""
        try:
            await connection.read_response(disconnect_on_error=False)
        except (redis_errors.ResponseError, redis_errors.BusyLoadingError) as refused:
            info: Mapping[str, Fact] = {}
            with contextlib.suppress(redis_errors.RedisError, OSError, EOFError):
                async with asyncio.timeout(probe.remaining() / 2):
                    info = await self._info(connection, probe)
            raise self._decoded(refused, "waiting for the answer to PING", 0, info) from refused

    async def _info(self, connection: DialedConnection, probe: Probe) -> Mapping[str, Fact]:
        facts = facts_of(await connection.read_response(disable_decoding=True))
        probe.note(**facts)
        return facts

    def _judge(self, info: Mapping[str, Fact], measured_ms: float) -> Finding:
        used, most = number(info, "used_memory_bytes"), number(info, "maxmemory_bytes")
        clients, maxclients = number(info, "connected_clients"), number(info, "maxclients")
        counted = used - number(info, "memory_not_counted_bytes")
        status, reason = Status.FAIL, Reason.OK
        if self.expect_role == "master" and info.get("role") == "slave":
            reason, words = (
                Reason.READ_ONLY,
                "the server is a replica and refuses writes; a master is expected",
            )
        elif most and counted >= NEARLY * most and info.get("maxmemory_policy") == "noeviction":
            reason, status = Reason.OUT_OF_MEMORY, Status.FAIL if counted >= most else Status.DEGRADED
            words = (
                f"{size(used)} of memory used, {size(most)} allowed, and nothing may be evicted, so writes "
            )
            words += "fail" if status is Status.FAIL else "will fail soon"
        elif maxclients and clients >= NEARLY * maxclients:
            status, reason = Status.DEGRADED, Reason.CONNECTIONS_NEARLY_USED
            words = f"{clients:,} of {maxclients:,} client connections are in use"
        elif info.get("master_link") == "down":
            status, reason = Status.DEGRADED, Reason.REPLICATION_LAG
            words = f"this replica lost its master {_down_for(info)}, so it answers with old data"
        else:
            status = Status.PASS
            words = (
                f"{clients:,} of {maxclients:,} clients, {size(used)} used" if maxclients else "answers PING"
            )
        return Finding(status, reason, words, measured_ms)

    async def _test_pool(self, spec: PoolSpec, password: str | None, probe: Probe) -> None:
        # Connections of the pool are not steps of this check: their phases go to a probe of their own.
        aside = dataclasses.replace(probe, phases=[], facts={})
        test = PoolTest(
            lambda: self._dial(aside),
            size=spec.size,
            checkouts=spec.checkouts,
            patience=min(spec.timeout / 1000, probe.remaining()),
            username=self.user,
            password=password,
        )
        try:
            with self._step(probe, "pool", "testing the pool"):
                async with probe.timeout():
                    await test.run()
                self._judge_pool(spec, test.outcome)
        finally:
            probe.note(**pool_facts(spec, test.outcome))

    def _judge_pool(self, spec: PoolSpec, outcome: PoolOutcome) -> None:
        if outcome.failures:
            raise self._pool_failed(spec, outcome.failures)
        if outcome.recovery_failures:
            why = self._decoded(outcome.recovery_failures[0], "checking out again", 0).message
            raise CheckFailed(
                Reason.POOL_NOT_RECOVERED,
                f"after {spec.checkouts} checkouts, {len(outcome.recovery_failures)} of {spec.size} "
                f"connections of the pool did not come back: {why}",
            )
        if outcome.leaked:
            raise CheckFailed(
                Reason.POOL_NOT_RECOVERED,
                f"{outcome.leaked} connections stayed open after the pool was closed",
            )

    def _pool_failed(self, spec: PoolSpec, failures: list[Exception]) -> CheckFailed:
        count = f"{len(failures)} of {spec.checkouts} checkouts from a pool of {spec.size} failed"
        decoded = [self._decoded(each, "opening a pool connection", spec.timeout) for each in failures]
        first = min(decoded, key=lambda each: each.reason is Reason.POOL_EXHAUSTED)
        if first.reason in (Reason.TOO_MANY_CONNECTIONS, Reason.POOL_EXHAUSTED):
            return CheckFailed(Reason.POOL_EXHAUSTED, f"{count}: {first.message}")
        return CheckFailed(first.reason, f"{count}: {first.message}", status=first.status)

    @property
    def _who(self) -> str:
        return f"the user {self.user}" if self.user else "the default user"

    @contextlib.contextmanager
    def _step(self, probe: Probe, name: str, doing: str) -> Iterator[None]:
        with self._errors(doing), probe.phase(name):
            yield

    @contextlib.contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        except (redis_errors.RedisError, OSError, EOFError, ValueError) as error:
            raise self._decoded(error, doing, _since(began)) from error

    def _decoded(
        self, error: Exception, doing: str, waited_ms: float, info: Mapping[str, Fact] | None = None
    ) -> CheckFailed:
        """What an error of redis-py means. Its classes come from the server's error prefixes."""
        below = cause_of(error)
        match below:
            case CheckFailed():
                return below
            case PoolExhausted():
                return CheckFailed(
                    Reason.POOL_EXHAUSTED, f"no connection came free within {spoken(waited_ms)}"
                )
            case OSError() | EOFError():
                return connection_failed(below, self.target, doing, waited_ms)
            case ValueError() | redis_errors.InvalidResponse():
                return CheckFailed(
                    Reason.PROTOCOL_ERROR, f"what answers at {self.target} does not speak the Redis protocol"
                )
            case redis_errors.AuthenticationError():
                return self._login_refused(str(below))
            case redis_errors.BusyLoadingError():
                return CheckFailed(Reason.LOADING, "still loading its data" + _progress(info or {}))
        return self._refused(below)

    def _login_refused(self, text: str) -> CheckFailed:
        if "required" in text or text.startswith("NOAUTH"):
            words = "the server wants a password, and the environment file names none"
            return CheckFailed(Reason.AUTH_REQUIRED, words)
        if "without any password" in text or "no password is set" in text:
            return CheckFailed(
                Reason.AUTH_FAILED,
                "the server has no password, yet the file names one: is it the right server?",
            )
        return CheckFailed(Reason.AUTH_FAILED, f"the password for {self._who} is refused ({self.password})")

    def _refused(self, error: Exception) -> CheckFailed:
        text = str(error)
        for known, reason, words in REFUSALS:
            if known in text:
                return CheckFailed(reason, words)
        if isinstance(error, redis_errors.NoPermissionError):
            return CheckFailed(Reason.PERMISSION_DENIED, f"{self._who} may not run PING")
        return CheckFailed(Reason.QUERY_FAILED, f"the server answers with an error: {text}")


# Texts of Redis's own errors (server.c, networking.c), with what they mean.
REFUSALS: tuple[tuple[str, Reason, str], ...] = (
    (
        "max number of clients",
        Reason.TOO_MANY_CONNECTIONS,
        "no more clients are accepted: maxclients is reached",
    ),
    ("snapshots", Reason.READ_ONLY, "the server cannot save its data to disk, so it refuses writes"),
    (
        "writing to the AOF",
        Reason.READ_ONLY,
        "the server cannot write its append-only file, so it refuses writes",
    ),
    (
        "Link with MASTER is down",
        Reason.REPLICATION_LAG,
        "a replica that lost its master and answers nothing",
    ),
    (
        "protected mode",
        Reason.PERMISSION_DENIED,
        "the server is in protected mode: it only answers its own machine",
    ),
)


def cause_of(error: Exception) -> Exception:
    """The error below redis-py's ConnectionError, which wraps all kinds; the end of a stream is EOFError."""
    if isinstance(error, redis_errors.ConnectionError):
        below = error.__cause__ or error.__context__
        if isinstance(below, redis_errors.ConnectionError):
            return cause_of(below)
        if isinstance(below, CheckFailed | OSError | EOFError):
            return below
        if "Connection closed by server" in str(error):
            return EOFError()
    return error


def facts_of(answer: Any) -> dict[str, Fact]:
    """Typed facts from the text of INFO; what the server leaves out is left out."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else ""
    fields = dict(line.partition(":")[::2] for line in text.split("\r\n") if ":" in line)
    facts: dict[str, Fact] = {}
    for name, fact, form in INFO_FACTS:
        if name in fields:
            value = fields[name]
            facts[fact] = int(value) if form is int and value.lstrip("-").isdecimal() else value
    return facts


def pool_facts(spec: PoolSpec, outcome: PoolOutcome) -> dict[str, Fact]:
    """What runbooks may read of the pool test."""
    waits = outcome.waits_ms
    return {
        "pool_size": spec.size,
        "pool_checkouts": spec.checkouts,
        "pool_opened": outcome.opened,
        "pool_failed": len(outcome.failures),
        "pool_longest_wait_ms": round(max(waits), 3) if waits else None,
        "pool_recovered": bool(waits) and not (outcome.failures or outcome.recovery_failures),
        "pool_leaked": outcome.leaked,
    }


def number(info: Mapping[str, Fact], name: str) -> int:
    """A whole number of INFO, 0 where it is missing."""
    value = info.get(name)
    return value if isinstance(value, int) else 0


def size(count: int) -> str:
    """Bytes for people: `3.2 MB`, `1 GB`."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
        amount /= 1000
    return f"{amount:.1f}".removesuffix(".0") + " TB"


def _progress(info: Mapping[str, Fact]) -> str:
    percent, left = info.get("loading_percent"), info.get("loading_eta_s")
    if percent is None:
        return ""
    return f": {percent} % done" + (f", {left} s to go" if left is not None else "")


def _down_for(info: Mapping[str, Fact]) -> str:
    seconds = number(info, "master_link_down_s")
    return f"{spoken(seconds * 1000)} ago" if seconds > 0 else "just now"


def _given(streams: Streams) -> Any:
    async def dial() -> Streams:
        return streams

    return dial


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
