"""The kind postgres, against a real server in every state that it can tell."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kinds.postgres import PostgresCheck, percentiles
from checks.reasons import Reason
from checks.result import Status
from sandbox.servers import Postgres
from tests.checks.place import ADDRESS, BRIEF, HOST, Outcome, Place, patience_with
from tests.servers.certificates import Authority
from tests.servers.kept import kept
from tests.servers.relay import Relay, postgres_tls
from tests.servers.tcp import (
    Handler,
    black_hole,
    closed_port,
    hanging_up,
    resetting,
    saying,
    saying_and_closing,
    serving,
    silent,
)

PASSWORD = "a secret of PostgreSQL"
VARIABLES = {"POSTGRES_PASSWORD": PASSWORD, "WRONG": "not it"}
OK = Status.PASS
BAD = Status.FAIL


def spec(**fields: Any) -> PostgresCheck:
    """A check of the server with its user, password and database."""
    usual = {"host": ADDRESS, "database": "netra", "user": "whybot", "password": {"env": "POSTGRES_PASSWORD"}}
    return PostgresCheck(**(usual | fields))


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A healthy server, shared by the tests that leave it so."""
    with kept(Postgres(password=PASSWORD, max_connections=20)) as postgres:
        yield postgres


async def asked(place: Place, port: int, check: PostgresCheck) -> Outcome:
    """Asks the server on this local port."""
    place.map(check.port, port)
    return await place.ask(check, variables=VARIABLES)


@asynccontextmanager
async def sessions(server: Postgres, count: int) -> AsyncIterator[None]:
    """Holds that many sessions of the plain user open."""
    async with AsyncExitStack() as closing:
        for _ in range(count):
            connection = await server.connect()
            closing.push_async_callback(connection.close)
        yield


async def test_a_healthy_server_passes_with_its_facts(place: Place, server: Postgres) -> None:
    """Each step is a phase; state and benchmark give typed facts."""
    outcome = await asked(place, server.port, spec(benchmark={"queries": 20}, budget=5000))
    assert (outcome.status, outcome.reason) == (OK, Reason.OK)
    assert outcome.steps == [(name, OK) for name in ("connect", "auth", "query", "state", "benchmark")]
    facts = outcome.facts
    assert str(facts["version"]).startswith("18")
    assert (facts["in_recovery"], facts["max_connections"], facts["usable_connections"]) == (False, 20, 17)
    assert facts["benchmark_queries"] == 20
    assert 0 < facts["benchmark_p50_ms"] <= facts["benchmark_p95_ms"] <= facts["benchmark_max_ms"]  # type: ignore[operator]  # facts are of many types


async def test_a_name_is_resolved_first(place: Place, server: Postgres) -> None:
    """A host name adds the phase resolve."""
    outcome = await asked(place, server.port, spec(host=HOST))
    assert [name for name, _ in outcome.steps] == ["resolve", "connect", "auth", "query", "state"]


async def test_refused(place: Place) -> None:
    """Nothing listens there."""
    assert (await asked(place, closed_port(), spec())).reason is Reason.CONNECT_REFUSED


async def test_black_hole(place: Place) -> None:
    """No answer to the connection attempt."""
    with black_hole() as port:
        outcome = await asked(place, port, spec(timeout=300, budget=100))
    assert (outcome.reason, outcome.steps) == (Reason.CONNECT_TIMEOUT, [("connect", BAD)])


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (resetting, Reason.CONNECTION_RESET),
        (hanging_up, Reason.CONNECTION_CLOSED),
        (silent, Reason.READ_TIMEOUT),
        (saying(b"Z\x00\x00\x00\x02"), Reason.PROTOCOL_ERROR),
        (saying_and_closing(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Reason.CONNECTION_CLOSED),
    ],
)
async def test_what_misbehaves_is_told_apart(place: Place, handler: Handler, reason: Reason) -> None:
    """Resets, hang-ups, silence and other protocols have reasons of their own."""
    async with serving(handler) as port:
        outcome = await asked(place, port, spec(**patience_with(handler)))
    assert (outcome.status, outcome.reason) == (BAD, reason)
    assert outcome.steps == [("connect", OK), ("auth", BAD)]


async def test_a_frozen_server_is_a_read_timeout(place: Place) -> None:
    """The kernel accepts, the process does not answer."""
    async with Postgres(password=PASSWORD) as server:
        server.pause()
        outcome = await asked(place, server.port, spec(**BRIEF))
    assert outcome.reason is Reason.READ_TIMEOUT


