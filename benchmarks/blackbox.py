"""Probes per CPU second against Debian's prometheus-blackbox-exporter, on the same targets.

The exporter is asked as Prometheus asks it, over kept-open HTTP; whybot runs its checks in sweeps.
Both resolve nothing but in the DNS row, and make a connection of their own for every probe.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Literal

import httpx
import psutil

from benchmarks.measure import Row, cpu_of, in_turns, until
from benchmarks.place import bare_runner, overlay, swept
from benchmarks.targets import ADDRESS, NAME, Targets
from checks.kinds.dns import DnsCheck
from checks.kinds.http import HttpCheck
from checks.kinds.tls import TlsCheck
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.spec import CheckSpec, Finding
from sandbox.servers.process import free_port

EXPORTER = "prometheus-blackbox-exporter"
REPEAT = 5
PROBES = 400
AT_ONCE = 10
CONFIG = """\
modules:
  tcp: {prober: tcp, timeout: 5s}
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  dns: {prober: dns, timeout: 5s, dns: {query_name: %s, query_type: A, preferred_ip_protocol: ip4}}
  tls: {prober: tcp, timeout: 5s, tcp: {tls: true, tls_config: {ca_file: "%s", server_name: %s}}}
"""


class TcpCheck(CheckSpec):
    """Connects and no more: what every kind does first, and all that the exporter's tcp module does."""

    title_default: ClassVar[str] = "TCP"

    kind: Literal["tcp"] = "tcp"
    host: str
    port: int

    @property
    def target(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    async def run(self, probe: Probe) -> Finding:
        """Connects through the dialer, as every kind does."""
        (await probe.dialer.connect(self.host, self.port, probe)).close()
        return Finding(Status.PASS, Reason.OK, "connected")


async def rows(targets: Targets, folder: Path) -> list[Row]:
    """TCP, HTTP, DNS and TLS. No rows where the exporter is not installed."""
    if shutil.which(EXPORTER) is None:
        print(f"{EXPORTER} is not installed: its rows are left out")
        return []
    local = "127.0.0.1"
    pairs = {
        "tcp": (TcpCheck(name="tcp", host=ADDRESS, port=targets.tcp), f"{local}:{targets.tcp}"),
        "http": (
            HttpCheck(name="http", url=f"http://{ADDRESS}:{targets.http}/"),
            f"http://{local}:{targets.http}/",
        ),
        "dns": (DnsCheck(name="dns", host=NAME), f"{local}:{targets.dns}"),
        "tls": (
            TlsCheck(name="tls", host=ADDRESS, port=targets.tls, server_name=NAME),
            f"{local}:{targets.tls}",
        ),
    }
    async with _exporter(targets, folder) as (process, client):
        return [await _row(module, *pair, targets, process, client) for module, pair in pairs.items()]


async def _row(
    module: str,
    spec: CheckSpec,
    target: str,
    targets: Targets,
    process: psutil.Process,
    client: httpx.AsyncClient,
) -> Row:
    specs = [spec.model_copy(update={"name": f"{spec.name}-{n}"}) for n in range(AT_ONCE)]
    async with bare_runner(overlay(targets)) as running:

        async def sweep() -> None:
            await swept(running, specs)

        async def ours() -> float:
            return AT_ONCE / await cpu_of(sweep, PROBES // AT_ONCE)

        async def theirs() -> float:
            before = _cpu(process)
            await _in_lanes(lambda: _probe(client, module, target))
            return PROBES / (_cpu(process) - before)

        probes, exporter = await in_turns(ours, theirs, repeat=REPEAT)
    name = f"{module} probes per CPU second over {EXPORTER}"
    return Row(name, probes, exporter, "/s", 1.0, at_least=True)


async def _in_lanes(work: Callable[[], Awaitable[None]]) -> None:
    async def lane() -> None:
        for _ in range(PROBES // AT_ONCE):
            await work()

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))


async def _probe(client: httpx.AsyncClient, module: str, target: str) -> None:
    answer = await client.get("/probe", params={"module": module, "target": target})
    if "\nprobe_success 1" not in answer.text:
        raise RuntimeError(f"the exporter's probe {module} of {target} failed:\n{answer.text}")


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


@contextlib.asynccontextmanager
async def _exporter(
    targets: Targets, folder: Path
) -> AsyncIterator[tuple[psutil.Process, httpx.AsyncClient]]:
    config = folder / "blackbox.yml"
    config.write_text(CONFIG % (NAME, targets.authority, NAME))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        EXPORTER, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            await until(lambda: _healthy(client), 20)
            yield psutil.Process(process.pid), client
    finally:
        process.terminate()
        await process.wait()


async def _healthy(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/-/healthy")).is_success
    except httpx.TransportError:
        return False
