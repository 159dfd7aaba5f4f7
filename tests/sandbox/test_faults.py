"""Every fault: applied it is seen on the wire, mended it is gone."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pkgutil import iter_modules

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from sandbox import faults
from sandbox.errors import UnknownNameError, WrongOptionError
from sandbox.faults import BY_NAME, FAULTS, fault_kind
from sandbox.faults.kind import Option
from sandbox.targets import CLOUD
from sandbox.world import World
from tests.sandbox.probing import Prober, answers, probing

wire = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Seen:
    """Where and how a fault shows itself."""

    target: str
    check: str
    status: str
    reason: str
    options: Mapping[str, object] = field(default_factory=dict)


SEEN: dict[str, Seen] = {
    "blackhole": Seen("redis", "redis", "fail", "connect_timeout"),
    "refuse": Seen("postgres", "postgres", "fail", "connect_refused"),
    "reset": Seen("redis", "redis", "fail", "connection_reset"),
    "cut": Seen("redis", "redis", "fail", "connection_closed"),
    "latency": Seen("redis", "redis", "degraded", "over_budget", {"ms": 400}),
    "jitter": Seen("redis", "redis", "degraded", "over_budget", {"ms": 300, "spread_ms": 50}),
    "bandwidth": Seen("clickhouse", "clickhouse", "degraded", "over_budget"),
    "redis_wrong_password": Seen("redis", "redis", "fail", "auth_failed"),
    "redis_out_of_memory": Seen("redis", "redis", "fail", "out_of_memory"),
    "redis_read_only": Seen("redis", "redis", "fail", "read_only"),
    "redis_max_clients": Seen("redis", "redis", "fail", "too_many_connections"),
    "redis_connection_leak": Seen("redis", "redis", "degraded", "connections_nearly_used"),
    "redis_loading": Seen("redis", "redis", "fail", "loading"),
    "postgres_slow": Seen(
        "postgres", "postgres", "degraded", "over_budget", {"query_ms": 1200, "next_ms": 0}
    ),
    "postgres_too_many_connections": Seen("postgres", "postgres", "fail", "too_many_connections"),
    "postgres_read_only": Seen("postgres", "postgres", "fail", "read_only"),
    "postgres_locks": Seen("postgres", "postgres", "degraded", "lock_waits"),
    "postgres_wrong_password": Seen("postgres", "postgres", "fail", "auth_failed"),
    "clickhouse_slow": Seen("clickhouse", "clickhouse", "degraded", "over_budget"),
    "clickhouse_error": Seen("clickhouse", "clickhouse", "fail", "too_many_connections"),
    "app_error": Seen("frontend", "frontend", "fail", "http_5xx"),
    "app_unavailable": Seen("frontend", "frontend", "fail", "http_503"),
    "app_slow": Seen("auth", "auth", "degraded", "over_budget", {"ms": 2500}),
    "app_wrong_body": Seen("frontend", "frontend", "fail", "body_mismatch"),
    "app_endless_body": Seen("auth", "auth", "fail", "body_too_large"),
    "redirect_elsewhere": Seen("auth", "auth", "fail", "http_redirect_refused"),
    "websocket_refused": Seen("backend", "websocket", "fail", "upgrade_refused"),
    "websocket_closes": Seen("backend", "websocket", "fail", "ws_closed"),
    "dns_nxdomain": Seen("auth", "auth", "fail", "dns_nxdomain"),
    "dns_servfail": Seen("dns", "dns", "fail", "dns_servfail"),
    "dns_silent": Seen("frontend", "frontend", "fail", "dns_timeout"),
    "dns_wrong_record": Seen("backend", "dns", "fail", "dns_wrong_record"),
    "dns_slow": Seen("backend", "dns", "degraded", "over_budget", {"ms": 600}),
    "tls_expired": Seen("auth", "auth", "fail", "tls_expired"),
    "tls_expiring": Seen("backend", "certificate", "degraded", "tls_expiring"),
    "tls_wrong_name": Seen("frontend", "frontend", "fail", "tls_wrong_name"),
    "tls_unknown_authority": Seen("backend", "certificate", "fail", "tls_unknown_authority"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """One world for all tests of this file."""
    async with World() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prober(world: World) -> AsyncIterator[Prober]:
    """A prober of that world."""
    async with probing(world) as ready:
        yield ready


def test_every_fault_is_held_to_what_it_does() -> None:
    """No kind of fault is without a line in this table; those of Google Cloud have tests of their own."""
    assert SEEN.keys() == {kind.fault for kind in FAULTS if CLOUD not in kind.targets}
    assert len(FAULTS) == len(BY_NAME)


def test_every_family_of_faults_is_on_offer() -> None:
    """A file of faults that nobody listed would be a fault that nobody can choose."""
    modules = [
        importlib.import_module(f"sandbox.faults.{each.name}") for each in iter_modules(faults.__path__)
    ]
    families = [kind for module in modules for kind in getattr(module, "FAULTS", ())]
    assert {kind.fault for kind in families} == BY_NAME.keys()


@wire
@pytest.mark.parametrize("fault", SEEN)
async def test_a_fault_is_seen_until_it_is_mended(world: World, prober: Prober, fault: str) -> None:
    """The check of its target says what is broken; after mending it passes, and so does /health at once."""
    seen = SEEN[fault]
    expected = {seen.check: (seen.status, seen.reason)}
    given = await world.apply_fault(fault, seen.target, **seen.options)
    broken = await prober.settled(expected, (seen.check,))
    await world.mend(given)
    mended = await prober.settled({}, (seen.check, "backend", "websocket"))
    assert answers(broken) == expected
    assert answers(mended) == {}


@wire
async def test_a_fault_may_hit_one_source_only(world: World, prober: Prober) -> None:
    """The backend cannot reach Redis while the prober can, as it is when a VPC connector is wrong."""
    await world.apply_fault("refuse", "redis", source="backend")
    expected = {"backend": ("fail", "http_503")}
    sweep = await prober.settled(expected, ("redis", "backend"))
    states = {
        link["source"]: link["state"] for link in world.describe()["links"] if link["target"] == "redis"
    }
    await world.mend()
    assert answers(sweep) == expected
    assert states == {"here": "open", "backend": "closed", "job": "open"}


@wire
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("redis_wrong_password", "redis_max_clients"),
        ("redis_max_clients", "redis_out_of_memory"),
        ("redis_read_only", "redis_loading"),
        ("postgres_too_many_connections", "postgres_wrong_password"),
        ("postgres_read_only", "postgres_too_many_connections"),
        ("tls_expired", "tls_wrong_name"),
        ("blackhole", "refuse"),
    ],
)
async def test_faults_on_one_target_are_undone_in_any_order(
    world: World, prober: Prober, first: str, second: str
) -> None:
    """Whether they add up or the second replaces the first: mended oldest first, nothing stays."""
    target = SEEN[second].target if SEEN[second].target in fault_kind(first).targets else SEEN[first].target
    await world.apply_fault(first, target)
    await world.apply_fault(second, target)
    for fault in world.describe()["faults"]:
        await world.mend(fault["id"])
    assert answers(await prober.settled({})) == {}


@wire
async def test_no_slot_of_postgresql_is_left_however_many_want_one(world: World) -> None:
    """Logins that come, go and are refused while the slots are taken leave none free afterwards."""
    server = world.staging.postgres

    async def log_in() -> bool:
        try:
            connection = await server.connect()
        except (asyncpg.PostgresError, ConnectionError):
            return False
        connection.terminate()
        return True

    async def crowd() -> None:
        while True:
            await log_in()

    crowds = [asyncio.create_task(crowd()) for _ in range(3)]
    try:
        await world.apply_fault("postgres_too_many_connections", "postgres")
        let_in = [await log_in() for _ in range(20)]
    finally:
        for task in crowds:
            task.cancel()
        await asyncio.gather(*crowds, return_exceptions=True)
    let_in += [await log_in() for _ in range(20)]
    await world.mend()
    assert not any(let_in)


async def test_an_option_of_a_link_that_makes_no_sense_is_refused() -> None:
    """Options are read in their own type, with words for what is wrong."""
    with pytest.raises(WrongOptionError, match="must be a number"):
        fault_kind("latency").order("redis", {"ms": "soon"})
    with pytest.raises(UnknownNameError, match="Did you mean ms"):
        fault_kind("latency").order("redis", {"mss": 1})
    with pytest.raises(UnknownNameError, match="Did you mean backend"):
        fault_kind("latency").order("redis", {"source": "backen"})


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_an_option_is_of_its_type_or_refused(value: object) -> None:
    """Whatever a page sends, a fault gets a value of the default's type, or nobody does."""
    for option in (Option("n", "", 1), Option("x", "", 1.5), Option("s", "", "")):
        try:
            read = option.read(value)
        except WrongOptionError:
            continue
        assert type(read) is type(option.default)
