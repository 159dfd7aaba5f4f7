"""Links: bytes, silence, refusal, and what impairments do to them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sandbox.impairments import Bandwidth, CutMidway, Latency, Reset
from sandbox.network import HOST, Link, Mode

NEVER_S = 0.4
"""Long enough on loopback to say that nothing comes."""

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every piece in capitals; says goodbye once the client has said all."""
    try:
        while data := await reader.read(65536):
            writer.write(data.upper())
            await writer.drain()
        writer.write(b"BYE")
        await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """A link in front of a server that shouts back."""
    server = await asyncio.start_server(_shout, HOST, 0)
    try:
        async with Link("here", "shouter", server.sockets[0].getsockname()[:2]) as ready:
            yield ready
    finally:
        server.close()


@asynccontextmanager
async def calling(link: Link) -> AsyncIterator[Ends]:
    """A connection through a link."""
    reader, writer = await asyncio.open_connection(HOST, link.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def said(ends: Ends, data: bytes) -> bytes:
    """What comes back for some bytes."""
    ends[1].write(data)
    return await asyncio.wait_for(ends[0].readexactly(len(data)), 60)


async def can_connect(link: Link) -> bool:
    """Whether connecting succeeds within a moment."""
    made = socket.socket()
    made.setblocking(False)
    try:
        async with asyncio.timeout(NEVER_S):
            await asyncio.get_running_loop().sock_connect(made, (HOST, link.port))
    except TimeoutError:
        return False
    finally:
        made.close()
    return True


async def test_bytes_pass_both_ways_and_the_end_of_one_side_is_passed_on(link: Link) -> None:
    """A megabyte goes through unchanged, and after the client's end the server may still speak."""
    async with calling(link) as (reader, writer):
        writer.write(b"abcdefgh" * 131072)
        writer.write_eof()
        assert await reader.read(-1) == b"ABCDEFGH" * 131072 + b"BYE"


async def test_a_silent_link_lets_connect_itself_hang(link: Link) -> None:
    """It is connecting that gets no answer, as behind a firewall that drops; mended, it works at once."""
    await link.insist(Mode.SILENT)
    assert [await can_connect(link) for _ in range(3)] == [False] * 3
    await link.relent(Mode.SILENT)
    async with calling(link) as ends:
        assert await said(ends, b"again") == b"AGAIN"


async def test_connections_stall_while_a_link_is_silent_and_go_on_after(link: Link) -> None:
    """What was said during the silence arrives once it ends."""
    async with calling(link) as ends:
        assert await said(ends, b"one") == b"ONE"
        await link.insist(Mode.SILENT)
        ends[1].write(b"two")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ends[0].readexactly(3), NEVER_S)
        await link.relent(Mode.SILENT)
        assert await asyncio.wait_for(ends[0].readexactly(3), 60) == b"TWO"


async def test_a_refusing_link_resets_what_is_open_and_refuses_what_is_new(link: Link) -> None:
    """As when the server's process has ended; the port stays this link's own."""
    async with calling(link) as ends:
        assert await said(ends, b"one") == b"ONE"
        await link.insist(Mode.REFUSING)
        with pytest.raises(ConnectionResetError):
            await ends[0].read(1)
    with pytest.raises(ConnectionRefusedError):
        await can_connect(link)
    await link.relent(Mode.REFUSING)
    async with calling(link) as ends:
        assert await said(ends, b"back") == b"BACK"


async def test_of_two_modes_refusing_wins_until_it_is_taken_back(link: Link) -> None:
    """Faults may overlap, and each is undone by itself."""
    await link.insist(Mode.SILENT)
    await link.insist(Mode.REFUSING)
    with pytest.raises(ConnectionRefusedError):
        await can_connect(link)
    await link.relent(Mode.REFUSING)
    assert not await can_connect(link)
    await link.relent(Mode.SILENT)
    async with calling(link) as ends:
        assert await said(ends, b"open") == b"OPEN"


async def test_a_reset_comes_with_the_first_words_of_every_second_connection(link: Link) -> None:
    """`every` leaves the others alone."""
    link.impairments.append(Reset(2))
    async with calling(link) as ends:
        assert await said(ends, b"first") == b"FIRST"
    async with calling(link) as ends:
        with pytest.raises(ConnectionResetError):
            await said(ends, b"second")


async def test_a_cut_closes_in_the_middle_of_an_answer(link: Link) -> None:
    """Exactly so many bytes of the answer arrive, then the end."""
    link.impairments.append(CutMidway(4))
    async with calling(link) as (reader, writer):
        writer.write(b"hello")
        assert await reader.read(-1) == b"HELL"


@pytest.mark.parametrize("applies_to", ["query", "first_byte", "connection"])
async def test_latency_holds_back_what_it_applies_to(link: Link, applies_to: str) -> None:
    """The first answer is late by at least what was asked for; a second one only with `query`."""
    link.impairments.append(Latency(200, 0, applies_to))
    clock = asyncio.get_running_loop().time
    async with calling(link) as ends:
        began = clock()
        assert await said(ends, b"one") == b"ONE"
        assert clock() - began >= 0.2
        if applies_to == "query":
            began = clock()
            assert await said(ends, b"two") == b"TWO"
            assert clock() - began >= 0.2


async def test_little_bandwidth_spreads_an_answer_over_time(link: Link) -> None:
    """A hundred bytes at 500 a second take at least a fifth of a second, and all arrive."""
    link.impairments.append(Bandwidth(500))
    clock = asyncio.get_running_loop().time
    began = clock()
    async with calling(link) as ends:
        assert await said(ends, b"x" * 100) == b"X" * 100
    assert clock() - began >= 0.19


async def test_a_server_that_is_gone_shows_as_a_reset() -> None:
    """The link itself accepts, so the client learns of it by a reset."""
    made = socket.socket()
    made.bind((HOST, 0))
    async with Link("here", "nobody", (HOST, made.getsockname()[1])) as link, calling(link) as ends:
        with pytest.raises(ConnectionResetError):
            await ends[0].read(1)
    made.close()


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_closed_link_leaves_its_port_and_its_connections(link: Link, mode: Mode) -> None:
    """In whatever mode it is when it ends, nobody listens afterwards."""
    async with Link("here", "shouter", link.upstream) as other:
        if mode is not Mode.OPEN:
            await other.insist(mode)
    with pytest.raises(ConnectionRefusedError):
        await can_connect(other)
