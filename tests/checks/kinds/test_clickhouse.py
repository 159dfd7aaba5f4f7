"""The kind clickhouse, against the real engine and against what may stand in its place."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.kinds.clickhouse import ClickHouseCheck
from checks.reasons import Reason
from checks.result import Status
from sandbox.servers import ClickHouse
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
    saying_and_closing,
    serving,
    silent,
)

PASSWORD = "a secret of ClickHouse"
VARIABLES = {"CLICKHOUSE_PASSWORD": PASSWORD, "WRONG": "not it"}
OK = Status.PASS
BAD = Status.FAIL
SORT = "SELECT * FROM numbers(100000000) ORDER BY number % 17"


def spec(**fields: Any) -> ClickHouseCheck:
    """A check of the server with its user and password."""
    usual = {"host": ADDRESS, "user": "whybot", "password": {"env": "CLICKHOUSE_PASSWORD"}}
    return ClickHouseCheck(**(usual | fields))


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    """A healthy server, shared by the tests that leave it so."""
    with kept(ClickHouse(password=PASSWORD)) as clickhouse:
        yield clickhouse


async def asked(place: Place, port: int, check: ClickHouseCheck) -> Outcome:
    """Asks the server on this local port."""
    place.map(check.port, port)
    return await place.ask(check, variables=VARIABLES)


def answering(status: str, body: bytes, *headers: str) -> Handler:
    """Says the same HTTP answer to every connection, and closes."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return saying_and_closing("\r\n".join(lines).encode() + body)


async def test_a_healthy_server_passes_with_its_facts(place: Place, server: ClickHouse) -> None:
    """One connection carries ping, query and state."""
    outcome = await asked(place, server.port, spec(budget=5000))
    assert (outcome.status, outcome.reason) == (OK, Reason.OK)
    assert outcome.steps == [(name, OK) for name in ("connect", "ping", "query", "state")]
    assert str(outcome.facts["version"]).startswith("26.")
    assert isinstance(outcome.facts["uptime_s"], int)


async def test_a_name_is_resolved_first(place: Place, server: ClickHouse) -> None:
    """A host name adds the phase resolve."""
    outcome = await asked(place, server.port, spec(host=HOST))
    assert outcome.steps[0] == ("resolve", OK)


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
        (saying(b"-ERR unknown command\r\n\r\n"), Reason.PROTOCOL_ERROR),
        (answering("503 Service Unavailable", b"no upstream"), Reason.HTTP_503),
        (answering("502 Bad Gateway", b"no upstream"), Reason.HTTP_5XX),
        (answering("404 Not Found", b"nothing here"), Reason.HTTP_4XX),
        (answering("302 Found", b"", "Location: /login"), Reason.HTTP_STATUS),
        (answering("200 OK", b"<html>a web page</html>"), Reason.PROTOCOL_ERROR),
    ],
)
async def test_what_stands_in_its_place_is_told_apart(place: Place, handler: Handler, reason: Reason) -> None:
    """Resets, hang-ups, silence, proxies and other servers have reasons of their own."""
    async with serving(handler) as port:
        outcome = await asked(place, port, spec(**patience_with(handler)))
    assert (outcome.status, outcome.reason) == (BAD, reason)
    assert outcome.steps == [("connect", OK), ("ping", BAD)]


async def test_a_frozen_server_is_a_read_timeout(place: Place) -> None:
    """The kernel accepts, the process does not answer."""
    async with ClickHouse(password=PASSWORD) as server:
        server.pause()
        outcome = await asked(place, server.port, spec(**BRIEF))
    assert outcome.reason is Reason.READ_TIMEOUT


async def test_a_slow_query_is_measured(place: Place, server: ClickHouse) -> None:
    """Ping is quick and the query is not; over budget, nothing more is asked."""
    server.delay_ms = 120
    try:
        outcome = await asked(place, server.port, spec(budget=100))
    finally:
        server.delay_ms = 0
    times = {phase.name: phase.duration_ms for phase in outcome.phases}
    assert outcome.status is OK
    assert times["query"] >= 120
    assert "state" not in times


@pytest.mark.parametrize("password", [{"env": "WRONG"}, None])
async def test_password_refused_or_wanted(
    place: Place, server: ClickHouse, password: dict[str, str] | None
) -> None:
    """Code 516 says the same for both; the file tells which it is. The password is not named."""
    outcome = await asked(place, server.port, spec(password=password))
    assert outcome.reason is (Reason.AUTH_FAILED if password else Reason.AUTH_REQUIRED)
    assert outcome.steps[-1] == ("query", BAD)
    assert outcome.facts["error_code"] == 516
    assert "not it" not in outcome.message


async def test_secret_missing(place: Place, server: ClickHouse) -> None:
    """Without its secret the check could not tell, and does not connect."""
    outcome = await asked(place, server.port, spec(password={"env": "NOT_SET"}))
    assert (outcome.status, outcome.reason, outcome.steps) == (Status.UNKNOWN, Reason.SECRET_MISSING, [])


