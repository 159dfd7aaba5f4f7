"""Cloud Run's services in the fake cloud, as the official client sees them."""

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import run_v2, vpcaccess_v1
from google.longrunning import operations_pb2

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud
from tests.sandbox.cloud.clients import BACKEND, LEGACY, PARENT, Clients, staging_cloud

State = run_v2.Condition.State
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
PINNED = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


def update(service: run_v2.Service, *paths: str, **more: Any) -> run_v2.UpdateServiceRequest:
    """A request with a mask of these paths."""
    return run_v2.UpdateServiceRequest(service=service, update_mask={"paths": list(paths)}, **more)


def with_connector(connector: str, name: str = BACKEND) -> run_v2.Service:
    """A service that wants only its connector changed."""
    access = run_v2.VpcAccess(connector=connector, egress="PRIVATE_RANGES_ONLY")
    return run_v2.Service(name=name, template=run_v2.RevisionTemplate(vpc_access=access))


async def settled(clients: Clients, request: run_v2.UpdateServiceRequest) -> run_v2.Service:
    """The service after a change."""
    operation = await clients.services.update_service(request, retry=None)
    service: run_v2.Service = await operation.result(timeout=20)
    return service


async def test_a_change_of_the_vpc_access_makes_a_revision_that_serves(clients: Clients) -> None:
    """The mask names one field of the template; the rest of it stays, and LATEST goes to what was made."""
    before = await clients.services.get_service(name=BACKEND)
    after = await settled(clients, update(with_connector(LEGACY), "template.vpc_access"))
    [serving] = after.traffic_statuses
    revision = await clients.revisions.get_revision(name=f"{BACKEND}/revisions/{serving.revision}")
    assert revision.vpc_access.connector == LEGACY
    assert revision.containers == before.template.containers
    assert after.latest_ready_revision == revision.name != before.latest_ready_revision
    assert after.generation == after.observed_generation == before.generation + 1
    assert after.etag != before.etag
    assert revision.creator == after.last_modifier == baseline.WHYBOT
    assert after.terminal_condition.state == State.CONDITION_SUCCEEDED


async def test_a_sandbox_principal_is_who_changed_it(clients: Clients) -> None:
    """Tests and scenarios say in metadata who they are; the service, the revision and the log tell."""
    operation = await clients.services.update_service(
        update(with_connector(LEGACY), "template.vpc_access"),
        metadata=[("x-sandbox-principal", "ann@example.com")],
    )
    after = await operation.result(timeout=20)
    revision = await clients.revisions.get_revision(name=after.latest_ready_revision)
    assert after.last_modifier == revision.creator == "ann@example.com"


async def test_a_stale_etag_is_aborted_and_changes_nothing(clients: Clients) -> None:
    """Two people change a service; the second one's etag is of the version before the first."""
    stale = (await clients.services.get_service(name=BACKEND)).etag
    after = await settled(clients, update(with_connector(LEGACY), "template.vpc_access"))
    request = update(with_connector(baseline.connector_name("other")), "template.vpc_access")
    request.service.etag = stale
    with pytest.raises(exceptions.Aborted, match="version"):
        await clients.services.update_service(request, retry=None)
    assert await clients.services.get_service(name=BACKEND) == after


async def test_validate_only_changes_nothing(clients: Clients, cloud: FakeCloud) -> None:
    """The operation is done at once and carries what the service would be."""
    before, logged = await clients.services.get_service(name=BACKEND), len(cloud.resources.logs)
    would_be = await settled(
        clients, update(with_connector(LEGACY), "template.vpc_access", validate_only=True)
    )
    assert would_be.template.vpc_access.connector == LEGACY
    assert await clients.services.get_service(name=BACKEND) == before
    assert len(cloud.resources.logs) == logged


async def test_a_revision_name_that_is_taken_is_refused(clients: Clients) -> None:
    """As Cloud Run: a template that keeps its revision's name cannot become another revision."""
    service = with_connector(LEGACY)
    service.template.revision = f"{baseline.BACKEND}-00099-abc"
    await settled(clients, update(service, "template.vpc_access", "template.revision"))
    request = update(with_connector(baseline.connector_name(baseline.CONNECTOR)), "template.vpc_access")
    with pytest.raises(exceptions.AlreadyExists, match="with different configuration already exists"):
        await clients.services.update_service(request, retry=None)
    request.update_mask.paths.append("template.revision")
    after = await settled(clients, request)
    assert "-00100-" in after.latest_ready_revision


