"""Runs whybot's Cloud Run job as a real process in the job's network."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cloud.jobs import JobRun

LEASH = Path(__file__).with_name("leash.py")
PACKAGES = Path(__file__).resolve().parent.parent
WHYBOT = (sys.executable, "-c", "from bot.cli import main; main()")
LINE = 1 << 20
"""Bytes of the longest line that is taken; Cloud Logging takes 256 KB."""
NOT_INHERITED = ("WHYBOT_", "SLACK_", "STAGING_", "GOOGLE_")
"""What whoever started the sandbox has set is nothing of the job's."""


class JobProcess:
    """`await JobProcess(variables)(run)` runs `whybot ARGS…` as the execution wants it; gives the exit code.

    `variables` are the job's own: the overlay of its network, passwords, the key that signs its answers.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)

    async def __call__(self, run: "JobRun") -> int:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", str(LEASH), *WHYBOT, *run.args),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(run.env),
            limit=LINE,
            start_new_session=True,  # Ctrl-C is for the owner, who ends it
        )
        try:
            await asyncio.gather(_lines(process.stdout, run.write), _lines(process.stderr, run.warn))
            return await process.wait()
        finally:
            await asyncio.shield(_end(process))

    def _environment(self, declared: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        paths = [str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**inherited, **declared, **self._variables, "PYTHONPATH": os.pathsep.join(paths)}


async def _lines(stream: asyncio.StreamReader | None, take: Callable[[str], None]) -> None:
    assert stream is not None
    async for line in stream:
        take(line.decode(errors="replace").rstrip("\n"))


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()  # the leash kills the command then
    with suppress(ConnectionError):
        await process.stdin.wait_closed()
    await process.wait()