async def test_wrong_password(place: Place, server: Postgres) -> None:
    """The reference is named, the password is not."""
    outcome = await asked(place, server.port, spec(password={"env": "WRONG"}))
    assert (outcome.reason, outcome.steps[-1]) == (Reason.AUTH_FAILED, ("auth", BAD))
    assert "$WRONG" in outcome.message
    assert "not it" not in outcome.message


async def test_password_wanted(
    place: Place, server: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file names none, and none of asyncpg's own places is looked at."""
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:*:{PASSWORD}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    outcome = await asked(place, server.port, spec(password=None))
    assert outcome.reason is Reason.AUTH_REQUIRED


async def test_secret_missing(place: Place, server: Postgres) -> None:
    """Without its secret the check could not tell, and does not connect."""
    outcome = await asked(place, server.port, spec(password={"env": "NOT_SET"}))
    assert (outcome.status, outcome.reason, outcome.steps) == (Status.UNKNOWN, Reason.SECRET_MISSING, [])


async def test_database_missing(place: Place, server: Postgres) -> None:
    """The login is right, the database is not there."""
    outcome = await asked(place, server.port, spec(database="nowhere"))
    assert outcome.reason is Reason.DATABASE_MISSING
    assert "nowhere" in outcome.message


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        (
            "REVOKE CONNECT ON DATABASE netra FROM PUBLIC, whybot",
            "GRANT CONNECT ON DATABASE netra TO PUBLIC, whybot",
        ),
        ("ALTER ROLE whybot NOLOGIN", "ALTER ROLE whybot LOGIN"),
    ],
)
async def test_permission_denied(place: Place, server: Postgres, break_it: str, mend_it: str) -> None:
    """A role that may not log in, here or at all."""
    await server.execute(break_it)
    outcome = await asked(place, server.port, spec())
    await server.execute(mend_it)
    assert (outcome.status, outcome.reason) == (BAD, Reason.PERMISSION_DENIED)


async def test_no_entry_in_pg_hba(place: Place) -> None:
    """The server does not take this user from this address."""
    async with Postgres(password=PASSWORD) as server:
        rules = server.process.folder / "data" / "pg_hba.conf"
        rules.write_text("local all all trust\nhost all somebody 127.0.0.1/32 scram-sha-256\n")
        await server.execute("SELECT pg_reload_conf()")
        outcome = await asked(place, server.port, spec())
        while outcome.status is OK:  # the postmaster reads the file when it comes to it
            outcome = await asked(place, server.port, spec())
    assert outcome.reason is Reason.PERMISSION_DENIED
    assert "pg_hba" in outcome.message


async def test_state_that_may_not_be_read_is_unknown(place: Place, server: Postgres) -> None:
    """`SELECT 1` is answered, and more may not be asked."""
    await server.execute("REVOKE EXECUTE ON FUNCTION pg_is_in_recovery() FROM PUBLIC")
    outcome = await asked(place, server.port, spec())
    await server.execute("GRANT EXECUTE ON FUNCTION pg_is_in_recovery() TO PUBLIC")
    assert (outcome.status, outcome.reason) == (Status.UNKNOWN, Reason.PERMISSION_DENIED)
    assert "SELECT 1" in outcome.message


async def test_an_error_of_the_server_is_shown_with_its_code(place: Place, server: Postgres) -> None:
    """What has no reason of its own is decoded as far as the server says it."""
    connection = await server.superuser("postgres")
    await connection.execute("ALTER DATABASE netra ALLOW_CONNECTIONS false")
    outcome = await asked(place, server.port, spec())
    await connection.execute("ALTER DATABASE netra ALLOW_CONNECTIONS true")
    await connection.close()
    assert outcome.reason is Reason.QUERY_FAILED
    assert "55000" in outcome.message


async def test_too_many_connections(place: Place, server: Postgres) -> None:
    """No slot left is a failure, most of them in use is degraded."""
    async with sessions(server, 17):
        full = await asked(place, server.port, spec())
    async with sessions(server, 15):
        nearly = await asked(place, server.port, spec())
        while nearly.reason is Reason.TOO_MANY_CONNECTIONS:  # backends need a moment to end
            nearly = await asked(place, server.port, spec())
    assert (full.status, full.reason) == (BAD, Reason.TOO_MANY_CONNECTIONS)
    assert (nearly.status, nearly.reason) == (Status.DEGRADED, Reason.CONNECTIONS_NEARLY_USED)
    assert "of 17 connections" in nearly.message


