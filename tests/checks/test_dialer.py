"""The dialer at the socket: what it connects to, what it refuses, and how failures are told."""

import asyncio
import ipaddress
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from checks.dialer import Dialer
from checks.failures import CheckBlind, CheckFailed
from checks.kinds.http import HttpCheck
from checks.kinds.tls import TlsCheck
from checks.overlay import Overlay
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.secrets import Secrets
from tests.checks.place import ADDRESS, HOST, Place
from tests.servers import tcp, web

_listeners: list[Callable[[str, tuple[Any, ...]], None]] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    for listener in _listeners:
        listener(event, args)


@contextmanager
def watched(answering_port: int = 0) -> Iterator[set[tuple[str, int]]]:
    """Every address that this process connects or sends to, as the interpreter's audit events tell.

    What the test's own resolver sends from its port is not counted.
    """
    seen: set[tuple[str, int]] = set()

    def listen(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.sendto" and args[0].getsockname()[1] == answering_port:
            return
        if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
            seen.add(args[1][:2])
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            assert ipaddress.ip_address(args[0]), "the C library was asked for a name"

    if not hasattr(sys, "_whybot_audit"):  # hooks cannot be taken away again, so there is one for all tests
        sys.addaudithook(_audit)
        sys._whybot_audit = True  # type: ignore[attr-defined]
    _listeners.append(listen)
    try:
        yield seen
    finally:
        _listeners.remove(listen)


def probe(dialer: Dialer, seconds: float = 5.0) -> Probe:
    """A probe with this many seconds."""
    return Probe(dialer=dialer, secrets=Secrets({}), deadline=time.monotonic() + seconds)


async def refused(dialer: Dialer, host: str, port: int = 80, seconds: float = 5.0) -> CheckFailed:
    """The failure of a connection that must not come about."""
    with pytest.raises(CheckFailed) as failed:
        (await dialer.connect(host, port, probe(dialer, seconds))).close()
    return failed.value


async def test_connects_to_where_the_overlay_says(place: Place) -> None:
    """A name of the file is resolved by the overlay's resolver and connected to at its local address."""
    async with tcp.serving(tcp.silent) as port:
        place.map(80, port)
        dialer = place.dialer(HOST)
        asked = probe(dialer)
        with watched(place.names.port) as seen, await dialer.connect(HOST, 80, asked) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
            assert not connection.getblocking()
    assert seen == {("127.0.0.1", port), ("127.0.0.1", place.names.port)}
    assert [phase.name for phase in asked.phases] == ["resolve", "connect"]
    assert asked.facts["address"] == f"{ADDRESS}:80"


async def test_an_address_needs_no_resolver(place: Place) -> None:
    """A host that is an address is connected to without asking anybody for it."""
    async with tcp.serving(tcp.silent) as port:
        place.map(6379, port, "10.166.204.83")
        asked = probe(dialer := place.dialer("10.166.204.83"))
        (await dialer.connect("10.166.204.83", 6379, asked)).close()
    assert [phase.name for phase in asked.phases] == ["connect"]
    assert place.names.asked == []


@pytest.mark.parametrize(
    "host", ["evil.example", "sub.staging.example.org", "203.0.113.10", "2852039166", "127.0.0.1", "::1", ""]
)
async def test_a_host_that_the_file_does_not_name_is_refused(place: Place, host: str) -> None:
    """Nothing is asked for or connected to that the environment file does not name."""
    with watched(place.names.port) as seen:
        failed = await refused(place.dialer(HOST), host)
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert "is not named in the environment file" in failed.message
    assert seen == set()


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "2852039166",
        "0xa9.0xfe.169.254",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "127.0.0.1",
        "127.1",
        "0.0.0.0",
        "fe80::1",
        "224.0.0.1",
    ],
)
async def test_some_hosts_are_refused_although_the_file_names_them(place: Place, host: str) -> None:
    """Metadata, loopback and link-local hosts are refused even where the file, or an overlay, has them."""
    with watched(place.names.port) as seen:
        failed = await refused(place.dialer(host), host)
    assert (failed.reason, failed.status) == (Reason.ADDRESS_REFUSED, Status.FAIL)
    assert seen == set()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("169.254.169.254", "metadata server"),
        ("127.0.0.1", "this machine itself"),
        ("0.0.0.0", "this machine itself"),
        ("192.168.1.1", "network.ranges"),
    ],
)
async def test_a_name_that_leads_elsewhere_is_refused(place: Place, address: str, words: str) -> None:
    """A DNS answer to an address that is not allowed is refused, says so, and nobody is connected to."""
    place.names.zone = [f"{HOST}. 60 IN A {ADDRESS}", f"{HOST}. 60 IN A {address}"]
    async with tcp.serving(tcp.silent) as port:
        place.map(80, port)
        place.map(80, port, address)
        with watched(place.names.port) as seen:
            failed = await refused(place.dialer(HOST), HOST)
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert f"{HOST} points to {address}" in failed.message
    assert words in failed.message
    assert seen == {("127.0.0.1", place.names.port)}


