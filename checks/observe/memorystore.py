"""Reads Memorystore for Redis.

Fields: https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances
"""

from typing import Any

from checks.observations import RedisInstance
from checks.observe import console
from checks.observe.calls import PAGE, Calls, listing
from checks.observe.errors import Unseen, not_understood
from checks.observe.permissions import REDIS
from checks.observe.values import Context, enum_name, short_name

SYSTEM = "memorystore"


async def read_redis(calls: Calls) -> list[Any]:
    """Every instance of the region, as messages. Raises `Unseen`."""
    client = await calls.clients.grpc("redis")
    from google.cloud.redis_v1 import ListInstancesRequest  # there by now: the client needs it

    parent = f"projects/{calls.place.project}/locations/{calls.place.region}"
    pages = await calls.all_pages(
        REDIS, listing(client.list_instances, ListInstancesRequest, parent=parent, page_size=PAGE)
    )
    if any(place for each in pages for place in each.unreachable):
        raise Unseen(not_understood(REDIS, "the region could not be reached by Memorystore itself"))
    return [instance for each in pages for instance in each.instances]


def redis_of(message: Any, context: Context) -> RedisInstance:
    """An instance as an observation."""
    name = short_name(message.name)
    return RedisInstance(
        name=name,
        host=message.host,
        port=message.port,
        state=enum_name(message, "state"),
        network=context.ref(message.authorized_network, "networks"),
        source=context.source(SYSTEM, message.name, console.redis(context.project, context.region, name)),
        region=context.region,
        status_message=message.status_message,
        connect_mode=enum_name(message, "connect_mode"),
        reserved_range=message.reserved_ip_range,
        auth_enabled=message.auth_enabled,
        transit_encryption=enum_name(message, "transit_encryption_mode") == "SERVER_AUTHENTICATION",
        read_endpoint=message.read_endpoint,
    )