async def test_a_field_that_is_named_and_not_given_is_cleared(clients: Clients) -> None:
    """A mask with nothing behind it takes the VPC access away."""
    after = await settled(clients, update(run_v2.Service(name=BACKEND), "template.vpc_access"))
    assert not after.template.vpc_access
    revision = await clients.revisions.get_revision(name=after.latest_ready_revision)
    assert not revision.vpc_access


async def test_without_a_mask_everything_is_replaced(clients: Clients) -> None:
    """Labels that are not given again are gone; what Cloud Run itself sets stays."""
    before = await clients.services.get_service(name=BACKEND)
    given = run_v2.Service(name=BACKEND, template=before.template, labels={"a": "b"}, uid="mine")
    after = await settled(clients, run_v2.UpdateServiceRequest(service=given))
    assert dict(after.labels) == {"a": "b"}
    assert after.uid == before.uid
    assert after.latest_created_revision == before.latest_created_revision


async def test_traffic_is_pinned_without_a_new_revision(clients: Clients) -> None:
    """Rolling back: the target serves, later deployments get nothing until it is unpinned."""
    before = await clients.services.get_service(name=BACKEND)
    old = (await clients.revisions.list_revisions(parent=BACKEND)).revisions[2]
    short = old.name.rpartition("/")[2]
    target = run_v2.TrafficTarget(type_=PINNED, revision=short, percent=100)
    pinned = await settled(clients, update(run_v2.Service(name=BACKEND, traffic=[target]), "traffic"))
    assert [(each.revision, each.percent) for each in pinned.traffic_statuses] == [(short, 100)]
    assert pinned.latest_created_revision == before.latest_created_revision
    deployed = await settled(clients, update(with_connector(LEGACY), "template.vpc_access"))
    assert [each.revision for each in deployed.traffic_statuses] == [short]
    unpinned = await settled(clients, update(run_v2.Service(name=BACKEND), "traffic"))
    assert [each.type_ for each in unpinned.traffic] == [LATEST]
    assert unpinned.traffic_statuses[0].revision == deployed.latest_ready_revision.rpartition("/")[2]


async def test_a_tag_at_no_percent_gets_its_own_url(clients: Clients) -> None:
    """A candidate can be probed before it gets requests."""
    before = await clients.services.get_service(name=BACKEND)
    serving = before.traffic_statuses[0].revision
    service = with_connector(LEGACY)
    service.template.revision = f"{baseline.BACKEND}-00077-new"
    service.traffic = [
        run_v2.TrafficTarget(type_=PINNED, revision=serving, percent=100),
        run_v2.TrafficTarget(type_=PINNED, revision=service.template.revision, tag="candidate"),
    ]
    after = await settled(clients, update(service, "template.vpc_access", "template.revision", "traffic"))
    tagged = after.traffic_statuses[1]
    assert (tagged.revision, tagged.percent, tagged.tag) == (service.template.revision, 0, "candidate")
    assert tagged.uri == before.uri.replace("https://", "https://candidate---")


@pytest.mark.parametrize("connector", ["nowhere", "broken"])
async def test_a_revision_whose_connector_cannot_be_used_gets_no_traffic(
    clients: Clients, cloud: FakeCloud, connector: str
) -> None:
    """A connector that does not exist or is in ERROR: the operation fails, the old revision keeps serving."""
    broken = baseline.connector_name("broken")
    cloud.resources.connectors[broken] = vpcaccess_v1.Connector(name=broken, state="ERROR")
    before = await clients.services.get_service(name=BACKEND)
    request = update(with_connector(baseline.connector_name(connector)), "template.vpc_access")
    with pytest.raises(exceptions.GoogleAPICallError, match="is not ready and cannot serve traffic"):
        await settled(clients, request)
    after = await clients.services.get_service(name=BACKEND)
    assert after.traffic_statuses == before.traffic_statuses
    assert after.latest_created_revision != after.latest_ready_revision == before.latest_ready_revision
    assert after.terminal_condition.state == State.CONDITION_FAILED
    assert connector in after.terminal_condition.message
    revision = await clients.revisions.get_revision(name=after.latest_created_revision)
    ready = next(each for each in revision.conditions if each.type_ == "Ready")
    assert ready.state == State.CONDITION_FAILED


async def test_direct_vpc_on_a_network_that_is_not_there_does_not_start(clients: Clients) -> None:
    """Cloud Run has a reason of its own for it."""
    interface = run_v2.VpcAccess.NetworkInterface(network="nowhere")
    access = run_v2.VpcAccess(network_interfaces=[interface])
    service = run_v2.Service(name=BACKEND, template=run_v2.RevisionTemplate(vpc_access=access))
    with pytest.raises(exceptions.GoogleAPICallError, match="VPC network nowhere does not exist"):
        await settled(clients, update(service, "template.vpc_access"))
    created = (await clients.services.get_service(name=BACKEND)).latest_created_revision
    revision = await clients.revisions.get_revision(name=created)
    assert run_v2.Condition.CommonReason.VPC_NETWORK_NOT_FOUND in [
        each.reason for each in revision.conditions
    ]


