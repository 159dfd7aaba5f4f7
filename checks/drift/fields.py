"""The fields that are compared: an entry says how to read each side, how to normalise, what depends on it.

Adding a field is one entry in `FIELDS`. A reader returns a raw value: None where its side is silent, `Absent`
where there is known to be none; `reading.py` takes what Terraform could not evaluate as unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from checks.drift import put
from checks.drift.model import Severity, SideState
from checks.drift.peerings import OK, peering_to
from checks.drift.put import Put
from checks.drift.reading import (
    ADDRESSES,
    CIDR,
    CONNECTOR,
    DIRECT,
    EGRESS,
    FLAG,
    IMAGE,
    NAME,
    NETWORK,
    NO_ACCESS,
    NUMBER,
    PROJECTS,
    RANGE,
    TEXT,
    WORD,
    Kind,
    Reading,
    Untold,
    attribute,
    read,
)
from checks.drift.rules import RULE, WAY, live_rule, live_way, terraform_rule, terraform_way
from checks.drift.scope import Scope
from checks.drift.subjects import (
    Carrier,
    Group,
    first_address,
    live_addresses,
    recorded_addresses,
    target_addresses,
)
from checks.drift.terraform_vpc import of_service
from checks.environment import Environment
from checks.environment import Service as DeclaredService
from checks.names import Ref
from checks.observations import Blind, Egress
from checks.path.model import Target
from checks.terraform.model import Infrastructure, Unevaluated

SERVES = (Group.SERVING, Group.TEMPLATE)

FromFile = Callable[[Scope, Any], Any]
FromTerraform = Callable[[Scope, Any], Any]
FromLive = Callable[[Scope, Any], Any]
Otherwise = Callable[[Reading, Reading], tuple[Severity, str]]
"""Severity and effect where no path is closed or led astray, of the wanted and the live reading."""


def _silent(_scope: Scope, _thing: Any) -> None:
    return None


def cosmetic(_wanted: Reading, _live: Reading) -> tuple[Severity, str]:
    """Nothing depends on it."""
    return Severity.COSMETIC, "cosmetic"


def could(words: str) -> Otherwise:
    """It closes no path now, but weakens something."""
    return lambda _wanted, _live: (Severity.WARNING, words)


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `name` follows the subject's key; empty for the existence of the subject itself.

    `part` is the part of VPC access that it is, `put` sets it in what was observed, so that paths can be
    judged with another value.
    """

    groups: tuple[Group, ...]
    name: str
    title: str
    kind: Kind
    declared: FromFile = _silent
    terraform: FromTerraform = _silent
    live: FromLive = _silent
    otherwise: Otherwise = cosmetic
    part: Literal["way", "egress"] | None = None
    put: Put | None = None
    configured_only: bool = False  # a state records what was deployed, so that only the files have a will

    def left_to_others(self, ignored: Sequence[str]) -> bool:
        """Whether Terraform's `ignore_changes` has this field: then it has no say in it."""
        names = {"all", *self.name.split(".")} | ({"template"} if self.groups == SERVES else set())
        return any(each.rpartition(".")[2].partition("[")[0] in names for each in ignored)


def _attr(*path: str) -> FromTerraform:
    return lambda _scope, values: attribute(values, *path)


def _of(name: str) -> FromLive:
    return lambda _scope, thing: getattr(thing, name)


def _vpc(scope: Scope, _thing: Any) -> Any:
    return scope.environment.network.vpc


# project and region


def _terraform_projects(_scope: Scope, thing: Infrastructure) -> Any:
    return thing.projects


def _terraform_regions(scope: Scope, _thing: Infrastructure) -> Any:
    found = {
        str(place)
        for kind in ("services", "connectors")
        for each in scope.resources(kind)
        if isinstance(place := each.best.values.get("location") or each.best.values.get("region"), str)
    }
    return tuple(sorted(found))


# VPC access of services

ServiceOfFile = tuple[str, DeclaredService]


def _declared_connector(scope: Scope, thing: ServiceOfFile) -> Any:
    """Services that depend on nothing need no way into the VPC, so the file says nothing of theirs."""
    declared = scope.environment.network.connector
    return None if declared is None or thing[1].uses == () else declared.name


def _declared_egress(scope: Scope, thing: ServiceOfFile) -> Any:
    declared = scope.environment.network.connector
    return None if declared is None or thing[1].uses == () else declared.egress


