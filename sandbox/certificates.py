"""Certificates of the staging world: its own authority, and certificates that are wrong in one way each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

VALIDITY = timedelta(days=90)


class Certificates:
    """Issues server certificates of one sandbox.

    Each method gives a PEM file in `folder` with the key, such a certificate and its chain.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._issued = 0
        self._authority = trustme.CA(organization_name="whybot sandbox")
        self._stranger = trustme.CA(organization_name="an authority that nobody trusts")
        self.authority_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.authority_file)

    def good(self, name: str) -> Path:
        """For the name, from the sandbox's authority, valid for 90 days."""
        return self._valid(name, VALIDITY)

    def expired(self, name: str, days: float) -> Path:
        """Good, but it ended so many days ago."""
        ended = datetime.now(UTC) - timedelta(days=days)
        return self._written(self._authority.issue_cert(name, not_before=ended - VALIDITY, not_after=ended))

    def expiring(self, name: str, days: float) -> Path:
        """Good, and ends in so many days."""
        return self._valid(name, timedelta(days=days))

    def wrong_name(self, other: str) -> Path:
        """Good, but for another name."""
        return self._valid(other, VALIDITY)

    def unknown_authority(self, name: str) -> Path:
        """For the name, from an authority that is not trusted."""
        return self._written(self._stranger.issue_cert(name))

    def _valid(self, name: str, left: timedelta) -> Path:
        now = datetime.now(UTC)
        return self._written(
            self._authority.issue_cert(name, not_before=now - timedelta(days=1), not_after=now + left)
        )

    def _written(self, certificate: trustme.LeafCert) -> Path:
        self._issued += 1
        file = self._folder / f"certificate-{self._issued}.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(file)
        return file
