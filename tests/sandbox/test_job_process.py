"""The Cloud Run job as a process: its output, its exit code, and that it never outlives its owner."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from sandbox.cloud.jobs import JobRun
from sandbox.job_process import LEASH, JobProcess

SLEEPER = "import os, sys, time; print(os.getpid(), flush=True); [time.sleep(1) for _ in range(600)]"


def execution(*args: str, **env: str) -> tuple[JobRun, list[str], list[str]]:
    """An execution with these arguments, and what it prints on both streams."""
    out: list[str] = []
    err: list[str] = []
    run = JobRun("e", "j", args, env, 60.0, None, out.append, err.append)  # type: ignore[arg-type]  # no VPC
    return run, out, err


async def gone(pid: int) -> bool:
    """Waits until a process is no more; the test's time limit is the only one."""
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        await asyncio.sleep(0.05)
    return True


async def test_it_is_whybots_command_line_under_the_jobs_variables() -> None:
    """Its arguments are the execution's; what it prints and how it ends is told."""
    run, out, _ = execution("--version")
    assert await JobProcess({})(run) == 0
    assert out[0].startswith("whybot ")
    run, _, err = execution("no-such-command")
    assert await JobProcess({})(run) != 0
    assert err


async def test_it_does_not_see_what_its_owner_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of the real world does not reach it; its own do, before those that the job declares."""
    monkeypatch.setenv("WHYBOT_ENVIRONMENTS", "of the real world")
    run, _, err = execution("check", "nowhere", WHYBOT_ENVIRONMENTS="of the image")
    assert await JobProcess({"WHYBOT_ENVIRONMENTS": str(tmp_path)})(run) != 0
    assert "of the" not in " ".join(err)


@pytest.mark.parametrize("end", ["close", "kill"])
async def test_what_is_on_the_leash_ends_with_its_owner(end: str) -> None:
    """Whether the owner lets go of it or the leash is told to end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", str(LEASH), sys.executable, "-c", SLEEPER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    pid = int(await process.stdout.readline())
    if end == "close":
        process.stdin.close()
    else:
        process.terminate()
    assert await process.wait() == 137
    assert await gone(pid)
