"""What is compared: services and revisions, connectors, networks, rules, stores, each on three sides."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from checks.drift.model import SideState
from checks.drift.peerings import holds, needs_peering
from checks.drift.reading import attribute
from checks.drift.rules import EVERYWHERE, STATIC
from checks.drift.scope import SILENT, Found, Managed, Scope, hidden
from checks.environment import Service as DeclaredService
from checks.observations import (
    Blind,
    NextHop,
    RedisInstance,
    Revision,
    Route,
    Seen,
    Service,
    SqlInstance,
    VpcAccess,
)
from checks.path.model import Target


class Group(StrEnum):
    """Kinds of subjects; a field says of which it is."""

    PLACE = "place"
    NETWORK = "network"
    SUBNET = "subnet"
    CONNECTOR = "connector"
    FIREWALL = "firewall"
    ROUTE = "route"
    SERVICE = "service"
    SERVING = "serving"
    TEMPLATE = "template"
    REDIS = "redis"
    SQL = "sql"
    PEERING = "peering"


@dataclass(frozen=True, slots=True)
class Carrier:
    """What gives a service its way into the VPC: a serving revision, or the template of the next one."""

    service: Service
    vpc: VpcAccess | None
    revision: Revision | None = None
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing on three sides. `key` begins its fields' paths; `exists` is the path of its existence.

    `service` is the key of the service in the file that it belongs to, `name` its own name in Google Cloud.
    `listed` where it stands for all of a list that could not be read.
    """

    group: Group
    key: str
    title: str
    name: str
    declared: Found[Any]
    terraform: Found[Managed]
    live: Found[Any]
    exists: str = ""
    service: str = ""
    listed: bool = False


def subjects(scope: Scope) -> Iterator[Subject]:
    """Everything that is compared, in the order of the environment file."""
    yield _place(scope)
    yield from _unlisted(scope)
    yield from _networks(scope)
    yield from _subnets(scope)
    yield from _connectors(scope)
    yield from _firewalls(scope)
    yield from _routes(scope)
    for key, declared in scope.environment.services.items():
        if declared.cloud_run:
            yield from _services(scope, key, declared, declared.cloud_run)
    for target in scope.targets.values():
        if target.kind == "redis":
            yield from _store(scope, Group.REDIS, "redis", target, scope.live.redis)
        elif target.kind == "postgres":
            yield from _store(scope, Group.SQL, "sql", target, scope.live.sql)


def _place(scope: Scope) -> Subject:
    terraform: Found[Any] = SILENT if scope.terraform is None else Found(scope.terraform)
    if isinstance(scope.terraform, Blind):
        terraform = hidden(scope.terraform.message)
    return Subject(
        Group.PLACE, "", "environment", scope.home.project, Found(scope.environment), terraform,
        Found(scope.live),
    )  # fmt: skip


LISTS = (
    (Group.CONNECTOR, "connectors"),
    (Group.FIREWALL, "firewalls"),
    (Group.ROUTE, "routes"),
    (Group.SUBNET, "subnets"),
)
STRAYS = (Group.FIREWALL, Group.ROUTE)
"""Of these, what is live counts even where Terraform has none of the kind."""


def _unlisted(scope: Scope) -> Iterator[Subject]:
    """Lists that could not be read, as one thing: what is in them is unknown, not gone."""
    for group, kind in LISTS:
        live = getattr(scope.live, kind)
        if isinstance(scope.terraform, Blind):
            why = scope.terraform.message
        elif isinstance(live, Blind) and (scope.managed_names(kind) or (scope.managing and group in STRAYS)):
            why = live.message
        else:
            continue
        key = f"network.{kind}"
        yield Subject(group, key, kind, kind, SILENT, hidden(why), hidden(why), exists=key, listed=True)


def _named_in(scope: Scope, kind: str, seen: Seen[Any], declared: str | None = None) -> tuple[str, ...]:
    """Names of a kind that Terraform or live have, but for the declared one."""
    live = () if isinstance(seen, Blind) else (_name(each) for each in seen)
    names = {*scope.managed_names(kind), *live} - {declared}
    return tuple(sorted(names))


def _name(thing: Any) -> str:
    return str(getattr(thing, "name", None) or thing.ref.name)


def _look(seen: Seen[Any], name: str) -> Found[Any]:
    if isinstance(seen, Blind):
        return hidden(seen.message)
    found = next((each for each in seen if _name(each) == name), None)
    return Found(state=SideState.ABSENT) if found is None else Found(found, source=found.source)


