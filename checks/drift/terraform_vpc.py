"""The VPC access of a Cloud Run service in Terraform, of the present resource and of the older one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.drift.reading import DIRECT, NO_ACCESS, Untold, attribute
from checks.names import parse_ref
from checks.terraform.model import Sensitive, Unevaluated

CONNECTOR = "run.googleapis.com/vpc-access-connector"
EGRESS = "run.googleapis.com/vpc-access-egress"
INTERFACES = "run.googleapis.com/network-interfaces"
OPEN = (Unevaluated, Sensitive)


@dataclass(frozen=True, slots=True)
class Access:
    """Raw values; `network` of Direct VPC only."""

    connector: Any
    egress: Any
    network: Any


def of_service(values: Mapping[str, Any]) -> Access:
    """What Terraform says of a service's VPC access."""
    annotations = attribute(values, "template", "metadata", "annotations")
    if annotations is not None:
        return _of_annotations(annotations)
    block = attribute(values, "template", "vpc_access")
    if isinstance(block, OPEN):
        return Access(block, block, None)
    connector = attribute(block, "connector")
    interfaces = attribute(block, "network_interfaces")
    if isinstance(connector, OPEN):
        return Access(connector, attribute(block, "egress") or "PRIVATE_RANGES_ONLY", None)
    return _access(connector, attribute(block, "egress"), interfaces)


def _of_annotations(annotations: Any) -> Access:
    if isinstance(annotations, OPEN):
        return Access(annotations, annotations, None)
    if not isinstance(annotations, Mapping):
        return Access(None, None, None)
    interfaces = annotations.get(INTERFACES)
    if isinstance(interfaces, str):
        try:
            interfaces = json.loads(interfaces)
        except ValueError:
            interfaces = Untold("its network interfaces are no JSON")
    return _access(annotations.get(CONNECTOR), annotations.get(EGRESS), interfaces)


def _access(connector: Any, egress: Any, interfaces: Any) -> Access:
    if isinstance(interfaces, (*OPEN, Untold)):
        return Access(connector or DIRECT, egress or "PRIVATE_RANGES_ONLY", interfaces)
    if connector:
        return Access(connector, egress or "PRIVATE_RANGES_ONLY", None)
    if interfaces:
        network = attribute(interfaces, "network") or _of_subnet(attribute(interfaces, "subnetwork"))
        return Access(DIRECT, egress or "PRIVATE_RANGES_ONLY", network)
    return Access(NO_ACCESS, None, None)


def _of_subnet(subnet: Any) -> Any:
    if subnet is None or isinstance(subnet, OPEN):
        return subnet
    return Untold(f"the network of subnet {parse_ref(str(subnet)).name} is not in the service's resource")
