"""Cloud Monitoring and Secret Manager in the fake cloud, over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.resources import ConnectorLoad

CPU = "vpcaccess.googleapis.com/connector/cpu/utilizations"
REQUESTS = "run.googleapis.com/request_count"
STARTS = "run.googleapis.com/container/startup_latencies"


async def series(cloud: FakeCloud, filters: str, minutes: float = 30, **more: str) -> httpx.Response:
    """The answer to a question for time series."""
    until = datetime.now(UTC)
    asked = {
        "filter": filters,
        "interval.startTime": (until - timedelta(minutes=minutes)).isoformat(),
        "interval.endTime": until.isoformat(),
        **more,
    }
    async with httpx.AsyncClient(base_url=f"http://{cloud.rest_address}", trust_env=False) as client:
        return await client.get(f"/v3/projects/{baseline.PROJECT}/timeSeries", params=asked)


def values(answer: httpx.Response) -> list[list[float]]:
    """The points of each series, the newest first."""
    return [
        [float(next(iter(point["value"].values()))) for point in each["points"]]
        for each in answer.json()["timeSeries"]
    ]


async def test_there_is_a_point_each_minute_of_every_connector(cloud: FakeCloud) -> None:
    """In the metric's unit, with the labels of the resource."""
    answer = await series(cloud, f'metric.type = "{CPU}" AND resource.type = "vpc_access_connector"')
    assert answer.status_code == 200
    found: list[Any] = answer.json()["timeSeries"]
    names = {each["resource"]["labels"]["connector_name"] for each in found}
    assert names == {baseline.CONNECTOR, baseline.LEGACY_CONNECTOR}
    assert {each["unit"] for each in found} == {"%"}
    assert [len(each) for each in values(answer)] == [30, 30]


async def test_a_load_shows_from_its_beginning_on(cloud: FakeCloud) -> None:
    """The points before it are the usual ones."""
    since = datetime.now(UTC) - timedelta(minutes=10)
    cloud.resources.loads[baseline.connector_name(baseline.CONNECTOR)] = ConnectorLoad(since, cpu=0.97)
    chosen = f'metric.type = "{CPU}" AND resource.labels.connector_name = "{baseline.CONNECTOR}"'
    [points] = values(await series(cloud, chosen))
    assert points[0] == pytest.approx(97)
    assert points[-1] == pytest.approx(11)
    assert 9 <= sum(value > 50 for value in points) <= 11


async def test_requests_are_told_apart_by_status_and_starts_are_rare(cloud: FakeCloud) -> None:
    """Of a usual service nobody is turned away, and an instance starts every quarter of an hour."""
    answer = await series(cloud, f'metric.type = "{REQUESTS}"')
    assert {each["metric"]["labels"]["response_code"] for each in answer.json()["timeSeries"]} == {"200"}
    assert all(1 <= len(each) <= 3 for each in values(await series(cloud, f'metric.type = "{STARTS}"', 35)))


@pytest.mark.parametrize(
    ("filters", "minutes"),
    [
        ('metric.type = "run.googleapis.com/no_such"', 30),
        (f'metric.type = "{CPU}" AND resource.type = "cloud_run_revision"', 30),
        (f'metric.type = starts_with("{CPU}")', 30),
        (f'metric.type = "{CPU}" AND group.id = "x"', 30),
        (f'metric.type = "{CPU}"', 0),
        (f'metric.type = "{CPU}"', 5_000),
    ],
)
async def test_what_is_not_understood_is_refused(cloud: FakeCloud, filters: str, minutes: float) -> None:
    """Nothing is silently left out."""
    answer = await series(cloud, filters, minutes)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_another_period_is_refused(cloud: FakeCloud) -> None:
    """Points are a minute apart here."""
    answer = await series(cloud, f'metric.type = "{CPU}"', **{"aggregation.alignmentPeriod": "300s"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "state"),
    [
        ("backend-signing-key/versions/latest", 200, "ENABLED"),
        ("backend-signing-key/versions/1", 200, "DISABLED"),
        ("backend-signing-key/versions/8", 404, None),
        ("nothing/versions/1", 404, None),
    ],
)
async def test_versions_of_secrets_have_states(
    cloud: FakeCloud, path: str, status: int, state: str | None
) -> None:
    """And no payload: there is no way to ask for one."""
    place = f"/v1/projects/{baseline.PROJECT}/secrets/"
    async with httpx.AsyncClient(base_url=f"http://{cloud.rest_address}", trust_env=False) as client:
        answer = await client.get(place + path)
        assert (answer.status_code, answer.json().get("state")) == (status, state)
        assert (await client.get(f"{place}{path}:access")).status_code == 404