async def test_a_service_is_reconciling_while_its_change_is_under_way() -> None:
    """Until the operation is done the old revision serves and `observed_generation` is behind."""
    async with staging_cloud(operation_seconds=3) as cloud:
        clients = Clients(cloud)
        before = await clients.services.get_service(name=BACKEND)
        request = update(with_connector(LEGACY), "template.vpc_access")
        operation = await clients.services.update_service(request)
        assert operation.metadata.name == BACKEND
        under_way = await clients.services.get_service(name=BACKEND)
        assert under_way.reconciling
        assert under_way.observed_generation < under_way.generation
        assert under_way.traffic_statuses == before.traffic_statuses
        after = await operation.result(timeout=20)
        assert not after.reconciling
        assert after.observed_generation == after.generation
        await clients.close()


async def test_of_two_changes_at_once_the_later_serves(clients: Clients) -> None:
    """The first operation ends too; what it made is not what serves."""
    first = await clients.services.update_service(update(with_connector(LEGACY), "template.vpc_access"))
    wanted = baseline.connector_name(baseline.CONNECTOR)
    second = await clients.services.update_service(update(with_connector(wanted), "template.vpc_access"))
    await first.result(timeout=20)
    await second.result(timeout=20)
    after = await clients.services.get_service(name=BACKEND)
    assert after.latest_ready_revision == after.latest_created_revision
    revision = await clients.revisions.get_revision(name=after.latest_ready_revision)
    assert revision.vpc_access.connector == wanted
    assert not after.reconciling


async def test_a_service_is_made_listed_and_deleted(clients: Clients) -> None:
    """`allow_missing` makes what is not there; without it an update is refused."""
    name = f"{PARENT}/services/new"
    template = run_v2.RevisionTemplate(containers=[run_v2.Container(image="new:1")])
    service = run_v2.Service(name=name, template=template)
    with pytest.raises(exceptions.NotFound, match="'new' of kind 'SERVICE' in region 'us-central1'"):
        await clients.services.update_service(run_v2.UpdateServiceRequest(service=service), retry=None)
    made = await settled(clients, run_v2.UpdateServiceRequest(service=service, allow_missing=True))
    assert made.traffic_statuses[0].percent == 100
    with pytest.raises(exceptions.AlreadyExists):
        await clients.services.create_service(parent=PARENT, service=service, service_id="new")
    names = [each.name async for each in await clients.services.list_services(parent=PARENT)]
    assert name in names
    await (await clients.services.delete_service(name=name)).result(timeout=20)
    with pytest.raises(exceptions.NotFound):
        await clients.services.get_service(name=name)


@pytest.mark.parametrize(
    ("change", "paths", "said"),
    [
        ({"traffic": [{"type_": LATEST, "percent": 90}]}, ["traffic"], "add up to 100"),
        (
            {"traffic": [{"type_": PINNED, "revision": "nobody", "percent": 100}]},
            ["traffic"],
            "does not exist",
        ),
        ({}, ["template.nonsense"], "Invalid update mask"),
        (
            {
                "template": {
                    "vpc_access": {"connector": LEGACY, "network_interfaces": [{"network": "default"}]}
                }
            },
            ["template.vpc_access"],
            "mutually exclusive",
        ),
        ({}, ["template.containers"], "at least one container"),
        ({"template": {"revision": "foreign-00001"}}, ["template.revision"], "must start with"),
    ],
)
async def test_what_cannot_be_right_is_an_invalid_argument(
    clients: Clients, change: dict[str, Any], paths: list[str], said: str
) -> None:
    """Nothing is changed then, and the sentence names what is wrong."""
    before = await clients.services.get_service(name=BACKEND)
    with pytest.raises(exceptions.InvalidArgument, match=said):
        await clients.services.update_service(
            update(run_v2.Service(name=BACKEND, **change), *paths), retry=None
        )
    assert await clients.services.get_service(name=BACKEND) == before


async def test_names_may_have_the_projects_number(clients: Clients) -> None:
    """As Google: id and number are the same project, answers have the id."""
    by_number = BACKEND.replace(baseline.PROJECT, baseline.NUMBER)
    assert (await clients.services.get_service(name=by_number)).name == BACKEND
    after = await settled(clients, update(with_connector(LEGACY, by_number), "template.vpc_access"))
    assert after.name == BACKEND