async def test_a_mapped_ipv6_answer_to_the_metadata_server_is_refused(place: Place) -> None:
    """An AAAA record that carries the metadata server's IPv4 address is refused as that."""
    place.names.zone = [f"{HOST}. 60 IN AAAA ::ffff:a9fe:a9fe"]
    failed = await refused(place.dialer(HOST), HOST)
    assert failed.reason is Reason.ADDRESS_REFUSED
    assert "metadata server" in failed.message


async def test_what_the_overlay_does_not_map_is_refused(place: Place) -> None:
    """In a sandbox, an address without a local one is not connected to, and the result is unknown."""
    with watched(place.names.port) as seen:
        failed = await refused(place.dialer("10.0.0.9"), "10.0.0.9", 8123)
    assert isinstance(failed, CheckBlind)
    assert failed.message == "the sandbox has no 10.0.0.9:8123"
    assert seen == set()


async def test_an_overlay_without_resolver_resolves_nothing() -> None:
    """A sandbox without a resolver does not ask the machine's."""
    with watched() as seen:
        failed = await refused(Dialer([HOST], overlay=Overlay()), HOST)
    assert failed.message == f"the sandbox has no resolver to ask for {HOST}"
    assert seen == set()


def test_an_overlay_cannot_lead_out_of_the_machine() -> None:
    """A mapping to, or a resolver at, anything but loopback is an error when the overlay is made."""
    with pytest.raises(ValueError, match="not on loopback"):
        Overlay({"10.0.0.1:80": "10.0.0.2:80"})
    with pytest.raises(ValueError, match="not on loopback"):
        Overlay(dns=("8.8.8.8", 53))
    with pytest.raises(ValueError, match="no address with a port"):
        Overlay({"10.0.0.1": "127.0.0.1:80"})


async def test_nothing_but_the_named_hosts_is_ever_connected_to(place: Place) -> None:
    """Over redirects, changed answers and second handshakes, only mapped servers and the resolver are met."""
    async with (
        tcp.serving(web.answering(302, location="http://169.254.169.254/")) as plain,
        tcp.serving(tcp.silent, place.authority.server("other.example.org")) as secure,
    ):
        place.map(80, plain)
        place.map(443, secure)
        with watched(place.names.port) as seen:
            await place.ask(HttpCheck(url=f"http://{HOST}/"))
            await place.ask(TlsCheck(host=HOST))
            place.names.zone = [f"{HOST}. 0 IN A 169.254.169.254"]
            await place.ask(HttpCheck(url=f"http://{HOST}/"))
    assert {port for _, port in seen} == {plain, secure, place.names.port}
    assert {host for host, _ in seen} == {"127.0.0.1"}


