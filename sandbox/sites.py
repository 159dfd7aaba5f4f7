"""The sites of the staging application, as the world handles them: they run in a process of their own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from sandbox.application import Store
from sandbox.servers import ServerError

PACKAGES = Path(__file__).resolve().parent.parent
END_S = 5.0


class Sites:
    """`async with Sites(folder) as sites: await sites.start(…)`; its messages go to a log in `folder`.

    `heard` hears of each request that is over (`request`) and of what an application complains (`error`).
    """

    def __init__(self, folder: Path) -> None:
        self.ports: Mapping[str, int] = {}
        self.heard: Callable[[str, Mapping[str, Any]], None] = lambda kind, told: None
        self._answers: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listening: asyncio.Task[None] | None = None
        self._log = folder / "application.log"
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._shown: dict[str, Path] = {}
        self._faults: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._configured: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        paths = [str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sandbox.application_process"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,  # Ctrl-C is for the owner, who ends it
            )
        self._listening = asyncio.create_task(self._listen(), name="what the application says")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            await asyncio.shield(self._end(self._process))
        if self._listening is not None:
            await self._listening  # it ends with the process

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while (line := await self._process.stdout.readline()).endswith(b"\n"):
            said: dict[str, Any] = json.loads(line)
            kind = next((each for each in ("request", "error") if each in said), "")
            if kind:
                self.heard(kind, said[kind])
            else:
                self._answers.put_nowait(said)
        self._answers.put_nowait(None)

    async def start(
        self, stores: Mapping[str, Store], certificates: Mapping[str, Path], *, database: str, user: str
    ) -> None:
        """Brings the sites up; from then on `ports` is known."""
        self._shown = dict(certificates)
        self._faults = {name: {} for name in certificates}
        self.ports = await self._command(
            do="start",
            stores={name: asdict(store) for name, store in stores.items()},
            certificates={name: str(file) for name, file in certificates.items()},
            database=database,
            user=user,
        )

    @asynccontextmanager
    async def misbehaving(self, site: str, fault: str, options: Mapping[str, Any]) -> AsyncIterator[None]:
        """A site that does what a fault of the application wants."""
        try:
            self._faults[site][fault] = options
            await self._tell_faults(site)
            yield
        finally:
            del self._faults[site][fault]
            await self._tell_faults(site)

    async def configure(self, site: str, faults: Mapping[str, Mapping[str, Any]]) -> None:
        """A site that does what its configuration makes of it; faults that are in force come first."""
        if self._configured.get(site, {}) != faults:
            self._configured[site] = faults
            await self._tell_faults(site)

    async def _tell_faults(self, site: str) -> None:
        faults = {**self._configured.get(site, {}), **self._faults[site]}
        await self._command(do="misbehave", site=site, faults=faults)

    @asynccontextmanager
    async def showing(self, site: str, certificate: Path) -> AsyncIterator[None]:
        """A site that shows another certificate."""
        good = self._shown[site]
        try:
            await self._show(site, certificate)
            yield
        finally:
            await self._show(site, good)

    async def _show(self, site: str, certificate: Path) -> None:
        await self._command(do="show", site=site, certificate=str(certificate))
        self._shown[site] = certificate

    async def _command(self, **command: Any) -> dict[str, Any]:
        """Sends a command and waits until it is obeyed."""
        assert self._process is not None, "the application is not running"
        assert self._process.stdin is not None
        async with self._one_at_a_time:
            with suppress(ConnectionError):  # then there is no answer either
                self._process.stdin.write(json.dumps(command).encode() + b"\n")
                await self._process.stdin.drain()
            answer = await self._answers.get()
        if answer is None:
            self._answers.put_nowait(None)  # whoever asks next hears the same
            raise ServerError(f"the staging application has ended: {self._last_words()}")
        return answer

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "without a word"

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
