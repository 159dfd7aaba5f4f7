from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud import run_v2

from checks.names import Ref
from checks.observations import Blind, Egress, Interface, TrafficShare, VpcAccess
from checks.observe import cloud_run
from checks.observe.calls import plain
from checks.observe.errors import NotUnderstood
from checks.reasons import Reason
from tests.checks.observe.place import PROJECT, READ_AT, REGION, context

PARENT = f"projects/{PROJECT}/locations/{REGION}"
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
CONNECTOR = Ref("c", "connectors", PROJECT, REGION)


def revision(name: str = "api-1", **fields: Any) -> Any:
    return plain(run_v2.Revision(name=f"{PARENT}/services/api/revisions/{name}", service="api", **fields))


def service(**fields: Any) -> Any:
    return plain(run_v2.Service(name=f"{PARENT}/services/api", **fields))


def access(**fields: Any) -> run_v2.VpcAccess:
    return run_v2.VpcAccess(**fields)


@pytest.mark.parametrize(
    ("vpc", "expected"),
    [
        (None, None),
        (access(), None),
        (access(egress=1), None),
        (access(connector="c"), VpcAccess(CONNECTOR)),
        (access(connector="c", egress=1), VpcAccess(CONNECTOR, Egress.ALL)),
        (access(connector=f"{PARENT}/connectors/c", egress=2), VpcAccess(CONNECTOR, Egress.PRIVATE_RANGES)),
        (
            access(connector=f"projects/4815/locations/{REGION}/connectors/c"),
            VpcAccess(CONNECTOR),
        ),
        (
            access(network_interfaces=[{"network": "n", "tags": ["a"]}]),
            VpcAccess(interfaces=(Interface(Ref("n", "networks", PROJECT, "global"), None, ("a",)),)),
        ),
    ],
)
def test_vpc_access_in_every_form(vpc: Any, expected: VpcAccess | None) -> None:
    """Nothing, an empty block, a connector in three spellings, and Direct VPC."""
    message = revision(vpc_access=vpc) if vpc is not None else revision()
    assert cloud_run.revision_of(message, context(netra_staging="4815")).vpc == expected


def test_unknown_egress_does_not_pass_for_unset() -> None:
    """A setting that Google adds later is said not to be understood: unset would mean private ranges."""
    message = revision()
    message.vpc_access.connector = "c"
    message.vpc_access.egress = 9
    with pytest.raises(NotUnderstood, match="UNKNOWN_9"):
        cloud_run.revision_of(message, context())


def test_only_a_serving_revision_that_is_not_understood_matters() -> None:
    """An old one is left out; one that serves makes the service's revisions unknown."""
    odd = revision("api-2")
    odd.vpc_access.egress = 9
    serving = service(traffic_statuses=[{"revision": "api-1", "percent": 100}])
    found = cloud_run.revisions_of([revision(), odd], serving, context())
    assert not isinstance(found, Blind)
    assert [each.name for each in found] == ["api-1"]
    of_odd = service(traffic_statuses=[{"revision": "api-2", "percent": 100}])
    blind = cloud_run.revisions_of([revision(), odd], of_odd, context())
    assert isinstance(blind, Blind)
    assert blind.reason is Reason.CLOUD_ANSWER


def test_revision_with_all_that_people_ask_of() -> None:
    """Who made it when, of which image, whether it is ready, whether it was deleted."""
    when = datetime(2026, 3, 1, 1, 49, tzinfo=UTC)
    ready = run_v2.Condition(type_="Ready", state=run_v2.Condition.State.CONDITION_FAILED, revision_reason=6)
    message = revision(
        creator="deploy-bot@p",
        create_time=when,
        delete_time=when,
        conditions=[ready],
        containers=[{"image": "i:1"}],
    )
    found = cloud_run.revision_of(message, context())
    assert (found.creator, found.created_at, found.image) == ("deploy-bot@p", when, "i:1")
    assert (found.ready, found.deleted) == (False, True)
    assert found.conditions[0].reason == "HEALTH_CHECK_CONTAINER_ERROR"
    assert found.source.read_at == READ_AT
    assert found.source.url
    assert "/api/revisions" in found.source.url


def test_empty_messages_are_no_crash() -> None:
    """Every field may be missing: what is not said is empty or None, never made up."""
    found = cloud_run.revision_of(plain(run_v2.Revision()), context())
    assert (found.ready, found.vpc, found.created_at, found.image) == (None, None, None, "")
    bare = cloud_run.service_of(plain(run_v2.Service()), context())
    assert (bare.serving, bare.conditions, bare.updated_at) == ((), (), None)
    assert cloud_run.job_of(plain(run_v2.Job()), context()).environment == ()


def test_latest_is_the_latest_ready_revision_until_cloud_run_says_which() -> None:
    """Traffic to latest without a name is the latest ready revision's; without one it stays nameless."""
    shares = [{"type_": LATEST, "percent": 100}]
    known = service(traffic_statuses=shares, latest_ready_revision=f"{PARENT}/services/api/revisions/api-7")
    assert cloud_run.service_of(known, context()).serving == (TrafficShare("api-7", 100, "", True),)
    assert cloud_run.service_of(service(traffic_statuses=shares), context()).serving[0].revision == ""


def test_traffic_asked_for_and_traffic_served_are_apart() -> None:
    """What is pinned, split and tagged is kept as it is."""
    message = service(
        traffic=[{"type_": LATEST, "percent": 100}],
        traffic_statuses=[
            {"revision": "api-1", "percent": 90, "tag": "good", "uri": "https://good"},
            {"revision": "api-2", "percent": 10},
        ],
    )
    found = cloud_run.service_of(message, context())
    assert found.traffic == (TrafficShare("", 100, "", True),)
    assert found.serving == (
        TrafficShare("api-1", 90, "good", False, "https://good"),
        TrafficShare("api-2", 10),
    )


def test_unknown_condition_state_is_unknown() -> None:
    """A state that Google adds later is neither ready nor failed."""
    message = plain(run_v2.Condition(type_="Ready"))
    message.state = 99
    assert cloud_run.condition(message).state == "unknown"


def test_image_is_that_of_the_container_with_a_port() -> None:
    """Sidecars have none."""
    containers = [{"image": "sidecar"}, {"image": "main", "ports": [{"container_port": 8080}]}]
    assert cloud_run.revision_of(revision(containers=containers), context()).image == "main"


def test_job_names_its_variables_but_no_values() -> None:
    """A value may be a secret."""
    task = {"containers": [{"image": "w", "env": [{"name": "KEY", "value": "hunter2"}]}]}
    found = cloud_run.job_of(
        plain(run_v2.Job(name=f"{PARENT}/jobs/j", template={"template": task})), context()
    )
    assert found.environment == ("KEY",)
    assert "hunter2" not in repr(found)


def test_a_time_that_no_calendar_has_is_none() -> None:
    """Garbage in a time stamp is not a crash."""
    message = revision()
    message.create_time.seconds = 10**15
    assert cloud_run.revision_of(message, context()).created_at is None
