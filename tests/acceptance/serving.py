"""`whybot serve` as a process of its own, on a local Slack: to be killed and started again."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

SERVE = (sys.executable, "-c", "from bot.cli import main; main()", "serve")
END_SECONDS = 60.0


@dataclass
class Serving:
    """One bot after the other on the same data folder. `log` is what they all wrote."""

    variables: dict[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts a bot; returns before it is connected."""
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *SERVE, env=self.variables, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
            )

    async def kill(self) -> None:
        """Ends it with SIGKILL, as a machine that goes away does."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ends it with SIGTERM, as a deployment does; returns its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(END_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def serving(variables: dict[str, str], folder: Path) -> AsyncIterator[Serving]:
    """A running bot with its store under `folder`, and nothing of the caller's environment but its paths."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "LANG") if name in os.environ}
    bot = Serving(kept | variables | {"WHYBOT_DATA_DIR": str(folder / "data")}, folder / "bot.log")
    await bot.start()
    try:
        yield bot
    finally:
        await bot.stop()
