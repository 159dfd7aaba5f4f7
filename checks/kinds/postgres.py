"""PostgreSQL: log in, `SELECT 1`, a small benchmark, connections in use, replication and waiting locks."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import asyncpg
from pydantic import Field

from checks import asyncpg_socket
from checks.durations import spoken
from checks.errors import connection_failed, tls_failed
from checks.failures import CheckBlind, CheckFailed
from checks.hosts import HostName, Port
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Fact, Status
from checks.secrets import SecretRef
from checks.spec import CheckSpec, Finding, Milliseconds, Strict

NEARLY = 0.9
LOGIN = "logging in"

# One round of questions. pg_locks and the session list are open to every role; wait events are not.
# Only sessions with a database and a role count towards max_connections (background workers have none).
EVIDENCE = """
SELECT current_setting('server_version') AS version,
       pg_is_in_recovery() AS in_recovery,
       current_setting('default_transaction_read_only') = 'on' AS default_read_only,
       current_setting('max_connections')::int AS max_connections,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved_connections,
       (SELECT count(*)::int FROM pg_stat_activity
         WHERE datid IS NOT NULL AND usesysid IS NOT NULL) AS connections,
       extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::int AS uptime_s,
       CASE WHEN NOT pg_is_in_recovery() THEN NULL
            WHEN pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() THEN 0
            ELSE (1000 * extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()))::float8
       END AS replication_lag_ms,
       {lock_waits} AS lock_waits
