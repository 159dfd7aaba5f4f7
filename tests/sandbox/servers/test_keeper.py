"""The keeper: whatever its owner and its server do, it ends and leaves nothing."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sandbox.servers.process import KEEPER

FOREVER = "import time; time.sleep(3600)"
# As PostgreSQL's sessions do: out of reach of a signal to the server's process group.
WRITER = """
import os, time
from pathlib import Path
if os.fork():
    time.sleep(3600)
os.setsid()
Path("writer.new").write_text(str(os.getpid()))
Path("writer.new").rename("writer")
for number in range(1_000_000):
    Path(f"data/{number % 1000}").mkdir(parents=True, exist_ok=True)
    Path(f"data/{number % 1000}/{number}").touch()
"""

# As a postmaster does: it ends when its child has.
PARENT = """
import signal, subprocess, sys
from pathlib import Path
child = subprocess.Popen(["/bin/sh", "-c", "trap 'exit 0' TERM; touch ready; while :; do sleep 0.05; done"])

def end(number, frame):
    child.terminate()
    child.wait()
    Path("../outcome").write_text("ended by itself")
    sys.exit()

signal.signal(signal.SIGTERM, end)
signal.pause()
"""


def order(script: str, number: int = signal.SIGKILL) -> bytes:
    """The order to start a Python script."""
    command = [sys.executable, "-I", "-c", script]
    return json.dumps({"command": command, "signal": number, "user": None, "copies": []}).encode() + b"\n"


class Owner:
    """A keeper seen from its pipes."""

    def __init__(self, folder: Path) -> None:
        self.keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), str(folder), "test"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.keeper.stdin is not None
        assert self.keeper.stdout is not None
        assert self.keeper.stderr is not None
        self.to, self.heard, self.complaints = self.keeper.stdin, self.keeper.stdout, self.keeper.stderr

    def answer(self) -> dict[str, object]:
        """The next answer."""
        answer: dict[str, object] = json.loads(self.heard.readline())
        return answer

    def ends(self, *, deaf: bool = False) -> bytes:
        """Ends as a killed owner does, and gives what the keeper complained of until its own end."""
        if deaf:
            self.heard.close()
        self.to.close()
        said = self.complaints.read()
        self.keeper.wait()
        self.complaints.close()
        self.heard.close()
        return said


@pytest.mark.parametrize("said", [b"", order(FOREVER)[:20], order(FOREVER)], ids=["no", "half an", "an"])
def test_an_owner_that_is_gone_before_the_answer(tmp_path: Path, said: bytes) -> None:
    """It left no order, half an order or a whole one, and hears nothing: the keeper tidies up."""
    owner = Owner(tmp_path)
    owner.to.write(said)
    assert owner.ends(deaf=True) == b""
    assert list(tmp_path.iterdir()) == []


def test_what_the_server_leaves_running_is_ended_before_the_folder_is_removed(tmp_path: Path) -> None:
    """A process that has a session of its own and writes to the folder ends, and what it wrote is removed."""
    owner = Owner(tmp_path)
    folder = Path(str(owner.answer()["folder"]))
    owner.to.write(order(WRITER))
    owner.to.flush()
    owner.answer()
    while not (folder / "data/99").exists():
        time.sleep(0.01)
    writer = psutil.Process(int((folder / "writer").read_text()))
    assert owner.ends() == b""
    assert not writer.is_running()
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_server_is_woken_to_end_by_itself(tmp_path: Path) -> None:
    """With its children, so that an owner that is killed during a pause leaves no shared memory."""
    owner = Owner(tmp_path)
    folder = Path(str(owner.answer()["folder"]))
    owner.to.write(order(PARENT, signal.SIGTERM))
    owner.to.flush()
    server = psutil.Process(int(str(owner.answer()["pid"])))
    while not (folder / "ready").exists():
        time.sleep(0.01)
    for process in (*server.children(), server):
        process.suspend()
    assert owner.ends() == b""
    assert (tmp_path / "outcome").read_text() == "ended by itself"
