import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from google.cloud import run_v2

from checks.observations import Blind, CloudState, NextHop, Service
from checks.observe.cloud import ObjectLost
from checks.observe.google import GoogleCloud
from checks.observe.permissions import NEEDS
from checks.overlay import Overlay
from checks.reasons import Reason
from sandbox.cloud.resources import BucketObject
from tests.checks.observe.place import BACKEND, NUMBER, PROJECT, REGION, Staging, staging

FIELDS = ("services", "jobs", "connectors", "networks", "subnets", "routes", "firewalls", "redis", "sql")
STATE = {
    "run.services.list": ("services",),
    "run.revisions.list": ("revisions",),
    "run.jobs.list": ("jobs",),
    "vpcaccess.connectors.list": ("connectors",),
    "compute.networks.list": ("firewalls", "networks"),
    "compute.networks.listPeeringRoutes": ("peering_routes",),
    "compute.networks.getEffectiveFirewalls": ("firewalls",),
    "compute.subnetworks.list": ("subnets",),
    "compute.routes.list": ("routes",),
    "compute.routers.list": ("unlisted_routes",),
    "compute.routers.get": ("unlisted_routes",),
    "redis.instances.list": ("redis",),
    "cloudsql.instances.list": ("sql",),
}
ROLES = {need.permission: need.role for need in NEEDS}


def blind(state: CloudState) -> dict[str, Blind]:
    """What could not be seen of a state, by field."""
    found = {name: getattr(state, name) for name in FIELDS if isinstance(getattr(state, name), Blind)}
    for name in ("revisions", "peering_routes", "unlisted_routes"):
        values = [each for each in getattr(state, name).values() if isinstance(each, Blind)]
        found |= {name: values[0]} if values else {}
    return found


async def fresh(at: Staging, seconds: float = 20.0) -> CloudState:
    """A reading of now, by a reader of its own."""
    cloud = GoogleCloud(PROJECT, REGION, overlay=at.overlay)
    try:
        return await cloud.state(seconds=seconds)
    finally:
        await cloud.close()


async def test_staging_is_read_as_it_is() -> None:
    """Everything that path and drift need, of every API, with nothing blind."""
    async with staging() as at:
        state = await at.cloud.state()
        assert blind(state) == {}
        assert (state.project, state.region, state.project_number) == (PROJECT, REGION, NUMBER)
        assert isinstance(state.services, tuple)
        assert {each.name for each in state.services} >= {BACKEND}
        revisions = state.revisions[BACKEND]
        assert isinstance(revisions, tuple)
        made = [each.created_at for each in revisions if each.created_at]
        assert all(newer >= older for newer, older in pairwise(made))
        assert isinstance(state.redis, tuple)
        assert [(each.host, each.port, each.state) for each in state.redis] == [
            ("10.166.204.83", 6379, "READY")
        ]
        assert isinstance(state.routes, tuple)
        assert {each.next_hop for each in state.routes} >= {NextHop.VPN, NextHop.INTERCONNECT, NextHop.SUBNET}
        assert isinstance(state.sql, tuple)
        assert state.sql[0].private_addresses == ("10.20.0.5",)
        imported = [
            each for routes in state.peering_routes.values() if isinstance(routes, tuple) for each in routes
        ]
        assert [each.destination for each in imported] == ["10.166.204.80/29"]


@pytest.mark.parametrize("permission", sorted(STATE))
async def test_a_missing_permission_blinds_exactly_what_needs_it(permission: str) -> None:
    """All else is still seen, and what is blind names permission, role and command."""
    async with staging() as at:
        at.fake.deny(permission)
        found = blind(await at.cloud.state())
        assert tuple(sorted(found)) == STATE[permission]
        for each in found.values():
            assert (each.reason, each.permission) == (Reason.CLOUD_PERMISSION, permission)
            assert each.role == ROLES[permission]
            assert each.command is not None
            assert each.command.startswith("gcloud projects add-iam-policy-binding netra-staging ")


async def test_without_the_project_its_number_is_learned_from_names() -> None:
    """The number is a help to compare names; resources that are named by it tell it as well."""
    async with staging() as at:
        at.fake.deny("resourcemanager.projects.get")
        state = await at.cloud.state()
        assert blind(state) == {}
        assert state.project_number in ("", NUMBER)


@pytest.mark.parametrize(
    ("project", "region", "names"),
    [("netra-stagign", REGION, "project netra-stagign"), (PROJECT, "us-centrl1", "region us-centrl1")],
)
async def test_wrong_project_or_region_says_so(project: str, region: str, names: str) -> None:
    """Services are not found, and the sentence names what is wrong in the file."""
    async with staging(project, region) as at:
        found = blind(await at.cloud.state())
        assert found["services"].reason is Reason.CLOUD_NOT_FOUND
        assert names in found["services"].message