async def test_read_only_by_default(place: Place) -> None:
    """Sessions that cannot write fail, unless nobody expects them to."""
    async with Postgres(password=PASSWORD) as server:
        await server.set_read_only()
        outcome = await asked(place, server.port, spec())
        while outcome.status is OK:  # the postmaster reads its settings when it comes to it
            outcome = await asked(place, server.port, spec())
        allowed = await asked(place, server.port, spec(expect_writable=False))
    assert (outcome.status, outcome.reason) == (BAD, Reason.READ_ONLY)
    assert allowed.status is OK


async def test_a_replica(place: Place) -> None:
    """Where a primary is expected it fails; where not, what counts is how far behind it is."""
    async with (
        Postgres(password=PASSWORD) as primary,
        Postgres(password=PASSWORD, follows=primary) as replica,
    ):
        unexpected = await asked(place, replica.port, spec())
        expected = await asked(place, replica.port, spec(expect_writable=False))
        await primary.execute("CREATE TABLE before (id int)")
        await _until(replica, "SELECT to_regclass('before') IS NOT NULL")
        await replica.execute("ALTER SYSTEM SET recovery_min_apply_delay = '1h'", "SELECT pg_reload_conf()")
        await _until(replica, "SELECT current_setting('recovery_min_apply_delay') = '1h'")
        await primary.execute("CREATE TABLE after (id int)")
        behind = await asked(place, replica.port, spec(expect_writable=False, max_replication_lag="1ms"))
        while behind.status is OK:  # the commit needs a moment to get there
            behind = await asked(place, replica.port, spec(expect_writable=False, max_replication_lag="1ms"))
        tolerated = await asked(place, replica.port, spec(expect_writable=False, max_replication_lag="10m"))
    assert (unexpected.status, unexpected.reason) == (BAD, Reason.READ_ONLY)
    assert (expected.status, expected.facts["replication_lag_ms"]) == (OK, 0)
    assert (behind.status, behind.reason) == (Status.DEGRADED, Reason.REPLICATION_LAG)
    assert tolerated.status is OK


async def _until(server: Postgres, question: str) -> None:
    connection = await server.superuser()
    try:
        while not await connection.fetchval(question):
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def test_lock_waits(place: Place, server: Postgres) -> None:
    """A session that has waited for a lock for more than a second degrades the answer."""
    await server.execute("CREATE TABLE contended (id int)")
    holder = await server.superuser()
    waiter = await server.superuser()
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE contended")
            waiting = asyncio.create_task(waiter.execute("SELECT * FROM contended"))
            await _until(
                server,
                "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND waitstart < now() - interval '1 s'",
            )
            outcome = await asked(place, server.port, spec())
        await waiting
    finally:
        await holder.close()
        await waiter.close()
    assert (outcome.status, outcome.reason) == (Status.DEGRADED, Reason.LOCK_WAITS)
    assert "1 session is waiting" in outcome.message


async def test_not_accepting_connections_now(place: Place) -> None:
    """A server that shuts down (or starts up) says 57P03."""
    async with Postgres(password=PASSWORD) as server:
        session = await server.connect()
        server.begin_shutdown()
        outcome = await asked(place, server.port, spec())
        while outcome.status is OK:  # the signal needs a moment
            outcome = await asked(place, server.port, spec())
        session.terminate()
    assert (outcome.status, outcome.reason) == (BAD, Reason.STARTING_UP)
    assert "shutting down" in outcome.message


async def test_a_session_that_is_ended_by_the_server(place: Place, server: Postgres) -> None:
    """An administrator, or a failover, ended it in the middle."""

    async def end_it(connection: int, data: bytes) -> None:
        if b"SELECT 1" in data:
            await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'whybot'"
            )

    async with serving(Relay(server.port, end_it)) as port:
        outcome = await asked(place, port, spec())
    assert (outcome.status, outcome.reason) == (BAD, Reason.CONNECTION_CLOSED)


async def test_over_budget_stays_over_budget(place: Place, server: Postgres) -> None:
    """Where the answer was slow already, state that does not come in time is left out."""
    async with serving(Relay(server.port, _stuck_after_select_1)) as port:
        slow = await asked(place, port, spec(budget=0.1, timeout=1500))
        fast = await asked(place, port, spec(budget=1500, timeout=1500))
    assert (slow.status, slow.steps[-1]) == (OK, ("state", BAD))
    assert "version" not in slow.facts
    assert (fast.status, fast.reason) == (BAD, Reason.READ_TIMEOUT)


