"""Keeps one server alive exactly as long as its owner lives, whatever kills the owner.

Run as a script, `keeper.py FOLDER SIGNAL USER COMMAND…`; it imports nothing but the standard library. It
starts the command with its output in `FOLDER/log`, prints the server's process id, and waits. When its
standard input ends (the owner closed it, or was killed with -9), it stops the server with SIGNAL and
removes FOLDER. A pipe tells of the owner's death on Linux and macOS alike, and unlike a death signal of
the kernel it leaves someone to tidy up. USER is `-`, or whom to run the command as.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

# What a server gets to end by itself, in seconds, before it is killed.
GRACE = 4.0


def stop(server: subprocess.Popen[bytes], number: int) -> None:
    """Ends the server; a stopped one (SIGSTOP) is woken, as it could not obey otherwise."""
    for each in (number, signal.SIGCONT):
        server.send_signal(each)
    try:
        server.wait(GRACE)
    except subprocess.TimeoutExpired:
        server.kill()


def launch(folder: Path, user: str, command: list[str]) -> subprocess.Popen[bytes]:
    """Starts the server with its output in the folder."""
    account = None if user == "-" else pwd.getpwnam(user)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            process_group=0,
        )


def main(folder: Path, number: int, user: str, command: list[str]) -> None:
    """Starts the command and returns after its end and the owner's."""
    try:
        server = launch(folder, user, command)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        shutil.rmtree(folder, ignore_errors=True)
        return

    def wait_for_owner() -> None:
        while sys.stdin.buffer.read(64):
            pass
        stop(server, number)

    owner = threading.Thread(target=wait_for_owner, daemon=True)
    owner.start()
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    server.wait()
    os.close(sys.stdout.fileno())  # the owner reads the end of the server as the end of this stream
    owner.join()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)  # what the command left running, such as an unfinished initdb
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # Python's own shutdown would complain of the closed stream


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
