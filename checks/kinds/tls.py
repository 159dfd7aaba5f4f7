"""TLS: chain, name and expiry of a certificate; an invalid one is read as well, as evidence."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import ClassVar, Literal

from pydantic import Field

from checks.certificate import Certificate, read_certificate
from checks.failures import CheckFailed
from checks.hosts import HostName, Port
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.spec import CheckSpec, Finding
from checks.stream import Stream, open_stream

INVALID_CERTIFICATE = frozenset(
    {Reason.TLS_EXPIRED, Reason.TLS_NOT_YET_VALID, Reason.TLS_WRONG_NAME, Reason.TLS_UNKNOWN_AUTHORITY}
)


class TlsCheck(CheckSpec):
    """Makes a TLS handshake and judges the certificate."""

    title_default: ClassVar[str] = "TLS"

    kind: Literal["tls"] = "tls"
    host: HostName
    port: Port = 443
    server_name: HostName | None = Field(
        default=None, description="The name that the certificate must have; by default the host."
    )
    warn_days: int = Field(
        default=14, ge=0, le=3650, description="Degraded this many days before it expires."
    )

    @property
    def target(self) -> str:
        """`staging.example.org:443`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def wanted_name(self) -> str:
        """The name that the certificate must have."""
        return self.server_name or self.host

    async def run(self, probe: Probe) -> Finding:
        """Shakes hands. Fails with a `tls_…` reason, degraded where the certificate expires soon."""
        try:
            async with self._shake_hands(probe) as stream:
                certificate = note_certificate(probe, stream)
        except CheckFailed as failed:
            if failed.reason not in INVALID_CERTIFICATE:
                raise
            await self._read_invalid(probe, failed)
            raise
        days = certificate.days_left(datetime.now(UTC))
        until = f"{certificate.not_after:%Y-%m-%d}"
        if days <= self.warn_days:
            left = "in less than a day" if days < 1 else f"in {plural(days, 'day')}"
            return Finding(
                Status.DEGRADED,
                Reason.TLS_EXPIRING,
                f"the certificate of {self.wanted_name} expires {left} ({until})",
            )
        return Finding(Status.PASS, Reason.OK, f"valid for {plural(days, 'day')} more, until {until}")

    def _shake_hands(self, probe: Probe, *, verified: bool = True) -> AbstractAsyncContextManager[Stream]:
        context = probe.dialer.tls_context() if verified else probe.dialer.unverified_tls_context()
        return open_stream(probe, self.host, self.port, tls=context, server_name=self.wanted_name)

    async def _read_invalid(self, probe: Probe, failed: CheckFailed) -> None:
        """Fetches the refused certificate over a second connection and says more precisely what is wrong.

        The phases of that connection are not the check's, and its failure changes nothing.
        """
        second = Probe(dialer=probe.dialer, secrets=probe.secrets, deadline=probe.deadline)
        try:
            async with self._shake_hands(second, verified=False) as stream:
                certificate = note_certificate(probe, stream)
        except CheckFailed:
            return
        failed.message = explained(failed, certificate, self.wanted_name)


def note_certificate(probe: Probe, stream: Stream) -> Certificate:
    """Reads the certificate of a connection and notes it, the protocol and the cipher as facts."""
    certificate = read_certificate(stream)
    probe.note(
        subject=certificate.subject,
        issuer=certificate.issuer,
        serial=certificate.serial,
        not_before=certificate.not_before.isoformat().replace("+00:00", "Z"),
        not_after=certificate.not_after.isoformat().replace("+00:00", "Z"),
        days_left=certificate.days_left(datetime.now(UTC)),
        sans=list(certificate.names),
        chain=list(certificate.chain),
        protocol=certificate.protocol,
        cipher=certificate.cipher,
    )
    return certificate


def explained(failed: CheckFailed, certificate: Certificate, name: str) -> str:
    """What is wrong with a certificate, with its dates and names."""
    now = datetime.now(UTC)
    if failed.reason is Reason.TLS_EXPIRED and certificate.not_after <= now:
        days = -certificate.days_left(now)
        ago = "today" if days < 1 else f"{plural(days, 'day')} ago"
        return f"the certificate of {name} expired {ago} ({certificate.not_after:%Y-%m-%d %H:%M} UTC)"
    if failed.reason is Reason.TLS_EXPIRED:
        return f"a certificate above the one of {name} in the chain has expired"
    if failed.reason is Reason.TLS_NOT_YET_VALID and certificate.not_before > now:
        return f"the certificate of {name} is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC on"
    if failed.reason is Reason.TLS_WRONG_NAME:
        told = ", ".join(certificate.names[:3]) + (", …" if len(certificate.names) > 3 else "")
        return f"the certificate is for {told or 'no name at all'}, not for {name}"
    if failed.reason is Reason.TLS_UNKNOWN_AUTHORITY:
        return f"the certificate of {name} is from {certificate.issuer}, which is not trusted here"
    return failed.message


def plural(count: int, noun: str) -> str:
    """`1 day`, `2 days`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
