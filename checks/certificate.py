"""A server's certificate as values, valid or not."""

import dataclasses
import functools
import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from checks.failures import CheckFailed
from checks.reasons import Reason
from checks.stream import Stream


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server showed in a TLS handshake. `chain` holds the subjects as sent, the leaf first."""

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    chain: tuple[str, ...] = ()
    protocol: str = ""
    cipher: str = ""

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires, rounded towards zero; negative once it has."""
        return int((self.not_after - now).total_seconds() / 86_400)


def read_certificate(stream: Stream) -> Certificate:
    """The certificate of an open connection. Raises `CheckFailed` where it cannot be read."""
    if stream.tls is None or (shown := stream.tls.getpeercert(binary_form=True)) is None:
        raise CheckFailed(Reason.TLS_HANDSHAKE_FAILED, f"{stream.where} showed no certificate")
    try:
        cipher = stream.tls.cipher()
        return dataclasses.replace(
            described(shown),
            chain=tuple(described(each).subject for each in sent_chain(stream.tls)),
            protocol=stream.tls.version() or "",
            cipher=cipher[0] if cipher is not None else "",
        )
    except ValueError as error:  # OpenSSL reads some certificates that cryptography finds malformed
        raise CheckFailed(
            Reason.TLS_HANDSHAKE_FAILED, f"the certificate of {stream.where} cannot be read: {error}"
        ) from error


@functools.lru_cache(maxsize=256)
def described(der: bytes) -> Certificate:
    """What a certificate says, remembered, since a prober meets the same ones again and again.

    Raises ValueError for one that is malformed.
    """
    parsed = x509.load_der_x509_certificate(der)
    return Certificate(
        subject=spoken_name(parsed.subject),
        issuer=spoken_name(parsed.issuer),
        serial=f"{parsed.serial_number:x}",
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        names=alternative_names(parsed),
    )


def sent_chain(tls: ssl.SSLObject) -> list[bytes]:
    """The certificates that the server sent, DER-encoded, checked or not."""
    public = getattr(tls, "get_unverified_chain", None)
    if public is not None:
        return list(public())
    # Public from Python 3.13 on; before, only the inner object has it, and gives objects.
    inner = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in inner.get_unverified_chain() or ()]


def spoken_name(name: x509.Name) -> str:
    """A distinguished name for people: its common name, else its organisation, else all of it."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return name.rfc4514_string()


def alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses that a certificate is for; the common name does not count (RFC 9525)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress))
