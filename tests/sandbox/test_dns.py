"""The sandbox's resolver, asked by dnspython."""

import asyncio
from collections.abc import AsyncIterator

import dns.asyncquery
import dns.asyncresolver
import dns.message
import dns.rcode
import dns.resolver
import pytest

from sandbox.dns import HOST, NameFault, NameServer

NAME = "staging.netrasystems.ai"


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    """A resolver that knows one name."""
    async with NameServer({NAME: "203.0.113.10"}) as ready:
        yield ready


def client(server: NameServer) -> dns.asyncresolver.Resolver:
    """A resolver that asks only this server."""
    made = dns.asyncresolver.Resolver(configure=False)
    made.nameservers, made.port, made.lifetime = [HOST], server.port, 5.0
    return made


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_name_is_answered_over_both_transports(server: NameServer, tcp: bool) -> None:
    """UDP and TCP have the same port and the same answers, whatever the case of the name."""
    answer = await client(server).resolve(NAME.upper(), "A", tcp=tcp)
    assert [record.to_text() for record in answer] == ["203.0.113.10"]


async def test_unknown_names_do_not_exist_and_other_types_are_empty(server: NameServer) -> None:
    """NXDOMAIN and NODATA are told apart."""
    with pytest.raises(dns.resolver.NXDOMAIN):
        await client(server).resolve("nowhere.netrasystems.ai", "A")
    with pytest.raises(dns.resolver.NoAnswer):
        await client(server).resolve(NAME, "AAAA")


async def test_a_fault_hits_its_name_only(server: NameServer) -> None:
    """A fault for another name changes nothing; one without a name hits all."""
    server.faults.append(NameFault("servfail", "other.netrasystems.ai"))
    await client(server).resolve(NAME, "A")
    server.faults.append(NameFault("servfail"))
    answer = await dns.asyncquery.udp(dns.message.make_query(NAME, "A"), HOST, 5, server.port)
    assert answer.rcode() == dns.rcode.SERVFAIL


async def test_garbage_is_not_answered_and_harms_nobody(server: NameServer) -> None:
    """A datagram that is no question is dropped, and the next question is answered."""
    assert await server.answer(b"\x00\x01garbage") is None
    assert await server.answer(b"") is None
    await client(server).resolve(NAME, "A")


async def test_leaving_does_not_wait_for_slow_answers() -> None:
    """An answer that is still being delayed is dropped when the server ends."""
    async with NameServer({NAME: "203.0.113.10"}) as server:
        server.faults.append(NameFault("slow", delay_s=3600))
        asking = asyncio.create_task(client(server).resolve(NAME, "A", lifetime=0.2))
        with pytest.raises(dns.resolver.LifetimeTimeout):
            await asking
