"""Reads Serverless VPC Access connectors.

Fields: https://cloud.google.com/vpc/docs/reference/vpcaccess/rest/v1/projects.locations.connectors
"""

from typing import Any

from checks.names import Ref
from checks.observations import Connector
from checks.observe import console
from checks.observe.calls import PAGE, Calls, listing
from checks.observe.permissions import CONNECTORS
from checks.observe.values import Context, enum_name

SYSTEM = "vpc_access"


async def read_connectors(calls: Calls) -> list[Any]:
    """Every connector of the region, as messages. Raises `Unseen`."""
    client = await calls.clients.grpc("connectors")
    from google.cloud.vpcaccess_v1 import ListConnectorsRequest  # there by now: the client needs it

    parent = f"projects/{calls.place.project}/locations/{calls.place.region}"
    page = listing(client.list_connectors, ListConnectorsRequest, parent=parent, page_size=PAGE)
    return [connector for each in await calls.all_pages(CONNECTORS, page) for connector in each.connectors]


def connector_of(message: Any, context: Context) -> Connector:
    """A connector as an observation. A connector in a subnet says no network of its own."""
    subnet = _subnet(message, context)
    return Connector(
        ref=context.home.ref(message.name, "connectors"),
        state=enum_name(message, "state"),
        network=context.ref(message.network, "networks"),
        source=context.source(SYSTEM, message.name, console.connectors(context.project)),
        cidr=message.ip_cidr_range,
        subnet=subnet,
        machine_type=message.machine_type,
        min_instances=message.min_instances,
        max_instances=message.max_instances,
        min_throughput=message.min_throughput,
        max_throughput=message.max_throughput,
        connected_projects=tuple(message.connected_projects),
    )


def _subnet(message: Any, context: Context) -> Ref | None:
    """The subnet, which may be of another project (shared VPC)."""
    found = context.ref(message.subnet.name, "subnetworks")
    if found is None or not message.subnet.project_id:
        return found
    numbers = context.home.numbers or {}
    project = numbers.get(message.subnet.project_id, message.subnet.project_id)
    return Ref(found.name, found.kind, project, found.location)
