"""What was read of Google Cloud and Terraform, as frozen values; `checks/observe/` and `checks/terraform/`
read it.

Whatever can be read as a whole or not at all is a `Seen[T]`: the value, or a `Blind` that says why not and
what would let whybot see. An empty tuple means that there is none, which is not the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar

from checks.names import Ref
from checks.reasons import Reason

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: `system` is `cloud_run`, `compute`, `terraform`, `environment`, …

    `resource` is the full name of what was read, or `file:line`. `url` is its page in the console.
    """

    system: str
    resource: str
    read_at: datetime
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Blind:
    """Something could not be read. `message` is a sentence for people.

    For a missing permission `permission`, `role` and `command` name it, the least role that holds it, and
    what grants it.
    """

    reason: Reason
    message: str
    permission: str | None = None
    role: str | None = None
    command: str | None = None


Seen: TypeAlias = T | Blind


class Egress(StrEnum):
    """Which traffic goes through the VPC, spelled as in environment files; unset means private ranges."""

    ALL = "all-traffic"
    PRIVATE_RANGES = "private-ranges-only"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of Direct VPC egress. Only one of network and subnetwork need be given."""

    network: Ref | None
    subnetwork: Ref | None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VpcAccess:
    """How a revision reaches a VPC: over a connector or over interfaces (Direct VPC), never both."""

    connector: Ref | None = None
    egress: Egress | None = None
    interfaces: tuple[Interface, ...] = ()

    @property
    def effective_egress(self) -> Egress:
        """The setting that holds where none was made."""
        return self.egress or Egress.PRIVATE_RANGES


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of Cloud Run: `state` is `succeeded`, `failed`, `pending`, `reconciling` or `unknown`."""

    type: str
    state: str
    reason: str = ""
    message: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret that a revision asks for. `secret` is its short name, or a full one where it is another
    project's; `version` a number or `latest`. `place` says where it goes: `variable NAME`, `volume PATH`.
    """

    secret: str
    version: str
    place: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Which version of which secret, however often it is asked for."""
        return self.secret, self.version


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """What Secret Manager has of one version, without its payload.

    `state` is ENABLED, DISABLED or DESTROYED, and MISSING where there is no such version or secret.
    """

    secret: str
    version: str
    state: str
    source: Source

    @property
    def usable(self) -> bool:
        """Whether a revision can be given it."""
        return self.state == "ENABLED"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a Cloud Run service; names are short. `vpc` None: it has no VPC access.

    `min_instances` is how many are kept, `max_instances` how many there may be (0: not set, Cloud Run's
    default holds), `concurrency` how many requests one takes at once.
    """

    name: str
    service: str
    vpc: VpcAccess | None
    source: Source
    ready: bool | None = None
    conditions: tuple[Condition, ...] = ()
    image: str = ""
    service_account: str = ""
    creator: str = ""
    created_at: datetime | None = None
    reconciling: bool = False
    deleted: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    min_instances: int = 0
    max_instances: int = 0
    concurrency: int = 0
    secrets: tuple[SecretUse, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficShare:
    """What share of requests a revision gets. `latest` where it was given to whatever is the latest."""

    revision: str
    percent: int
    tag: str = ""
    latest: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A Cloud Run service.

    `serving` is what gets traffic now (`traffic_statuses`, tags with 0 % included), `traffic` what was asked
    for, `template_vpc` what the next revision will get. `ingress` is who may call it, in the API's spelling:
    INGRESS_TRAFFIC_ALL, INGRESS_TRAFFIC_INTERNAL_ONLY, …
    """

    name: str
    source: Source
    template_vpc: VpcAccess | None = None
    template_image: str = ""
    traffic: tuple[TrafficShare, ...] = ()
    serving: tuple[TrafficShare, ...] = ()
    latest_ready: str = ""
    latest_created: str = ""
    conditions: tuple[Condition, ...] = ()
    generation: int = 0
    observed_generation: int = 0
    reconciling: bool = False
    uid: str = ""
    etag: str = ""
    uri: str = ""
    creator: str = ""
    last_modifier: str = ""
    client: str = ""
    updated_at: datetime | None = None
    ingress: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A Cloud Run job; `vpc` is what its executions get."""

    name: str
    source: Source
    vpc: VpcAccess | None = None
    image: str = ""
    service_account: str = ""
    environment: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Connector:
    """A Serverless VPC Access connector. `state` is READY, CREATING, DELETING, ERROR or UPDATING.

    It is on `network` with a range of its own (`cidr`, a /28), or in an existing `subnet`. Throughput in
    Mbit/s.
    """

    ref: Ref
    state: str
    network: Ref | None
    source: Source
    cidr: str = ""
    subnet: Ref | None = None
    machine_type: str = ""
    min_instances: int = 0
    max_instances: int = 0
    min_throughput: int = 0
    max_throughput: int = 0
    connected_projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Peering:
    """One side of a VPC peering. `state` is ACTIVE or INACTIVE."""

    name: str
    network: Ref
    state: str
    state_details: str = ""
    import_custom_routes: bool = False
    export_custom_routes: bool = False
    exchange_subnet_routes: bool = True


@dataclass(frozen=True, slots=True)
class Network:
    """A VPC network with its peerings."""

    ref: Ref
    source: Source
    peerings: tuple[Peering, ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet; `ranges` are its primary range and then its secondary ones, as CIDR."""

    ref: Ref
    network: Ref
    ranges: tuple[str, ...]
    source: Source
    purpose: str = ""


