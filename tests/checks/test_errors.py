"""Foreign errors in words: every known number, and every text that is not known."""

import errno
import socket
import ssl

import dns.message
import dns.resolver
import pytest

from checks.errors import (
    CERTIFICATE,
    CONNECT,
    GETADDRINFO,
    HANDSHAKE,
    OUR_LIMITS,
    connect_failed,
    connection_failed,
    tls_failed,
    words_of,
)
from checks.reasons import Reason
from checks.resolver import failure
from checks.result import Status

REDIS = "10.166.204.83:6379"


def test_the_error_of_the_incident_is_decoded() -> None:
    """`Error -3 connecting to 10.166.204.83:6379` is EAI_AGAIN: the resolver did not answer."""
    failed = connect_failed(socket.gaierror(-3, "Temporary failure in name resolution"), REDIS, 0)
    assert socket.EAI_AGAIN == -3
    assert failed.reason is Reason.DNS_TIMEOUT
    assert failed.message == f"the resolver did not answer ({REDIS})"


@pytest.mark.parametrize("number", GETADDRINFO)
def test_numbers_of_getaddrinfo_are_decoded(number: int) -> None:
    """Each number of getaddrinfo has a reason of names and words without the number."""
    failed = connect_failed(socket.gaierror(number, "x"), REDIS, 0)
    assert failed.reason.startswith("dns_")
    assert str(number) not in failed.message.replace(REDIS, "")


@pytest.mark.parametrize("number", CONNECT)
def test_answers_to_a_connection_attempt_are_decoded(number: int) -> None:
    """Each answer to a connection attempt is a failure with the target in the message."""
    failed = connect_failed(OSError(number, "x"), REDIS, 0)
    assert (failed.status, failed.reason) == (Status.FAIL, CONNECT[number][0])
    assert REDIS in failed.message
    assert "rrno" not in failed.message


@pytest.mark.parametrize("number", OUR_LIMITS)
def test_limits_of_this_machine_are_not_blamed_on_the_target(number: int) -> None:
    """Where whybot could not even try, the result is unknown."""
    failed = connect_failed(OSError(number, "x"), REDIS, 0)
    assert (failed.status, failed.reason) == (Status.UNKNOWN, Reason.PROBER_OVERLOADED)


def test_a_time_out_of_the_kernel_is_one_of_ours() -> None:
    """ETIMEDOUT and our own time-out are told alike."""
    ours = connect_failed(TimeoutError(), REDIS, 3000)
    kernels = connect_failed(OSError(errno.ETIMEDOUT, "Connection timed out"), REDIS, 3000)
    assert ours.message == kernels.message == f"no answer in 3 s at {REDIS} (connect timed out)"
    assert ours.reason is kernels.reason is Reason.CONNECT_TIMEOUT


def test_a_machine_without_a_network_says_nothing_of_the_target() -> None:
    """No route from here is unknown, for a connection and for a lookup: it is our blindness."""
    no_route = OSError(errno.ENETUNREACH, "Network is unreachable")
    errors = [("192.0.2.53", False, 53, no_route, None)]
    lookup = failure(
        dns.resolver.NoNameservers(request=dns.message.make_query("example.org", "A"), errors=errors),
        name="example.org",
        record="A",
        server="192.0.2.53",
        waited_ms=1,
    )
    for failed in (connect_failed(no_route, REDIS, 0), lookup):
        assert (failed.status, failed.reason) == (Status.UNKNOWN, Reason.CONNECT_UNREACHABLE)
        assert "this machine has no route to that network" in failed.message


def test_an_unknown_error_of_connecting_keeps_its_words() -> None:
    """An error without an entry is told in the system's words, without its number."""
    failed = connect_failed(OSError(errno.EPROTO, "Protocol error"), REDIS, 0)
    assert failed.reason is Reason.CONNECT_UNREACHABLE
    assert failed.message == f"connecting failed (protocol error) ({REDIS})"


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (TimeoutError(), Reason.READ_TIMEOUT, "timed out after 3 s reading (HERE, connected)"),
        (EOFError(), Reason.CONNECTION_CLOSED, "HERE closed the connection while reading"),
        (ConnectionResetError(), Reason.CONNECTION_RESET, "HERE reset the connection while reading"),
        (OSError(errno.EPIPE, "x"), Reason.CONNECTION_RESET, "HERE reset the connection while reading"),
        (
            OSError(errno.EIO, "I/O error"),
            Reason.PROTOCOL_ERROR,
            "the connection to HERE failed while reading (I/O error)",
        ),
        (
            ssl.SSLError(1, "[SSL: BAD] bad record mac (_ssl.c:1)"),
            Reason.PROTOCOL_ERROR,
            "TLS broke while reading (HERE: bad record mac)",
        ),
    ],
)
def test_errors_of_an_open_connection(error: OSError | EOFError, reason: Reason, words: str) -> None:
    """What breaks an open connection is told with what was being done."""
    failed = connection_failed(error, "HERE", "reading", 3000)
    assert (failed.reason, failed.message) == (reason, words)


@pytest.mark.parametrize("code", CERTIFICATE)
def test_verdicts_on_certificates_are_decoded(code: int) -> None:
    """Each of OpenSSL's verdicts that we know has a reason of TLS."""
    error = ssl.SSLCertVerificationError("x")
    error.verify_code, error.verify_message = code, "openssl's words"
    failed = tls_failed(error, REDIS, "redis.example", 0)
    assert failed.reason is CERTIFICATE[code][0]
    assert "openssl" not in failed.message


def test_an_unknown_verdict_keeps_openssls_words() -> None:
    """A verdict without an entry is told in OpenSSL's words."""
    error = ssl.SSLCertVerificationError("x")
    error.verify_code, error.verify_message = 24, "invalid CA certificate"
    failed = tls_failed(error, REDIS, "redis.example", 0)
    assert failed.reason is Reason.TLS_UNKNOWN_AUTHORITY
    assert "invalid CA certificate" in failed.message


@pytest.mark.parametrize("name", HANDSHAKE)
def test_handshake_failures_are_decoded(name: str) -> None:
    """Each handshake failure that we know is told without OpenSSL's own name for it."""
    error = ssl.SSLError(1, f"[SSL: {name}] words (_ssl.c:1)")
    error.reason = name
    failed = tls_failed(error, REDIS, "redis.example", 0)
    assert failed.reason is Reason.TLS_HANDSHAKE_FAILED
    assert name not in failed.message


def test_words_lose_what_is_for_programmers() -> None:
    """Numbers and source lines around an error's words are taken away."""
    assert words_of(ssl.SSLError(1, "[SSL: UNKNOWN] Unknown thing (_ssl.c:1006)")) == "unknown thing"
    assert words_of(OSError(errno.EIO, "Input/output error")) == "input/output error"
    assert words_of(OSError()) == "OSError"
