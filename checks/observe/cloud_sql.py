"""Reads Cloud SQL.

Fields: https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances
"""

from typing import Any

from checks.observations import SqlInstance
from checks.observe import console
from checks.observe.calls import PAGE, Calls, plain
from checks.observe.errors import Unseen, not_understood
from checks.observe.permissions import SQL
from checks.observe.values import Context, enum_name

SYSTEM = "cloud_sql"


async def read_sql(calls: Calls) -> list[Any]:
    """Every instance of the project, as messages. Raises `Unseen`."""
    client = await calls.clients.grpc("sql")
    from google.cloud.sqladmin_v1 import SqlInstancesListRequest  # there by now: the client needs it

    async def page(token: str, seconds: float) -> Any:
        asked = SqlInstancesListRequest(project=calls.place.project, max_results=PAGE, page_token=token)
        answer = await client.list(request=asked, retry=None, timeout=seconds)
        return plain(getattr(answer, "_response", answer))  # a pager in some versions, the answer in others

    pages = await calls.all_pages(SQL, page)
    for warning in (warning for each in pages for warning in each.warnings):
        if enum_name(warning, "code") == "REGION_UNREACHABLE":
            raise Unseen(
                not_understood(SQL, f"region {warning.region} could not be reached by Cloud SQL itself")
            )
    return [instance for each in pages for instance in each.items]


def sql_of(message: Any, context: Context) -> SqlInstance:
    """An instance as an observation."""
    private = [each.ip_address for each in message.ip_addresses if enum_name(each, "type_") == "PRIVATE"]
    public = [each.ip_address for each in message.ip_addresses if enum_name(each, "type_") == "PRIMARY"]
    configuration = message.settings.ip_configuration
    return SqlInstance(
        name=message.name,
        state=enum_name(message, "state"),
        source=context.source(
            SYSTEM,
            f"projects/{context.project}/instances/{message.name}",
            console.sql(context.project, message.name),
        ),
        private_addresses=tuple(private),
        public_addresses=tuple(public),
        network=context.ref(configuration.private_network, "networks"),
        version=enum_name(message, "database_version"),
        region=message.region,
        activation=enum_name(message.settings, "activation_policy"),
        reserved_range=configuration.allocated_ip_range,
    )
