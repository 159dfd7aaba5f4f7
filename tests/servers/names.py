"""A resolver that answers, lies, fails or stays silent, on UDP and TCP of loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

from dnslib import QTYPE, RCODE, RR, DNSRecord


@dataclass
class Names:
    """What the resolver answers. `zone` holds lines of a zone file; `rcodes` and `silent` go by name."""

    port: int = 0
    zone: list[str] = field(default_factory=list)
    rcodes: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    def answer(self, question: bytes) -> bytes | None:
        """The answer to one message, or None for silence."""
        request = DNSRecord.parse(question)
        name = str(request.q.qname).rstrip(".").lower()
        kind = QTYPE[request.q.qtype]
        self.asked.append(f"{name} {kind}")
        if name in self.silent:
            return None
        reply = request.reply(ra=1)
        records = [record for line in self.zone for record in RR.fromZone(line)]
        known = [record for record in records if str(record.rname).rstrip(".").lower() == name]
        if name in self.rcodes:
            reply.header.rcode = getattr(RCODE, self.rcodes[name])
        elif not known:
            reply.header.rcode = RCODE.NXDOMAIN
        reply.add_answer(*(r for r in known if r.rtype == request.q.qtype and name not in self.rcodes))
        packed: bytes = reply.pack()
        return packed


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, names: Names) -> None:
        self.names = names
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own datagram transport is no DatagramTransport by class in Python 3.11.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self.names.answer(data)
        if answer is not None:
            asyncio.get_running_loop().call_later(self.names.delay_s, self._send, answer, addr)

    def _send(self, answer: bytes, addr: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(answer, addr)


@contextlib.asynccontextmanager
async def resolving() -> AsyncIterator[Names]:
    """A resolver on a free port; what it answers can be changed while it runs."""
    names = Names()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(names), local_addr=("127.0.0.1", 0))
    names.port = transport.get_extra_info("sockname")[1]
    try:
        yield names
    finally:
        transport.close()
        await asyncio.sleep(0)
