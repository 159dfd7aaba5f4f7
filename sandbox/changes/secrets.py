"""Changes of Secret Manager: a version is disabled, destroyed, or its secret is deleted."""

from typing import Literal

from sandbox import baseline
from sandbox.changes.change import Change, ChangeFailedError
from sandbox.changes.journal import Person, caller, record
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.secret_manager import API, found

METHODS = {
    "DISABLED": "DisableSecretVersion",
    "DESTROYED": "DestroySecretVersion",
    "ENABLED": "EnableSecretVersion",
}
SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"


class ChangeSecret(Change):
    """A version of a secret changes its state, or the secret is deleted with all of them."""

    change: Literal["secret"] = "secret"
    name: str = baseline.SIGNING_KEY
    version: str = "latest"
    state: Literal["ENABLED", "DISABLED", "DESTROYED"] = "DISABLED"
    delete: bool = False
    by: Person = "person"
    minutes_ago: float = 0

    @property
    def title(self) -> str:
        """What becomes of it."""
        if self.delete:
            return f"secret {self.name} is deleted"
        return f"version {self.version} of secret {self.name} is {self.state}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the state, and who changed it."""
        secrets, full = cloud.resources.secrets, f"projects/{baseline.NUMBER}/secrets/{self.name}"
        number, state = found(cloud.resources, self.name, self.version)
        if not state:
            raise ChangeFailedError(f"There is no version {self.version} of a secret {self.name}.")
        who = caller(self.by, self.minutes_ago)
        if self.delete:
            del secrets[self.name]
            record(cloud, who, API, f"{SERVICE}.DeleteSecret", full)
        else:
            secrets[self.name] = {**secrets[self.name], number: self.state}
            record(cloud, who, API, f"{SERVICE}.{METHODS[self.state]}", f"{full}/versions/{number}")
        cloud.resources.changed()
