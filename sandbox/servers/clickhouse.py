"""A real ClickHouse: the engine of the chdb wheel in a process of its own, behind its HTTP interface."""

import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

from sandbox.servers.local import LocalServer
from sandbox.servers.process import new_keeper, wait_until_ready

FRONT = Path(__file__).with_name("clickhouse_front.py")


class ClickHouse(LocalServer):
    """A ClickHouse of one's own: `async with ClickHouse(password="…") as server`.

    `settings` are settings of the user's profile (`{"max_execution_time": 1}`), as in `users.xml`.
    """

    def __init__(
        self, *, password: str, user: str = "whybot", settings: Mapping[str, str | int] | None = None
    ) -> None:
        self.password = password
        self.user = user
        self._knobs: dict[str, object] = {
            "delay_ms": 0,
            "max_concurrent_queries": 100,
            "settings": dict(settings or {}),
        }

    async def _start(self) -> None:
        async with new_keeper("clickhouse") as keeper:
            folder = keeper.folder
            account = {"user": self.user, "password": self.password}
            (folder / "account.json").write_text(json.dumps(account), encoding="utf-8")
            (folder / "knobs.json").write_text(json.dumps(self._knobs), encoding="utf-8")
            process = await keeper.launch(
                [sys.executable, "-I", str(FRONT), str(folder)], stop_signal=signal.SIGKILL
            )
            await wait_until_ready(process, self._ready(folder))
            self.port = int((folder / "port").read_text(encoding="ascii"))
        self._process = process

    @staticmethod
    def _ready(folder: Path) -> Callable[[], Awaitable[bool]]:
        async def ready() -> bool:
            return (folder / "port").exists()

        return ready

    @property
    def delay_ms(self) -> float:
        """How long every query waits before it runs, in milliseconds; may be set at any time."""
        return cast(float, self._knobs["delay_ms"])

    @delay_ms.setter
    def delay_ms(self, value: float) -> None:
        self._turn("delay_ms", value)

    def limit_queries(self, most: int) -> None:
        """Refuses queries beyond this many at once with code 202, as `max_concurrent_queries` does."""
        self._turn("max_concurrent_queries", most)

    def set_settings(self, **settings: str | int) -> None:
        """Replaces the settings of the user's profile, for example `max_execution_time=1`."""
        self._turn("settings", settings)

    def pause(self) -> None:
        """Freezes the server: connections are accepted by the kernel, nobody answers."""
        self.process.pause()

    def resume(self) -> None:
        """Ends `pause`."""
        self.process.resume()

    def _turn(self, name: str, value: object) -> None:
        self._knobs[name] = value
        unfinished = self.process.folder / "knobs.new"
        unfinished.write_text(json.dumps(self._knobs), encoding="utf-8")
        unfinished.rename(self.process.folder / "knobs.json")