"""
# `waitstart` came with PostgreSQL 14; before that, an ordinary role cannot tell how long a session waits.
LOCK_WAITS = """(SELECT count(DISTINCT pid)::int FROM pg_locks
         WHERE NOT granted AND waitstart < clock_timestamp() - interval '1 second')"""

FOREIGN = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    IndexError,  # what its parser does with bytes that are no message
    asyncpg_socket.TlsFailed,
    OSError,
)

# SQLSTATE classes and codes (PostgreSQL's appendix A) and what they mean.
STATES: tuple[tuple[str, Reason, str], ...] = (
    ("53300", Reason.TOO_MANY_CONNECTIONS, "no connection slot is free"),
    ("57P03", Reason.STARTING_UP, "the server does not accept connections now"),
    ("3D000", Reason.DATABASE_MISSING, "there is no such database"),
    ("28", Reason.PERMISSION_DENIED, "the server does not let this user in"),
    ("42501", Reason.PERMISSION_DENIED, "this user may not do that"),
    ("25006", Reason.READ_ONLY, "the server only takes reading transactions"),
    ("53200", Reason.OUT_OF_MEMORY, "the server is out of memory"),
    ("57P0", Reason.CONNECTION_CLOSED, "the server ended the session"),
)


class Benchmark(Strict):
    """How many small queries to time, one after the other."""

    queries: int = Field(default=5, ge=1, le=1000)


class PostgresCheck(CheckSpec):
    """Asks a PostgreSQL server whether it lets us in and answers, and whether it has room; writes nothing."""

    title_default: ClassVar[str] = "PostgreSQL"

    kind: Literal["postgres"] = "postgres"
    host: HostName
    port: Port = 5432
    database: str
    user: str
    password: SecretRef | None = None
    tls: bool = False
    expect_writable: bool = Field(
        default=True, description="A replica or a read-only database is unhealthy where this is true."
    )
    max_replication_lag: Milliseconds = Field(default=30_000.0, description="Of a replica; more is degraded.")
    benchmark: Benchmark | None = Field(default=None, description="Times some small queries as well.")

    @property
    def target(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    async def run(self, probe: Probe) -> Finding:
        """One connection. The budget is about the way from nothing to the answer of `SELECT 1`."""
        password = probe.secret(self.password)
        began = time.perf_counter()
        connection = await self._connect(probe, password)
        try:
            with self._step(probe, "query", "waiting for the answer to SELECT 1"):
                async with probe.timeout():
                    await connection.execute("SELECT 1")
            measured_ms = (time.perf_counter() - began) * 1000
            evidence = await self._look_around(connection, probe, measured_ms > self.budget)
        finally:
            # Without waiting for the other side: a slow path would make every check slower by a round trip.
            connection.terminate()
        if not evidence:
            return Finding(Status.PASS, Reason.OK, "no time was left to read its state", measured_ms)
        return self._judge(evidence, measured_ms)

    async def _connect(self, probe: Probe, password: str | None) -> "asyncpg.Connection[Any]":
        connected = await probe.dialer.connect(self.host, self.port, probe)
        with self._errors(LOGIN):
            async with probe.timeout():
                return await asyncpg_socket.connect(
                    connected,
                    probe,
                    host=self.host,
                    port=self.port,
                    user=self.user,
                    password=password or "",
                    database=self.database,
                    tls=probe.dialer.tls_context() if self.tls else None,
                )

    async def _look_around(
        self, connection: "asyncpg.Connection[Any]", probe: Probe, over_budget: bool
    ) -> dict[str, Any]:
        """State and benchmark; nothing where a path that is over budget already leaves no time for them."""
        evidence: dict[str, Any] = {}
        try:
            evidence = await self._evidence(connection, probe)
            if self.benchmark is not None:
                await self._benchmark(connection, self.benchmark.queries, probe)
        except CheckFailed as failed:
            if not (over_budget and failed.reason is Reason.READ_TIMEOUT):
                raise
        return evidence

    async def _evidence(self, connection: "asyncpg.Connection[Any]", probe: Probe) -> dict[str, Any]:
        lock_waits = LOCK_WAITS if connection.get_server_version() >= (14,) else "NULL::int"
        try:
            with self._step(probe, "state", "reading the server's state"):
                async with probe.timeout():
                    row = await connection.fetchrow(EVIDENCE.format(lock_waits=lock_waits))
        except CheckFailed as failed:
            if failed.reason is Reason.PERMISSION_DENIED:
                words = f"SELECT 1 is answered, but not how the server is: {failed.message}"
                raise CheckBlind(Reason.PERMISSION_DENIED, words) from failed
            raise
        evidence = dict(row or ())  # a query without FROM has one row
        evidence["usable_connections"] = evidence["max_connections"] - evidence["reserved_connections"]
        probe.note(**evidence)
        return evidence

    async def _benchmark(self, connection: "asyncpg.Connection[Any]", queries: int, probe: Probe) -> None:
        """Times `SELECT 1`; on a slow path only for as long as the budget, so that it stays a small one."""
        times: list[float] = []
        with self._step(probe, "benchmark", "running the benchmark"):
            async with probe.timeout():
                ends = time.perf_counter() + self.budget / 1000
                while len(times) < queries and (not times or time.perf_counter() < ends):
                    began = time.perf_counter()
                    await connection.execute("SELECT 1")
                    times.append((time.perf_counter() - began) * 1000)
        probe.note(**percentiles(times))

    def _judge(self, evidence: dict[str, Any], measured_ms: float) -> Finding:
        status, reason = Status.DEGRADED, Reason.OK
        used, usable, lag = (
            evidence["connections"],
            evidence["usable_connections"],
            evidence["replication_lag_ms"],
        )
        if self.expect_writable and evidence["in_recovery"]:
            status, reason = Status.FAIL, Reason.READ_ONLY
            words = "the server is a replica and refuses writes; a primary is expected"
        elif self.expect_writable and evidence["default_read_only"]:
            status, reason = Status.FAIL, Reason.READ_ONLY
            words = "transactions are read-only by default, so writes fail"
        elif evidence["lock_waits"]:
            reason = Reason.LOCK_WAITS
            words = f"{_sessions(evidence['lock_waits'])} waiting for a lock for more than 1 s"
        elif used >= NEARLY * usable:
            reason, words = Reason.CONNECTIONS_NEARLY_USED, f"{used} of {usable} connections are in use"
        elif lag is not None and lag > self.max_replication_lag:
            reason, words = Reason.REPLICATION_LAG, f"the replica is {spoken(lag)} behind"
        else:
            status, words = Status.PASS, f"{used} of {usable} connections in use"
        return Finding(status, reason, words, measured_ms)

    @contextmanager
    def _step(self, probe: Probe, name: str, doing: str) -> Iterator[None]:
        with self._errors(doing), probe.phase(name):
            yield

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        except FOREIGN as error:
            waited_ms = (time.perf_counter() - began) * 1000
            raise self._decoded(error, doing, waited_ms) from error

    def _decoded(self, error: Exception, doing: str, waited_ms: float) -> CheckFailed:
        match error:
            case asyncpg_socket.TlsFailed() if "rejected SSL upgrade" in str(error):
                words = f"the server does not offer TLS ({self.target})"
                return CheckFailed(Reason.TLS_HANDSHAKE_FAILED, words)
            case asyncpg_socket.TlsFailed():
                return tls_failed(error.error, self.target, self.host, error.waited_ms)
            case OSError() | EOFError():
                return connection_failed(error, self.target, doing, waited_ms)
            case asyncpg.InvalidPasswordError():
                return self._login_refused()
            case asyncpg.ConnectionDoesNotExistError():
                below = error.__cause__
                return self._decoded(below if isinstance(below, Exception) else EOFError(), doing, waited_ms)
            case asyncpg.PostgresError():
                return self._refused(error)
        if doing != LOGIN:  # asyncpg's way to say that an error came between two questions
            return CheckFailed(Reason.CONNECTION_CLOSED, f"{self.target} ended the session while {doing}")
        return CheckFailed(
            Reason.PROTOCOL_ERROR, f"what answers at {self.target} does not speak PostgreSQL's protocol"
        )

    def _login_refused(self) -> CheckFailed:
        if self.password is None:
            words = (
                f"the server wants a password for the user {self.user}, and the environment file names none"
            )
            return CheckFailed(Reason.AUTH_REQUIRED, words)
        return CheckFailed(
            Reason.AUTH_FAILED, f"the password for the user {self.user} is refused ({self.password})"
        )

    def _refused(self, error: asyncpg.PostgresError) -> CheckFailed:
        state, said = error.sqlstate or "", str(error).splitlines()[0]
        for prefix, reason, words in STATES:
            if state.startswith(prefix):
                return CheckFailed(reason, f"{words} ({said})")
        return CheckFailed(Reason.QUERY_FAILED, f"the server answers with an error ({state}: {said})")


def percentiles(times: Sequence[float]) -> dict[str, Fact]:
    """Facts of the benchmark, in milliseconds; a percentile is a time that was measured."""
    ordered = sorted(times)

    def at(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 3)

    return {
        "benchmark_queries": len(ordered),
        "benchmark_p50_ms": at(0.5),
        "benchmark_p95_ms": at(0.95),
        "benchmark_max_ms": round(ordered[-1], 3),
    }


def _sessions(count: int) -> str:
    return "1 session is" if count == 1 else f"{count} sessions are"