def _terraform_connector(_scope: Scope, values: Mapping[str, Any]) -> Any:
    return of_service(values).connector


def _terraform_egress(_scope: Scope, values: Mapping[str, Any]) -> Any:
    return of_service(values).egress


def _terraform_network(_scope: Scope, values: Mapping[str, Any]) -> Any:
    return of_service(values).network


def _live_connector(_scope: Scope, carrier: Carrier) -> Any:
    if carrier.vpc is None or (carrier.vpc.connector is None and not carrier.vpc.interfaces):
        return NO_ACCESS
    return carrier.vpc.connector or DIRECT


def _live_egress(_scope: Scope, carrier: Carrier) -> Any:
    vpc = carrier.vpc
    return None if vpc is None or (vpc.connector is None and not vpc.interfaces) else vpc.effective_egress


def _live_network(scope: Scope, carrier: Carrier) -> Any:
    """The network of Direct VPC; with a connector, the connector's own network is compared."""
    if carrier.vpc is None or not carrier.vpc.interfaces:
        return None
    interface = carrier.vpc.interfaces[0]
    if interface.network is not None:
        return interface.network
    subnets = scope.subnets
    if isinstance(subnets, Blind):
        return Untold(subnets.message)
    found = subnets.get(interface.subnetwork.name) if interface.subnetwork else None
    return found.network if found else Untold("its subnet is not among those that were read")


def _egress_otherwise(wanted: Reading, live: Reading) -> tuple[Severity, str]:
    if live.value is Egress.ALL:
        return Severity.WARNING, "traffic to public addresses goes through the VPC, and needs Cloud NAT there"
    return Severity.WARNING, "traffic to public addresses does not go through the VPC"


def _service_account(_scope: Scope, values: Mapping[str, Any]) -> Any:
    return attribute(values, "template", "service_account") or attribute(
        values, "template", "spec", "service_account_name"
    )


def _live_account(_scope: Scope, carrier: Carrier) -> Any:
    return carrier.revision.service_account if carrier.revision else None


def _terraform_image(_scope: Scope, values: Mapping[str, Any]) -> Any:
    """Only a plainly written image: what is ignored or worked out is left to whoever deploys."""
    image = attribute(values, "template", "containers", "image")
    return None if isinstance(image, Unevaluated) else image


def _ingress(raw: Any) -> Any:
    """Both spellings of an ingress: the API's and the annotation's of the older resource."""
    if not isinstance(raw, str) or not raw:
        return raw or None
    short = raw.removeprefix("INGRESS_TRAFFIC_").casefold().replace("_", "-")
    return {"internal": "internal-only", "internal-and-cloud-load-balancing": "internal-load-balancer"}.get(
        short, short
    )


def _terraform_ingress(_scope: Scope, values: Mapping[str, Any]) -> Any:
    older = attribute(values, "metadata", "annotations", "run.googleapis.com/ingress")
    return _ingress(attribute(values, "ingress") or older)


# connectors


def _of_declared(name: str) -> FromFile:
    def reader(_scope: Scope, environment: Environment) -> Any:
        connector = environment.network.connector
        return None if connector is None else getattr(connector, name)

    return reader


