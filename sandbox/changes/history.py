"""What the logs tell of the time before now: requests that were answered, and errors that were written."""

import random
from datetime import UTC, datetime, timedelta
from typing import Literal

from sandbox import baseline
from sandbox.changes.change import Change, ChangeFailedError
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.fabric import busiest, short
from sandbox.logs import SERVICES, error_entry, request_entry, system_entry

QUICK_S = (0.05, 0.4)
AGENT = "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)"


class PastRequests(Change):
    """Requests to a service's serving revision in the last minutes; `failed` of `count` ended in `status`.

    The failed ones took between `shortest_s` and `longest_s`, and each wrote `error` where that is given.
    `said` is why Cloud Run answered in the container's place. `instead`: what the log had of that time goes.
    """

    change: Literal["requests"] = "requests"
    service: Literal["backend", "auth", "frontend"] = "backend"
    count: int = 240
    failed: int = 212
    status: int = 503
    minutes: float = 12
    shortest_s: float = 2.0
    longest_s: float = 12.0
    error: str = ""
    said: str = ""
    instead: bool = False

    @property
    def title(self) -> str:
        """How many failed."""
        return f"{self.failed} of {self.count} requests to {self.service} ended in {self.status}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the entries, the oldest first; the same each time but for when."""
        service = cloud.resources.services[f"{baseline.PARENT}/services/{SERVICES[self.service].service}"]
        serving = busiest(service, cloud.resources)
        if serving is None:
            raise ChangeFailedError(f"No revision of {self.service} gets requests.")
        chance = random.Random(f"{self.service} {self.count} {self.failed}")
        failing = set(chance.sample(range(self.count), min(self.failed, self.count)))
        end = datetime.now(UTC)
        if self.instead:
            _forget(cloud, SERVICES[self.service].service, end - timedelta(minutes=self.minutes))
        for number in range(self.count):
            at = end - timedelta(minutes=self.minutes * (1 - number / self.count))
            self._write(cloud, short(serving.name), at, chance, failed=number in failing)

    def _write(
        self, cloud: FakeCloud, revision: str, at: datetime, chance: random.Random, *, failed: bool
    ) -> None:
        spread = (self.shortest_s, self.longest_s) if failed else QUICK_S
        took = chance.uniform(*spread)
        status = self.status if failed else 200
        said = self.said if failed else ""
        cloud.resources.log(request_entry(self.service, revision, "/health", status, took, at, AGENT, said))
        if failed and self.error:
            cloud.resources.log(error_entry(self.service, revision, self.error, at))


class LogLines(Change):
    """Lines in the log of a service in the last minutes, of its serving revision.

    The application writes them to standard error; with `platform` Cloud Run itself does.
    """

    change: Literal["log"] = "log"
    service: Literal["backend", "auth", "frontend"] = "backend"
    text: str
    count: int = 20
    minutes: float = 12
    platform: bool = False
    severity: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "ERROR"

    @property
    def title(self) -> str:
        """What is said how often."""
        return f"{self.service} logs {self.count} times: {self.text.splitlines()[-1]}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the entries, the oldest first."""
        service = cloud.resources.services[f"{baseline.PARENT}/services/{SERVICES[self.service].service}"]
        serving = busiest(service, cloud.resources)
        name = "" if serving is None else short(serving.name)
        end = datetime.now(UTC)
        for number in range(self.count):
            at = end - timedelta(minutes=self.minutes * (1 - number / self.count))
            if self.platform:
                cloud.resources.log(system_entry(self.service, name, self.text, self.severity, at))
            else:
                cloud.resources.log(error_entry(self.service, name, self.text, at, self.severity))


def _forget(cloud: FakeCloud, service: str, since: datetime) -> None:
    """Takes requests to a service since then out of the log."""
    logs = cloud.resources.logs
    logs[:] = [
        entry
        for entry in logs
        if not entry.http_request.status
        or entry.resource.labels.get("service_name") != service
        or entry.timestamp < since
    ]
