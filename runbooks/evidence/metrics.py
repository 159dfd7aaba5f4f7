"""What Cloud Monitoring measured of services and connectors in the last half hour, against their limits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from checks.observations import Blind, CloudState, Connector, ConnectorUsage, Revision, ServiceUsage, Usage
from checks.observe import console
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.rollback import busiest, service_of
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.written import NO_PROJECT, blind_document, gap, is_blind, moment, plain, time_of
from runbooks.shape import Record, Shape, Table, flag, number, text
from runbooks.values import Gap, Json, Value

WINDOW = timedelta(minutes=30)
SATURATED_CPU = 0.9
SATURATED_SHARE = 0.9
"""Of a connector's throughput, with as many instances as it may have."""
NO_POINTS = "Cloud Monitoring has no point of it in the last 30 min"
CONNECTOR = citable(
    {
        "name": text("its name"),
        "cpu": number("the newest share of its CPU that is used, 0 to 1"),
        "throughput_mbit": number("what it sends and receives, Mbit/s"),
        "instances": number("how many run"),
        "max_instances": number("how many there may be"),
        "saturated": flag("whether its CPU or its throughput is at 90 % or more"),
    },
    "one connector",
)
SERVICE = citable(
    {
        "name": text("its key in the environment file"),
        "instances": number("how many run"),
        "most_instances": number("how many ran at most"),
        "max_instances": number("how many there may be"),
        "at_max": flag("whether as many run as there may be"),
        "startup_ms": number("the slowest start of an instance, milliseconds"),
        "requests_per_s": number("requests a second"),
        "refused_per_s": number("requests a second that got 429"),
    },
    "one service",
)
SHAPE = Record(
    {
        "connectors": Table(CONNECTOR, "by name"),
        "services": Table(SERVICE, "services on Cloud Run, by their key in the environment file"),
    },
    "the last 30 minutes of Cloud Monitoring, whose newest point is some minutes old",
)


class Metrics:
    """What Cloud Monitoring measured of services and connectors, against their limits."""

    name = "metrics"
    title = "Cloud Monitoring"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields the usage of the file's services and of all connectors."""
        if scope.eyes is None:
            yield Section(self.name, blind=NO_PROJECT)
            return
        cloud, until = scope.eyes.cloud, scope.eyes.now()
        usage, state = await asyncio.gather(cloud.metrics(until - WINDOW, until), cloud.state())
        if isinstance(usage, Blind):
            yield Section(self.name, blind=usage)
            return
        names = scope.eyes.cloud_run_names
        written = {
            "until": moment(until),
            "connectors": _connectors_written(usage, state),
            "services": {key: _service_written(usage, state, name) for key, name in names.items()},
        }
        yield Section(self.name, plain(written))

    def view(self, section: Section, frame: Frame) -> Value:
        """Usage and limits; what has no point, or could not be read, is a gap."""
        data = section.data
        return {
            "connectors": {
                name: _connector(name, each, data, frame) for name, each in data["connectors"].items()
            },
            "services": {key: _service(key, each, data) for key, each in data["services"].items()},
        }


# what is written down


def _connectors_written(usage: Usage, state: CloudState) -> Json:
    """Connectors that there are, and what was measured of them."""
    if isinstance(state.connectors, Blind):
        blind = blind_document(state.connectors)
        return {name: _one_connector(each) | {"limits": blind} for name, each in usage.connectors.items()}
    known: Mapping[str, Connector] = {each.ref.name: each for each in state.connectors}
    return {
        name: _one_connector(usage.connectors.get(name))
        | {"limits": {"instances": each.max_instances, "mbit": each.max_throughput}}
        for name, each in known.items()
    }


def _one_connector(used: ConnectorUsage | None) -> dict[str, Json]:
    if used is None:
        return {"cpu": None, "instances": None, "mbit": None}
    traffic = [each for each in (used.sent_mbit, used.received_mbit) if each is not None]
    return {"cpu": used.cpu, "instances": used.instances, "mbit": sum(traffic) if traffic else None}


def _service_written(usage: Usage, state: CloudState, name: str) -> Json:
    used = usage.services.get(name)
    url = console.service(state.project, state.region, name)
    return _one_service(used) | {"limit": _limit(state, name), "url": url}


def _one_service(used: ServiceUsage | None) -> dict[str, Json]:
    fields = ("instances", "most_instances", "startup_ms", "requests_per_s", "refused_per_s")
    return {each: None if used is None else getattr(used, each) for each in fields}


def _limit(state: CloudState, name: str) -> Json:
    """How many instances the busiest revision may have; 0 where it says nothing of it."""
    service, revisions = service_of(state, name), state.revisions.get(name, ())
    for each in (service, revisions):
        if isinstance(each, Blind):
            return blind_document(each)
    found = _busiest(state, name)
    return 0 if found is None else found.max_instances


