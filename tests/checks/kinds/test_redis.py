"""The kind redis, against a real server in every state that it can tell."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kinds.redis import RedisCheck, facts_of, size
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.secrets import Secrets
from sandbox.servers import Redis
from tests.checks.place import ADDRESS, BRIEF, HOST, Outcome, Place, patience_with
from tests.servers.certificates import Authority
from tests.servers.kept import kept
from tests.servers.relay import Relay
from tests.servers.tcp import (
    Handler,
    black_hole,
    closed_port,
    hanging_up,
    resetting,
    saying,
    serving,
    silent,
)

PASSWORD = "a secret of Redis"
VARIABLES = {"REDIS_PASSWORD": PASSWORD, "WRONG": "not it"}
POOL = {"size": 4, "checkouts": 8}
OK = Status.PASS
BAD = Status.FAIL


def spec(**fields: Any) -> RedisCheck:
    """A check of the server with its password."""
    return RedisCheck(**({"host": ADDRESS, "password": {"env": "REDIS_PASSWORD"}} | fields))


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    """A healthy server, shared by the tests that leave it so."""
    with kept(Redis(password=PASSWORD)) as redis:
        yield redis


async def asked(place: Place, port: int, check: RedisCheck, timeout: float | None = None) -> Outcome:
    """Asks the server on this local port."""
    place.map(check.port, port)
    return await place.ask(check, variables=VARIABLES, timeout=timeout)


def open_files() -> int:
    """File descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_healthy_server_passes_with_its_facts(place: Place, server: Redis) -> None:
    """Each step is a phase, and INFO gives typed facts."""
    outcome = await asked(place, server.port, spec())
    assert (outcome.status, outcome.reason) == (OK, Reason.OK)
    assert outcome.steps == [("connect", OK), ("auth", OK), ("query", OK), ("info", OK)]
    assert outcome.facts["role"] == "master"
    assert outcome.facts["version"] == "7.2.4"
    assert outcome.facts["maxclients"] == 10000
    assert isinstance(outcome.facts["used_memory_bytes"], int)


async def test_a_name_is_resolved_first(place: Place, server: Redis) -> None:
    """A host name adds the phase resolve."""
    outcome = await asked(place, server.port, spec(host=HOST))
    assert outcome.status is OK
    assert [name for name, _ in outcome.steps] == ["resolve", "connect", "auth", "query", "info"]


async def test_the_budget_is_about_the_way_to_the_answer_of_ping(place: Place, server: Redis) -> None:
    """The measured time covers the phases until PING was answered, not INFO nor the pool."""
    check = spec(pool=POOL, budget=5000)
    place.map(check.port, server.port)
    async with place.dialer(*check.hosts()) as dialer:
        probe = Probe(dialer=dialer, secrets=Secrets(VARIABLES), deadline=time.monotonic() + 30)
        finding = await check.run(probe)
    basic = sum(phase.duration_ms for phase in probe.phases if phase.name in ("connect", "auth", "query"))
    everything = sum(phase.duration_ms for phase in probe.phases)
    assert finding.measured_ms is not None
    assert basic <= finding.measured_ms < everything


async def test_nothing_but_reading_commands_are_sent(place: Place) -> None:
    """The server counts AUTH, PING and INFO, and holds no key afterwards."""
    async with Redis(password=PASSWORD) as server, server.client() as client:
        await client.config_resetstat()
        await asked(place, server.port, spec(pool=POOL))
        commands = {name.removeprefix("cmdstat_") for name in await client.info("commandstats")}
        assert commands <= {"auth", "ping", "info", "config|resetstat", "client|setinfo", "hello"}
        assert await client.dbsize() == 0


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
        (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Reason.PROTOCOL_ERROR),
        (saying(b"$many\r\n"), Reason.PROTOCOL_ERROR),
        (saying(b"-DENIED Redis is running in protected mode because\r\n"), Reason.PERMISSION_DENIED),
        (saying(b"-ERR something new\r\n"), Reason.QUERY_FAILED),
        (saying(b"-MISCONF Errors writing to the AOF file: No space left\r\n"), Reason.READ_ONLY),
    ],
)
@pytest.mark.parametrize("password", [{"env": "REDIS_PASSWORD"}, None])
async def test_what_misbehaves_is_told_apart(
    place: Place, handler: Handler, reason: Reason, password: dict[str, str] | None
) -> None:
    """Resets, hang-ups, silence and other protocols have reasons of their own, with and without a login."""
    async with serving(handler) as port:
        outcome = await asked(place, port, spec(password=password, **patience_with(handler)))
    assert (outcome.status, outcome.reason) == (BAD, reason)
    assert outcome.steps[1] == ("auth" if password else "query", BAD)


