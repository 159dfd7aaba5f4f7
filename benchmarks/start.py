"""How long it takes to start, against importing the third-party modules that the start needs, and no more.

Which modules those are is read from the start itself (`-X importtime`), so the baseline cannot drift.
"""

import asyncio
import importlib.metadata
import os
import re
import sys
import time
from pathlib import Path

from benchmarks.measure import Row, in_turns, until
from benchmarks.processes import WHYBOT, process, slack, whybot_variables
from benchmarks.slack_stub import send
from benchmarks.targets import Targets

REPEAT = 7
TARGET = 1.3
OURS = frozenset({"bot", "checks", "runbooks", "sandbox"})
IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)


async def rows(targets: Targets, folder: Path) -> list[Row]:
    """`whybot check --help`, and `whybot serve` to its first acknowledgement."""
    async with slack(folder) as api:
        variables = whybot_variables(api, targets, folder)
        return [await _help(folder), await _serve(variables, folder)]


async def _help(folder: Path) -> Row:
    command = (*WHYBOT, "check", "--help")
    modules = await _modules(command, folder, {})

    async def ours() -> float:
        return await _until_exit(*command)

    wall, baseline = await in_turns(ours, lambda: _importing(modules), repeat=REPEAT)
    return Row(
        "start of `whybot check --help` over its imports", wall, baseline, "s", TARGET, note=_said(modules)
    )


async def _serve(variables: dict[str, str], folder: Path) -> Row:
    """The data folder is there from the run that counts modules, as whenever whybot is started again."""
    modules = await _modules((*WHYBOT, "serve"), folder, variables)

    async def ours() -> float:
        return await _first_acknowledgement(WHYBOT, variables, folder / "serve.log")

    wall, baseline = await in_turns(ours, lambda: _importing(modules), repeat=REPEAT)
    name = "start of `whybot serve` to first acknowledgement over its imports"
    return Row(name, wall, baseline, "s", TARGET, note=_said(modules))


def _said(modules: list[str]) -> str:
    return f"({len({module.split('.')[0] for module in modules})} packages)"


async def _first_acknowledgement(command: tuple[str, ...], variables: dict[str, str], log: Path) -> float:
    began = time.perf_counter()
    async with process(*command, "serve", environ=variables, log=log):
        await until(lambda: _acknowledged(int(variables["WHYBOT_HTTP_PORT"])), 60)
        return time.perf_counter() - began


async def _acknowledged(port: int) -> bool:
    try:
        status, _ = await send(port, "/staging-health", 1)
    except OSError:
        return False
    return status == 200


async def _modules(command: tuple[str, ...], folder: Path, variables: dict[str, str]) -> list[str]:
    """The third-party modules that the command imports, in the order in which they were ready."""
    log = folder / "imports.log"
    log.unlink(missing_ok=True)
    timed = (command[0], "-X", "importtime", *command[1:])
    if command[-1] == "serve":
        await _first_acknowledgement(timed[:-1], variables, log)
    else:
        with log.open("wb") as output:
            await (await asyncio.create_subprocess_exec(*timed, stdout=output, stderr=output)).wait()
    packages = set(importlib.metadata.packages_distributions()) - OURS
    names = IMPORTED.findall(await asyncio.to_thread(log.read_text, errors="replace"))
    return [name for name in dict.fromkeys(names) if name.split(".")[0] in packages]


async def _importing(modules: list[str]) -> float:
    """Importing exactly these modules. `sys.modules` guards against those that only a parent can make."""
    lines = ["import importlib, sys", f"for name in {modules!r}:", " try: importlib.import_module(name)"]
    return await _until_exit(sys.executable, "-c", "\n".join([*lines, " except ImportError: pass"]))


async def _until_exit(*command: str) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await process.wait()
    return time.perf_counter() - began
