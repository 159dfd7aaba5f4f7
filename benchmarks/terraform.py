"""Memory and time to read a Terraform state of 200 MB, each in a process of its own."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Row

SIZE = 200_000_000  # bytes
MOST_MEMORY = 0.20  # of the file's size
MOST_TIME = 3.0  # of the time that the parser alone takes
WANTED = 100  # resources that whybot looks at
STATE = "large.tfstate"

READ = """
import asyncio, resource, sys, time
from contextlib import suppress
from datetime import datetime, UTC
from pathlib import Path
from checks.environment import Terraform
from checks.terraform.reader import read_terraform

def peak():  # KiB; Linux's ru_maxrss begins with that of whoever started this process
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

async def main():
    named = Terraform(state=sys.argv[1])
    before = peak()
    began = time.perf_counter()
    found = await read_terraform(Path(), named, None)
    took = time.perf_counter() - began
    grown = peak() - before
    print(len(found.recorded), took, grown * 1024)

asyncio.run(main())
"""

PARSE = """
import sys, time
import ijson

@ijson.coroutine
def count():
    while True:
        yield

began = time.perf_counter()
parser = ijson.basic_parse_coro(count(), use_float=True)
with open(sys.argv[1], "rb") as file:
    while part := file.read(1_000_000):
        parser.send(part)
parser.close()
print(0, time.perf_counter() - began, 0)
"""


async def rows(folder: Path) -> list[Row]:
    """Memory over the size of the file, and time over that of the parser with nothing behind it."""
    path = folder / STATE
    size = await asyncio.to_thread(_write, path)
    kept, took, grown = await _run(READ, path)
    assert kept == WANTED, f"{kept:.0f} resources were kept of {WANTED}"
    _, parsing, _ = await _run(PARSE, path)
    await asyncio.to_thread(path.unlink)
    said = f"({WANTED} resources kept)"
    return [
        Row(
            "memory to read a 200 MB state over its size",
            grown / 1e6,
            size / 1e6,
            "MB",
            MOST_MEMORY,
            note=said,
        ),
        Row("time to read it over parsing alone (ijson)", took, parsing, "s", MOST_TIME),
    ]


async def _run(program: str, path: Path) -> tuple[float, float, float]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    kept, took, grown = map(float, output.split())
    return kept, took, grown


def _write(path: Path) -> int:
    """Writes a state as Terraform does, indented, resources that whybot looks at among many others."""
    others = json.dumps(_resource("google_storage_bucket_object", "page", 200), indent=2)
    services = [
        json.dumps(_resource("google_cloud_run_v2_service", f"service{number}", 1), indent=2)
        for number in range(WANTED)
    ]
    between = max(1, SIZE // len(others) // WANTED)
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n  "version": 4,\n  "terraform_version": "1.9.8",\n  "serial": 1,\n  "resources": [\n')
        for number, service in enumerate(services):
            file.write((",\n" if number else "") + service)
            for _ in range(between):
                file.write(",\n" + others)
        file.write("\n  ]\n}\n")
        return file.tell()


def _resource(kind: str, name: str, instances: int) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "instances": list(_instances(kind, name, instances)),
    }


def _instances(kind: str, name: str, number: int) -> Iterator[dict[str, Any]]:
    for index in range(number):
        attributes = {"name": f"{name}-{index}", "project": "netra-staging", "kind": kind}
        attributes |= {f"attribute_{each}": f"a value of ordinary length {each}" for each in range(40)}
        yield {"index_key": index, "schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