def _instances(name: str) -> tuple[FromTerraform, FromLive]:
    """Instances of a connector; where only its throughput is given, 100 Mbit/s are one instance.

    https://cloud.google.com/vpc/docs/serverless-vpc-access#scaling
    """

    def terraform(_scope: Scope, values: Mapping[str, Any]) -> Any:
        own, throughput = (attribute(values, f"{name}_{unit}") for unit in ("instances", "throughput"))
        return own or (int(throughput) // 100 if isinstance(throughput, int | float) else throughput) or None

    def live(_scope: Scope, connector: Any) -> Any:
        own, throughput = (getattr(connector, f"{name}_{unit}") for unit in ("instances", "throughput"))
        return own or throughput // 100 or None

    return terraform, live


def _live_cidr(scope: Scope, connector: Any) -> Any:
    if connector.cidr or connector.subnet is None:
        return connector.cidr
    subnets = scope.subnets
    if isinstance(subnets, Blind):
        return Untold(subnets.message)
    found = subnets.get(connector.subnet.name)
    return found.ranges[0] if found and found.ranges else None


def _fewer(wanted: Reading, live: Reading) -> tuple[Severity, str]:
    if isinstance(wanted.value, int) and isinstance(live.value, int) and live.value < wanted.value:
        return Severity.WARNING, "could be too slow under load: fewer instances than wanted"
    return Severity.COSMETIC, "cosmetic"


def _no_connector(wanted: Reading, live: Reading) -> tuple[Severity, str]:
    """A declared connector is there to be used, even where no revision leaves over it now."""
    source = wanted.side.source
    if live.side.state is SideState.ABSENT and source is not None and source.system == "environment":
        return Severity.WARNING, "the connector is not there: no revision can leave over it"
    return Severity.COSMETIC, "cosmetic"


MIN, MAX = _instances("min"), _instances("max")


# routes


def _route_otherwise(wanted: Reading, _live: Reading) -> tuple[Severity, str]:
    if wanted.side.state is SideState.ABSENT:
        return Severity.COSMETIC, "cosmetic: it is not in Terraform, and no declared path depends on it now"
    return Severity.WARNING, "no declared path depends on it now, others may"


# stores


def _declared_addresses(_scope: Scope, target: Target) -> Any:
    found = sorted(target_addresses(target), key=lambda each: (each != target.host, each))
    return tuple(found) or Untold(f"{target.host} could not be resolved")


def _terraform_addresses(_scope: Scope, values: Mapping[str, Any]) -> Any:
    return recorded_addresses(values) or next(
        (each for name in ("host", "private_ip_address") if not isinstance(each := values.get(name), str)),
        None,
    )


def _flag_of(name: str) -> FromFile:
    return lambda _scope, target: getattr(target, name)


# existence


def _name_of_file(_scope: Scope, thing: Any) -> Any:
    if isinstance(thing, Environment):
        return thing.network.connector.name if thing.network.connector else None
    return thing[1].cloud_run if isinstance(thing, tuple) else thing


def _name_of_live(_scope: Scope, thing: Any) -> Any:
    ref: Ref | None = getattr(thing, "ref", None)
    return ref.name if ref else thing.name


EXISTS = "is there"

FIELDS: tuple[Field, ...] = (
    Field(
        (Group.PLACE,), "project", "project", PROJECTS,
        lambda _scope, file: (file.project,) if file.project else None,
        _terraform_projects, lambda _scope, live: (live.project,),
        could("Terraform looks after another project"),
    ),
    Field(
        (Group.PLACE,), "region", "region", PROJECTS,
        lambda _scope, file: (file.region,) if file.region else None,
        _terraform_regions, lambda _scope, live: (live.region,),
        could("Terraform looks after another region"),
    ),
    Field(
        (Group.NETWORK,), "", EXISTS, NAME, lambda scope, vpc: vpc, _attr("name"), _name_of_live,
        could("services cannot use a network that is not there"),
    ),
    Field(
        (Group.SUBNET,), "", EXISTS, NAME, _silent, _attr("name"), _name_of_live,
        could("its addresses cannot be reached"),
    ),
    Field(
        (Group.SUBNET,), "cidr", "range", CIDR, _silent, _attr("ip_cidr_range"),
        lambda _scope, subnet: subnet.ranges[0] if subnet.ranges else None,
        could("what is outside of its range cannot be reached"),
    ),
    Field((Group.SUBNET,), "network", "network", NETWORK, _silent, _attr("network"), _of("network")),
    Field(
        (Group.CONNECTOR,), "", EXISTS, NAME, _name_of_file, _attr("name"), _name_of_live,
        _no_connector, put=put.connector,
    ),
    Field(
        (Group.CONNECTOR,), "network", "network", NETWORK,
        _vpc, _attr("network"), _of("network"),
        could("revisions that leave over it are on another network"), put=put.connector_network,
    ),
    Field(
        (Group.CONNECTOR,), "cidr", "range", CIDR, _of_declared("cidr"), _attr("ip_cidr_range"), _live_cidr,
        could("rules that name its range do not match it"),
    ),
    Field(
        (Group.CONNECTOR,), "machine_type", "machine type", WORD, _silent, _attr("machine_type"),
        _of("machine_type"),
    ),
    Field((Group.CONNECTOR,), "min_instances", "least instances", NUMBER, _silent, *MIN, _fewer),
    Field((Group.CONNECTOR,), "max_instances", "most instances", NUMBER, _silent, *MAX, _fewer),
    Field(
        (Group.FIREWALL,), "", "rule", RULE, _silent, lambda _scope, values: terraform_rule(values),
        lambda _scope, firewall: live_rule(firewall),
        could("no declared path depends on it now, others may"), put=put.firewall,
    ),
    Field(
        (Group.ROUTE,), "", "route", WAY, _silent, lambda _scope, values: terraform_way(values),
        lambda _scope, route: live_way(route), _route_otherwise, put=put.route,
    ),
    Field(
        (Group.SERVICE,), "", EXISTS, NAME, _name_of_file, _attr("name"), _name_of_live,
    ),
    Field(
        (Group.SERVICE,), "ingress", "ingress", WORD, _silent, _terraform_ingress,
        lambda _scope, service: _ingress(service.ingress), could("others may call it than Terraform has"),
    ),
    Field(
        (Group.SERVICE,), "image", "image", IMAGE, _silent, _terraform_image, _of("template_image"),
        could("another image runs than Terraform has"), configured_only=True,
    ),
    Field(
        SERVES, "vpc_access.connector", "connector", CONNECTOR, _declared_connector, _terraform_connector,
        _live_connector, could("every dependency is still reached, over another way than wanted"), "way",
    ),
    Field(
        SERVES, "vpc_access.network", "network", NETWORK, _vpc, _terraform_network, _live_network,
        could("every dependency is still reached, over another network than wanted"), "way",
    ),
    Field(
        SERVES, "vpc_access.egress", "egress", EGRESS, _declared_egress, _terraform_egress, _live_egress,
        _egress_otherwise, "egress",
    ),
    Field(
        (Group.SERVING,), "service_account", "service account", WORD, _silent, _service_account,
        _live_account, could("it has other permissions than Terraform has"),
    ),
    Field(
        (Group.PEERING,), "peering", "peering", TEXT, lambda _scope, _target: OK, _silent,
        lambda scope, instance: peering_to(scope, first_address(instance)),
        could("it is not reached over a peering of the declared network"), put=put.peering,
    ),
    Field((Group.REDIS, Group.SQL), "", "instance", NAME, _silent, _attr("name"), _of("name")),
    Field(
        (Group.REDIS, Group.SQL), "host", "address", ADDRESSES, _declared_addresses, _terraform_addresses,
        lambda _scope, instance: live_addresses(instance), could("the instance has another address"),
        put=put.address,
    ),
    Field(
        (Group.REDIS,), "port", "port", NUMBER, _of("port"), _attr("port"), _of("port"),
        could("the instance listens at another port"), put=put.attribute("port"),
    ),
    Field(
        (Group.REDIS,), "network", "authorized network", NETWORK, _vpc, _attr("authorized_network"),
        _of("network"), could("it can be reached from another network only"), put=put.network,
    ),
    Field(
        (Group.SQL,), "network", "private network", NETWORK, _vpc,
        _attr("settings", "ip_configuration", "private_network"), _of("network"),
        could("it can be reached from another network only"), put=put.network,
    ),
    Field(
        (Group.REDIS,), "connect_mode", "connect mode", WORD, _silent, _attr("connect_mode"),
        _of("connect_mode"), could("it is reached in another way than Terraform has"),
    ),
    Field(
        (Group.REDIS,), "reserved_range", "reserved range", RANGE, _silent, _attr("reserved_ip_range"),
        _of("reserved_range"), could("rules that name its range do not match it"),
    ),
    Field(
        (Group.REDIS,), "auth", "AUTH", FLAG, _flag_of("auth"), _attr("auth_enabled"),
        _of("auth_enabled"), could("clients need to log in otherwise"), put=put.attribute("auth_enabled"),
    ),
    Field(
        (Group.REDIS,), "tls", "TLS", FLAG, _flag_of("tls"), _attr("transit_encryption_mode"),
        _of("transit_encryption"), could("clients need to connect otherwise"),
        put=put.attribute("transit_encryption"),
    ),
    Field(
        (Group.SQL,), "activation", "activation", WORD, _silent, _attr("settings", "activation_policy"),
        _of("activation"), could("it may be stopped"), put=put.activation,
    ),
    Field(
        (Group.SQL,), "version", "version", TEXT, _silent, _attr("database_version"), _of("version"),
    ),
)  # fmt: skip
"""Every field, in the order in which fields of one subject are told."""

__all__ = ["FIELDS", "Field", "cosmetic", "read"]
