"""Tidies up after a demo, whatever ended the demo.

Run as a script, `janitor.py MARK`. Each line of its standard input names a folder to remove in the end. When
the input ends (the demo closed it, or was killed with -9), the janitor ends every process that carries the
mark in its environment, and every PostgreSQL whose data is in one of the folders; then it removes those.
A pipe tells of the demo's death on Linux and macOS alike, and the search finds what a killed bot left.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Sequence

import psutil

MARK = "WHYBOT_DEMO"
"""Variable that marks the processes of one demo."""
DATABASE = ("postgres", "pg_ctl", "initdb")
"""The bot's embedded database is a daemon with an environment of its own: it is known by its folder."""
GRACE_SECONDS = 8.0
# A first signal lets the bot stop its database; SIGINT is PostgreSQL's "fast" shutdown; then no more asking.
STEPS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


def belongs(process: psutil.Process, mark: str, folders: Sequence[str]) -> bool:
    """Whether a process is one of the demo's."""
    with contextlib.suppress(psutil.Error, OSError):
        if process.environ().get(MARK) == mark:
            return True
    with contextlib.suppress(psutil.Error, OSError):
        arguments = process.cmdline() if process.name() in DATABASE else []
        return any(argument.startswith(folder) for argument in arguments for folder in folders)
    return False


def leftovers(mark: str, folders: Sequence[str]) -> list[psutil.Process]:
    """The demo's processes that still run."""
    own = {os.getpid(), os.getppid()}
    return [each for each in psutil.process_iter() if each.pid not in own and belongs(each, mark, folders)]


def end_all(mark: str, folders: Sequence[str]) -> None:
    """Ends the demo's processes, politely first; returns when none is left."""
    for step in STEPS:
        processes = leftovers(mark, folders)
        if not processes:
            return
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(step)
        psutil.wait_procs(processes, GRACE_SECONDS)


def main(mark: str) -> None:
    """Waits for the end of the demo and tidies up."""
    folders = [line.strip() for line in sys.stdin if line.strip()]
    end_all(mark, folders)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
