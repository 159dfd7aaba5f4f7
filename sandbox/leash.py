"""Runs a command that ends with its owner, whatever ends the owner.

Run as a script, `leash.py COMMAND…`; it imports the standard library alone. The output of the command is
the leash's own, and so is its exit code. When the standard input ends (the owner closed it, or was killed),
the command and all that it has started are killed.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main(command: list[str]) -> int:
    """Runs the command to its end; gives its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def wait_for_owner() -> None:
        while os.read(sys.stdin.fileno(), 64):
            pass
        kill()

    threading.Thread(target=wait_for_owner, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: kill())
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # the reading thread would keep a usual exit waiting
