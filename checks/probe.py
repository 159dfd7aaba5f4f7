"""What one run of one check may use: the way to the network, secrets, and its recorder."""

from dataclasses import dataclass

from checks.dialer import Dialer
from checks.failures import CheckBlind
from checks.reasons import Reason
from checks.recorder import Recorder
from checks.secrets import SecretRef, Secrets
from checks.sight import Sight


@dataclass(slots=True, kw_only=True)
class Probe(Recorder):
    """A recorder with a dialer, which is the only way to the network, and the secrets that it may use.

    `eyes` see Google Cloud and Terraform; None where the environment names no project.
    """

    dialer: Dialer
    secrets: Secrets
    eyes: Sight | None = None

    def secret(self, reference: SecretRef | None) -> str | None:
        """The value behind a reference; raises `CheckBlind` that names the reference if there is none."""
        if reference is None:
            return None
        value = self.secrets.get(reference)
        if value is None:
            raise CheckBlind(
                Reason.SECRET_MISSING,
                f"the secret {reference} is not set here, so the check could not log in",
            )
        return value
