"""Foreign errors translated at the border: what the system, OpenSSL and getaddrinfo mean, in words."""

import errno
import re
import socket
import ssl

from checks.durations import spoken
from checks.failures import CheckBlind, CheckFailed
from checks.reasons import Reason

# getaddrinfo(3): Python shows only the number, as in "Error -3 connecting to 10.166.204.83:6379".
GETADDRINFO: dict[int, tuple[Reason, str]] = {
    socket.EAI_AGAIN: (Reason.DNS_TIMEOUT, "the resolver did not answer"),
    socket.EAI_FAIL: (Reason.DNS_SERVFAIL, "the resolver could not look it up"),
    socket.EAI_NONAME: (Reason.DNS_NXDOMAIN, "there is no such name"),
    socket.EAI_NODATA: (Reason.DNS_NO_RECORD, "the name has no address"),
}

# What a connection attempt is answered with, and who answers.
CONNECT: dict[int, tuple[Reason, str]] = {
    errno.ECONNREFUSED: (
        Reason.CONNECT_REFUSED,
        "connection refused: the host is up, nothing listens on that port",
    ),
    errno.ECONNRESET: (Reason.CONNECTION_RESET, "connection reset while connecting"),
    errno.EHOSTUNREACH: (Reason.CONNECT_UNREACHABLE, "no route to the host"),
    errno.EHOSTDOWN: (Reason.CONNECT_UNREACHABLE, "the host is down"),
    errno.EACCES: (Reason.CONNECT_UNREACHABLE, "a firewall on this machine forbids it"),
    errno.EPERM: (Reason.CONNECT_UNREACHABLE, "a firewall on this machine forbids it"),
}

# This machine has no way there, which says nothing about the target.
NO_NETWORK: dict[int, str] = {
    errno.ENETUNREACH: "this machine has no route to that network",
    errno.ENETDOWN: "this machine's network is down",
}

# Not the target's fault: this machine cannot open another connection.
OUR_LIMITS: dict[int, str] = {
    errno.EMFILE: "whybot itself has no file descriptors left",
    errno.ENFILE: "this machine has no file descriptors left",
    errno.ENOBUFS: "this machine has no network buffers left",
    errno.ENOMEM: "this machine has no memory left",
    errno.EADDRNOTAVAIL: "this machine has no free local port or address for the connection",
    errno.EAFNOSUPPORT: "this machine does not speak that address family",
}

RESETS = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ESHUTDOWN})

# OpenSSL's x509_vfy.h; Python gives the number as `verify_code`.
CERTIFICATE: dict[int, tuple[Reason, str]] = {
    9: (Reason.TLS_NOT_YET_VALID, "the certificate is not valid yet"),
    10: (Reason.TLS_EXPIRED, "the certificate has expired"),
    18: (Reason.TLS_UNKNOWN_AUTHORITY, "the certificate is self-signed"),
    19: (Reason.TLS_UNKNOWN_AUTHORITY, "the chain ends in an authority that is not trusted here"),
    20: (
        Reason.TLS_UNKNOWN_AUTHORITY,
        "the issuer is not trusted here, or the server leaves out an intermediate certificate",
    ),
    21: (
        Reason.TLS_UNKNOWN_AUTHORITY,
        "the issuer is not trusted here, or the server leaves out an intermediate certificate",
    ),
    62: (Reason.TLS_WRONG_NAME, "the certificate is for another name"),
    64: (Reason.TLS_WRONG_NAME, "the certificate is for another address"),
}

# What OpenSSL calls a failed handshake, where its own words do not say enough.
HANDSHAKE: dict[str, str] = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS on this port",
    "HTTP_REQUEST": "the server speaks plain HTTP on this port",
    "UNEXPECTED_EOF_WHILE_READING": "the server hung up during the TLS handshake",
    "UNSUPPORTED_PROTOCOL": "the server only speaks a TLS version that is too old",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server and whybot share no TLS version",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server and whybot share no cipher, or it wants to know us",
    "NO_SHARED_CIPHER": "the server and whybot share no cipher",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know that name",
    "TLSV1_ALERT_INTERNAL_ERROR": "the server had an internal error in the TLS handshake",
}