@pytest.mark.parametrize(
    ("fields", "settings", "reason", "code"),
    [
        ({"database": "nowhere"}, {}, Reason.DATABASE_MISSING, 81),
        ({"query": "SELECT nothing"}, {}, Reason.QUERY_FAILED, 47),
        ({"query": "SELECT * FROM nowhere"}, {}, Reason.QUERY_FAILED, 60),
        ({"query": "CREATE TABLE t (x UInt8) ENGINE = Memory"}, {}, Reason.READ_ONLY, 164),
        ({"query": "SELECT sleep(2)"}, {"max_execution_time": 1}, Reason.QUERY_FAILED, 159),
        ({"query": SORT}, {"max_memory_usage": 50_000_000}, Reason.OUT_OF_MEMORY, 241),
    ],
)
async def test_its_error_codes_are_decoded(
    place: Place,
    server: ClickHouse,
    fields: dict[str, str],
    settings: dict[str, int],
    reason: Reason,
    code: int,
) -> None:
    """The engine's own errors, by their code."""
    server.set_settings(**settings)
    try:
        outcome = await asked(place, server.port, spec(timeout=20_000, **fields))
    finally:
        server.set_settings()
    assert (outcome.status, outcome.reason, outcome.facts["error_code"]) == (BAD, reason, code)
    assert str(code) in outcome.message


async def test_too_many_queries(place: Place, server: ClickHouse) -> None:
    """Code 202: the server runs as many as it may."""
    server.limit_queries(0)
    try:
        outcome = await asked(place, server.port, spec())
    finally:
        server.limit_queries(100)
    assert (outcome.status, outcome.reason) == (BAD, Reason.TOO_MANY_CONNECTIONS)


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        (173, "CANNOT_ALLOCATE_MEMORY", Reason.OUT_OF_MEMORY),
        (192, "UNKNOWN_USER", Reason.AUTH_FAILED),
        (193, "WRONG_PASSWORD", Reason.AUTH_FAILED),
        (194, "REQUIRED_PASSWORD", Reason.AUTH_REQUIRED),
        (242, "TABLE_IS_READ_ONLY", Reason.READ_ONLY),
        (497, "ACCESS_DENIED", Reason.PERMISSION_DENIED),
        (999, "KEEPER_EXCEPTION", Reason.QUERY_FAILED),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_codes_that_the_engine_alone_cannot_give(
    place: Place, code: int, name: str, reason: Reason, late: bool
) -> None:
    """As a server says them: in the header, or, where the body had begun already, only in the body."""
    said = f"Code: {code}. DB::Exception: Something about it. ({name}) (version 26.5.1.1 (official build))\n"
    header = () if late else (f"X-ClickHouse-Exception-Code: {code}",)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ping = b"/ping" in await reader.read(65536)
        status = "200 OK" if ping or late else "500 Internal Server Error"
        body, headers = (b"Ok.\n", ()) if ping else (said.encode(), header)
        await answering(status, body, *headers)(_Said(), writer)

    async with serving(handler) as port:
        outcome = await asked(place, port, spec())
    assert (outcome.reason, outcome.facts["error_code"]) == (reason, code)
    assert outcome.facts["error_name"] == name


class _Said(asyncio.StreamReader):
    """A stream on which everything has been said."""

    async def read(self, n: int = -1) -> bytes:
        return b""


async def test_a_proxy_that_closes_after_each_answer(place: Place, server: ClickHouse) -> None:
    """The next question goes over a new connection."""
    relay = Relay(server.port)

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked_for = await reader.readuntil(b"\r\n\r\n")
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", server.port)
        inner_writer.write(asked_for.replace(b"keep-alive", b"close"))
        writer.write((await inner_reader.read()).replace(b"Server:", b"Connection: close\r\nServer:", 1))
        inner_writer.close()
        await writer.drain()
        relay.connections += 1

    async with serving(closing) as port:
        outcome = await asked(place, port, spec(budget=5000))
    assert outcome.status is OK
    assert relay.connections == 3
    assert [name for name, _ in outcome.steps].count("connect") == 3


@pytest.mark.parametrize(
    ("names", "ends", "reason"),
    [
        ((HOST,), timedelta(days=90), Reason.OK),
        ((HOST,), timedelta(days=-1), Reason.TLS_EXPIRED),
        (("other.example.org",), timedelta(days=90), Reason.TLS_WRONG_NAME),
    ],
)
async def test_tls(
    place: Place, server: ClickHouse, names: tuple[str, ...], ends: timedelta, reason: Reason
) -> None:
    """The certificate has to be for the host of the file, whatever address the socket leads to."""
    async with serving(Relay(server.port), place.authority.server(*names, ends=ends)) as port:
        outcome = await asked(place, port, spec(host=HOST, tls=True, port=8443))
    assert outcome.reason is reason


async def test_tls_of_an_unknown_authority(place: Place, server: ClickHouse) -> None:
    """A certificate for the right name, from somebody who is not trusted here."""
    stranger = Authority(place.folder, "A Stranger")
    async with serving(Relay(server.port), stranger.server(HOST)) as port:
        outcome = await asked(place, port, spec(host=HOST, tls=True, port=8443))
    assert outcome.reason is Reason.TLS_UNKNOWN_AUTHORITY


async def test_no_socket_is_left_behind(place: Place, server: ClickHouse) -> None:
    """After many checks, some cancelled in the middle, as many files are open as before."""
    before = open_files()
    for number in range(24):
        task = asyncio.create_task(asked(place, server.port, spec(budget=3000)))
        if number % 2:
            for _ in range(number):
                await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    while open_files() > before:
        await asyncio.sleep(0.01)


def open_files() -> int:
    """File descriptors of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
