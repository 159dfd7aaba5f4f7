"""The staging world as a whole: what it shows, what it refuses, and that nothing of it stays behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
import pytest_asyncio

from checks.environment import load_environment, load_overlay
from checks.overlay import parse_endpoint
from sandbox.errors import FaultFailedError, UnknownNameError, WorldError, WrongOptionError
from sandbox.scenario import SCENARIOS
from sandbox.world import World
from tests.sandbox.probing import answers, probing

shared = pytest.mark.asyncio(loop_scope="module")
HOLD = """
import asyncio, sys
from sandbox.world import World

async def main():
    async with World("seed-503") as world:
        print(world.overlay_file, flush=True)
        await asyncio.Event().wait()

try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    """One world for the tests that only look."""
    async with World() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def whole(world: World) -> AsyncIterator[World]:
    """That world, mended afterwards."""
    yield world
    await world.mend()


@shared
async def test_every_address_of_the_environment_file_is_there(world: World) -> None:
    """The overlay maps what the checks of `environments/staging.yaml` name, and all of it is loopback."""
    environment = load_environment(Path(world.variables["WHYBOT_ENVIRONMENTS"]) / "staging.yaml")
    overlay = load_overlay(world.overlay_file)
    known = set(overlay.endpoints())
    for check in ("redis", "postgres", "clickhouse"):
        assert parse_endpoint(environment.checks[check].target) in known
    assert overlay.dns is not None
    assert all(authority.is_file() for authority in overlay.authorities)
    variables = {name for name in world.variables if name.startswith("STAGING_")}
    assert variables == {f"STAGING_{store}_PASSWORD" for store in ("REDIS", "POSTGRES", "CLICKHOUSE")}


@shared
async def test_it_describes_itself_for_the_page(whole: World) -> None:
    """Links say whether they are open, impaired or closed, and why; faults carry what was asked for."""
    await whole.apply_fault("latency", "10.20.0.9:8123", ms="250")
    refused = await whole.apply_fault("refuse", "redis")
    await whole.apply_fault("dns_slow", "dns")
    state = whole.describe()
    links = {(link["source"], link["target"]): link for link in state["links"]}
    assert links["here", "redis"]["state"] == links["backend", "redis"]["state"] == "closed"
    assert links["here", "redis"]["why"] == "Connection refused"
    assert links["here", "clickhouse"]["state"] == links["here", "dns"]["state"] == "impaired"
    assert links["backend", "postgres"]["state"] == "open"
    assert links["backend", "postgres"]["why"] is None
    assert [scenario["name"] for scenario in state["scenarios"]] == list(SCENARIOS)
    assert {service["name"]: service["up"] for service in state["services"]}["redis"] is False
    latency, refuse, _ = state["faults"]
    assert latency["options"] == {"ms": 250.0, "applies_to": "query", "source": ""}
    assert refuse["id"] == refused
    assert refuse["title"] == "Redis: Connection refused"
    assert refuse["since"].endswith("Z")


@shared
async def test_a_fault_replaces_the_one_that_turns_the_same_knob(whole: World) -> None:
    """The same fault on the same target twice is one fault, with the newer options."""
    await whole.apply_fault("latency", "redis", ms=100)
    await whole.apply_fault("latency", "redis", ms=200)
    await whole.apply_fault("latency", "redis", ms=300, source="backend")
    assert [fault["options"]["ms"] for fault in whole.describe()["faults"]] == [200.0, 300.0]


@shared
async def test_who_subscribes_hears_of_each_change(whole: World) -> None:
    """Until they no longer want to."""
    heard: list[int] = []
    stop = whole.subscribe(lambda: heard.append(len(whole.describe()["faults"])))
    given = await whole.apply_fault("app_error", "backend")
    await whole.mend(given)
    await whole.apply_scenario("backend-slow")
    stop()
    await whole.mend()
    assert heard == [1, 0, 1]
    assert whole.describe()["scenario"] == "healthy"