def _busiest(state: CloudState, name: str) -> Revision | None:
    service, revisions = service_of(state, name), state.revisions.get(name, ())
    if service is None or isinstance(service, Blind) or isinstance(revisions, Blind):
        return None
    return next((each for each in revisions if each.name == busiest(service)), None)


# what expressions see


def _measured(place: str, value: float | None) -> Value:
    return Gap(place, NO_POINTS) if value is None else round(value, 4)


def _connector(name: str, document: Json, data: Json, frame: Frame) -> Value:
    place, limits = f"metrics.connectors.{name}", document["limits"]
    blind = is_blind(limits)
    most = gap(f"{place}.max_instances", limits) if blind else limits["instances"]
    fields: dict[str, Value] = {
        "name": name,
        "cpu": _measured(f"{place}.cpu", document["cpu"]),
        "throughput_mbit": _measured(f"{place}.throughput_mbit", document["mbit"]),
        "instances": _measured(f"{place}.instances", document["instances"]),
        "max_instances": most,
        "saturated": _saturated(place, document),
    }
    return cited(
        fields,
        place=place,
        text=_said_of_connector(name, document),
        source="monitoring",
        at=time_of(data["until"]),
        url=console.connectors(frame.environment["project"]),
    )


def _saturated(place: str, document: Json) -> Value:
    """CPU decides where it is high; else as much traffic as the instances carry that there may be."""
    cpu, mbit, limits = document["cpu"], document["mbit"], document["limits"]
    if cpu is not None and cpu >= SATURATED_CPU:
        return True
    if mbit is not None and not is_blind(limits) and limits["mbit"]:
        full = mbit >= SATURATED_SHARE * limits["mbit"]
        return full if full or cpu is not None else Gap(f"{place}.saturated", NO_POINTS)
    return Gap(f"{place}.saturated", NO_POINTS) if cpu is None else False


def _said_of_connector(name: str, document: Json) -> str:
    """`staging-connector: 97 % of its CPU, 289 Mbit/s, 3 of at most 3 instances`."""
    limits, said = document["limits"], []
    if document["cpu"] is not None:
        said.append(f"{document['cpu'] * 100:.0f} % of its CPU")
    if document["mbit"] is not None:
        most = "" if is_blind(limits) or not limits["mbit"] else f" of {limits['mbit']}"
        said.append(f"{document['mbit']:.0f}{most} Mbit/s")
    if document["instances"] is not None:
        said.append(_count(document["instances"], 0 if is_blind(limits) else limits["instances"]))
    return f"{name}: {', '.join(said) or NO_POINTS}"


def _count(instances: float, most: int) -> str:
    return f"{instances:.0f} of at most {most} instances" if most else f"{instances:.0f} instances"


def _service(key: str, document: Json, data: Json) -> Value:
    place, limit = f"metrics.services.{key}", document["limit"]
    measured = ("instances", "most_instances", "startup_ms", "requests_per_s", "refused_per_s")
    fields: dict[str, Value] = {
        "name": key,
        **{each: _measured(f"{place}.{each}", document[each]) for each in measured},
        "max_instances": _max_instances(place, limit),
        "at_max": _at_max(place, document),
    }
    return cited(
        fields,
        place=place,
        text=_said_of_service(key, document),
        source="monitoring",
        at=time_of(data["until"]),
        url=document["url"],
    )


def _max_instances(place: str, limit: Json) -> Value:
    if is_blind(limit):
        return gap(f"{place}.max_instances", limit)
    return limit or Gap(f"{place}.max_instances", "the revision says nothing of how many there may be")


def _at_max(place: str, document: Json) -> Value:
    limit = _max_instances(place, document["limit"])
    if isinstance(limit, Gap) or document["instances"] is None:
        return limit if isinstance(limit, Gap) else Gap(f"{place}.at_max", NO_POINTS)
    return bool(document["instances"] >= document["limit"])


def _said_of_service(key: str, document: Json) -> str:
    """`backend: 10 of at most 10 instances, 96 requests/s, 31 refused/s, an instance starts in 9.1 s`."""
    limit, said = document["limit"], []
    if document["instances"] is not None:
        said.append(_count(document["instances"], 0 if is_blind(limit) else limit))
    if document["requests_per_s"] is not None:
        said.append(f"{document['requests_per_s']:.3g} requests/s")
    if document["refused_per_s"]:
        said.append(f"{document['refused_per_s']:.3g} of them refused")
    if document["startup_ms"] is not None:
        said.append(f"an instance took at most {document['startup_ms'] / 1000:.1f} s to start")
    return f"{key}: {', '.join(said) or NO_POINTS}"
