"""Observing 20 services of 50 revisions each: calls made, and wall against one round trip.

Google is the sandbox's fake with the official clients, in this process, and every call of it takes half a
second longer, so that what is counted are round trips one after the other and not this machine.
"""

import time
from datetime import UTC, datetime, timedelta

from google.cloud import run_v2

from benchmarks.measure import Row, in_turns
from checks.observations import Blind, CloudState
from checks.observe.cloud_run import read_services
from checks.observe.google import GoogleCloud
from checks.overlay import Overlay
from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud

SERVICES = 20
REVISIONS = 50
LATENCY = 0.5
REPEAT = 5
MOST_CALLS_PER_SERVICE = 2.0
MOST_ROUND_TRIPS = 3.5


async def rows() -> list[Row]:
    """Calls for each service, and round trips that have to follow one another."""
    async with FakeCloud() as fake:
        baseline.fill(fake.resources, datetime.now(UTC))
        fill(fake, SERVICES, REVISIONS)
        warm = await _state(fake)
        fake.trouble("slow", seconds=LATENCY)
        state, one = await in_turns(lambda: _seconds(fake), lambda: _round_trip(fake), repeat=REPEAT)
    what = f"{SERVICES} services × {REVISIONS} revisions"
    return [
        Row(f"calls to observe {what}, over services", warm[1], SERVICES, "calls", MOST_CALLS_PER_SERVICE),
        Row(f"wall to observe {what}, over a round trip", state, one, "s", MOST_ROUND_TRIPS),
    ]


def fill(fake: FakeCloud, services: int, revisions: int) -> None:
    """So many services in place of staging's own; the second oldest revision of each serves."""
    resources = fake.resources
    service = next(iter(resources.services.values()))
    revision = next(iter(resources.revisions.values()))
    place = service.name.rpartition("/")[0]
    resources.services.clear()
    resources.revisions.clear()
    now = datetime.now(UTC)
    for n in range(services):
        name = f"{place}/service-{n:03}"
        made = resources.services[name] = run_v2.Service(service, name=name)
        made.traffic_statuses = [run_v2.TrafficTargetStatus(revision=f"service-{n:03}-00001", percent=100)]
        for m in range(revisions):
            full = f"{name}/revisions/service-{n:03}-{m:05}"
            created = now - timedelta(days=revisions - m)
            resources.revisions[full] = run_v2.Revision(
                revision, name=full, service=f"service-{n:03}", create_time=created
            )


def _cloud(fake: FakeCloud) -> GoogleCloud:
    overlay = Overlay(google=(fake.grpc_address, fake.rest_address))
    return GoogleCloud(fake.project.id, fake.project.region, overlay=overlay)


async def _state(fake: FakeCloud) -> tuple[CloudState, int]:
    """A state and how many calls it took; an incomplete one would be no figure."""
    cloud = _cloud(fake)
    try:
        state = await cloud.state()
        if (
            any(isinstance(each, Blind) for each in state.revisions.values())
            or len(state.revisions) < SERVICES
        ):
            raise RuntimeError("the fake Google Cloud was not read whole")
        return state, cloud.calls_made
    finally:
        await cloud.close()


async def _seconds(fake: FakeCloud) -> float:
    began = time.perf_counter()
    await _state(fake)
    return time.perf_counter() - began


async def _round_trip(fake: FakeCloud) -> float:
    """One list call with the same client."""
    cloud = _cloud(fake)
    try:
        began = time.perf_counter()
        await read_services(cloud.calls(20))
        return time.perf_counter() - began
    finally:
        await cloud.close()
