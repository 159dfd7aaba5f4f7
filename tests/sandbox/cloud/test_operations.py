"""Long-running operations of the fake cloud by themselves."""

import asyncio

import pytest
from google.protobuf import empty_pb2

from sandbox.cloud.errors import CloudError, precondition
from sandbox.cloud.operations import KEPT, Operations


async def nothing() -> empty_pb2.Empty:
    """Work that is done at once."""
    return empty_pb2.Empty()


async def refused() -> empty_pb2.Empty:
    """Work that cannot be done."""
    raise precondition("Not now.")


async def forever() -> empty_pb2.Empty:
    """Work that takes its time."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_an_operation_ends_with_a_response_or_an_error() -> None:
    """Until then it is not done."""
    operations = Operations(0)
    good = operations.start("projects/p", empty_pb2.Empty(), nothing)
    bad = operations.start("projects/p", empty_pb2.Empty(), refused)
    assert not good.done
    assert (await operations.result(good)).HasField("response")
    assert (await operations.result(bad)).error.message == "Not now."


async def test_changes_under_way_can_be_forgotten() -> None:
    """They end as cancelled; lasting work goes on until all is closed."""
    operations = Operations(600)
    change = operations.start("projects/p", empty_pb2.Empty(), nothing)
    lasting = operations.start("projects/p", empty_pb2.Empty(), forever, lasting=True)
    operations.forget()
    assert (await operations.result(change)).error.message == "Operation cancelled."
    assert not (await operations.get(lasting.name)).done
    await operations.close()
    assert (await operations.get(lasting.name)).done


async def test_only_so_many_operations_are_kept() -> None:
    """The oldest that are done make room; one that was given up is not found any more."""
    operations = Operations(0)
    first = operations.start("projects/p", empty_pb2.Empty(), nothing)
    await operations.result(first)
    for _ in range(KEPT):
        last = operations.start("projects/p", empty_pb2.Empty(), nothing)
    assert (await operations.result(last)).done
    with pytest.raises(CloudError, match="was not found"):
        await operations.get(first.name)
