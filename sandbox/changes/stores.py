"""Changes of managed stores: Memorystore and Cloud SQL."""

from typing import Any, Literal

from google.cloud import redis_v1, sqladmin_v1

from sandbox import baseline
from sandbox.changes.change import Change
from sandbox.cloud.fake_cloud import FakeCloud

NEVER: Any = sqladmin_v1.Settings.SqlActivationPolicy.NEVER
RedisState = Literal["READY", "CREATING", "UPDATING", "DELETING", "REPAIRING", "MAINTENANCE", "FAILING_OVER"]
SqlState = Literal["RUNNABLE", "SUSPENDED", "PENDING_CREATE", "MAINTENANCE", "FAILED"]


class ChangeRedis(Change):
    """Memorystore changes its state, its address, or the network that it is on."""

    change: Literal["redis"] = "redis"
    state: RedisState | None = None
    host: str | None = None
    network: str | None = None
    project: Literal["id", "number"] = "id"

    @property
    def title(self) -> str:
        """What becomes of the instance."""
        said = [
            f"is {self.state}" if self.state else "",
            f"is at {self.host}" if self.host else "",
            f"is on {self.network}" if self.network else "",
        ]
        return f"Memorystore {baseline.REDIS} " + (", ".join(filter(None, said)) or "is spelled differently")

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the instance."""
        instance = cloud.resources.redis[f"{baseline.PARENT}/instances/{baseline.REDIS}"]
        if self.state:
            instance.state = getattr(redis_v1.Instance.State, self.state)
        instance.host = self.host or instance.host
        if self.network or self.project == "number":
            owner = baseline.NUMBER if self.project == "number" else baseline.PROJECT
            instance.authorized_network = f"projects/{owner}/global/networks/{self.network or baseline.VPC}"
        cloud.resources.changed()


class ChangeSql(Change):
    """Cloud SQL changes its state, its address, or is stopped by its owner."""

    change: Literal["sql"] = "sql"
    state: SqlState | None = None
    stopped: bool = False
    address: str | None = None

    @property
    def title(self) -> str:
        """What becomes of the instance."""
        said = "is stopped" if self.stopped else f"is {self.state}" if self.state else f"is at {self.address}"
        return f"Cloud SQL {baseline.SQL} {said}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the instance."""
        instance = cloud.resources.sql[f"projects/{baseline.PROJECT}/instances/{baseline.SQL}"]
        if self.state:
            instance.state = getattr(sqladmin_v1.DatabaseInstance.SqlInstanceState, self.state)
        if self.stopped:
            instance.settings.activation_policy = NEVER
        if self.address:
            instance.ip_addresses = [
                sqladmin_v1.IpMapping(type_=sqladmin_v1.SqlIpAddressType.PRIVATE, ip_address=self.address)
            ]
        cloud.resources.changed()