def _networks(scope: Scope) -> Iterator[Subject]:
    vpc = scope.environment.network.vpc
    if vpc:
        name = scope.network_ref(vpc).name
        ours = scope.network_ref(vpc).project == scope.home.project
        live = _look(scope.live.networks, name) if ours else SILENT
        yield Subject(
            Group.NETWORK, "network", "network", name, Found(vpc, source=scope.declared("network.vpc")),
            scope.managed("networks", name), live, exists="network.vpc",
        )  # fmt: skip


def _subnets(scope: Scope) -> Iterator[Subject]:
    for name in scope.managed_names("subnets"):
        key = f"network.subnets.{name}"
        yield Subject(
            Group.SUBNET, key, f"subnet {name}", name, SILENT, scope.managed("subnets", name),
            _look(scope.live.subnets, name), exists=key,
        )  # fmt: skip


def _connectors(scope: Scope) -> Iterator[Subject]:
    declared = scope.environment.network.connector
    if declared:
        source = scope.declared("network.connector")
        yield Subject(
            Group.CONNECTOR, "network.connector", f"connector {declared.name}", declared.name,
            Found(scope.environment, source=source), scope.managed("connectors", declared.name),
            scope.connector(declared.name), exists="network.connector.name",
        )  # fmt: skip
    for name in _named_in(scope, "connectors", scope.live.connectors, declared.name if declared else None):
        key = f"network.connectors.{name}"
        yield Subject(
            Group.CONNECTOR, key, f"connector {name}", name, SILENT, scope.managed("connectors", name),
            scope.connector(name), exists=key,
        )  # fmt: skip


def _firewalls(scope: Scope) -> Iterator[Subject]:
    """Every rule of Terraform's; of others only what denies egress, since nothing else closes a path out."""
    seen = scope.live.firewalls
    managed = set(scope.managed_names("firewalls"))
    live: Any = seen if isinstance(seen, Blind) else [each for each in seen if not each.policy]
    wanted = managed | {
        each.name
        for each in (() if isinstance(live, Blind) else live)
        if each.direction == "EGRESS" and not each.allow and not each.disabled
    }
    by_name = {} if isinstance(live, Blind) else {each.name: each for each in live}
    for name in sorted(wanted):
        key = f"network.firewalls.{name}"
        found = hidden(live.message) if isinstance(live, Blind) else _found(by_name.get(name))
        yield Subject(
            Group.FIREWALL, key, f"firewall rule {name}", name, SILENT,
            scope.managed_if_any("firewalls", name), found, exists=key,
        )  # fmt: skip


def _found(thing: Any) -> Found[Any]:
    return Found(state=SideState.ABSENT) if thing is None else Found(thing, source=thing.source)


def _routes(scope: Scope) -> Iterator[Subject]:
    """Static routes; those of subnets, peerings and routers come by themselves."""
    seen = scope.live.routes
    live = () if isinstance(seen, Blind) else (each for each in seen if each.next_hop in STATIC and each.name)
    by_name = {each.name: each for each in live if not _is_default(each)}
    for name in sorted({*scope.managed_names("routes"), *by_name}):
        key = f"network.routes.{name}"
        found = hidden(seen.message) if isinstance(seen, Blind) else _found(by_name.get(name))
        yield Subject(
            Group.ROUTE, key, f"route {name}", name, SILENT, scope.managed_if_any("routes", name), found,
            exists=key,
        )  # fmt: skip


def _is_default(route: Route) -> bool:
    """The way to the internet that every network is made with."""
    return route.next_hop is NextHop.GATEWAY and route.destination in EVERYWHERE


def _services(scope: Scope, key: str, declared: DeclaredService, name: str) -> Iterator[Subject]:
    path = f"services.{key}"
    live, terraform = scope.service(name), scope.managed("services", name)
    file = Found((key, declared), source=scope.declared(path))
    subject = Subject(
        Group.SERVICE, path, key, name, file, terraform, live, exists=f"{path}.cloud_run", service=key
    )
    yield subject
    for title, carrier in _carriers(scope, name, key, live):
        yield Subject(Group.SERVING, path, title, name, file, terraform, carrier, service=key)
    if live.thing is not None and (next_one := _undeployed(scope, live.thing)) is not None:
        title = f"template of {key}"
        found = Found(next_one, source=live.source)
        yield Subject(Group.TEMPLATE, f"{path}.template", title, name, file, terraform, found, service=key)


