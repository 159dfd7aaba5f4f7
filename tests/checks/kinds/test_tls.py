"""TLS checks against real handshakes, for each reason that they can give."""

import ssl
from datetime import timedelta
from typing import Any

import pytest

from checks.kinds.tls import TlsCheck
from checks.reasons import Reason
from checks.result import Status
from tests.checks.place import HOST, Outcome, Place
from tests.servers import tcp
from tests.servers.certificates import Authority

FAIL = Status.FAIL


def check(**fields: Any) -> TlsCheck:
    """A check as an environment file would have it."""
    return TlsCheck.model_validate({"kind": "tls", "host": HOST, "budget": "100ms", "timeout": "5s"} | fields)


async def shake(place: Place, context: ssl.SSLContext, **fields: Any) -> Outcome:
    """What the check finds at a server with this context."""
    async with tcp.serving(tcp.silent, context) as port:
        place.map(443, port)
        return await place.ask(check(**fields))


async def test_a_good_certificate_passes_with_its_facts(place: Place) -> None:
    """Name, chain and dates in order: it passes and tells how long it will."""
    found = await shake(place, place.authority.server(HOST, "www.example.org"))
    assert (found.status, found.reason) == (Status.PASS, Reason.OK)
    assert found.message.startswith("valid for 90 days more, until 20")
    assert [name for name, _ in found.steps] == ["resolve", "connect", "tls"]
    assert found.facts["subject"] == HOST
    assert found.facts["issuer"] == "Test Authority"
    assert found.facts["sans"] == [HOST, "www.example.org"]
    assert found.facts["days_left"] == 90
    assert found.facts["chain"] == [HOST]
    assert found.facts["protocol"] == "TLSv1.3"
    assert found.facts["cipher"]
    assert str(found.facts["not_after"]).endswith("Z")


async def test_an_expired_certificate_is_read_as_evidence(place: Place) -> None:
    """An expired certificate fails, says since when, and its facts and one set of phases are there."""
    context = place.authority.server(HOST, ends=timedelta(days=-3, hours=-1))
    found = await shake(place, context)
    assert (found.status, found.reason) == (FAIL, Reason.TLS_EXPIRED)
    assert found.message.startswith(f"the certificate of {HOST} expired 3 days ago (20")
    assert found.facts["days_left"] == -3
    assert found.facts["issuer"] == "Test Authority"
    assert [name for name, _ in found.steps] == ["resolve", "connect", "tls"]
    assert found.steps[-1] == ("tls", FAIL)


async def test_a_certificate_that_expired_just_now(place: Place) -> None:
    """In its first day an expired certificate is said to have expired today."""
    found = await shake(place, place.authority.server(HOST, ends=timedelta(minutes=-5)))
    assert found.reason is Reason.TLS_EXPIRED
    assert "expired today" in found.message


async def test_a_certificate_that_is_not_valid_yet(place: Place) -> None:
    """A certificate of the future fails and says from when on it is valid."""
    found = await shake(place, place.authority.server(HOST, starts=timedelta(days=2)))
    assert (found.status, found.reason) == (FAIL, Reason.TLS_NOT_YET_VALID)
    assert "is valid only from 20" in found.message


async def test_a_certificate_for_another_name(place: Place) -> None:
    """A wrong name fails and says both names."""
    found = await shake(place, place.authority.server("a.example.org", "b.example.org"))
    assert (found.status, found.reason) == (FAIL, Reason.TLS_WRONG_NAME)
    assert found.message == f"the certificate is for a.example.org, b.example.org, not for {HOST}"
    assert found.facts["sans"] == ["a.example.org", "b.example.org"]


async def test_the_server_name_may_differ_from_the_host(place: Place) -> None:
    """With `server_name` it is that name which the certificate must have."""
    found = await shake(place, place.authority.server("a.example.org"), server_name="a.example.org")
    assert found.status is Status.PASS


async def test_an_address_is_checked_as_an_address(place: Place) -> None:
    """A host that is an address must be in the certificate as one."""
    address = "203.0.113.10"
    assert (await shake(place, place.authority.server(address), host=address)).status is Status.PASS
    found = await shake(place, place.authority.server(HOST), host=address)
    assert found.reason is Reason.TLS_WRONG_NAME


async def test_an_unknown_authority(place: Place) -> None:
    """A certificate of an authority that is not trusted fails and names the issuer."""
    found = await shake(place, Authority(place.folder, "Somebody Else").server(HOST))
    assert (found.status, found.reason) == (FAIL, Reason.TLS_UNKNOWN_AUTHORITY)
    assert found.message == f"the certificate of {HOST} is from Somebody Else, which is not trusted here"
    assert found.facts["issuer"] == "Somebody Else"


@pytest.mark.parametrize(
    ("ends", "words"),
    [(timedelta(days=9, hours=1), "expires in 9 days"), (timedelta(hours=5), "expires in less than a day")],
)
async def test_a_certificate_that_expires_soon_is_degraded(place: Place, ends: timedelta, words: str) -> None:
    """Within `warn_days` of its end a valid certificate is degraded."""
    found = await shake(place, place.authority.server(HOST, ends=ends), warn_days=14)
    assert (found.status, found.reason) == (Status.DEGRADED, Reason.TLS_EXPIRING)
    assert words in found.message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "share no cipher"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "share no TLS version"),
    ],
)
async def test_a_failed_handshake_is_decoded(place: Place, data: bytes, words: str) -> None:
    """Garbage and alerts instead of a handshake are put into words."""
    async with tcp.serving(tcp.saying(data)) as port:
        place.map(443, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.TLS_HANDSHAKE_FAILED)
    assert words in found.message
    assert found.steps[-1] == ("tls", FAIL)


async def test_a_hang_up_in_the_handshake(place: Place) -> None:
    """A server that closes in the handshake is told as one that hung up."""
    async with tcp.serving(tcp.saying_and_closing(b"")) as port:
        place.map(443, port)
        found = await place.ask(check())
    assert found.reason is Reason.TLS_HANDSHAKE_FAILED
    assert "hung up during the TLS handshake" in found.message


async def test_a_reset_in_the_handshake(place: Place) -> None:
    """A reset in the handshake is a reset."""
    async with tcp.serving(tcp.resetting) as port:
        place.map(443, port)
        found = await place.ask(check())
    assert (found.status, found.reason) == (FAIL, Reason.CONNECTION_RESET)
    assert "reset the connection during the TLS handshake" in found.message


async def test_silence_in_the_handshake(place: Place) -> None:
    """A server that accepts and never answers the handshake is given up at the deadline."""
    async with tcp.serving(tcp.silent) as port:
        place.map(443, port)
        found = await place.ask(check(timeout="1s"))
    assert (found.status, found.reason) == (FAIL, Reason.TLS_HANDSHAKE_FAILED)
    assert "then no TLS answer in " in found.message