@shared
@pytest.mark.parametrize(
    ("wish", "code", "nearest"),
    [
        (lambda world: world.apply_scenario("sed-503"), "unknown_scenario", "seed-503"),
        (lambda world: world.apply_fault("blackhol", "redis"), "unknown_fault", "blackhole"),
        (lambda world: world.apply_fault("blackhole", "rediss"), "unknown_target", "redis"),
        (lambda world: world.apply_fault("app_error", "backends"), "unknown_target", "backend"),
        (lambda world: world.apply_fault("latency", "redis", m=1), "unknown_option", "ms"),
    ],
)
async def test_a_wrong_name_is_answered_with_the_nearest(
    whole: World, wish: Callable[[World], Awaitable[object]], code: str, nearest: str
) -> None:
    """Nothing is changed, and the error helps."""
    await whole.apply_scenario("redis-refused")
    with pytest.raises(UnknownNameError) as raised:
        await wish(whole)
    assert raised.value.code == code
    assert raised.value.nearest[0] == nearest
    assert nearest in str(raised.value)
    assert whole.describe()["scenario"] == "redis-refused"
    assert len(whole.describe()["faults"]) == 1


@shared
async def test_what_cannot_be_granted_changes_nothing(whole: World) -> None:
    """An unknown id, a wrong option that only the fault itself can judge: all as before."""
    with pytest.raises(WorldError):
        await whole.mend("f999")
    with pytest.raises(WrongOptionError, match="applies_to"):
        await whole.apply_fault("latency", "redis", applies_to="sometimes")
    with pytest.raises(WrongOptionError, match="IPv4"):
        await whole.apply_fault("dns_wrong_record", "dns", address="nowhere")
    assert whole.describe()["faults"] == []


async def test_two_worlds_live_side_by_side_and_neither_leaves_anything() -> None:
    """Each has its own ports, passwords and faults; files and processes end with it."""
    before = set(psutil.Process().children(recursive=True))
    async with World("redis-refused") as one, World() as other:
        assert not set(one.variables.values()) & set(other.variables.values()) - {
            one.variables["WHYBOT_ENVIRONMENTS"]
        }
        async with probing(other) as prober:
            assert answers(await prober.settled({})) == {}
        async with probing(one) as prober:
            expected = {"redis": ("fail", "connect_refused")}
            assert answers(await prober.settled(expected, ("redis", "postgres"))) == expected
        folders = [one.overlay_file.parent, other.overlay_file.parent]
    assert not any(folder.exists() for folder in folders)
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_a_start_that_is_broken_off_leaves_nothing() -> None:
    """Ctrl-C while the servers come up ends those that are up."""
    before = set(psutil.Process().children(recursive=True))
    world = World()
    starting = asyncio.create_task(world.__aenter__())
    async with asyncio.timeout(60):
        while not set(psutil.Process().children()) - before:
            await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that the servers' own user may enter, with a path short enough for a Unix socket."""
    with TemporaryDirectory(prefix="w") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


async def test_ctrl_c_leaves_no_process_and_no_file(open_folder: Path) -> None:
    """With faults in force as well: the process ends by itself, with all its children and its folders."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(open_folder)},
    )
    assert process.stdout is not None
    async with asyncio.timeout(100):
        overlay = (await process.stdout.readline()).decode().strip()
        assert overlay.startswith(str(open_folder))
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        _, complaints = await process.communicate()
    assert process.returncode == 130
    assert complaints == b""
    assert [child for child in children if child.is_running() and child.status() != "zombie"] == []
    assert await asyncio.to_thread(lambda: list(open_folder.iterdir())) == []


async def test_a_server_that_is_gone_makes_a_fault_fail_with_words() -> None:
    """Nothing is in force then, the other faults are mended, and leaving works."""
    async with World("auth-down") as world:
        await world.staging.postgres.process.stop()
        with pytest.raises(FaultFailedError, match="PostgreSQL: read-only"):
            await world.apply_fault("postgres_read_only", "postgres")
        assert [fault["fault"] for fault in world.describe()["faults"]] == ["refuse"]
        with pytest.raises(FaultFailedError):
            await world.apply_scenario("postgres-locks")
        assert world.describe()["faults"] == []
