"""Changes of networks: connectors, peerings, routes, firewall rules."""

from typing import Literal

from google.cloud import compute_v1, vpcaccess_v1

from sandbox import baseline
from sandbox.changes.change import Change, ChangeFailedError
from sandbox.changes.journal import Person, caller, record
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.resources import BucketObject
from sandbox.terraform_state import with_firewall

VPC_ACCESS, COMPUTE = "vpcaccess.googleapis.com", "compute.googleapis.com"
ConnectorState = Literal["READY", "CREATING", "DELETING", "ERROR", "UPDATING"]


class ChangeConnector(Change):
    """A connector is made (where there is none of this name), changed, or deleted.

    With `by` the audit log says who did it, so many `minutes_ago`.
    """

    change: Literal["connector"] = "connector"
    name: str = baseline.CONNECTOR
    region: str = baseline.REGION
    state: ConnectorState | None = None
    network: str | None = None
    cidr: str | None = None
    max_instances: int | None = None
    delete: bool = False
    by: Person | None = None
    minutes_ago: float = 0

    @property
    def title(self) -> str:
        """What becomes of the connector."""
        if self.delete:
            return f"connector {self.name} is deleted"
        where = f" on {self.network}" if self.network else ""
        return f"connector {self.name}{where} is {self.state or 'changed'}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the connector."""
        full, connectors = baseline.connector_name(self.name, self.region), cloud.resources.connectors
        if self.delete:
            if connectors.pop(full, None) is None:
                raise ChangeFailedError(f"There is no connector {self.name} in {self.region}.")
        else:
            connector = connectors.setdefault(full, _new_connector(full))
            if self.state:
                connector.state = getattr(vpcaccess_v1.Connector.State, self.state)
            connector.network = self.network or connector.network
            connector.ip_cidr_range = self.cidr or connector.ip_cidr_range
            connector.max_instances = self.max_instances or connector.max_instances
        if self.by:
            method = (
                f"google.cloud.vpcaccess.v1.VpcAccessService.{'Delete' if self.delete else 'Update'}Connector"
            )
            record(cloud, caller(self.by, self.minutes_ago), VPC_ACCESS, method, full)
        cloud.resources.changed()


def _new_connector(name: str) -> vpcaccess_v1.Connector:
    return vpcaccess_v1.Connector(
        name=name,
        network=baseline.VPC,
        ip_cidr_range="10.9.0.0/28",
        state=vpcaccess_v1.Connector.State.READY,
        machine_type="e2-micro",
        min_instances=2,
        max_instances=3,
        min_throughput=200,
        max_throughput=300,
    )


class ChangePeering(Change):
    """The peering that leads to Memorystore is deleted, goes down, or no longer imports its route."""

    change: Literal["peering"] = "peering"
    network: str = baseline.VPC
    name: str = baseline.PEERING
    state: Literal["ACTIVE", "INACTIVE"] | None = None
    imports: bool = True
    delete: bool = False

    @property
    def title(self) -> str:
        """What becomes of the peering."""
        if self.delete:
            return f"peering {self.name} of {self.network} is deleted"
        if not self.imports:
            return f"peering {self.name} of {self.network} imports no route"
        return f"peering {self.name} of {self.network} is {self.state or 'changed'}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the network and the routes that it imports."""
        resources, key = cloud.resources, (self.network, self.name)
        network = resources.networks.get(f"global/networks/{self.network}")
        found = next((each for each in network.peerings if each.name == self.name), None) if network else None
        if network is None or found is None:
            raise ChangeFailedError(f"Network {self.network} has no peering {self.name}.")
        if self.delete:
            network.peerings = [each for each in network.peerings if each.name != self.name]
        elif self.state:
            found.state = self.state
            found.state_details = "The peer has ended its side." if self.state == "INACTIVE" else "Connected."
        if self.delete or not self.imports or self.state == "INACTIVE":
            resources.peering_routes.pop(key, None)
        cloud.resources.changed()


class AddRoute(Change):
    """A static route is made. `to` says where it leads."""

    change: Literal["route"] = "route"
    name: str
    network: str = baseline.VPC
    destination: str
    to: Literal["internet", "vpn", "instance"] = "internet"
    priority: int = 900
    tags: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Where the route leads."""
        return f"route {self.name} of {self.network} sends {self.destination} to the {self.to}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the route."""
        region = f"{baseline.COMPUTE}/regions/{baseline.REGION}"
        hops = {
            "internet": {"next_hop_gateway": baseline.GATEWAY},
            "vpn": {"next_hop_vpn_tunnel": f"{region}/vpnTunnels/{baseline.VPN}"},
            "instance": {
                "next_hop_instance": f"{baseline.COMPUTE}/zones/{baseline.REGION}-a/instances/old-nat"
            },
        }
        made = baseline.route(self.name, self.network, self.destination, self.priority, **hops[self.to])
        made.tags = list(self.tags)
        cloud.resources.routes[f"global/routes/{self.name}"] = made
        cloud.resources.changed()


class AddFirewallRule(Change):
    """An egress rule is made; without `destinations` about every address, without `ports` every port.

    With `by` the audit log says who did it, so many `minutes_ago`.
    """

    change: Literal["firewall"] = "firewall"
    name: str
    network: str = baseline.VPC
    action: Literal["allow", "deny"] = "deny"
    priority: int = 1000
    destinations: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    disabled: bool = False
    by: Person | None = None
    minutes_ago: float = 0

    @property
    def title(self) -> str:
        """What the rule does."""
        off = ", disabled" if self.disabled else ""
        about = ", ".join((*self.destinations, *self.ports, *self.tags)) or "everything"
        return f"egress rule {self.name} of {self.network}: {self.action} {about}{off}"

    async def apply(self, cloud: FakeCloud) -> None:
        """Writes the rule."""
        kind = compute_v1.Allowed if self.action == "allow" else compute_v1.Denied
        traffic = kind(I_p_protocol="tcp" if self.ports else "all", ports=list(self.ports))
        made = baseline.firewall(
            self.name,
            self.network,
            direction="EGRESS",
            priority=self.priority,
            destination_ranges=list(self.destinations or ("0.0.0.0/0",)),
            target_tags=list(self.tags),
            disabled=self.disabled,
            **{"allowed" if self.action == "allow" else "denied": [traffic]},
        )
        cloud.resources.firewalls[f"global/firewalls/{self.name}"] = made
        if self.by == "terraform":
            _record_in_state(cloud, made)
        if self.by:
            record(
                cloud, caller(self.by, self.minutes_ago), COMPUTE, "v1.compute.firewalls.insert",
                f"projects/{baseline.PROJECT}/global/firewalls/{self.name}", type="gce_firewall_rule",
                firewall_rule_id=self.name,
            )  # fmt: skip
        cloud.resources.changed()


def _record_in_state(cloud: FakeCloud, rule: compute_v1.Firewall) -> None:
    """What Terraform makes is in its state; the repository's configuration is not that far."""
    key = baseline.BUCKET, baseline.STATE_OBJECT
    before = cloud.resources.objects.get(key)
    if before is not None and isinstance(before.content, bytes):
        written = with_firewall(before.content, rule)
        cloud.resources.objects[key] = BucketObject(written, generation=before.generation + 1)