def connect_failed(error: OSError, where: str, waited_ms: float) -> CheckFailed:
    """What a failed connection attempt to `where` (an `address:port`) means; a time-out is one as well."""
    if isinstance(error, socket.gaierror):
        return name_failed(error, where)
    if isinstance(error, TimeoutError):
        return CheckFailed(
            Reason.CONNECT_TIMEOUT, f"no answer in {spoken(waited_ms)} at {where} (connect timed out)"
        )
    number = error.errno or 0
    if number in OUR_LIMITS:
        return CheckBlind(Reason.PROBER_OVERLOADED, f"could not ask {where}: {OUR_LIMITS[number]}")
    if number in NO_NETWORK:
        return CheckBlind(Reason.CONNECT_UNREACHABLE, f"could not ask {where}: {NO_NETWORK[number]}")
    reason, words = CONNECT.get(
        number, (Reason.CONNECT_UNREACHABLE, f"connecting failed ({words_of(error)})")
    )
    return CheckFailed(reason, f"{words} ({where})")


def name_failed(error: socket.gaierror, where: str) -> CheckFailed:
    """What getaddrinfo's number means."""
    reason, words = GETADDRINFO.get(error.errno or 0, (Reason.DNS_SERVFAIL, words_of(error)))
    return CheckFailed(reason, f"{words} ({where})")


def connection_failed(error: OSError | EOFError, where: str, doing: str, waited_ms: float) -> CheckFailed:
    """What an error on an open connection to `where` means; `doing` is e.g. `waiting for the answer`."""
    if isinstance(error, TimeoutError):
        words = f"timed out after {spoken(waited_ms)} {doing} ({where}, connected)"
        return CheckFailed(Reason.READ_TIMEOUT, words)
    if isinstance(error, EOFError):
        return CheckFailed(Reason.CONNECTION_CLOSED, f"{where} closed the connection while {doing}")
    if isinstance(error, ssl.SSLError):
        return CheckFailed(Reason.PROTOCOL_ERROR, f"TLS broke while {doing} ({where}: {words_of(error)})")
    if error.errno in RESETS or isinstance(error, ConnectionError):
        return CheckFailed(Reason.CONNECTION_RESET, f"{where} reset the connection while {doing}")
    words = f"the connection to {where} failed while {doing} ({words_of(error)})"
    return CheckFailed(Reason.PROTOCOL_ERROR, words)


def tls_failed(error: OSError | EOFError, where: str, name: str, waited_ms: float) -> CheckFailed:
    """What a failed TLS handshake with `where` means; `name` is the one that the certificate should have."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, words = CERTIFICATE.get(
            error.verify_code,
            (Reason.TLS_UNKNOWN_AUTHORITY, f"the certificate is not accepted: {error.verify_message}"),
        )
        return CheckFailed(reason, f"{words} ({name} at {where})")
    if isinstance(error, ssl.SSLError):
        words = HANDSHAKE.get(error.reason or "", f"the TLS handshake failed: {words_of(error)}")
        return CheckFailed(Reason.TLS_HANDSHAKE_FAILED, f"{words} ({where})")
    if isinstance(error, TimeoutError):
        waited = spoken(waited_ms)
        return CheckFailed(
            Reason.TLS_HANDSHAKE_FAILED, f"connected to {where}, then no TLS answer in {waited}"
        )
    # asyncio raises ConnectionResetError for a plain end of the stream too, but then without a number.
    if isinstance(error, ConnectionResetError) and error.errno is not None:
        return CheckFailed(Reason.CONNECTION_RESET, f"{where} reset the connection during the TLS handshake")
    return CheckFailed(Reason.TLS_HANDSHAKE_FAILED, f"{where} hung up during the TLS handshake")


def words_of(error: BaseException) -> str:
    """An error's own words, without Python's `[Errno 104]`, `[SSL: X] … (_ssl.c:1006)` around them."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    text = re.sub(r"\s*\(_ssl\.c:\d+\)$", "", re.sub(r"^\[[^\]]*\]\s*", "", str(text)))
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
