"""What is probed: cheap local servers in a process of their own, so that their work is in nobody's figure.

`python -m benchmarks.targets FOLDER` writes one line of JSON with its ports and serves until its input ends.
"""

import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import trustme

NAME = "bench.example.org"
ADDRESS = "203.0.113.10"
"""The address that environment files name (RFC 5737); an overlay leads to this machine."""
BODY = b'{"status": "healthy"}'


@dataclass(frozen=True, slots=True)
class Targets:
    """Local ports, and the authority that signed the certificate."""

    tcp: int
    http: int
    tls: int
    dns: int
    authority: str


class Web(asyncio.Protocol):
    """Answers `GET /N` after N milliseconds with a small JSON body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport to answer on."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Reads the delay from the path. Requests of the probers here always come in one packet."""
        path = data.split(b" ", 2)[1].strip(b"/")
        delay = int(path) / 1000 if path.isdigit() else 0.0
        if delay:
            asyncio.get_running_loop().call_later(delay, self._answer)
        else:
            self._answer()

    def _answer(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(BODY) + BODY)


class Resolver(asyncio.DatagramProtocol):
    """Answers every question with one A record."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport to answer on."""
        # The loop's own datagram transport does not derive from the class that it documents.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Repeats the question (RFC 1035, 4.1) without what follows it, and points the answer back to it."""
        end = data.index(b"\0", 12) + 5
        record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + bytes(map(int, ADDRESS.split(".")))
        head = data[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0"
        self._transport.sendto(head + data[12:end] + record, addr)


async def serve(folder: Path) -> None:
    """Serves until standard input ends."""
    authority = trustme.CA()
    pem = folder / "authority.pem"
    authority.cert_pem.write_to_path(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=1024),
        await loop.create_server(Web, "127.0.0.1", 0, backlog=1024),
        await loop.create_server(Web, "127.0.0.1", 0, ssl=context, backlog=1024),
    ]
    dns, _ = await loop.create_datagram_endpoint(Resolver, local_addr=("127.0.0.1", 0))
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    tcp, http, tls = ports
    told = Targets(tcp, http, tls, dns.get_extra_info("sockname")[1], str(pem))
    print(json.dumps({name: getattr(told, name) for name in Targets.__slots__}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.asynccontextmanager
async def targets(folder: Path) -> AsyncIterator[Targets]:
    """The servers in a process of their own; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.targets", str(folder),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Targets(**json.loads(await process.stdout.readline()))
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