async def test_a_disabled_api_is_told_with_its_command() -> None:
    """Only what needs this API is blind."""
    async with staging() as at:
        at.fake.disable("redis.googleapis.com")
        found = blind(await at.cloud.state())
        assert list(found) == ["redis"]
        assert found["redis"].command == "gcloud services enable redis.googleapis.com --project=netra-staging"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("quota", Reason.CLOUD_QUOTA), ("unavailable", Reason.CLOUD_UNREACHABLE)],
)
async def test_a_refusal_is_tried_again_a_bounded_number_of_times(kind: str, reason: Reason) -> None:
    """Three attempts, over gRPC and over REST alike; then it is blind."""
    async with staging() as at:
        for method in ("redis.instances.list", "compute.routes.list"):
            at.fake.trouble(kind, method, seconds=0.1)
        found = blind(await at.cloud.state())
        assert {each.reason for each in found.values()} == {reason}
        assert set(found) == {"redis", "routes"}
        assert at.fake.count("redis.instances.list") == at.fake.count("compute.routes.list") == 3


async def test_a_refusal_that_passes_does_no_harm() -> None:
    """Two 503s and two 429s later everything is seen."""
    async with staging() as at:
        at.fake.trouble("unavailable", "run.services.list", times=2)
        at.fake.trouble("quota", "compute.networks.list", seconds=0.1, times=2)
        assert blind(await at.cloud.state()) == {}


async def test_a_quota_that_asks_for_a_long_wait_is_not_waited_for() -> None:
    """Google asks to come back in a minute: it is told at once instead."""
    async with staging() as at:
        at.fake.trouble("quota", "redis.instances.list", seconds=60)
        found = blind(await at.cloud.state())
        assert found["redis"].reason is Reason.CLOUD_QUOTA
        assert at.fake.count("redis.instances.list") == 1


async def test_garbage_is_told_as_not_understood() -> None:
    """Bytes that are no message blind what they were to answer, over gRPC and REST."""
    async with staging() as at:
        methods = (
            "run.services.list",
            "compute.networks.list",
            "compute.routes.list",
            "cloudsql.instances.list",
        )
        for method in methods:
            at.fake.trouble("garbage", method)
        found = blind(await at.cloud.state())
        assert set(found) == {"services", "networks", "firewalls", "routes", "sql"}
        assert {each.reason for each in found.values()} == {Reason.CLOUD_ANSWER}


async def test_an_api_that_never_answers_costs_its_own_part_only() -> None:
    """When the time is over, what has answered is seen and the rest is told to be late."""
    async with staging() as at:
        at.fake.trouble("silent", "vpcaccess.connectors.list")
        found = blind(await at.cloud.state(seconds=4))
        assert list(found) == ["connectors"]
        assert found["connectors"].reason is Reason.CLOUD_UNREACHABLE
        assert "vpcaccess.googleapis.com did not answer" in found["connectors"].message


async def test_concurrent_callers_share_one_reading() -> None:
    """Twenty callers cost as many calls as one, and a reading is used again right after."""
    async with staging() as at:
        states = await asyncio.gather(*(at.cloud.state() for _ in range(20)))
        assert all(state is states[0] for state in states)
        assert await at.cloud.state() is states[0]
        assert at.fake.count("run.services.list") == 1


async def test_a_cancelled_caller_leaves_the_reading_to_others() -> None:
    """One goes, the other gets its answer; when all are gone the reading ends."""
    async with staging() as at:
        end = at.fake.trouble("silent", "redis.instances.list")
        one, two = (asyncio.create_task(at.cloud.state(seconds=3)) for _ in range(2))
        while not at.fake.count("redis.instances.list"):
            await asyncio.sleep(0.01)
        one.cancel()
        state = await two
        assert "redis" in blind(state)
        assert one.cancelled()
        end()
        assert blind(await fresh(at)) == {}


async def test_a_reading_that_nobody_waits_for_ends() -> None:
    """Cancelling the last caller cancels the calls; the next one starts anew."""
    async with staging() as at:
        end = at.fake.trouble("silent", "redis.instances.list")
        only = asyncio.create_task(at.cloud.state())
        while not at.fake.count("redis.instances.list"):
            await asyncio.sleep(0.01)
        only.cancel()
        await asyncio.wait([only])
        end()
        assert blind(await at.cloud.state()) == {}


