"""Reads Cloud Monitoring: what Cloud Run services and connectors used in the last minutes.

Metrics: https://cloud.google.com/monitoring/api/metrics_gcp. Points come minutes late, so the newest that
there is counts. Read over REST: no client of it is among our dependencies.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from checks.observations import ConnectorUsage, ServiceUsage, Usage
from checks.observe import console
from checks.observe.calls import Calls
from checks.observe.errors import NotUnderstood, Unseen, not_understood
from checks.observe.permissions import METRICS
from checks.observe.projects import document
from checks.observe.values import Context

HOST = "monitoring.googleapis.com"
SYSTEM = "monitoring"
PERIOD = "60s"
PAGE = 1000
MOST_PAGES = 5
SERVICE, CONNECTOR, CODE = "service_name", "connector_name", "response_code"
REFUSED = "429"
"""Cloud Run's status where no instance may be added; `run.googleapis.com/request_count` counts these too."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric and how its series are joined: per series by `aligner`, across them by `reducer`.

    `by` are the labels that stay apart, `of` the type of what is measured. `shares` says for a share in which
    units it may come, and what makes it one of 1; a unit that is not known here must not be guessed.
    """

    metric: str
    of: str
    aligner: str
    reducer: str
    by: tuple[str, ...]
    shares: Mapping[str, float] = field(default_factory=dict, hash=False)


RUN, VPC = "cloud_run_revision", "vpc_access_connector"
_BY_SERVICE, _BY_CONNECTOR = (f"resource.label.{SERVICE}",), (f"resource.label.{CONNECTOR}",)
INSTANCES = Measure(
    "run.googleapis.com/container/instance_count", RUN, "ALIGN_MAX", "REDUCE_SUM", _BY_SERVICE
)
STARTUP = Measure(
    "run.googleapis.com/container/startup_latencies", RUN, "ALIGN_PERCENTILE_95", "REDUCE_MAX", _BY_SERVICE
)
REQUESTS = Measure(
    "run.googleapis.com/request_count",
    RUN,
    "ALIGN_RATE",
    "REDUCE_SUM",
    (*_BY_SERVICE, f"metric.label.{CODE}"),
)
CPU = Measure(
    "vpcaccess.googleapis.com/connector/cpu/utilizations",
    VPC,
    "ALIGN_PERCENTILE_99",
    "REDUCE_MAX",
    _BY_CONNECTOR,
    {"%": 0.01, "10^2.%": 1.0, "1": 1.0},
)
CONNECTOR_INSTANCES = Measure(
    "vpcaccess.googleapis.com/connector/instances", VPC, "ALIGN_MAX", "REDUCE_SUM", _BY_CONNECTOR
)
SENT = Measure(
    "vpcaccess.googleapis.com/connector/sent_bytes_count", VPC, "ALIGN_RATE", "REDUCE_SUM", _BY_CONNECTOR
)
RECEIVED = Measure(
    "vpcaccess.googleapis.com/connector/received_bytes_count", VPC, "ALIGN_RATE", "REDUCE_SUM", _BY_CONNECTOR
)
MEASURES = (INSTANCES, STARTUP, REQUESTS, CPU, CONNECTOR_INSTANCES, SENT, RECEIVED)

Key = tuple[str, str]
"""A service or connector, and the response code where that is kept apart."""
Points = Mapping[Key, tuple[float, ...]]
"""Values by what they are of, the newest first."""


async def read_usage(calls: Calls, context: Context, since: datetime, until: datetime) -> Usage:
    """What services and connectors of the region used. Raises `Unseen`."""
    readings = (read_points(calls, each, since, until) for each in MEASURES)
    read = dict(zip(MEASURES, await asyncio.gather(*readings), strict=True))
    return usage_of(read, context, since, until)


async def read_points(calls: Calls, measure: Measure, since: datetime, until: datetime) -> Points:
    """The points of one metric in the region. Raises `Unseen`."""
    session = await calls.clients.session()
    url = f"{calls.clients.url(HOST)}/v3/projects/{quote(calls.place.project, safe='')}/timeSeries"
    asked = _asked(measure, calls.place.region, since, until)
    found: list[Any] = []

    def attempt(token: str, seconds: float) -> Any:
        parameters = [*asked, ("pageToken", token)] if token else asked
        return document(session.get(url, params=parameters, timeout=seconds))

    token = ""
    for _ in range(MOST_PAGES):
        answer = await calls.blocking(METRICS, partial(attempt, token))
        try:
            found += _series(measure, answer)
        except NotUnderstood as error:
            raise Unseen(not_understood(METRICS, str(error))) from error
        token = str(answer.get("nextPageToken", ""))
        if not token:
            break
    try:
        return dict(_points(measure, found))
    except (NotUnderstood, KeyError, TypeError, ValueError) as error:
        raise Unseen(not_understood(METRICS, f"a time series of {measure.metric}")) from error


def _asked(measure: Measure, region: str, since: datetime, until: datetime) -> list[tuple[str, str]]:
    location = f'resource.labels.location = "{region}"'
    return [
        ("filter", f'metric.type = "{measure.metric}" AND resource.type = "{measure.of}" AND {location}'),
        ("interval.startTime", _written(since)),
        ("interval.endTime", _written(until)),
        ("aggregation.alignmentPeriod", PERIOD),
        ("aggregation.perSeriesAligner", measure.aligner),
        ("aggregation.crossSeriesReducer", measure.reducer),
        *(("aggregation.groupByFields", each) for each in measure.by),
        ("pageSize", str(PAGE)),
    ]


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _series(measure: Measure, answer: Any) -> list[Any]:
    found = answer.get("timeSeries", []) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise NotUnderstood("there is no list of time series")
    units = {str(each.get("unit") or answer.get("unit", "")) for each in found}
    if measure.shares and (strange := units - set(measure.shares)):
        raise NotUnderstood(f"{measure.metric} is in {strange.pop() or 'no unit'}")
    return [
        {**each, "scale": measure.shares.get(str(each.get("unit") or answer.get("unit", "")), 1.0)}
        for each in found
    ]


def _points(measure: Measure, series: Iterable[Any]) -> Iterable[tuple[Key, tuple[float, ...]]]:
    label = SERVICE if measure.of == RUN else CONNECTOR
    for each in series:
        name = str(each["resource"]["labels"][label])
        code = str(each.get("metric", {}).get("labels", {}).get(CODE, ""))
        points = sorted(
            each.get("points", ()), key=lambda point: str(point["interval"]["endTime"]), reverse=True
        )
        yield (name, code), tuple(_number(point["value"]) * each["scale"] for point in points)


def _number(value: Any) -> float:
    """A point's value; whole numbers are text in Google's JSON."""
    for kind in ("doubleValue", "int64Value"):
        if kind in value:
            return float(value[kind])
    raise NotUnderstood("a point has no number")


def usage_of(read: Mapping[Measure, Points], context: Context, since: datetime, until: datetime) -> Usage:
    """Points as observations; pure."""
    run = [measure for measure in MEASURES if measure.of == RUN]
    services = _names(read, run)
    connectors = _names(read, [measure for measure in MEASURES if measure.of == VPC])
    return Usage(
        since,
        until,
        {name: _service(read, name, context) for name in services},
        {name: _connector(read, name, context) for name in connectors},
    )


def _names(read: Mapping[Measure, Points], measures: Iterable[Measure]) -> list[str]:
    return sorted({name for measure in measures for name, _ in read.get(measure, {})})


def _service(read: Mapping[Measure, Points], name: str, context: Context) -> ServiceUsage:
    page = console.service(context.project, context.region, name)
    rates = {code: points for (of, code), points in read[REQUESTS].items() if of == name}
    return ServiceUsage(
        name,
        context.source(SYSTEM, f"{SERVICE}={name}", page),
        instances=_newest(read, INSTANCES, name),
        most_instances=_most(read, INSTANCES, name),
        startup_ms=_most(read, STARTUP, name),
        requests_per_s=sum(points[0] for points in rates.values() if points) if rates else None,
        refused_per_s=sum(rates[REFUSED][:1]) if REFUSED in rates else 0.0 if rates else None,
    )


def _connector(read: Mapping[Measure, Points], name: str, context: Context) -> ConnectorUsage:
    return ConnectorUsage(
        name,
        context.source(SYSTEM, f"{CONNECTOR}={name}", console.connectors(context.project)),
        cpu=_newest(read, CPU, name),
        most_cpu=_most(read, CPU, name),
        instances=_newest(read, CONNECTOR_INSTANCES, name),
        sent_mbit=_mbit(_newest(read, SENT, name)),
        received_mbit=_mbit(_newest(read, RECEIVED, name)),
    )


def _chosen(
    choose: Callable[[tuple[float, ...]], float], read: Mapping[Measure, Points], measure: Measure, name: str
) -> float | None:
    points = read[measure].get((name, ""), ())
    return choose(points) if points else None


_newest = partial(_chosen, lambda points: points[0])
_most = partial(_chosen, max)


def _mbit(bytes_per_second: float | None) -> float | None:
    return None if bytes_per_second is None else bytes_per_second * 8 / 1e6
