"""The staging world on three sides that agree, for tests of drift: what each case starts from and changes."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from checks.drift.compare import compare
from checks.drift.model import Acceptance, Difference, Drift
from checks.environment import Environment, load_environment
from checks.observations import (
    Blind,
    Change,
    CloudState,
    Firewall,
    Ports,
    Revision,
    Seen,
    Service,
    Source,
    TrafficShare,
    VpcAccess,
)
from checks.terraform.model import Infrastructure, Resource
from tests.checks.path import place

ROOT = Path(__file__).parents[3]
SERVICES = {name: f"netra-{name}-staging" for name in ("backend", "auth", "frontend")}
REGION = f"projects/{place.PROJECT}/locations/{place.REGION}"
NETWORK = f"projects/{place.PROJECT}/global/networks/staging-vpc"
ACCOUNT = "netra-{}@netra-staging.iam.gserviceaccount.com"
INTERNAL = "staging-allow-internal"


@cache
def environment() -> Environment:
    """staging, as its file declares it."""
    return load_environment(ROOT / "environments/staging.yaml")


@dataclass(frozen=True)
class World:
    """Three sides of one environment, and who changed what."""

    file: Environment
    terraform: Seen[Infrastructure] | None
    live: CloudState
    changes: Seen[tuple[Change, ...]] = ()
    accepted: tuple[Acceptance, ...] = ()

    def drift(self) -> Drift:
        """What differs."""
        return compare(
            self.file, self.terraform, self.live, tuple(place.TARGETS.values()),
            changes=self.changes, accepted=self.accepted, now=place.NOW,
        )  # fmt: skip

    def differences(self) -> dict[str, Difference]:
        """What differs, by field."""
        return {each.field: each for each in self.drift().differences}


Step = Callable[[World], World]


def source(address: str) -> Source:
    return Source("terraform", address, place.NOW)


def resource(kind: str, name: str, values: Mapping[str, Any]) -> Resource:
    address = f"{kind}.{name}"
    return Resource(address, kind, name, dict(values), source(address))


def recorded() -> dict[str, dict[str, Any]]:
    """What Terraform's state holds, by address."""
    vpc = {"connector": f"{REGION}/connectors/staging-connector", "egress": "ALL_TRAFFIC"}
    services = {
        f"google_cloud_run_v2_service.{name}": {
            "name": full,
            "location": place.REGION,
            "project": place.PROJECT,
            "ingress": "INGRESS_TRAFFIC_ALL",
            "template": [{"service_account": ACCOUNT.format(name), "vpc_access": [dict(vpc)]}],
        }
        for name, full in SERVICES.items()
    }
    return {
        "google_compute_network.vpc": {"name": "staging-vpc"},
        "google_compute_subnetwork.subnet": {
            "name": "staging-subnet", "network": NETWORK, "ip_cidr_range": "10.20.0.0/24",
        },
        "google_vpc_access_connector.staging": {
            "name": "staging-connector", "network": "staging-vpc", "ip_cidr_range": "10.1.0.0/28",
            "region": place.REGION, "machine_type": "e2-micro", "min_instances": 2, "max_instances": 3,
        },
        "google_compute_firewall.internal": {
            "name": INTERNAL, "network": NETWORK, "direction": "INGRESS", "priority": 1000,
            "source_ranges": ["10.20.0.0/24", "10.1.0.0/28"],
            "allow": [{"protocol": "tcp", "ports": ["5432", "8123"]}],
        },
        "google_redis_instance.redis": {
            "name": "staging-redis", "host": "10.166.204.83", "port": 6379, "region": place.REGION,
            "authorized_network": NETWORK, "connect_mode": "DIRECT_PEERING",
            "reserved_ip_range": "10.166.204.80/29", "auth_enabled": True,
            "transit_encryption_mode": "DISABLED",
        },
        "google_sql_database_instance.postgres": {
            "name": "staging-db", "private_ip_address": "10.20.0.5", "database_version": "POSTGRES_16",
            "settings": [
                {"activation_policy": "ALWAYS", "ip_configuration": [{"private_network": NETWORK}]}
            ],
        },
        **services,
    }  # fmt: skip