async def test_lists_are_read_over_all_their_pages() -> None:
    """More resources than fit a page, over gRPC and REST."""
    async with staging() as at:
        resources = at.fake.resources
        route, service = next(iter(resources.routes.values())), next(iter(resources.services.values()))
        for n in range(700):
            resources.routes[f"global/routes/extra-{n:03}"] = type(route)(route, name=f"extra-{n:03}")
        for n in range(130):
            name = f"projects/{PROJECT}/locations/{REGION}/services/extra-{n:03}"
            resources.services[name] = run_v2.Service(service, name=name)
        resources.changed()
        state = await at.cloud.state()
        assert isinstance(state.routes, tuple)
        assert isinstance(state.services, tuple)
        assert sum(each.name.startswith("extra-") for each in state.routes) == 700
        assert sum(each.name.startswith("extra-") for each in state.services) == 130


def many(at: Staging, services: int, revisions: int) -> None:
    """So many services with so many revisions each, in place of staging's own."""
    resources = at.fake.resources
    service = resources.services[f"projects/{PROJECT}/locations/{REGION}/services/{BACKEND}"]
    revision = next(each for name, each in resources.revisions.items() if f"/{BACKEND}/" in name)
    resources.services.clear()
    resources.revisions.clear()
    now = datetime.now(UTC)
    for n in range(services):
        name = f"projects/{PROJECT}/locations/{REGION}/services/s{n:03}"
        serving = [{"revision": f"s{n:03}-00001", "percent": 100}]
        made_service = resources.services[name] = run_v2.Service(service, name=name)
        made_service.traffic_statuses = [run_v2.TrafficTargetStatus(each) for each in serving]
        for m in range(revisions):
            full = f"{name}/revisions/s{n:03}-{m:05}"
            made = now - timedelta(days=revisions - m)
            resources.revisions[full] = run_v2.Revision(
                revision, name=full, service=f"s{n:03}", create_time=made
            )
    resources.changed()


async def test_twenty_services_of_fifty_revisions_cost_one_call_each() -> None:
    """One call for the services, one for each service's revisions; a constant number besides."""
    async with staging() as at:
        many(at, 20, 50)
        before = len(at.fake.gate.calls)
        state = await at.cloud.state()
        assert sum(len(each) for each in state.revisions.values() if isinstance(each, tuple)) == 1000
        assert at.fake.count("run.revisions.list") == 20
        assert len(at.fake.gate.calls) - before == at.cloud.calls_made <= 20 + 16


async def test_an_old_revision_that_serves_is_read_by_its_name() -> None:
    """History is bounded, what serves is not: an old one that has traffic is there."""
    async with staging() as at:
        many(at, 1, 90)
        state = await at.cloud.state()
        revisions = state.revisions["s000"]
        assert isinstance(revisions, tuple)
        assert "s000-00001" in {each.name for each in revisions}
        assert len(revisions) == 51
        assert at.fake.count("run.revisions.get") == 1


async def test_a_serving_revision_that_is_gone_is_left_out() -> None:
    """Traffic names it, Cloud Run no longer has it: no crash and no blindness."""
    async with staging() as at:
        many(at, 1, 3)
        del at.fake.resources.revisions[
            f"projects/{PROJECT}/locations/{REGION}/services/s000/revisions/s000-00001"
        ]
        revisions = (await at.cloud.state()).revisions["s000"]
        assert isinstance(revisions, tuple)
        assert "s000-00001" not in {each.name for each in revisions}


async def test_missing_permission_for_old_serving_revision_is_told() -> None:
    """`run.revisions.get` is needed only there."""
    async with staging() as at:
        many(at, 1, 90)
        at.fake.deny("run.revisions.get")
        found = blind(await at.cloud.state())
        assert list(found) == ["revisions"]
        assert found["revisions"].permission == "run.revisions.get"


async def test_a_service_without_traffic_is_seen_without_traffic() -> None:
    """An empty traffic list is no crash and nothing is put in its place."""
    async with staging() as at:
        many(at, 1, 1)
        for service in at.fake.resources.services.values():
            service.traffic_statuses = []
        state = await at.cloud.state()
        assert isinstance(state.services, tuple)
        service = state.services[0]
        assert isinstance(service, Service)
        assert replace(service).serving == ()


async def test_an_object_is_read_in_parts() -> None:
    """A large object comes in parts of 1 MB, each asked for when it is wanted."""
    async with staging() as at:
        content = bytes(range(256)) * 10_000
        at.fake.resources.objects["bucket", "folder/state file.json"] = BucketObject(content)
        opened = await at.cloud.open_object("bucket", "folder/state file.json")
        assert not isinstance(opened, Blind)
        parts = [part async for part in opened]
        assert b"".join(parts) == content
        assert max(map(len, parts)) <= 1024 * 1024
        assert await at.cloud.object_bytes("bucket", "folder/state file.json") == content


