"""Metrics as they are read over REST, out of the fake Cloud Monitoring and out of made-up answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.observations import Blind, Usage
from checks.observe import monitoring
from checks.reasons import Reason
from sandbox import baseline
from sandbox.cloud.resources import ConnectorLoad, ServiceLoad
from tests.checks.observe.place import BACKEND, PROJECT, READ_AT, REGION, Staging, staging

SERVICE = f"projects/{PROJECT}/locations/{REGION}/services/{BACKEND}"
CONNECTOR = baseline.connector_name(baseline.CONNECTOR)
HALF_AN_HOUR = timedelta(minutes=30)


async def usage(at: Staging) -> Usage:
    """The last half hour."""
    until = datetime.now(UTC)
    found = await at.cloud.metrics(until - HALF_AN_HOUR, until)
    assert isinstance(found, Usage), found
    return found


async def test_the_usual_load_is_read_of_services_and_connectors() -> None:
    """Instances, requests and starts of each service; CPU, instances and traffic of each connector."""
    async with staging() as at:
        found = await usage(at)
    backend, connector = found.services[BACKEND], found.connectors[baseline.CONNECTOR]
    assert (backend.instances, backend.most_instances, backend.startup_ms) == (2, 2, 1900)
    assert (backend.requests_per_s, backend.refused_per_s) == (0.6, 0)
    assert connector.cpu == pytest.approx(0.11)
    assert (connector.instances, connector.sent_mbit, connector.received_mbit) == (2, 6, 9)
    assert connector.source.url
    assert set(found.connectors) == {baseline.CONNECTOR, baseline.LEGACY_CONNECTOR}


async def test_a_load_of_the_last_minutes_is_the_newest_and_the_highest() -> None:
    """What was before it counts no more."""
    since = datetime.now(UTC) - timedelta(minutes=12)
    async with staging() as at:
        busy = ServiceLoad(since, instances=10, requests_per_s=96, refused_per_s=31, startup_ms=7200)
        at.fake.resources.loads[SERVICE] = busy
        at.fake.resources.loads[CONNECTOR] = ConnectorLoad(since, cpu=0.97, instances=3)
        found = await usage(at)
    backend, connector = found.services[BACKEND], found.connectors[baseline.CONNECTOR]
    assert (backend.instances, backend.most_instances) == (10, 10)
    assert (backend.requests_per_s, backend.refused_per_s, backend.startup_ms) == (127, 31, 7200)
    assert connector.cpu == pytest.approx(0.97)
    assert connector.most_cpu == pytest.approx(0.97)


async def test_a_load_that_has_not_begun_is_not_there_yet() -> None:
    """Before its beginning it was the usual one."""
    async with staging() as at:
        at.fake.resources.loads[SERVICE] = ServiceLoad(datetime.now(UTC) + timedelta(minutes=1), instances=10)
        assert (await usage(at)).services[BACKEND].instances == 2


async def test_without_the_permission_it_is_blind() -> None:
    """With the role that lets whybot see."""
    async with staging() as at:
        at.fake.deny("monitoring.timeSeries.list")
        found = await at.cloud.metrics(READ_AT - HALF_AN_HOUR, READ_AT)
    assert isinstance(found, Blind)
    assert (found.reason, found.role) == (Reason.CLOUD_PERMISSION, "roles/monitoring.viewer")


@pytest.mark.parametrize("kind", ["garbage", "unavailable", "disabled", "quota"])
async def test_trouble_is_a_value(kind: str) -> None:
    """Nothing is raised, and nothing is taken for zero."""
    async with staging() as at:
        at.fake.trouble(kind, "monitoring.*", seconds=0.01)
        assert isinstance(await at.cloud.metrics(READ_AT - HALF_AN_HOUR, READ_AT), Blind)


def series(value: Any, unit: str = "%") -> dict[str, Any]:
    """A time series of a connector with one point."""
    interval = {"endTime": "2026-03-01T12:00:00Z"}
    resource = {"type": "vpc_access_connector", "labels": {"connector_name": "c"}}
    return {
        "resource": resource,
        "metric": {},
        "unit": unit,
        "points": [{"interval": interval, "value": value}],
    }


class Answers:
    """Answers in the place of Google's, page by page; remembers what was asked."""

    def __init__(self, *pages: Any) -> None:
        self.pages, self.asked = list(pages), []

    def get(self, url: str, params: Any, timeout: float) -> Any:
        """The next page."""
        self.asked.append(dict(params))
        return self

    @property
    def ok(self) -> bool:
        """Always."""
        return True

    def json(self) -> Any:
        """What it holds."""
        return self.pages.pop(0)


async def points(at: Staging, *pages: Any) -> Any:
    """The points of the connectors' CPU in these answers."""
    calls = at.cloud.calls(5)
    answers = Answers(*pages)

    async def session() -> Answers:
        return answers

    at.cloud.clients.session = session  # type: ignore[method-assign]  # answers that the fake never gives
    return await monitoring.read_points(calls, monitoring.CPU, READ_AT - HALF_AN_HOUR, READ_AT)


@pytest.mark.parametrize(("unit", "share"), [("%", 0.0042), ("10^2.%", 0.42), ("1", 0.42)])
async def test_a_share_is_read_in_its_own_unit(unit: str, share: float) -> None:
    """Percent and shares of one are told apart by the unit, never by the number."""
    async with staging() as at:
        found = await points(at, {"timeSeries": [series({"doubleValue": 0.42}, unit)]})
    assert found == {("c", ""): (pytest.approx(share),)}


@pytest.mark.parametrize(
    "page",
    [
        {"timeSeries": [series({"doubleValue": 42}, "ms")]},
        {"timeSeries": [series({"doubleValue": 42}, "")]},
        {"timeSeries": [series({"distributionValue": {}})]},
        {"timeSeries": [{"unit": "%"}]},
        {"timeSeries": {}},
        [],
    ],
)
async def test_an_answer_that_is_not_understood_is_not_guessed(page: Any) -> None:
    """It is blind, with the metric's name or the reason."""
    async with staging() as at:
        with pytest.raises(monitoring.Unseen) as raised:
            await points(at, page)
    assert raised.value.blind.reason is Reason.CLOUD_ANSWER


async def test_every_page_is_read() -> None:
    """The second is asked for with the first's token."""
    first = {"timeSeries": [series({"int64Value": "1"})], "nextPageToken": "more"}
    second = series({"int64Value": "2"}) | {"resource": {"labels": {"connector_name": "d"}}}
    async with staging() as at:
        found = await points(at, first, {"timeSeries": [second]})
    assert set(found) == {("c", ""), ("d", "")}
