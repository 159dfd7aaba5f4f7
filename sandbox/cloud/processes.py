"""Runs the program of a job's execution as a child process, whose lines become log entries."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sandbox.cloud.jobs import JobRun

LINE = 1024 * 1024


async def run_process(run: JobRun, command: Sequence[str], env: Mapping[str, str]) -> int:
    """Runs a command until it ends; gives its exit code. Cancelling kills it by its process id."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        await asyncio.gather(_lines(process.stdout, run.write), _lines(process.stderr, run.warn))
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _lines(stream: asyncio.StreamReader, write: Callable[[str], None]) -> None:
    async for line in stream:
        write(line.decode(errors="replace").rstrip("\r\n"))
