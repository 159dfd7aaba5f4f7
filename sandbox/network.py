"""Links of the staging world: a TCP proxy on loopback in front of each address, on which faults act.

A link's listener has three modes. `open` carries bytes. `refusing` has no listening socket, so the kernel
answers RST. `silent` lets SYNs go unanswered, as a firewall that drops does: the listening socket's accept
queue is shrunk to one place and filled, and the kernel then drops further SYNs (Linux, `tcp_conn_request`;
macOS and the BSDs do alike), so that it is `connect` itself that hangs and not the first answer.

What a link cannot do is make `connect` slow but successful: the kernel accepts by itself. Latency "per
connection" is therefore felt in the first answer (the TLS handshake or the login).
"""

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

HOST = "127.0.0.1"
CHUNK = 65536
BACKLOG = 128
FILLERS = 300
"""Most connections that may be needed to fill an accept queue; Linux needs one."""
FILL_PATIENCE = 0.05
"""Seconds after which a connection on loopback that is not there yet was dropped: the queue is full."""
SLICES_PER_SECOND = 20


class Mode(StrEnum):
    """What a link does with a new connection."""

    OPEN = "open"
    REFUSING = "refusing"
    SILENT = "silent"


class Cut(Exception):  # noqa: N818 - no error, but what a fault wants
    """A fault ends this connection: with a reset (RST), or as if the other side had closed (FIN)."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


@dataclass(eq=False, slots=True)
class Flow:
    """One connection through a link.

    A turn begins when the client speaks after the server did. `sent` counts bytes to the client.
    `notes` is where an impairment keeps what it knows of this flow.
    """

    client: socket.socket
    upstream: socket.socket | None = None
    number: int = 0
    turn: int = 0
    sent: int = 0
    answering: bool = True
    notes: dict[object, int] = field(default_factory=dict)

    def asked(self) -> None:
        """The client has spoken."""
        if self.answering:
            self.answering = False
            self.turn += 1

    def answered(self) -> bool:
        """The server has spoken; says whether these are the first bytes of its answer."""
        first = not self.answering or self.turn == 0
        self.answering = True
        return first


class Impairment:
    """What a fault does to the connections of a link; by default nothing. Delays are in seconds."""

    def opening(self, flow: Flow) -> float:
        """How long a new connection waits before it is carried on to the server."""
        return 0.0

    def asking(self, flow: Flow, data: bytes) -> None:
        """Sees what the client says; may raise `Cut`."""

    def answering(self, flow: Flow, data: bytes) -> float:
        """How long the first bytes of an answer are held back."""
        return 0.0

    def passing(self, flow: Flow, size: int) -> int:
        """How many of the next `size` bytes to the client may pass; fewer cuts the connection after them."""
        return size

    def bytes_per_second(self) -> float | None:
        """The most that passes to the client in a second; None is without limit."""
        return None


class Link:
    """The way from one source to one target: `async with Link(...)`; listens on `HOST`, `port`."""

    def __init__(self, source: str, target: str, upstream: tuple[str, int]) -> None:
        self.source = source
        self.target = target
        self.upstream = upstream
        self.port = 0
        self.mode = Mode.OPEN
        self.impairments: list[Impairment] = []
        self._wanted: list[Mode] = []
        self._listener: socket.socket | None = None
        self._holder: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._flows: dict[asyncio.Task[None], Flow] = {}
        self._accepted = 0
        self._moving = asyncio.Event()

    async def __aenter__(self) -> "Link":
        self._reserve()
        self._listen()
        self._moving.set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_accepting()
        self._close_fillers()
        await self._end_flows()
        for owned in (self._listener, self._holder):
            if owned is not None:
                owned.close()
        self._listener = self._holder = None

    async def insist(self, mode: Mode) -> None:
        """A fault wants this mode. Of several, refusing wins: a firewall has nothing to drop then.

        Connections that exist stall while the link is silent, and are reset when it refuses.
        """
        self._wanted.append(mode)
        await self._settle()

    async def relent(self, mode: Mode) -> None:
        """A fault no longer wants this mode."""
        self._wanted.remove(mode)
        await self._settle()

    async def _settle(self) -> None:
        mode = next((each for each in (Mode.REFUSING, Mode.SILENT) if each in self._wanted), Mode.OPEN)
        if mode is self.mode:
            return
        if self.mode is Mode.REFUSING:
            self._listen()
        elif self.mode is Mode.SILENT:
            self._unfill()
        self.mode = mode
        if mode is Mode.REFUSING:
            await self._refuse()
        elif mode is Mode.SILENT:
            await self._fill()

    async def drop_connections(self) -> None:
        """Resets every connection, as a server does that ends its sessions."""
        await self._end_flows()

    # the listener

    def _reserve(self) -> None:
        """Keeps the port ours while nothing listens on it, so that no other process can be given it."""
        first = _bound(0)
        self.port = first.getsockname()[1]
        if sys.platform == "linux":
            self._holder = first  # elsewhere two sockets may not be bound to one port
        else:
            first.close()

    def _listen(self) -> None:
        self._listener = _bound(self.port)
        self._listener.listen(BACKLOG)
        self._start_accepting()

    def _start_accepting(self) -> None:
        assert self._listener is not None
        asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _stop_accepting(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)

    async def _refuse(self) -> None:
        assert self._listener is not None
        self._stop_accepting()
        self._listener.close()
        self._listener = None
        await self._end_flows()

    async def _fill(self) -> None:
        """Fills the accept queue, so that the kernel drops every further SYN."""
        assert self._listener is not None
        self._moving.clear()
        self._stop_accepting()
        self._listener.listen(0)  # called again, it only changes the length of the queue
        loop = asyncio.get_running_loop()
        for _ in range(FILLERS):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            self._fillers.append(filler)
            try:
                async with asyncio.timeout(FILL_PATIENCE):
                    await loop.sock_connect(filler, (HOST, self.port))
            except TimeoutError:
                return

    def _unfill(self) -> None:
        assert self._listener is not None
        self._close_fillers()
        self._listener.listen(BACKLOG)
        self._start_accepting()
        self._moving.set()

    def _close_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # gone again before it was taken
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._accepted += 1
        flow = Flow(client, number=self._accepted)
        task = asyncio.create_task(self._carry(flow), name=f"link {self.source} to {self.target}")
        self._flows[task] = flow
        task.add_done_callback(lambda done: self._flows.pop(done, None))

    # connections

    async def _end_flows(self) -> None:
        tasks = list(self._flows)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, flow: Flow) -> None:
        reset = True
        try:
            flow.upstream = await self._way_on(flow)
            reset = await self._both_ways(flow)
        except OSError:
            pass  # the server cannot be reached: to the client that is a reset
        finally:
            for end in (flow.client, flow.upstream):
                if end is not None:
                    _close(end, reset=reset)

    async def _way_on(self, flow: Flow) -> socket.socket:
        await asyncio.sleep(sum(each.opening(flow) for each in self.impairments))
        upstream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            upstream.setblocking(False)
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(upstream, self.upstream)
        except BaseException:
            upstream.close()
            raise
        return upstream

    async def _both_ways(self, flow: Flow) -> bool:
        """Carries bytes until both sides have closed; says whether the end is a reset."""
        reset = False
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._ask(flow))
                both.create_task(self._answer(flow))
        except* Cut as cuts:
            reset = any(isinstance(cut, Cut) and cut.reset for cut in cuts.exceptions)
        except* OSError:
            reset = True
        return reset

    async def _ask(self, flow: Flow) -> None:
        loop = asyncio.get_running_loop()
        assert flow.upstream is not None
        while data := await loop.sock_recv(flow.client, CHUNK):
            flow.asked()
            for each in tuple(self.impairments):
                each.asking(flow, data)
            await self._moving.wait()
            await loop.sock_sendall(flow.upstream, data)
        flow.upstream.shutdown(socket.SHUT_WR)

    async def _answer(self, flow: Flow) -> None:
        loop = asyncio.get_running_loop()
        assert flow.upstream is not None
        while data := await loop.sock_recv(flow.upstream, CHUNK):
            if flow.answered():
                await asyncio.sleep(sum(each.answering(flow, data) for each in self.impairments))
            await self._moving.wait()
            await self._send(flow, data)
        flow.client.shutdown(socket.SHUT_WR)

    async def _send(self, flow: Flow, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        allowed = min((each.passing(flow, len(data)) for each in self.impairments), default=len(data))
        rates = [rate for each in self.impairments if (rate := each.bytes_per_second()) is not None]
        step = max(1, int(min(rates) / SLICES_PER_SECOND)) if rates else len(data)
        for start in range(0, allowed, step):
            part = data[start : min(start + step, allowed)]
            if rates:
                await asyncio.sleep(len(part) / min(rates))
            await loop.sock_sendall(flow.client, part)
            flow.sent += len(part)
        if allowed < len(data):
            raise Cut(reset=False)


def _bound(port: int) -> socket.socket:
    """A TCP socket bound on loopback that does not listen yet; port 0 takes a free one."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
    except BaseException:
        made.close()
        raise
    return made


def _close(end: socket.socket, *, reset: bool) -> None:
    """Closes a connection; with `reset` the other side gets an RST instead of a FIN."""
    if reset:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()