def _carriers(
    scope: Scope, name: str, key: str, live: Found[Service]
) -> Iterator[tuple[str, Found[Carrier]]]:
    """Each revision that gets traffic, with what people call it."""
    if live.thing is None:
        yield key, Found(state=live.state, why=live.why)
        return
    serving = shares(live.thing)
    if not serving:
        yield key, hidden(f"no revision of {name} gets traffic")
    for revision, percent in serving.items():
        found = scope.revision(name, revision)
        if found.thing is None:
            yield f"{key} ({revision})", Found(state=found.state, why=found.why)
            continue
        carrier = Carrier(live.thing, found.thing.vpc, found.thing, percent)
        yield f"{key} ({revision})", Found(carrier, source=found.source)


def shares(service: Service) -> dict[str, int]:
    """Revisions that get traffic and their share in percent, the busiest first."""
    found: dict[str, int] = {}
    for each in service.serving:
        if each.percent > 0 and each.revision:
            found[each.revision] = found.get(each.revision, 0) + each.percent
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _undeployed(scope: Scope, service: Service) -> Carrier | None:
    """The template where it differs from every serving revision: it comes with the next revision."""
    serving = [scope.revision(service.name, name).thing for name in shares(service)]
    known = [each.vpc for each in serving if each is not None]
    if not known or len(known) < len(serving) or service.template_vpc in known:
        return None
    return Carrier(service, service.template_vpc)


Instance = RedisInstance | SqlInstance


def _store(scope: Scope, group: Group, kind: str, target: Target, seen: Seen[Any]) -> Iterator[Subject]:
    """The managed instance behind a check, where there is one."""
    key = f"checks.{target.name}"
    managed = _managed_store(scope, kind, target)
    file = Found(target, source=scope.declared(key))
    if isinstance(seen, Blind):
        live: Found[Any] = hidden(seen.message)
    else:
        live = _live_store(seen, target, managed)
    told = live.state is not SideState.UNKNOWN and not isinstance(scope.terraform, Blind)
    if managed is None and live.thing is None and told:
        return  # no managed instance: a server of one's own, of which these sides say nothing
    name = managed or (live.thing.name if live.thing is not None else target.name)
    terraform = scope.managed(kind, name)
    yield Subject(group, key, target.title, name, file, terraform, live, exists=f"{key}.instance")
    instance = live.thing
    if instance is not None and needs_peering(scope, instance.network, first_address(instance)):
        network = scope.network_ref(scope.environment.network.vpc or "").name
        yield Subject(Group.PEERING, key, target.title, network, file, SILENT, live)


def _managed_store(scope: Scope, kind: str, target: Target) -> str | None:
    """The name of Terraform's instance that listens at the target's address."""
    for name in scope.managed_names(kind):
        managed = scope.managed(kind, name).thing
        if managed is not None and target_addresses(target) & set(recorded_addresses(managed.best.values)):
            return name
    return None


def _live_store(seen: Any, target: Target, managed: str | None) -> Found[Any]:
    wanted = target_addresses(target)
    at_address = next((each for each in seen if wanted & set(live_addresses(each))), None)
    by_name = next((each for each in seen if managed is not None and each.name == managed), None)
    in_range = next((each for each in seen if _reserves(each, wanted)), None)
    found = at_address or by_name or in_range
    return Found(state=SideState.ABSENT) if found is None else Found(found, source=found.source)


def target_addresses(target: Target) -> set[str]:
    """Where the environment file says that a dependency is."""
    return {*target.addresses, target.host} if _is_address(target.host) else set(target.addresses)


def live_addresses(instance: Instance) -> tuple[str, ...]:
    """Where an instance listens, the address that the private network sees first."""
    if isinstance(instance, RedisInstance):
        return tuple(each for each in (instance.host, instance.read_endpoint) if each)
    return (*instance.private_addresses, *instance.public_addresses)


def first_address(instance: Instance) -> str:
    """The address by which an instance is reached in the private network; empty where it has none."""
    return next(iter(live_addresses(instance)), "")


def recorded_addresses(values: Any) -> tuple[str, ...]:
    """Where Terraform's state says that an instance listens."""
    names = ("host", "read_endpoint", "private_ip_address", "public_ip_address", "first_ip_address")
    found = [values[name] for name in names if isinstance(values.get(name), str) and values[name]]
    several = values.get("ip_address")
    inner = [attribute(each, "ip_address") for each in several] if isinstance(several, list) else []
    found += [each for each in inner if isinstance(each, str)]
    return tuple(dict.fromkeys(found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _reserves(instance: Instance, wanted: set[str]) -> bool:
    """Whether an address is of the range that an instance has to itself."""
    return any(holds(instance.reserved_range, each) for each in wanted)
