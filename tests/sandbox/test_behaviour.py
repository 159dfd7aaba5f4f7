"""What sites do because of how Cloud Run is configured and loaded; and the changes that bring it about."""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox import baseline
from sandbox.behaviour import Behaviour, behaviour
from sandbox.changes import ChangeFailedError, read_change
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.fabric import busiest
from sandbox.logs import SERVICES
from tests.sandbox.cloud.clients import staging_cloud

BACKEND = f"{baseline.PARENT}/services/{baseline.BACKEND}"
Wish = Mapping[str, Any]


async def does(cloud: FakeCloud, *wishes: Wish) -> Behaviour:
    """What the backend does after these changes."""
    for wish in wishes:
        await read_change(wish).apply(cloud)
    return behaviour(SERVICES["backend"], cloud.resources)


DEPLOY = {"change": "deploy", "connector": baseline.CONNECTOR}


@pytest.mark.parametrize(
    ("wishes", "fault", "said"),
    [
        ([], None, ""),
        ([DEPLOY | {"code": "good"}], None, ""),
        ([DEPLOY | {"code": "error"}], "app_error", ""),
        ([DEPLOY | {"code": "unavailable"}], "app_unavailable", ""),
        ([{"change": "secret", "version": "3"}], "no_container", "failed to start"),
        ([{"change": "secret", "delete": True}], "no_container", "failed to start"),
        ([{"change": "secret", "version": "1", "state": "DESTROYED"}], None, ""),
        ([{"change": "load", "memory_mib": 530}], "no_container", "malformed"),
        ([{"change": "load", "memory_mib": 500}], None, ""),
        ([{"change": "load", "instances": 10, "refused_per_s": 3}], "no_container", "no available instance"),
        ([{"change": "load", "instances": 9, "refused_per_s": 3}], None, ""),
        ([{"change": "load", "cold": True, "startup_ms": 9000}], None, ""),
        (
            [DEPLOY | {"min_instances": 0}, {"change": "load", "cold": True, "startup_ms": 9000}],
            "app_cold_start",
            "",
        ),
        ([{"change": "load", "memory_mib": 530}, DEPLOY | {"memory": "1Gi"}], None, ""),
    ],
)
async def test_a_site_does_what_its_configuration_makes_of_it(
    wishes: list[Wish], fault: str | None, said: str
) -> None:
    """A bug of the image, a secret that is gone, memory and instances used up; and nothing otherwise."""
    async with staging_cloud() as cloud:
        found = await does(cloud, *wishes)
    assert list(found.faults) == ([fault] if fault else [])
    assert said in found.said


async def test_the_image_goes_back_with_the_traffic() -> None:
    """A bug is the revision's: who rolls back is rid of it."""
    async with staging_cloud() as cloud:
        good = busiest(cloud.resources.services[BACKEND], cloud.resources)
        assert good is not None
        assert (await does(cloud, DEPLOY | {"code": "error"})).faults
        target = {"type_": 2, "revision": good.name.rpartition("/")[2], "percent": 100}
        await cloud.deploy(baseline.BACKEND, lambda service: setattr(service, "traffic", [target]))
        assert await does(cloud) == Behaviour()


async def test_a_deployment_is_validated_for_itself() -> None:
    """A good revision carries the label; the next only where its pipeline says so."""
    async with staging_cloud() as cloud:
        labels = []
        for more in ({}, {"validated": True}, {"validated": False}, {}):
            await does(cloud, DEPLOY | more)
            serving = busiest(cloud.resources.services[BACKEND], cloud.resources)
            assert serving is not None
            labels.append(serving.labels.get("whybot-gate"))
    assert labels == [None, "passed", "failed", None]


async def test_a_revision_that_asks_for_a_disabled_secret_is_not_ready() -> None:
    """What served keeps serving, and the revision says which secret it lacks."""
    async with staging_cloud() as cloud:
        await does(cloud, DEPLOY | {"secrets": {"KEY": f"{baseline.SIGNING_KEY}:1"}})
        service = cloud.resources.services[BACKEND]
        made = cloud.resources.revisions[service.latest_created_revision]
        assert service.traffic_statuses[0].revision not in made.name
        assert "versions/1] is in DISABLED state" in made.conditions[0].message


async def test_who_changes_something_is_in_the_audit_log() -> None:
    """With the program that did it: Terraform names itself."""
    async with staging_cloud() as cloud:
        rule = {"change": "firewall", "name": "x", "by": "terraform", "minutes_ago": 5}
        await does(cloud, rule, {"change": "secret", "by": "console"}, {"change": "remove_revisions"})
        log = [entry.proto_payload.value for entry in cloud.resources.logs]
        assert any(b"Terraform/" in each and b"global/firewalls/x" in each for each in log)
        assert any(b"DisableSecretVersion" in each and b"Mozilla" in each for each in log)
        assert sum(b"DeleteRevision" in each for each in log) == baseline.OLD_REVISIONS
        assert len([name for name in cloud.resources.revisions if name.startswith(BACKEND)]) == 1


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"change": "load", "instances": 11}, "may have 10 instances, not 11"),
        ({"change": "load", "memory_mib": 9999}, "far above the limit of 512"),
        ({"change": "secret", "name": "no-such"}, "no version latest of a secret no-such"),
        ({"change": "connector_load", "name": "no-such"}, "no connector no-such"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(wish: Wish, said: str) -> None:
    """In words, before anything is changed."""
    async with staging_cloud() as cloud:
        with pytest.raises(ChangeFailedError, match=said):
            await does(cloud, wish)
        assert not cloud.resources.loads
