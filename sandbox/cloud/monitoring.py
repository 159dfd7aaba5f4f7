"""Cloud Monitoring over REST: time series of what services and connectors are loaded with.

Filters are those of https://cloud.google.com/monitoring/api/v3/filters, as far as they compare by `=`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request

from sandbox.cloud.calls import Caller
from sandbox.cloud.errors import invalid
from sandbox.cloud.names import parse
from sandbox.cloud.project import Project
from sandbox.cloud.resources import ConnectorLoad, Load, ServiceLoad
from sandbox.cloud.rest_server import RestMethod

API = "monitoring.googleapis.com"
MINUTE = timedelta(minutes=1)
COMPARISON = re.compile(r'\s*([\w.]+)\s*=\s*"([^"]*)"\s*')
MOST_POINTS = 1500
NOW_AND_THEN = 15
"""A service under its usual load starts a container every so many minutes."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: how a load is measured, by which label of the resource its series are told apart.

    `measure` gives values by the metric's own label `label`, or by an empty text. `sparse`: points come only
    now and then while the load is the usual one.
    """

    type: str
    of: str
    name: str
    unit: str
    measure: Callable[[Any], Mapping[str, float]]
    label: str = ""
    whole: bool = False
    sparse: bool = False


def _requests(load: ServiceLoad) -> Mapping[str, float]:
    refused = {"429": load.refused_per_s} if load.refused_per_s else {}
    return {"200": load.requests_per_s, **refused}


METRICS = (
    Metric(
        "run.googleapis.com/container/instance_count",
        "cloud_run_revision",
        "service_name",
        "1",
        lambda load: {"": load.instances},
        whole=True,
    ),
    Metric(
        "run.googleapis.com/container/startup_latencies",
        "cloud_run_revision",
        "service_name",
        "ms",
        lambda load: {"": load.startup_ms},
        sparse=True,
    ),
    Metric(
        "run.googleapis.com/request_count",
        "cloud_run_revision",
        "service_name",
        "1/s",
        _requests,
        label="response_code",
    ),
    Metric(
        "vpcaccess.googleapis.com/connector/cpu/utilizations",
        "vpc_access_connector",
        "connector_name",
        "%",
        lambda load: {"": load.cpu * 100},
    ),
    Metric(
        "vpcaccess.googleapis.com/connector/instances",
        "vpc_access_connector",
        "connector_name",
        "1",
        lambda load: {"": load.instances},
        whole=True,
    ),
    Metric(
        "vpcaccess.googleapis.com/connector/sent_bytes_count",
        "vpc_access_connector",
        "connector_name",
        "By/s",
        lambda load: {"": load.sent_mbit * 1e6 / 8},
    ),
    Metric(
        "vpcaccess.googleapis.com/connector/received_bytes_count",
        "vpc_access_connector",
        "connector_name",
        "By/s",
        lambda load: {"": load.received_mbit * 1e6 / 8},
    ),
)
BY_TYPE = {each.type: each for each in METRICS}


class Monitoring:
    """The interface of Cloud Monitoring; every series comes aligned and reduced, as it was asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def methods(self) -> list[RestMethod]:
        """What clients may call."""
        path, name = "/v3/projects/{project}/timeSeries", "monitoring.timeSeries.list"
        return [RestMethod("GET", path, name, API, name, self._list)]

    async def _list(self, request: Request, _caller: Caller) -> dict[str, Any]:
        asked = request.query_params
        wanted = _filter(asked.get("filter", ""))
        metric = BY_TYPE.get(wanted.pop("metric.type", ""))
        if metric is None or wanted.pop("resource.type", metric.of) != metric.of:
            raise invalid("The supplied filter does not specify a valid combination of metric and resource.")
        since, until = _time(asked, "interval.startTime"), _time(asked, "interval.endTime")
        if until <= since or (until - since) / MINUTE > MOST_POINTS:
            raise invalid("Field interval had an invalid value: the end time must come after the start time.")
        if asked.get("aggregation.alignmentPeriod", "60s") != "60s":
            raise invalid("Field aggregation.alignmentPeriod had an invalid value here: only 60s is known.")
        found = [
            each for name, load in self._loads(metric) for each in _series(metric, name, load, since, until)
        ]
        chosen = [each for each in found if _matches(each, wanted)]
        return {"timeSeries": chosen, "unit": metric.unit} if chosen else {"unit": metric.unit}

    def _loads(self, metric: Metric) -> Iterator[tuple[str, Load]]:
        """What of this metric exists, with its load."""
        resources = self._project.resources
        run = metric.of == "cloud_run_revision"
        usual: Load = ServiceLoad() if run else ConnectorLoad()
        for name in sorted(resources.services if run else resources.connectors):
            yield name, resources.loads.get(name, usual)


def _series(
    metric: Metric, name: str, load: Load, since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    usual = type(load)()
    for label in {**metric.measure(load), **metric.measure(usual)}:
        points = [
            _point(metric, end, values[label])
            for end, values, unusual in _minutes(metric, load, usual, since, until)
            if label in values and (not metric.sparse or unusual or end.minute % NOW_AND_THEN == 0)
        ]
        if points:
            parsed = parse(name)
            yield {
                "metric": {"type": metric.type, "labels": {metric.label: label} if metric.label else {}},
                "resource": {
                    "type": metric.of,
                    "labels": {
                        "project_id": parsed.project,
                        "location": parsed.location,
                        metric.name: parsed.id,
                    },
                },
                "metricKind": "GAUGE",
                "valueType": "INT64" if metric.whole else "DOUBLE",
                "unit": metric.unit,
                "points": points,
            }


def _minutes(
    metric: Metric, load: Load, usual: Load, since: datetime, until: datetime
) -> Iterator[tuple[datetime, Mapping[str, float], bool]]:
    """Each full minute, the newest first: its values, and whether the load was another than usual."""
    end = until.replace(second=0, microsecond=0)
    while end > since:
        unusual = load.since is not None and end > load.since
        yield end, metric.measure(load if unusual or load.since is None else usual), unusual
        end -= MINUTE


def _point(metric: Metric, end: datetime, value: float) -> dict[str, Any]:
    said = {"int64Value": str(round(value))} if metric.whole else {"doubleValue": value}
    return {
        "interval": {"startTime": _written(end - MINUTE), "endTime": _written(end)},
        "value": said,
    }


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _filter(text: str) -> dict[str, str]:
    wanted = {}
    for part in text.split(" AND "):
        match = COMPARISON.fullmatch(part)
        if match is None:
            raise invalid(
                f"Field filter had an invalid value of {text!r}: could not parse {part!r}.", "filter"
            )
        wanted[match[1]] = match[2]
    return wanted


def _time(asked: Mapping[str, str], name: str) -> datetime:
    try:
        return datetime.fromisoformat(asked[name])
    except (KeyError, ValueError):
        raise invalid(f"Field {name} had an invalid value.", name) from None


def _matches(series: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    for path, value in wanted.items():
        of, _, label = path.partition(".labels.")
        if of not in ("resource", "metric") or not label:
            raise invalid(f"Field filter had an invalid value: {path!r} is not known.", "filter")
        if series[of]["labels"].get(label) != value:
            return False
    return True