async def test_an_object_that_cannot_be_read_says_why() -> None:
    """Missing, or not allowed: then the command grants the role on the bucket alone."""
    async with staging() as at:
        no_bucket = await at.cloud.open_object("bucket", "nothing")
        assert isinstance(no_bucket, Blind)
        assert (no_bucket.reason, no_bucket.message) == (
            Reason.CLOUD_NOT_FOUND, "There is no bucket gs://bucket."
        )  # fmt: skip
        at.fake.resources.objects["bucket", "state"] = BucketObject(b"{}")
        gone = await at.cloud.open_object("bucket", "nothing")
        assert isinstance(gone, Blind)
        assert gone.reason is Reason.CLOUD_NOT_FOUND
        assert "In bucket gs://bucket there is nothing of this name" in gone.message
        at.fake.deny("storage.objects.get")
        denied = await at.cloud.object_bytes("bucket", "state")
        assert isinstance(denied, Blind)
        assert (denied.permission, denied.role) == ("storage.objects.get", "roles/storage.objectViewer")
        assert (denied.command or "").startswith("gcloud storage buckets add-iam-policy-binding gs://bucket ")


async def test_an_object_that_changes_under_way_is_lost_and_not_mixed() -> None:
    """Parts of two versions never come together."""
    async with staging() as at:
        objects = at.fake.resources.objects
        objects["bucket", "state"] = BucketObject(b"a" * 3_000_000, generation=1)
        opened = await at.cloud.open_object("bucket", "state")
        assert not isinstance(opened, Blind)
        assert (await anext(opened))[:1] == b"a"
        objects["bucket", "state"] = BucketObject(b"b" * 3_000_000, generation=2)
        with pytest.raises(ObjectLost):
            await anext(opened)


async def test_an_overlay_without_google_cloud_reaches_nothing() -> None:
    """In a world of its own whybot does not go out to the real Google Cloud."""
    cloud = GoogleCloud(PROJECT, REGION, overlay=Overlay())
    found = blind(await cloud.state())
    await cloud.close()
    assert set(found) == set(FIELDS)
    assert "overlay" in found["services"].message


async def test_nobody_home_is_unreachable() -> None:
    """A port that nothing listens on is told within the time."""
    cloud = GoogleCloud(PROJECT, REGION, overlay=Overlay(google=("127.0.0.1:9", "127.0.0.1:9")))
    found = blind(await cloud.state(seconds=5))
    await cloud.close()
    assert {each.reason for each in found.values()} == {Reason.CLOUD_UNREACHABLE}
    assert set(found) == set(FIELDS)


SCRIPT = """
import asyncio, sys
from checks.observe.google import GoogleCloud
from checks.overlay import Overlay
assert not [name for name in sys.modules if name.startswith(("google.cloud", "google.api_core", "grpc"))]
async def main():
    ticks = 0
    async def tick():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1
    ticking = asyncio.create_task(tick())
    cloud = GoogleCloud("p", "r", overlay=Overlay(google=("127.0.0.1:9", "127.0.0.1:9")), **ARGUMENTS)
    state = await cloud.state(seconds=60)
    await cloud.close()
    print(ticks, state.services.reason)
asyncio.run(main())
"""


async def in_a_process(script: str, folder: Path, **variables: str) -> str:
    """What a script prints in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3],
        env={"HOME": str(folder), "PATH": "", **variables},
    )  # fmt: skip
    out, _ = await process.communicate()
    return out.decode()


async def test_the_loop_goes_round_while_libraries_are_imported(tmp_path: Path) -> None:
    """Nothing of Google's is imported before the first question, and then in a thread."""
    out = await in_a_process(SCRIPT.replace(", **ARGUMENTS", ""), tmp_path)
    ticks, reason = out.split()
    assert int(ticks) >= 10
    assert reason == "cloud_unreachable"


async def test_without_credentials_it_says_how_to_log_in(tmp_path: Path) -> None:
    """No key, no gcloud login, no metadata server: every part is blind for this one reason."""
    script = SCRIPT.replace('overlay=Overlay(google=("127.0.0.1:9", "127.0.0.1:9")), **ARGUMENTS', "")
    out = await in_a_process(script, tmp_path, NO_GCE_CHECK="true")
    assert out.split()[1] == "cloud_login"