def terraform(values: Mapping[str, Mapping[str, Any]], **more: Any) -> Infrastructure:
    """Terraform's state with these resources."""
    made = tuple(resource(*address.split("."), each) for address, each in values.items())
    return Infrastructure(recorded=made, projects=(place.PROJECT,), **more)


def service(name: str, *serving: TrafficShare, **more: Any) -> Service:
    read = place.source("cloud_run", name)
    more = {"template_vpc": place.STAGING, "ingress": "INGRESS_TRAFFIC_ALL", **more}
    return Service(name, read, serving=serving, **more)


def live() -> CloudState:
    """Google Cloud, as declared."""
    state = place.staging()
    connectors = tuple(
        replace(each, min_instances=2, max_instances=3, min_throughput=200, max_throughput=300)
        for each in state.connectors
        if each.ref.name == "staging-connector"
    )
    rule = Firewall(
        INTERNAL, place.VPC, "INGRESS", 1000, True, place.source("compute", INTERNAL),
        (Ports("tcp", ("5432", "8123")),), sources=("10.1.0.0/28", "10.20.0.0/24"),
    )  # fmt: skip
    revisions = {full: (revision(name),) for name, full in SERVICES.items()}
    services = tuple(service(full, TrafficShare(revisions[full][0].name, 100)) for full in SERVICES.values())
    assert not isinstance(state.routes, Blind)
    routes = tuple(replace(each, name="") if "dynamic" in each.name else each for each in state.routes)
    return replace(
        state,
        services=services,
        revisions=revisions,
        connectors=connectors,
        firewalls=(rule,),
        routes=routes,
    )


def revision(name: str, number: int = 41, vpc: VpcAccess | None = place.STAGING, **more: Any) -> Revision:
    full = SERVICES[name]
    short = f"{full}-{number:05d}-abc"
    read = place.source("cloud_run", short)
    return Revision(short, full, vpc, read, ready=True, service_account=ACCOUNT.format(name), **more)


def agreed() -> World:
    """Three sides that say the same."""
    return World(environment(), terraform(recorded()), live())


def declaring(**fields: Any) -> Step:
    """The environment file says otherwise in `network` or at the top."""
    return lambda world: replace(world, file=world.file.model_copy(update=fields))


def in_terraform(address: str, *path: str | int, to: Any) -> Step:
    """An attribute of Terraform is otherwise; without a path the resource is, None takes it away."""

    def step(world: World) -> World:
        assert isinstance(world.terraform, Infrastructure)
        values = {each.address: deepcopy(dict(each.values)) for each in world.terraform.resources}
        if not path:
            values.pop(address, None)
            if to is not None:
                values[address] = to
        else:
            inner: Any = values[address]
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = to
        return replace(world, terraform=terraform(values, incomplete=world.terraform.incomplete))

    return step


def in_cloud(change: Callable[[CloudState], CloudState]) -> Step:
    """Something live is otherwise."""
    return lambda world: replace(world, live=change(world.live))


def serving(name: str, *revisions: Revision, template: VpcAccess | None = place.STAGING, **more: Any) -> Step:
    """These revisions of a service get its traffic, in equal parts."""

    def change(state: CloudState) -> CloudState:
        full, share = SERVICES[name], 100 // len(revisions)
        traffic = tuple(TrafficShare(each.name, share) for each in revisions)
        assert not isinstance(state.services, Blind)
        others = tuple(each for each in state.services if each.name != full)
        made = service(full, *traffic, template_vpc=template, **more)
        return replace(state, services=(*others, made), revisions={**state.revisions, full: tuple(revisions)})

    return in_cloud(change)


def all_of(*steps: Step) -> Step:
    def step(world: World) -> World:
        for each in steps:
            world = each(world)
        return world

    return step