async def test_a_lost_response_leaves_the_change_made(clients: Clients, cloud: FakeCloud) -> None:
    """The caller sees UNAVAILABLE; only reading back tells that it happened. Once only, as told."""
    cloud.trouble("lost_response", "run.services.update", seconds=0, times=1)
    before = await clients.services.get_service(name=BACKEND)
    with pytest.raises(exceptions.ServiceUnavailable):
        await clients.services.update_service(
            update(with_connector(LEGACY), "template.vpc_access"), retry=None
        )
    assert (await clients.services.get_service(name=BACKEND)).generation == before.generation + 1
    await settled(clients, update(run_v2.Service(name=BACKEND), "traffic"))


async def test_revisions_come_page_by_page_the_newest_first(clients: Clients, cloud: FakeCloud) -> None:
    """The pager asks as often as it must; a token of another list is refused."""
    request = run_v2.ListRevisionsRequest(parent=BACKEND, page_size=2)
    pager = await clients.revisions.list_revisions(request)
    found = [each async for each in pager]
    assert len(found) == 1 + baseline.OLD_REVISIONS
    assert found == sorted(found, key=lambda each: each.create_time, reverse=True)
    assert cloud.count("run.revisions.list") == 3
    first = await clients.revisions.list_revisions(request)
    other = run_v2.ListRevisionsRequest(
        parent=f"{PARENT}/services/netra-auth-staging", page_token=first.next_page_token
    )
    with pytest.raises(exceptions.InvalidArgument, match="page token"):
        await clients.revisions.list_revisions(other)
    everywhere = await clients.revisions.list_revisions(parent=f"{PARENT}/services/-")
    assert len([each async for each in everywhere]) == len(cloud.resources.revisions)


async def test_what_serves_cannot_be_deleted(clients: Clients) -> None:
    """An old revision can."""
    serving, _newer, *_, oldest = (await clients.revisions.list_revisions(parent=BACKEND)).revisions
    with pytest.raises(exceptions.FailedPrecondition, match="cannot be deleted"):
        await clients.revisions.delete_revision(name=serving.name)
    await (await clients.revisions.delete_revision(name=oldest.name)).result(timeout=20)
    with pytest.raises(exceptions.NotFound, match="REVISION"):
        await clients.revisions.get_revision(name=oldest.name)


async def test_an_operation_can_be_asked_for_waited_for_and_listed(clients: Clients) -> None:
    """What a client keeps of a change is the operation's name."""
    begun = await clients.services.update_service(update(with_connector(LEGACY), "template.vpc_access"))
    name = begun.operation.name
    waited = await clients.services.wait_operation({"name": name, "timeout": {"seconds": 20}})
    assert operations_pb2.Operation.FromString(waited).done  # this client gives it as it came
    assert (await clients.services.get_operation({"name": name})).response.value
    listed = await clients.services.list_operations({"name": PARENT})
    assert name in [each.name for each in listed.operations]
    with pytest.raises(exceptions.NotFound):
        await clients.services.get_operation({"name": f"{PARENT}/operations/none"})


async def test_deploy_changes_a_service_past_troubles(cloud: FakeCloud, clients: Clients) -> None:
    """What a scenario does: as someone else, whatever is wrong with the API; subscribers hear of it."""
    heard: list[str] = []
    end = cloud.subscribe(lambda: heard.append("changed"))
    cloud.deny("run.services.update")
    cloud.trouble("unavailable", "run.services.*")

    def repoint(service: run_v2.Service) -> None:
        service.template.vpc_access.connector = LEGACY

    after = await cloud.deploy(baseline.BACKEND, repoint, by="deploy-bot")
    assert after.last_modifier == baseline.DEPLOY_BOT
    revision = cloud.resources.revisions[after.latest_ready_revision]
    assert revision.vpc_access.connector == LEGACY
    assert heard
    end()
    heard.clear()
    cloud.resources.changed()
    assert not heard


async def test_restoring_a_snapshot_undoes_every_change(cloud: FakeCloud, clients: Clients) -> None:
    """Also one that is under way; what was logged stays."""
    snapshot = cloud.snapshot()
    before = await clients.services.get_service(name=BACKEND)
    await settled(clients, update(with_connector(LEGACY), "template.vpc_access"))
    cloud.operations.seconds = 60
    begun = await clients.services.update_service(update(run_v2.Service(name=BACKEND), "template.vpc_access"))
    cloud.restore(snapshot)
    with pytest.raises(exceptions.GoogleAPICallError):
        await begun.result(timeout=20)
    assert await clients.services.get_service(name=BACKEND) == before
    assert len(cloud.resources.revisions) == len(snapshot.revisions)
    assert any("UpdateService" in str(each) for each in cloud.resources.logs)