async def _stuck_after_select_1(connection: int, data: bytes) -> None:
    if b"SELECT 1" not in data and b"server_version" not in data and data[:1] in b"1":
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("names", "ends", "reason"),
    [
        ((HOST,), timedelta(days=90), Reason.OK),
        ((HOST,), timedelta(days=-1), Reason.TLS_EXPIRED),
        (("other.example.org",), timedelta(days=90), Reason.TLS_WRONG_NAME),
    ],
)
async def test_tls(
    place: Place, server: Postgres, names: tuple[str, ...], ends: timedelta, reason: Reason
) -> None:
    """The certificate has to be for the host of the file, whatever address the socket leads to."""
    async with serving(postgres_tls(server.port, place.authority.server(*names, ends=ends))) as port:
        outcome = await asked(place, port, spec(host=HOST, tls=True))
    assert outcome.reason is reason
    assert outcome.steps[:3] == (
        [("resolve", OK), ("connect", OK), ("tls", OK if reason is Reason.OK else BAD)]
    )


async def test_tls_asked_of_a_server_without(place: Place, server: Postgres) -> None:
    """The server's own answer to the SSLRequest is no."""
    outcome = await asked(place, server.port, spec(tls=True))
    assert outcome.reason is Reason.TLS_HANDSHAKE_FAILED
    assert "does not offer TLS" in outcome.message
    assert outcome.steps[-1] == ("tls", BAD)


async def test_tls_of_an_unknown_authority(place: Place, server: Postgres) -> None:
    """A certificate for the right name, from somebody who is not trusted here."""
    stranger = Authority(place.folder, "A Stranger")
    async with serving(postgres_tls(server.port, stranger.server(HOST))) as port:
        outcome = await asked(place, port, spec(host=HOST, tls=True))
    assert outcome.reason is Reason.TLS_UNKNOWN_AUTHORITY


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("53200", Reason.OUT_OF_MEMORY),
        ("57P01", Reason.CONNECTION_CLOSED),
        ("57P03", Reason.STARTING_UP),
        ("25006", Reason.READ_ONLY),
        ("53300", Reason.TOO_MANY_CONNECTIONS),
        ("XX000", Reason.QUERY_FAILED),
    ],
)
async def test_states_of_a_server_that_cannot_log_us_in(place: Place, state: str, reason: Reason) -> None:
    """Each SQLSTATE that a server may refuse a session with has its reason."""
    fields = f"SFATAL\0VFATAL\0C{state}\0Msomething about it\0\0".encode()
    refusal = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields
    async with serving(saying_and_closing(refusal)) as port:
        outcome = await asked(place, port, spec())
    assert (outcome.status, outcome.reason) == (BAD, reason)
    assert "something about it" in outcome.message


async def test_no_socket_is_left_behind(place: Place, server: Postgres) -> None:
    """After many checks, some cancelled in the middle, as many files are open as before."""
    before = open_files()
    for number in range(24):
        task = asyncio.create_task(asked(place, server.port, spec(benchmark={"queries": 3}, budget=3000)))
        if number % 2:
            for _ in range(number * 2):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    while open_files() > before:
        await asyncio.sleep(0.01)
    await _until(server, "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'whybot'")


def open_files() -> int:
    """File descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_cancelled_query_makes_no_further_connection(place: Place, server: Postgres) -> None:
    """asyncpg would send a CancelRequest on a second connection, past the dialer."""
    relay = Relay(server.port, _stuck_after_select_1)
    async with serving(relay) as port:
        await asked(place, port, spec(budget=300, timeout=300))
    assert relay.connections == 1


@given(st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1, max_size=200))
def test_percentiles_are_times_that_were_measured(times: list[float]) -> None:
    """They are ordered, and at least that share of the times is not above."""
    facts = percentiles(times)
    p50, p95, most = (
        float(facts[name]) for name in ("benchmark_p50_ms", "benchmark_p95_ms", "benchmark_max_ms")
    )  # type: ignore[arg-type]  # facts are of many types
    assert p50 <= p95 <= most
    assert math.isclose(most, max(times), abs_tol=0.001)
    assert sum(round(time, 3) <= p95 for time in times) >= 0.95 * len(times)
