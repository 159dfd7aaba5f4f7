"""What expressions see of Cloud Monitoring, against the limits that are configured."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checks.observations import Blind, CloudState, ConnectorUsage, ServiceUsage, TrafficShare, Usage
from runbooks.values import CITE, Gap
from tests.checks.path import place
from tests.checks.path.place import BACKEND, GOOD, NOW, STAGING
from tests.checks.seeing import StillCloud
from tests.runbooks.evidence.looking import gap_in, scope, see

SOURCE = place.source("monitoring", "series")
DENIED = place.blind("monitoring.timeSeries.list", "roles/monitoring.viewer")


def used(service: dict[str, Any] | None = None, connector: dict[str, Any] | None = None) -> Usage:
    """What was measured of the backend and of staging's connector."""
    services = {BACKEND: ServiceUsage(BACKEND, SOURCE, **service)} if service is not None else {}
    name = "staging-connector"
    connectors = {name: ConnectorUsage(name, SOURCE, **connector)} if connector is not None else {}
    return Usage(NOW - timedelta(minutes=30), NOW, services, connectors)


def limited(most: int = 10) -> CloudState:
    """Staging; the serving revision may have so many instances, the connector three with 300 Mbit/s."""
    state = place.staging()
    assert isinstance(state.connectors, tuple)
    connectors = tuple(replace(each, max_instances=3, max_throughput=300) for each in state.connectors)
    revision = place.revision(GOOD, STAGING, max_instances=most)
    return replace(
        state,
        connectors=connectors,
        services=(place.service(TrafficShare(GOOD, 100)),),
        revisions={BACKEND: (revision,)},
    )


async def metrics(usage: Usage | Blind, state: CloudState | None = None) -> Any:
    """The root of expressions."""
    return await see("metrics", scope(StillCloud(state or limited(), used=usage)))


async def test_a_service_with_all_its_instances_is_at_its_most() -> None:
    """The numbers are those of Cloud Monitoring; the limit is that of what serves."""
    usage = used({"instances": 10.0, "most_instances": 10.0, "requests_per_s": 127.0, "refused_per_s": 31.0})
    seen = (await metrics(usage))["services"]["backend"]
    assert (seen["instances"], seen["max_instances"], seen["at_max"]) == (10.0, 10, True)
    assert seen[CITE]["text"] == "backend: 10 of at most 10 instances, 127 requests/s, 31 of them refused"
    assert seen[CITE]["source"] == "monitoring"


async def test_a_service_with_fewer_is_not() -> None:
    """And how long an instance takes to start is said."""
    seen = (await metrics(used({"instances": 2.0, "startup_ms": 9100.0})))["services"]["backend"]
    assert seen["at_max"] is False
    assert seen["startup_ms"] == 9100.0
    assert seen[CITE]["text"].endswith("an instance took at most 9.1 s to start")


@pytest.mark.parametrize(
    ("measured", "saturated"),
    [
        ({"cpu": 0.97, "sent_mbit": 1.0, "received_mbit": 1.0}, True),
        ({"cpu": 0.2, "sent_mbit": 120.0, "received_mbit": 160.0}, True),
        ({"cpu": 0.2, "sent_mbit": 6.0, "received_mbit": 9.0}, False),
        ({"cpu": 0.2}, False),
        ({"sent_mbit": 200.0, "received_mbit": 90.0}, True),
    ],
)
async def test_a_connector_is_saturated_by_cpu_or_traffic(
    measured: dict[str, float], saturated: bool
) -> None:
    """Nine tenths of either are too much."""
    seen = (await metrics(used(connector=measured)))["connectors"]["staging-connector"]
    assert seen["saturated"] is saturated


async def test_little_traffic_alone_does_not_say_that_a_connector_is_idle() -> None:
    """Without its CPU it is not known."""
    measured = {"sent_mbit": 1.0, "received_mbit": 1.0}
    seen = (await metrics(used(connector=measured)))["connectors"]["staging-connector"]
    assert "no point" in gap_in(seen["saturated"]).why


async def test_what_has_no_point_is_unknown() -> None:
    """An idle service has no series: that is no zero."""
    seen = await metrics(used())
    assert isinstance(seen["services"]["backend"]["instances"], Gap)
    assert isinstance(seen["services"]["backend"]["at_max"], Gap)
    assert isinstance(seen["connectors"]["staging-connector"]["cpu"], Gap)
    assert seen["services"]["backend"]["max_instances"] == 10


async def test_limits_that_cannot_be_read_leave_what_was_measured() -> None:
    """Whether ten instances are many is then unknown; a busy CPU is busy."""
    blind = place.blind("run.services.list", "roles/run.viewer")
    state = replace(limited(), services=blind, connectors=blind)
    seen = await metrics(used({"instances": 10.0}, {"cpu": 0.97}), state)
    assert seen["services"]["backend"]["instances"] == 10.0
    assert "roles/run.viewer" in gap_in(seen["services"]["backend"]["at_max"]).settle
    assert seen["connectors"]["staging-connector"]["saturated"] is True


async def test_a_limit_that_is_not_set_is_unknown() -> None:
    """Cloud Run's default may change."""
    seen = (await metrics(used({"instances": 2.0}), limited(0)))["services"]["backend"]
    assert isinstance(seen["max_instances"], Gap)
    assert isinstance(seen["at_max"], Gap)


async def test_without_the_permission_all_of_it_is_unknown() -> None:
    """And what to grant is said."""
    assert "roles/monitoring.viewer" in gap_in(await metrics(DENIED)).settle


async def test_without_a_project_nothing_is_measured() -> None:
    """The file has to name one."""
    assert "no project" in gap_in(await see("metrics", scope(blind=True))).why
