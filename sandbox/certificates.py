"""Certificates of the staging world: its own authority, and certificates that are wrong in one way each."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

VALIDITY = timedelta(days=90)


class Certificates:
    """Issues server certificates of one sandbox. Nothing is kept outside of `folder`.

    Each method gives an `ssl.SSLContext` for a server that shows such a certificate.
    """

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA(organization_name="whybot sandbox")
        self._stranger = trustme.CA(organization_name="an authority that nobody trusts")
        self.authority_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.authority_file)

    def good(self, name: str) -> ssl.SSLContext:
        """For the name, from the sandbox's authority, valid for 90 days."""
        return self._valid(name, VALIDITY)

    def expired(self, name: str, days: float) -> ssl.SSLContext:
        """Good, but it ended so many days ago."""
        ended = datetime.now(UTC) - timedelta(days=days)
        return _context(self._authority.issue_cert(name, not_before=ended - VALIDITY, not_after=ended))

    def expiring(self, name: str, days: float) -> ssl.SSLContext:
        """Good, and ends in so many days."""
        return self._valid(name, timedelta(days=days))

    def wrong_name(self, other: str) -> ssl.SSLContext:
        """Good, but for another name."""
        return self._valid(other, VALIDITY)

    def unknown_authority(self, name: str) -> ssl.SSLContext:
        """For the name, from an authority that is not trusted."""
        return _context(self._stranger.issue_cert(name))

    def _valid(self, name: str, left: timedelta) -> ssl.SSLContext:
        now = datetime.now(UTC)
        return _context(
            self._authority.issue_cert(name, not_before=now - timedelta(days=1), not_after=now + left)
        )


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
