"""Keeps one server alive exactly as long as its owner lives, whatever kills the owner, and at any moment.

Run as a script, `keeper.py FOLDER KIND`; it imports nothing but the standard library. It makes a folder of
its own in FOLDER and tells of it, then takes one order, starts the server with its output in the folder's
`log`, tells of its process id, and waits. When its standard input ends (the owner closed it, or was killed
with -9), it stops the server and removes the folder. A pipe tells of the owner's death on Linux and macOS
alike, and unlike a death signal of the kernel it leaves someone to tidy up. Since the keeper makes the
folder, there is none without a keeper.

Order and answers are JSON documents, one a line:
    → {"folder": "/…/whybot-KIND-x"}
    ← {"command": […], "signal": 3, "user": "nobody" or null, "copies": [["/from", "/to"], …]}
    → {"pid": 123} or {"error": "…"}
`signal` is what stops the server, `copies` are folders that `user` could not read where they are.
"""

import contextlib
import ctypes
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GRACE = 10.0
"""Seconds that a server gets to end by itself. PostgreSQL kills what is left of its own after 5."""
REMOVAL = 10.0
"""Seconds for which removing is tried again: where there is no /proc, something may still write."""
PAUSE = 0.02
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Makes what the server leaves behind children of this process, also in sessions of their own (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def families() -> dict[int, list[int]]:
    """The children of every process; empty where there is no /proc."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The second field is the name in parentheses, and may hold anything.
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
            found.setdefault(parent, []).append(int(entry.parent.name))
    return found


def descendants(parent: int, among: dict[int, list[int]]) -> Iterator[int]:
    """The children, and theirs."""
    for child in among.get(parent, ()):
        yield child
        yield from descendants(child, among)


def send(pid: int, number: int) -> None:
    """Sends a signal to a process, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def stop(server: "subprocess.Popen[bytes]", number: int) -> None:
    """Ends the server; what is frozen (SIGSTOP) is woken, as it could not obey otherwise."""
    for each in (number, signal.SIGCONT):
        server.send_signal(each)
    for each in descendants(server.pid, families()):
        send(each, signal.SIGCONT)
    try:
        server.wait(GRACE)
    except subprocess.TimeoutExpired:
        server.kill()


def end_rest(group: int) -> None:
    """Ends what the server left running, such as an unfinished initdb, and returns when all of it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            for child in families().get(os.getpid(), ()):
                send(child, signal.SIGKILL)
                os.waitpid(child, 0)  # its own children are ours from now on
            os.waitpid(-1, os.WNOHANG)


def remove(folder: Path) -> None:
    """Removes the folder."""
    give_up = time.monotonic() + REMOVAL
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < give_up:
        time.sleep(PAUSE)
        shutil.rmtree(folder, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """Copies a folder so that everyone can read it."""
    before = os.umask(0o022)
    try:
        shutil.copytree(source, target, symlinks=True)
    finally:
        os.umask(before)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            executable = path.is_dir() or mode & stat.S_IXUSR
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def launch(folder: Path, order: dict[str, Any]) -> "subprocess.Popen[bytes]":
    """Starts the server with its output in the folder; raises OSError (shutil.Error is one) or KeyError."""
    account = pwd.getpwnam(order["user"]) if order["user"] else None
    for source, target in order["copies"]:
        copy(Path(source), Path(target))
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            order["command"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            process_group=0,
        )


def tell(**answer: object) -> None:
    """Answers the owner. One that is dead does not hear it, and there is still work to do then."""
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


def keep(folder: Path, order: dict[str, Any]) -> None:
    """Starts the server and returns after its end and the owner's."""
    try:
        server = launch(folder, order)
    except (OSError, KeyError) as error:
        tell(error=str(error)[:2000])
        return

    def wait_for_owner() -> None:
        while sys.stdin.buffer.read(64):
            pass
        stop(server, order["signal"])

    owner = threading.Thread(target=wait_for_owner, daemon=True)
    owner.start()
    try:
        tell(pid=server.pid)
        server.wait()
        os.close(sys.stdout.fileno())  # the owner reads the end of the server as the end of this stream
        owner.join()
    finally:
        end_rest(server.pid)


def main(parent: str, kind: str) -> None:
    """Makes the folder, keeps a server in it if the owner lives to order one, and removes it."""
    adopt_orphans()
    folder = Path(tempfile.mkdtemp(prefix=f"whybot-{kind}-", dir=parent)).resolve()
    try:
        tell(folder=str(folder))
        order = sys.stdin.buffer.readline()
        if order.endswith(b"\n"):  # a part of a line is all that came from an owner who was killed
            keep(folder, json.loads(order))
    finally:
        remove(folder)
    os._exit(0)  # Python's own shutdown would complain of the closed stream


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