async def test_a_frozen_server_is_a_read_timeout(place: Place) -> None:
    """The kernel accepts, the process does not answer."""
    async with Redis(password=PASSWORD) as server:
        server.pause()
        outcome = await asked(place, server.port, spec(**BRIEF))
    assert outcome.reason is Reason.READ_TIMEOUT


async def test_wrong_password(place: Place, server: Redis) -> None:
    """The reference is named, the password is not."""
    outcome = await asked(place, server.port, spec(password={"env": "WRONG"}))
    assert (outcome.reason, outcome.steps[-1]) == (Reason.AUTH_FAILED, ("auth", BAD))
    assert "$WRONG" in outcome.message
    assert "not it" not in outcome.message


async def test_password_wanted(place: Place, server: Redis) -> None:
    """A server with a password and a file without one."""
    assert (await asked(place, server.port, spec(password=None))).reason is Reason.AUTH_REQUIRED


async def test_password_not_wanted(place: Place) -> None:
    """A file with a password and a server without one may be two different servers."""
    async with Redis() as server:
        outcome = await asked(place, server.port, spec())
    assert outcome.reason is Reason.AUTH_FAILED
    assert "right server" in outcome.message


async def test_secret_missing(place: Place, server: Redis) -> None:
    """Without its secret the check could not tell, and does not connect."""
    outcome = await asked(place, server.port, spec(password={"env": "NOT_SET"}))
    assert (outcome.status, outcome.reason, outcome.steps) == (Status.UNKNOWN, Reason.SECRET_MISSING, [])


async def test_a_user_without_permissions(place: Place) -> None:
    """May not PING is a failure; may not INFO is not knowing."""
    async with Redis(password=PASSWORD) as server, server.client() as client:
        await client.acl_setuser("nothing", enabled=True, passwords=[f"+{PASSWORD}"], commands=["-@all"])
        await client.acl_setuser("pinger", enabled=True, passwords=[f"+{PASSWORD}"], commands=["+ping"])
        nothing = await asked(place, server.port, spec(user="nothing"))
        pinger = await asked(place, server.port, spec(user="pinger"))
    assert (nothing.status, nothing.reason) == (BAD, Reason.PERMISSION_DENIED)
    assert (pinger.status, pinger.reason) == (Status.UNKNOWN, Reason.PERMISSION_DENIED)
    assert "INFO" in pinger.message


async def test_loading(place: Place, tmp_path: Path) -> None:
    """A server that reads its data back answers with its progress."""
    data = tmp_path / "data"
    data.mkdir()
    keep = ("--dir", str(data), "--dbfilename", "dump.rdb")
    async with Redis(password=PASSWORD, extra=keep) as server, server.client() as client:
        await client.mset({f"key:{number}": "x" * 200 for number in range(4000)})
        await client.save()
    slowly = (*keep, "--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024")
    async with Redis(password=PASSWORD, extra=slowly, wait=False) as server:
        outcome = await asked(place, server.port, spec())
    assert (outcome.status, outcome.reason) == (BAD, Reason.LOADING)
    assert outcome.facts["loading"] == 1
    assert "% done" in outcome.message


async def test_a_replica_is_read_only(place: Place) -> None:
    """A replica fails where a master is expected; else it is only its lost master that counts."""
    async with Redis(password=PASSWORD) as server:
        await server.set_read_only()
        expected = await asked(place, server.port, spec(pool=POOL))
        allowed = await asked(place, server.port, spec(expect_role="any"))
        await server.configure(replica_serve_stale_data="no")
        mute = await asked(place, server.port, spec(expect_role="any"))
        await server.set_read_only(False)
        again = await asked(place, server.port, spec())
    assert (expected.status, expected.reason) == (BAD, Reason.READ_ONLY)
    assert expected.facts["role"] == "slave"
    assert "pool" not in dict(expected.steps)
    assert (allowed.status, allowed.reason) == (Status.DEGRADED, Reason.REPLICATION_LAG)
    assert (mute.status, mute.reason) == (BAD, Reason.REPLICATION_LAG)
    assert again.status is OK


async def test_a_connected_replica_passes_where_any_role_will_do(place: Place) -> None:
    """Its master is there, so its answers are fresh."""
    async with Redis(password=PASSWORD, extra=("--repl-diskless-sync-delay", "0")) as master:
        follow = ("--replicaof", f"127.0.0.1 {master.port}", "--masterauth", PASSWORD)
        async with Redis(password=PASSWORD, extra=follow) as replica, replica.client() as client:
            while (await client.info("replication"))["master_link_status"] != "up":
                await asyncio.sleep(0.02)
            outcome = await asked(place, replica.port, spec(expect_role="any"))
    assert (outcome.status, outcome.facts["master_link"]) == (OK, "up")


