"""Cloud Storage, Resource Manager and the resizing of connectors in the fake cloud, all over REST."""

import asyncio
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage, vpcaccess_v1

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.resources import BucketObject
from tests.sandbox.cloud.clients import PARENT, Clients

BUCKET = "netra-staging-terraform"
STATE = "staging/default.tfstate"
CONNECTOR = baseline.connector_name(baseline.CONNECTOR)


def blob(cloud: FakeCloud, name: str = STATE, **more: Any) -> Any:
    """An object as the official client has it."""
    client = storage.Client(
        project=baseline.PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"http://{cloud.rest_address}"},
    )
    return client.bucket(BUCKET).blob(name, **more)


@pytest.mark.parametrize("on_disk", [False, True])
async def test_an_object_is_read_whole_and_in_parts(cloud: FakeCloud, tmp_path: Path, on_disk: bool) -> None:
    """The client checks what it gets against the hashes, where the object is small enough to have them."""
    content = bytes(range(256)) * 4096
    file = tmp_path / "object"
    file.write_bytes(content)
    cloud.resources.objects[BUCKET, STATE] = BucketObject(file if on_disk else content, generation=7)

    def read() -> tuple[bytes, bytes, bytes, int]:
        found = blob(cloud)
        found.reload()
        streamed = io.BytesIO()
        blob(cloud, chunk_size=256 * 1024).download_to_file(streamed)
        part = found.download_as_bytes(start=10, end=19, checksum=None, raw_download=True)
        return blob(cloud).download_as_bytes(), streamed.getvalue(), part, found.size

    whole, streamed, part, size = await asyncio.to_thread(read)
    assert whole == streamed == content
    assert part == content[10:20]
    assert size == len(content)


async def test_an_object_that_changed_meanwhile_is_not_mixed(cloud: FakeCloud) -> None:
    """A read that wants a generation gets that or 412."""
    cloud.resources.objects[BUCKET, STATE] = BucketObject(b"old", generation=1)

    def read() -> None:
        found = blob(cloud)
        found.reload()
        cloud.resources.objects[BUCKET, STATE] = BucketObject(b"new", generation=2)
        found.download_as_bytes(if_generation_match=found.generation)

    with pytest.raises((exceptions.PreconditionFailed, exceptions.NotFound)):
        await asyncio.to_thread(read)


async def test_what_is_not_there_is_not_found(cloud: FakeCloud) -> None:
    """An object, a bucket, and bytes after the end."""
    cloud.resources.objects[BUCKET, STATE] = BucketObject(b"{}")
    with pytest.raises(exceptions.NotFound, match="No such object"):
        await asyncio.to_thread(blob(cloud, "other").reload)
    cloud.resources.objects.clear()
    with pytest.raises(exceptions.NotFound, match="bucket does not exist"):
        await asyncio.to_thread(blob(cloud).reload)


async def test_reading_an_object_needs_its_permission(cloud: FakeCloud) -> None:
    """The sentence names it, as Cloud Storage does."""
    cloud.resources.objects[BUCKET, STATE] = BucketObject(b"{}")
    cloud.deny("storage.objects.get")
    with pytest.raises(exceptions.Forbidden, match=r"storage\.objects\.get access"):
        await asyncio.to_thread(blob(cloud).reload)


async def test_a_bucket_lists_its_objects(cloud: FakeCloud) -> None:
    """By prefix."""
    cloud.resources.objects[BUCKET, STATE] = BucketObject(b"{}")
    cloud.resources.objects[BUCKET, "other"] = BucketObject(b"{}")

    def names() -> list[str]:
        return [each.name for each in blob(cloud).bucket.list_blobs(prefix="staging/")]

    assert await asyncio.to_thread(names) == [STATE]


