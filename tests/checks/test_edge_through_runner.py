"""The kinds dns, tls, http and websocket from a file through the runner, against real servers."""

import asyncio
import gc
from pathlib import Path

import psutil

from checks.environment import Environment, load_environment
from checks.reasons import Reason
from checks.result import Status, Vantage
from checks.runner import Runner
from checks.secrets import Secrets
from checks.spec import CheckSpec
from tests.checks.place import ADDRESS, HOST, Place
from tests.servers import sockets, tcp, web

HERE = Vantage("here", "this machine (test)")
FILE = f"""
schema: whybot/environment/1
name: staging
network: {{ranges: [203.0.113.0/24]}}
checks:
  backend:
    {{kind: http, url: "https://{HOST}/health", budget: 2s, timeout: 4s, expect: {{json: {{status: fine}}}}}}
  websocket: {{kind: websocket, url: "ws://{HOST}/ws", send: ping, expect: pong, budget: 2s, timeout: 4s}}
  dns: {{kind: dns, host: {HOST}, record: A, expect: [{ADDRESS}], budget: 2s, timeout: 4s}}
  certificate: {{kind: tls, host: {HOST}, warn_days: 14, budget: 2s, timeout: 4s}}
"""


def environment(folder: Path) -> Environment:
    """The environment of the file above."""
    file = folder / "staging.yaml"
    file.write_text(FILE)
    return load_environment(file)


def runner(place: Place) -> tuple[Runner, list[CheckSpec]]:
    """A runner for it in this place, and its checks."""
    file = environment(place.folder)
    return Runner(file, Secrets({}), HERE, overlay=place.overlay()), file.select()


async def test_a_healthy_edge_passes(place: Place) -> None:
    """With all servers well, every check passes within its budget."""
    healthy = web.answering(200, b'{"status": "fine"}')
    async with (
        tcp.serving(healthy, place.authority.server(HOST)) as secure,
        sockets.talking(sockets.answering("pong")) as plain,
    ):
        place.map(443, secure)
        place.map(80, plain)
        edge, specs = runner(place)
        async with edge as running:
            sweep = await running.run(specs)
    assert {result.name: result.reason for result in sweep.results} == dict.fromkeys(
        ("backend", "websocket", "dns", "certificate"), Reason.OK
    )
    assert sweep.status is Status.PASS


async def test_each_check_fails_in_its_own_way(place: Place) -> None:
    """Broken servers beside each other: each result has its own reason, and nothing crashes."""
    place.names.zone.append(f"{HOST}. 60 IN A 203.0.113.11")
    with tcp.black_hole() as dead:
        async with tcp.serving(tcp.resetting) as resetting:
            place.map(443, resetting)
            place.map(443, resetting, "203.0.113.11")
            place.map(80, dead)
            place.map(80, dead, "203.0.113.11")
            edge, specs = runner(place)
            async with edge as running:
                sweep = await running.run(specs)
    assert {result.name: result.reason for result in sweep.results} == {
        "backend": Reason.CONNECTION_RESET,
        "certificate": Reason.CONNECTION_RESET,
        "dns": Reason.DNS_WRONG_RECORD,
        "websocket": Reason.CONNECT_TIMEOUT,
    }
    assert sweep.status is Status.FAIL


async def test_sweeps_leave_no_socket_and_no_task(place: Place) -> None:
    """After many sweeps of healthy, refusing and silent servers, no socket and no task is left."""
    async with (
        tcp.serving(tcp.hanging_up, place.authority.server(HOST)) as secure,
        sockets.talking(sockets.closing(1011)) as plain,
    ):
        place.map(443, secure)
        place.map(80, plain)
        edge, specs = runner(place)
        async with edge as running:
            await running.run(specs)
            tasks, files = len(asyncio.all_tasks()), open_files()
            for _ in range(30):
                await running.run(specs)
            await settled(tasks, files)


def open_files() -> int:
    """How many files and sockets this process has open."""
    gc.collect()
    count: int = psutil.Process().num_fds()
    return count


async def settled(tasks: int, files: int) -> None:
    """Waits until no more tasks and files are there than before; the test's time limit ends the wait."""
    while len(asyncio.all_tasks()) > tasks or open_files() > files:
        await asyncio.sleep(0.05)