async def test_out_of_memory(place: Place) -> None:
    """Memory full without eviction; where keys may be evicted, that is a cache's normal state."""
    async with Redis(password=PASSWORD) as server:
        await server.fill_memory()
        full = await asked(place, server.port, spec())
        await server.configure(maxmemory_policy="allkeys-lru")
        cache = await asked(place, server.port, spec())
        await server.free_memory()
        again = await asked(place, server.port, spec())
        async with server.client() as client:
            used = int((await client.info("memory"))["used_memory"])
        await server.configure(maxmemory=used * 100 // 95, maxmemory_policy="noeviction")
        nearly = await asked(place, server.port, spec())
    assert (full.status, full.reason) == (BAD, Reason.OUT_OF_MEMORY)
    assert "MB" in full.message
    assert (nearly.status, nearly.reason) == (Status.DEGRADED, Reason.OUT_OF_MEMORY)
    assert cache.status is OK
    assert again.status is OK


async def test_a_server_that_cannot_save_refuses_writes(place: Place, tmp_path: Path) -> None:
    """MISCONF: the last save to disk failed."""
    data = tmp_path / "gone"
    data.mkdir()
    async with Redis(password=PASSWORD, extra=("--dir", str(data), "--save", "3600 1")) as server:
        data.rmdir()
        async with server.client() as client:
            await client.bgsave()
            while (await client.info("persistence"))["rdb_last_bgsave_status"] != "err":
                await asyncio.sleep(0.02)
        outcome = await asked(place, server.port, spec())
    assert (outcome.status, outcome.reason) == (BAD, Reason.READ_ONLY)
    assert outcome.facts["last_save"] == "err"


async def test_too_many_connections(place: Place) -> None:
    """The refusal is read although the server has closed already; near the limit is degraded."""
    async with Redis(password=PASSWORD) as server, server.client() as client:
        await client.ping()
        await server.configure(maxclients=1)
        refused = [await asked(place, server.port, spec()) for _ in range(20)]
        unauthenticated = await asked(place, server.port, spec(password=None))
        await client.config_set("maxclients", 2)
        nearly = await asked(place, server.port, spec())
    assert {outcome.reason for outcome in (*refused, unauthenticated)} == {Reason.TOO_MANY_CONNECTIONS}
    assert (nearly.status, nearly.reason) == (Status.DEGRADED, Reason.CONNECTIONS_NEARLY_USED)


@pytest.mark.parametrize(
    ("names", "ends", "reason"),
    [
        ((HOST,), timedelta(days=90), Reason.OK),
        ((HOST,), timedelta(days=-1), Reason.TLS_EXPIRED),
        (("other.example.org",), timedelta(days=90), Reason.TLS_WRONG_NAME),
    ],
)
async def test_tls(
    place: Place, server: Redis, names: tuple[str, ...], ends: timedelta, reason: Reason
) -> None:
    """The certificate has to be for the host of the file, whatever address the socket leads to."""
    async with serving(Relay(server.port), place.authority.server(*names, ends=ends)) as port:
        outcome = await asked(place, port, spec(host=HOST, tls=True, pool={"size": 2, "checkouts": 3}))
    assert outcome.reason is reason
    assert ("tls", OK if reason is Reason.OK else BAD) in outcome.steps


async def test_tls_of_an_unknown_authority(place: Place, server: Redis) -> None:
    """A certificate for the right name, from somebody who is not trusted here."""
    stranger = Authority(place.folder, "A Stranger")
    async with serving(Relay(server.port), stranger.server(HOST)) as port:
        outcome = await asked(place, port, spec(host=HOST, tls=True))
    assert outcome.reason is Reason.TLS_UNKNOWN_AUTHORITY


async def test_tls_asked_of_a_plain_server(place: Place, server: Redis) -> None:
    """A server without TLS fails the handshake."""
    outcome = await asked(place, server.port, spec(tls=True, timeout=500, budget=100))
    assert outcome.reason is Reason.TLS_HANDSHAKE_FAILED


async def test_the_pool_waits_and_recovers(place: Place, server: Redis) -> None:
    """Twice as many checkouts as connections: all get one, no more are opened, none is lost."""
    outcome = await asked(place, server.port, spec(pool=POOL, budget=3000))
    assert outcome.status is OK
    assert outcome.steps[-1] == ("pool", OK)
    facts = outcome.facts
    assert (facts["pool_opened"], facts["pool_failed"], facts["pool_leaked"]) == (4, 0, 0)
    assert facts["pool_recovered"] is True
    assert isinstance(facts["pool_longest_wait_ms"], float)
    assert facts["pool_longest_wait_ms"] > 0


async def test_the_pool_is_exhausted_by_the_servers_limit(place: Place) -> None:
    """The basic path works, and a busy service would still be refused."""
    async with Redis(password=PASSWORD, extra=("--maxclients", "3")) as server:
        outcome = await asked(place, server.port, spec(pool=POOL, budget=3000))
    assert (outcome.status, outcome.reason) == (BAD, Reason.POOL_EXHAUSTED)
    assert outcome.steps[-1] == ("pool", BAD)
    assert "maxclients" in outcome.message
    assert outcome.facts["pool_recovered"] is False
    assert outcome.facts["pool_leaked"] == 0


async def test_the_pool_is_exhausted_by_waiting(place: Place, server: Redis) -> None:
    """One slow connection keeps the others waiting for longer than they may."""

    async def slow(connection: int, data: bytes) -> None:
        if connection > 1 and b"PONG" in data:
            await asyncio.sleep(0.4)

    async with serving(Relay(server.port, slow)) as port:
        pool = {"size": 1, "checkouts": 3, "timeout": "100ms"}
        outcome = await asked(place, port, spec(pool=pool, budget=3000))
    assert (outcome.status, outcome.reason) == (BAD, Reason.POOL_EXHAUSTED)
    assert "2 of 3 checkouts" in outcome.message


async def test_the_pool_does_not_recover(place: Place, server: Redis) -> None:
    """All got a connection once; then the path was cut, and none came back."""
    pongs = 0
    relay: Relay

    async def cut_after_the_first_wave(connection: int, data: bytes) -> None:
        nonlocal pongs
        pongs += data.count(b"+PONG")
        if pongs == 1 + POOL["checkouts"]:
            asyncio.get_running_loop().call_soon(relay.cut)

    relay = Relay(server.port, cut_after_the_first_wave)
    async with serving(relay) as port:
        outcome = await asked(place, port, spec(pool=POOL, budget=3000))
    assert (outcome.status, outcome.reason) == (BAD, Reason.POOL_NOT_RECOVERED)
    assert "did not come back" in outcome.message


async def test_another_failure_of_the_pool_keeps_its_own_reason(place: Place, server: Redis) -> None:
    """A path that lets one connection through and closes the rest is no exhausted pool."""
    relay: Relay

    async def only_one(connection: int, data: bytes) -> None:
        if b"PONG" in data:
            asyncio.get_running_loop().call_soon(setattr, relay, "_is_cut", True)

    relay = Relay(server.port, only_one)
    async with serving(relay) as port:
        outcome = await asked(place, port, spec(pool=POOL, budget=3000))
    assert outcome.reason in (Reason.CONNECTION_CLOSED, Reason.CONNECTION_RESET)
    assert "8 of 8 checkouts" in outcome.message


async def test_a_path_over_budget_has_no_pool_test(place: Place, server: Redis) -> None:
    """It would only wait, and turn over budget into something else."""

    async def slow(connection: int, data: bytes) -> None:
        await asyncio.sleep(0.03)

    async with serving(Relay(server.port, slow)) as port:
        outcome = await asked(place, port, spec(pool=POOL, budget=20))
    assert outcome.status is OK
    assert "pool" not in dict(outcome.steps)


async def test_no_socket_is_left_behind(place: Place, server: Redis) -> None:
    """After many checks, some cancelled in the middle, as many files are open as before."""
    before = open_files()
    for number in range(30):
        task = asyncio.create_task(asked(place, server.port, spec(pool=POOL, budget=3000)))
        if number % 2:
            for _ in range(number):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    while open_files() > before:
        await asyncio.sleep(0.01)
    async with server.client() as client:
        while (await client.info("clients"))["connected_clients"] > 1:
            await asyncio.sleep(0.01)


@given(st.binary(max_size=400))
def test_any_answer_to_info_gives_typed_facts(answer: bytes) -> None:
    """Nothing that a server may say there is an error of the check."""
    assert all(isinstance(fact, str | int) for fact in facts_of(answer).values())


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (2_000_000, "2 MB"),
        (3_200_000_000_000, "3.2 TB"),
    ],
)
def test_sizes_are_for_people(count: int, words: str) -> None:
    """One decimal at most, with its unit."""
    assert size(count) == words