class NextHop(StrEnum):
    """Where a route sends packets."""

    SUBNET = "subnet"  # the network itself
    PEERING = "peering"
    GATEWAY = "internet gateway"
    INSTANCE = "instance"
    ADDRESS = "address"
    LOAD_BALANCER = "internal load balancer"
    VPN = "VPN tunnel"
    INTERCONNECT = "interconnect attachment"
    HUB = "hub"
    BLACKHOLE = "nowhere"


@dataclass(frozen=True, slots=True)
class Route:
    """A route of one network: static, of a subnet, learned dynamically, or imported over a peering.

    `hop` names the next hop (a tunnel, a peering, …). `checks.path.routing` tells which one wins. `tags` not
    empty: only for instances with one of these tags. `status` is ACTIVE, DROPPED, INACTIVE or PENDING, empty
    where the API does not say. `exchanged` is what a route over a peering is there: SUBNET_PEERING_ROUTE,
    STATIC_PEERING_ROUTE or DYNAMIC_PEERING_ROUTE, else empty.
    """

    network: Ref
    destination: str
    next_hop: NextHop
    source: Source
    hop: str = ""
    name: str = ""
    priority: int = 0
    tags: tuple[str, ...] = ()
    status: str = ""
    exchanged: str = ""


@dataclass(frozen=True, slots=True)
class Ports:
    """A protocol (`tcp`, `all`, a number) and its ports (`6379`, `1-65535`); none means all."""

    protocol: str
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Firewall:
    """A firewall rule, or a rule of a policy (`policy` names it; `place` orders policies before rules).

    `direction` is EGRESS or INGRESS; the lowest `priority` number that matches decides, deny before allow.
    Without `destinations` (of egress) or `sources` (of ingress) it is about every address.
    """

    name: str
    network: Ref
    direction: str
    priority: int
    allow: bool
    source: Source
    traffic: tuple[Ports, ...] = ()
    destinations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    source_tags: tuple[str, ...] = ()
    target_tags: tuple[str, ...] = ()
    target_service_accounts: tuple[str, ...] = ()
    disabled: bool = False
    policy: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class RedisInstance:
    """A Memorystore instance.

    `connect_mode` is DIRECT_PEERING or PRIVATE_SERVICE_ACCESS; `reserved_range` is a CIDR for the first and a
    range's name for the second. `state` is READY, CREATING, UPDATING, REPAIRING, MAINTENANCE, FAILING_OVER, …
    """

    name: str
    host: str
    port: int
    state: str
    network: Ref | None
    source: Source
    region: str = ""
    status_message: str = ""
    connect_mode: str = ""
    reserved_range: str = ""
    auth_enabled: bool = False
    transit_encryption: bool = False
    read_endpoint: str = ""


