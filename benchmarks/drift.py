"""Drift over many services: what one costs among 500, against among 50 of one project; a fifth drifts."""

import time
from dataclasses import replace

from benchmarks.measure import Row, in_turns
from benchmarks.reasoning import FEW, NOW, READ, REPEAT, SERVICES, TARGET, TARGETS, project
from checks.drift.compare import compare
from checks.drift.model import Drift
from checks.environment import Environment
from checks.observations import CloudState
from checks.terraform.model import Infrastructure, Resource

DRIFTING = 5
"""Every so many services, Terraform has another connector than is live."""
CHECKS = {
    "redis": {"kind": "redis", "host": "10.166.0.4"},
    "machine": {"kind": "clickhouse", "host": "10.0.3.9"},
}


async def rows() -> list[Row]:
    """Milliseconds for one service, the indexing of all sides included."""
    many, few = (_sides(number) for number in (SERVICES, FEW))
    ours, baseline = await in_turns(lambda: _each_service(*many), lambda: _each_service(*few), repeat=REPEAT)
    name = f"drift of a service among {SERVICES} over one among {FEW}"
    return [Row(name, ours, baseline, "ms", TARGET, note=f"(all {SERVICES}: {ours * SERVICES:.0f} ms)")]


def drift(services: int) -> Drift:
    """What differs in a project of so many services."""
    return _compared(*_sides(services))


def _compared(file: Environment, terraform: Infrastructure, live: CloudState) -> Drift:
    return compare(file, terraform, live, TARGETS, now=NOW)


async def _each_service(file: Environment, terraform: Infrastructure, live: CloudState) -> float:
    began = time.perf_counter()
    _compared(file, terraform, live)
    return (time.perf_counter() - began) * 1000 / len(file.services)


def _sides(services: int) -> tuple[Environment, Infrastructure, CloudState]:
    names = [f"s{number}" for number in range(services)]
    file = {
        "schema": "whybot/environment/1",
        "name": "bench",
        "project": "bench",
        "region": "us-central1",
        "services": {name: {"cloud_run": name} for name in names},
        "checks": CHECKS,
    }
    recorded = tuple(_resource(name, number) for number, name in enumerate(names))
    return Environment.model_validate(file), Infrastructure(recorded=recorded), _deployed(project(services))


def _deployed(state: CloudState) -> CloudState:
    """The same with templates that are those of the serving revisions."""
    known = state.services if isinstance(state.services, tuple) else ()
    serving = {
        name: seen[0].vpc for name, seen in state.revisions.items() if isinstance(seen, tuple) and seen
    }
    return replace(state, services=tuple(replace(each, template_vpc=serving[each.name]) for each in known))


def _resource(name: str, number: int) -> Resource:
    connector = f"c{(number + (number % DRIFTING == 0)) % 4}"
    access = {"connector": connector, "egress": "PRIVATE_RANGES_ONLY"}
    values = {"name": name, "location": "us-central1", "template": [{"vpc_access": [access]}]}
    kind = "google_cloud_run_v2_service"
    return Resource(f"{kind}.{name}", kind, name, values, READ)
