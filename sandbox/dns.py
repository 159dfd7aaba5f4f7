"""The resolver of the staging world: answers for its names over UDP and TCP, as wrongly as a fault wants."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from dnslib import DNSRecord
from dnslib.dns import QTYPE, RCODE, RR, SOA, A, DNSError

HOST = "127.0.0.1"
TTL = 60
ATTEMPTS = 20
NEGATIVE = SOA("ns.sandbox.test", "whybot.sandbox.test", (1, 60, 60, 60, 60))
"""Goes with every negative answer: without it a resolver may not believe it (RFC 2308)."""

Way = Literal["nxdomain", "servfail", "silent", "slow", "wrong_record"]


@dataclass(frozen=True, slots=True, eq=False)
class NameFault:
    """One way in which the resolver misbehaves, for one name or (None) for all."""

    way: Way
    name: str | None = None
    delay_s: float = 0.0
    address: str = ""

    def concerns(self, name: str) -> bool:
        """Whether a question for this name is hit."""
        return self.name is None or self.name == name


class NameServer:
    """`async with NameServer({"staging.example": "203.0.113.10"})`; answers on `HOST`, `port`."""

    def __init__(self, records: Mapping[str, str]) -> None:
        self.records = {name.lower().rstrip("."): address for name, address in records.items()}
        self.faults: list[NameFault] = []
        self.port = 0
        self._stream: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "NameServer":
        stream, datagrams = _sockets()
        self.port = stream.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=datagrams)
        self._stream = await asyncio.start_server(self._serve_stream, sock=stream)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._stream is not None
        assert self._datagrams is not None
        self._stream.close()
        self._datagrams.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where it answers, as `ip:port`."""
        return f"{HOST}:{self.port}"

    async def answer(self, question: bytes) -> bytes | None:
        """The answer to one message; None is silence."""
        try:
            asked = DNSRecord.parse(question)
        except DNSError:
            return None
        if not asked.questions:
            return None
        name = str(asked.q.qname).lower().rstrip(".")
        faults = [fault for fault in self.faults if fault.concerns(name)]
        await asyncio.sleep(sum(fault.delay_s for fault in faults))
        ways = {fault.way: fault for fault in faults}
        if "silent" in ways:
            return None
        packed: bytes = self._reply(asked, name, ways).pack()
        return packed

    def answer_later(
        self, question: bytes, transport: asyncio.DatagramTransport, asker: tuple[str, int]
    ) -> None:
        """Answers a datagram when its answer is due."""

        async def deliver() -> None:
            answer = await self.answer(question)
            if answer is not None and not transport.is_closing():
                transport.sendto(answer, asker)

        self._keep(asyncio.create_task(deliver()))

    def _reply(self, asked: DNSRecord, name: str, ways: Mapping[Way, NameFault]) -> DNSRecord:
        reply = asked.reply(ra=1)
        address = self.records.get(name)
        if "servfail" in ways:
            reply.header.rcode = RCODE.SERVFAIL
        elif address is None or "nxdomain" in ways:
            reply.header.rcode = RCODE.NXDOMAIN
            reply.add_auth(RR(name, QTYPE.SOA, rdata=NEGATIVE, ttl=TTL))
        elif asked.q.qtype == QTYPE.A:
            wrong = ways.get("wrong_record")
            reply.add_answer(RR(name, QTYPE.A, rdata=A(wrong.address if wrong else address), ttl=TTL))
        else:
            reply.add_auth(RR(name, QTYPE.SOA, rdata=NEGATIVE, ttl=TTL))
        return reply

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._keep(task)
        try:
            while True:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                answer = await self.answer(await reader.readexactly(size))
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the asker has closed
        finally:
            writer.close()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        self._server.answer_later(data, self._transport, addr)


def _sockets() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on the same free port."""
    for attempt in range(1, ATTEMPTS + 1):
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            stream.bind((HOST, 0))
            datagrams.bind(stream.getsockname())
        except OSError:
            stream.close()
            datagrams.close()
            if attempt == ATTEMPTS:
                raise
        else:
            return stream, datagrams
    raise AssertionError("unreachable")