@dataclass(frozen=True, slots=True)
class SqlInstance:
    """A Cloud SQL instance. `addresses` are those of its private and public interfaces; `network` the private
    one's.

    `state` is RUNNABLE, SUSPENDED, STOPPED, PENDING_CREATE, MAINTENANCE, FAILED, …
    """

    name: str
    state: str
    source: Source
    private_addresses: tuple[str, ...] = ()
    public_addresses: tuple[str, ...] = ()
    network: Ref | None = None
    version: str = ""
    region: str = ""
    activation: str = ""
    reserved_range: str = ""


@dataclass(frozen=True, slots=True)
class CloudState:
    """All that path and drift reason about: one project and region, read at one time.

    `revisions` is keyed by the service's short name and holds at least the serving ones. `peering_routes` are
    the routes that the project's networks import, keyed by `(network name, peering name)`. `unlisted_routes`
    says of a network (by name) why some of its routes could not be listed, such as those that routers learn.
    Any field may be `Blind` of its own; nothing is assumed of what is blind.
    """

    project: str
    region: str
    read_at: datetime
    project_number: str = ""
    services: Seen[tuple[Service, ...]] = ()
    revisions: Mapping[str, Seen[tuple[Revision, ...]]] = field(default_factory=dict)
    jobs: Seen[tuple[Job, ...]] = ()
    connectors: Seen[tuple[Connector, ...]] = ()
    networks: Seen[tuple[Network, ...]] = ()
    subnets: Seen[tuple[Subnet, ...]] = ()
    routes: Seen[tuple[Route, ...]] = ()
    peering_routes: Mapping[tuple[str, str], Seen[tuple[Route, ...]]] = field(default_factory=dict)
    unlisted_routes: Mapping[str, Blind] = field(default_factory=dict)
    firewalls: Seen[tuple[Firewall, ...]] = ()
    redis: Seen[tuple[RedisInstance, ...]] = ()
    sql: Seen[tuple[SqlInstance, ...]] = ()


# What the logs say


@dataclass(frozen=True, slots=True)
class RequestLog:
    """Requests to one service between two times. Latencies in milliseconds; counts by HTTP status.

    What ends in `5xx` failed: for each revision how often with which status, the first and last of them, and
    how long they took. `truncated` where there were more entries than were read: counts are then at least
    that many.
    """

    service: str
    since: datetime
    until: datetime
    source: Source
    total: int = 0
    by_status: Mapping[int, int] = field(default_factory=dict)
    by_revision_5xx: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    first_5xx: datetime | None = None
    last_5xx: datetime | None = None
    latency_5xx_ms: tuple[float, float, float] | None = None  # shortest, median, longest
    latency_ms: tuple[float, float, float] | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Log entries of severity ERROR or worse that say the same but for numbers and ids. `example` is
    redacted."""

    message: str
    count: int
    first: datetime
    last: datetime
    severity: str
    example: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a resource in the audit log. `location` is empty where the log does not say it."""

    at: datetime
    who: str
    method: str
    resource: str
    source: Source
    user_agent: str = ""
    location: str = ""


# What Cloud Monitoring measured


@dataclass(frozen=True, slots=True)
class ServiceUsage:
    """What a Cloud Run service used in some time. None is what Cloud Monitoring has no point of.

    `instances` is the newest number of instances, `most_instances` the highest. `startup_ms` is the slowest
    start of a container (95th percentile of a minute). `refused_per_s` are requests that got 429.
    """

    service: str
    source: Source
    instances: float | None = None
    most_instances: float | None = None
    startup_ms: float | None = None
    requests_per_s: float | None = None
    refused_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class ConnectorUsage:
    """What a Serverless VPC Access connector used in some time; newest values, `most_cpu` the highest.

    `cpu` is a share of 0 to 1 of the busiest instance. Traffic in Mbit/s.
    """

    connector: str
    source: Source
    cpu: float | None = None
    most_cpu: float | None = None
    instances: float | None = None
    sent_mbit: float | None = None
    received_mbit: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What services and connectors of one region used between two times, by their short names."""

    since: datetime
    until: datetime
    services: Mapping[str, ServiceUsage] = field(default_factory=dict)
    connectors: Mapping[str, ConnectorUsage] = field(default_factory=dict)