async def test_a_closed_port_is_refused(place: Place) -> None:
    """Nothing listening is told as such."""
    place.map(80, tcp.closed_port())
    failed = await refused(place.dialer(HOST), HOST)
    assert failed.reason is Reason.CONNECT_REFUSED
    assert failed.message == (
        f"connection refused: the host is up, nothing listens on that port ({ADDRESS}:80 ({HOST}))"
    )


async def test_a_black_hole_times_out(place: Place) -> None:
    """Packets that vanish are a connect time-out with the time waited and the address."""
    with tcp.black_hole() as port:
        place.map(6379, port, "10.166.204.83")
        failed = await refused(place.dialer("10.166.204.83"), "10.166.204.83", 6379, seconds=0.3)
    assert failed.reason is Reason.CONNECT_TIMEOUT
    assert failed.message.startswith("no answer in 3")
    assert failed.message.endswith(" ms at 10.166.204.83:6379 (connect timed out)")


async def test_the_next_address_is_tried(place: Place) -> None:
    """Of several addresses a dead one costs its share of the time, and the next one is used."""
    place.names.zone = [f"{HOST}. 60 IN A 203.0.113.1", f"{HOST}. 60 IN A 203.0.113.2"]
    with tcp.black_hole() as dead:
        async with tcp.serving(tcp.silent) as alive:
            place.map(80, dead, "203.0.113.1")
            place.map(80, alive, "203.0.113.2")
            dialer = place.dialer(HOST)
            asked = probe(dialer, 1.0)
            (await dialer.connect(HOST, 80, asked)).close()
    assert asked.facts["address"] == "203.0.113.2:80"
    assert [phase.name for phase in asked.phases] == ["resolve", "connect"]


async def test_ipv6_is_used_where_there_is_no_ipv4(place: Place) -> None:
    """A name with an AAAA record only leads to that address."""
    place.names.zone = [f"{HOST}. 60 IN AAAA 2600::1"]
    assert await place.dialer(HOST).resolve(HOST) == [ipaddress.ip_address("2600::1")]


@pytest.mark.parametrize(
    ("rcode", "reason"), [("NXDOMAIN", Reason.DNS_NXDOMAIN), ("SERVFAIL", Reason.DNS_SERVFAIL)]
)
async def test_names_that_do_not_resolve(place: Place, rcode: str, reason: Reason) -> None:
    """The resolver's failure is the connection's."""
    place.names.rcodes[HOST] = rcode
    assert (await refused(place.dialer(HOST), HOST)).reason is reason


async def test_a_name_without_any_address(place: Place) -> None:
    """A name that has neither an A nor an AAAA record has no record."""
    place.names.zone = [f'{HOST}. 60 IN TXT "x"']
    assert (await refused(place.dialer(HOST), HOST)).reason is Reason.DNS_NO_RECORD


async def test_cancelling_leaves_no_socket(place: Place) -> None:
    """A connection attempt that is cancelled closes its socket."""
    with tcp.black_hole() as port:
        place.map(80, port)
        dialer = place.dialer(HOST)
        asked = probe(dialer)
        attempt = asyncio.create_task(dialer.connect(HOST, 80, asked))
        while "address" not in asked.facts:
            await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
    assert [phase.name for phase in asked.phases] == ["resolve", "connect"]


async def test_an_authority_that_cannot_be_read_is_unknown(place: Place) -> None:
    """A missing or broken authority file does not stop the rest; the check that needs it could not tell."""
    place.authority.pem.write_text("no certificate")
    found = await place.ask(TlsCheck(host=HOST))
    assert found.status is Status.UNKNOWN
    assert "Test-Authority.pem of the sandbox cannot be read" in found.message


async def test_contexts_are_made_once(place: Place) -> None:
    """Reading the authorities costs 20 ms, so all checks share one context."""
    async with place.dialer() as dialer:
        assert dialer.tls_context() is dialer.tls_context()
        assert dialer.unverified_tls_context() is dialer.unverified_tls_context()