@pytest.mark.parametrize("version", ["v1", "v3"])
async def test_a_project_tells_its_number_and_who_may_what(cloud: FakeCloud, version: str) -> None:
    """`testIamPermissions` gives those of the asked ones that are there."""
    base = f"http://{cloud.rest_address}/{version}/projects"
    cloud.deny("run.services.update")
    async with httpx.AsyncClient() as client:
        found = (await client.get(f"{base}/{baseline.PROJECT}")).json()
        asked = {"permissions": ["run.services.get", "run.services.update"]}
        tested = await client.post(f"{base}/{baseline.PROJECT}:testIamPermissions", json=asked)
        other = await client.get(f"{base}/other")
    assert found["projectId"] == baseline.PROJECT
    assert baseline.NUMBER in (found.get("projectNumber"), found.get("name", "").rpartition("/")[2])
    assert tested.json() == {"permissions": ["run.services.get"]}
    assert other.status_code == 403


async def test_a_connector_is_resized_in_place_over_rest(cloud: FakeCloud) -> None:
    """Machine type and instances only; it is UPDATING until the operation is done."""
    url = f"http://{cloud.rest_address}/v1"
    async with httpx.AsyncClient() as client:
        wanted = {"machineType": "e2-standard-4", "maxInstances": 6}
        mask = {"updateMask": "machineType,maxInstances"}
        begun = (await client.patch(f"{url}/{CONNECTOR}", params=mask, json=wanted)).json()
        async with asyncio.timeout(20):
            while not (await client.get(f"{url}/{begun['name']}")).json().get("done"):
                await asyncio.sleep(0.02)
        found = (await client.get(f"{url}/{CONNECTOR}")).json()
        refused = await client.patch(
            f"{url}/{CONNECTOR}", params={"updateMask": "network"}, json={"network": baseline.DEFAULT}
        )
        wrong = await client.patch(f"{url}/{CONNECTOR}", json={"maxInstances": 1})
    assert (found["machineType"], found["maxInstances"], found["state"]) == ("e2-standard-4", 6, "READY")
    assert refused.status_code == wrong.status_code == 400
    assert "Only machineType, maxInstances, minInstances" in refused.json()["error"]["message"]
    assert cloud.resources.connectors[CONNECTOR].network == baseline.VPC


async def test_connectors_are_made_and_deleted(clients: Clients) -> None:
    """A new one is CREATING first; a range without a network is refused."""
    bad = vpcaccess_v1.Connector(ip_cidr_range="10.9.0.0/28")
    with pytest.raises(exceptions.InvalidArgument):
        await clients.connectors.create_connector(parent=PARENT, connector=bad, connector_id="new")
    good = vpcaccess_v1.Connector(ip_cidr_range="10.9.0.0/28", network=baseline.VPC)
    begun = await clients.connectors.create_connector(parent=PARENT, connector=good, connector_id="new")
    made = await begun.result(timeout=20)
    assert made.state == vpcaccess_v1.Connector.State.READY
    assert (made.machine_type, made.min_instances, made.max_throughput) == ("e2-micro", 2, 1000)
    listed = await clients.connectors.list_connectors(parent=PARENT)
    assert made.name in [each.name async for each in listed]
    with pytest.raises(exceptions.AlreadyExists):
        await clients.connectors.create_connector(parent=PARENT, connector=good, connector_id="new")
    await (await clients.connectors.delete_connector(name=made.name)).result(timeout=20)
    with pytest.raises(exceptions.NotFound):
        await clients.connectors.get_connector(name=made.name)


async def test_databases_are_read_and_redis_changed(clients: Clients) -> None:
    """Both kinds of instance are listed by project; Memorystore can be told another size."""
    listed = await clients.redis.list_instances(parent=f"projects/{baseline.PROJECT}/locations/-")
    [instance] = [each async for each in listed]
    assert instance.host == baseline.REDIS_HOST
    instance.memory_size_gb = 5
    begun = await clients.redis.update_instance(update_mask={"paths": ["memory_size_gb"]}, instance=instance)
    assert (await begun.result(timeout=20)).memory_size_gb == 5
    with pytest.raises(exceptions.InvalidArgument):
        await clients.redis.update_instance(update_mask={"paths": ["host"]}, instance=instance)
    found = await clients.sql.list({"project": baseline.PROJECT})
    [database] = found.items if hasattr(found, "items") else [each async for each in found]
    assert database.name == baseline.SQL
    with pytest.raises(exceptions.NotFound):
        await clients.sql.get({"project": baseline.PROJECT, "instance": "other"})
