"""What every server of the sandbox has in common: it is up while its context is open."""

import asyncio
from types import TracebackType
from typing import Self

from sandbox.servers.process import HOST, ServerError, ServerProcess

ATTEMPTS = 3
PORT_TAKEN = "Address already in use"


class LocalServer:
    """A server of one's own on loopback: `async with Redis(…) as server`, then `server.port`.

    A kind writes `_start`, which sets `port` and `_process`.
    """

    host = HOST
    port = 0
    _process: ServerProcess | None = None

    @property
    def process(self) -> ServerProcess:
        """The running process."""
        assert self._process is not None, "the server is not running"
        return self._process

    async def __aenter__(self) -> Self:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._start()
            except ServerError as error:
                if attempt == ATTEMPTS or PORT_TAKEN not in str(error):
                    raise
            else:
                break
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            await asyncio.shield(self._process.stop())
            self._process = None

    async def _start(self) -> None:
        """Brings it up; raises `ServerError` where it does not come."""
        raise TypeError(f"{type(self).__name__} does not say how it starts")
