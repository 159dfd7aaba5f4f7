"""The three sides, indexed once: the environment file, Terraform by kind and name, live by name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from checks.drift.model import SideState
from checks.drift.reading import Home, settled
from checks.environment import Environment
from checks.names import Ref, parse_ref
from checks.observations import Blind, CloudState, Connector, Revision, Seen, Service, Source, Subnet
from checks.path.model import Target
from checks.terraform.model import Infrastructure, Resource, Sensitive, Unevaluated

T = TypeVar("T")

TYPES = {
    "services": ("google_cloud_run_v2_service", "google_cloud_run_service"),
    "connectors": ("google_vpc_access_connector",),
    "networks": ("google_compute_network",),
    "subnets": ("google_compute_subnetwork",),
    "firewalls": ("google_compute_firewall",),
    "routes": ("google_compute_route",),
    "redis": ("google_redis_instance",),
    "sql": ("google_sql_database_instance",),
}
"""Terraform's types of resources, by what whybot calls the kind."""
KINDS = {each: kind for kind, types in TYPES.items() for each in types}


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A thing of one side, or why there is none: absent, unset (that side is silent) or unknown."""

    thing: T | None = None
    state: SideState = SideState.KNOWN
    why: str = ""
    source: Source | None = None


SILENT: Found[Any] = Found(state=SideState.UNSET)
MISSING: Found[Any] = Found(state=SideState.ABSENT)


def hidden(why: str) -> Found[Any]:
    """A thing of which it could not be told whether it is there."""
    return Found(state=SideState.UNKNOWN, why=why)


@dataclass(frozen=True, slots=True)
class Managed:
    """A resource of Terraform: `best` is what it holds to be there, `configured` what its files say."""

    best: Resource
    configured: Resource | None = None


@dataclass(frozen=True, slots=True)
class TerraformIndex:
    """Terraform's resources of one project by kind and name. `unnamed` have a name that cannot be told."""

    by_name: Mapping[str, Mapping[str, Managed]] = field(default_factory=dict)
    unnamed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    incomplete: tuple[str, ...] = ()

    def find(self, kind: str, name: str) -> Found[Managed]:
        """The resource of a kind and name."""
        managed = self.by_name.get(kind, {}).get(name)
        if managed is not None:
            return Found(managed, source=managed.best.source)
        if unnamed := self.unnamed.get(kind):
            return hidden(f"the name of {unnamed[0]} could not be told")
        if self.incomplete:
            return hidden(self.incomplete[0])
        return MISSING if self.by_name.get(kind) else SILENT

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all resources of a kind."""
        return tuple(self.by_name.get(kind, ()))


def index(terraform: Infrastructure, home: Home) -> TerraformIndex:
    """The resources of this project and region."""
    configured = {each.address: each for each in terraform.configured or ()}
    best = {each.address: each for each in (*(terraform.configured or ()), *terraform.resources)}
    by_name: dict[str, dict[str, Managed]] = defaultdict(dict)
    unnamed: dict[str, list[str]] = defaultdict(list)
    for address, resource in sorted(best.items()):
        kind = KINDS.get(resource.type)
        if kind is None or not _is_here(resource.values, home):
            continue
        name = resource.values.get("name")
        if isinstance(name, Unevaluated | Sensitive) or not isinstance(name, str):
            unnamed[kind].append(address)
            continue
        by_name[kind].setdefault(parse_ref(name).name, Managed(resource, configured.get(address)))
    return TerraformIndex(by_name, unnamed, terraform.incomplete)


def _is_here(values: Mapping[str, Any], home: Home) -> bool:
    """Whether a resource is of this project and region, as far as it says."""
    project = values.get("project")
    place = values.get("location") or values.get("region")
    elsewhere = isinstance(project, str) and project not in ("", home.project, home.number)
    away = isinstance(place, str) and parse_ref(place).name not in ("", "global", home.region)
    return not elsewhere and not away


class Scope:
    """What is compared, with quick ways to its parts."""

    def __init__(
        self,
        environment: Environment,
        terraform: Seen[Infrastructure] | None,
        live: CloudState,
        targets: Sequence[Target],
    ) -> None:
        self.environment = environment
        self.terraform = terraform
        self.live = live
        self.targets = {each.name: each for each in targets}
        self.home = Home(live.project, live.project_number, live.region)

    @cached_property
    def _index(self) -> TerraformIndex | None:
        return index(self.terraform, self.home) if isinstance(self.terraform, Infrastructure) else None

    def managed(self, kind: str, name: str) -> Found[Managed]:
        """Terraform's resource of a kind and name."""
        if isinstance(self.terraform, Blind):
            return hidden(self.terraform.message)
        return self._index.find(kind, name) if self._index else SILENT

    def managed_if_any(self, kind: str, name: str) -> Found[Managed]:
        """As `managed`, of a kind that Terraform might have none of: then there is known to be none."""
        found = self.managed(kind, name)
        return MISSING if found.state is SideState.UNSET and self.managing else found

    @property
    def managing(self) -> bool:
        """Whether Terraform could be read, and has something."""
        return self._index is not None and bool(self._index.by_name)

    def managed_names(self, kind: str) -> tuple[str, ...]:
        """The names of all that Terraform has of a kind; none where that could not be told."""
        return self._index.names(kind) if self._index else ()

    def resources(self, kind: str) -> list[Managed]:
        """All that Terraform has of a kind."""
        return list(self._index.by_name.get(kind, {}).values()) if self._index else []

    def declared(self, path: str) -> Source:
        """Where the environment file says it."""
        return Source("environment", f"{self.environment.name}.yaml: {path}", self.live.read_at)

    # live

    @cached_property
    def services(self) -> Seen[dict[str, Service]]:
        """Live Cloud Run services by name."""
        live = self.live.services
        return live if isinstance(live, Blind) else {each.name: each for each in live}

    def service(self, name: str) -> Found[Service]:
        """A live Cloud Run service."""
        return _of(self.services, name)

    @cached_property
    def _revisions(self) -> dict[str, Seen[dict[str, Revision]]]:
        return {
            service: seen if isinstance(seen, Blind) else {each.name: each for each in seen}
            for service, seen in self.live.revisions.items()
        }

    def revision(self, service: str, name: str) -> Found[Revision]:
        """A live revision."""
        seen = self._revisions.get(service)
        if seen is None:
            return hidden(f"the revisions of {service} were not read")
        if isinstance(seen, Blind):
            return hidden(seen.message)
        found = seen.get(name)
        if found is None:
            return hidden(f"revision {name} is not among those that were read")
        return Found(found, source=found.source)

    @cached_property
    def connectors(self) -> Seen[dict[str, Connector]]:
        """Live connectors of this region by name."""
        live = self.live.connectors
        return live if isinstance(live, Blind) else {each.ref.name: each for each in live}

    def connector(self, name: str) -> Found[Connector]:
        """A live connector."""
        return _of(self.connectors, name)

    @cached_property
    def subnets(self) -> Seen[dict[str, Subnet]]:
        """Live subnets of this region by name."""
        live = self.live.subnets
        return live if isinstance(live, Blind) else {each.ref.name: each for each in live}

    def network_ref(self, name: str) -> Ref:
        """A network by name, as one of this project where it is bare."""
        ref = settled(parse_ref(name, "networks"), "networks", self.home)
        return Ref(ref.name, "networks", ref.project or self.home.project, "global")


def _of(seen: Seen[dict[str, T]], name: str) -> Found[T]:
    if isinstance(seen, Blind):
        return hidden(seen.message)
    found = seen.get(name)
    return MISSING if found is None else Found(found, source=getattr(found, "source", None))


def named(seen: Seen[Iterable[T]], name: str) -> Found[T]:
    """The one of a list that has this name (or a ref of this name)."""
    if isinstance(seen, Blind):
        return hidden(seen.message)
    for each in seen:
        its = getattr(each, "name", "") or getattr(getattr(each, "ref", None), "name", "")
        if its == name:
            return Found(each, source=getattr(each, "source", None))
    return MISSING
