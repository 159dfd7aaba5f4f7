"""Names to records, asked of the resolver itself, so that its own answer, error and time are seen.

The C library's getaddrinfo blocks a thread and folds every failure into a few numbers (-3, -2), so it is
not used.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from checks.durations import spoken
from checks.errors import NO_NETWORK
from checks.failures import CheckBlind, CheckFailed
from checks.reasons import Reason


@dataclass(frozen=True, slots=True)
class Records:
    """A resolver's answer: records as text in the form of a zone file, and where they came from.

    `canonical` is the name after CNAMEs. `ttl_s` is the smallest of the answer, in seconds.
    """

    values: tuple[str, ...]
    ttl_s: int
    canonical: str
    server: str


class Resolver:
    """Asks one resolver (an overlay's) or those of the system's configuration."""

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        self._server = server
        self._client: dns.asyncresolver.Resolver | None = None

    @property
    def name(self) -> str:
        """The resolver for people: `10.0.0.2` or `10.0.0.2, 10.0.0.3`; with its port where it is not 53."""
        client = self._configured()
        return ", ".join(shown(str(server), client.port) for server in client.nameservers)

    async def lookup(self, name: str, record: str, lifetime: float) -> Records:
        """The records of one type. Raises `CheckFailed` with a `dns_…` reason within `lifetime` seconds."""
        client = self._configured()
        began = time.perf_counter()
        try:
            async with asyncio.timeout(lifetime):
                # search=False: the file names hosts in full, and a search list would ask for others.
                answer = await client.resolve(name, record, lifetime=lifetime, search=False)
        except (dns.exception.DNSException, TimeoutError) as error:
            waited = (time.perf_counter() - began) * 1000
            raise failure(error, name=name, record=record, server=self.name, waited_ms=waited) from error
        return Records(
            values=tuple(sorted(text_of(rdata) for rdata in answer)),
            ttl_s=answer.rrset.ttl if answer.rrset is not None else 0,
            canonical=str(answer.canonical_name).rstrip("."),
            server=shown(str(answer.nameserver), answer.port),
        )

    def _configured(self) -> dns.asyncresolver.Resolver:
        if self._client is None:
            self._client = configured(self._server)
        return self._client


def configured(server: tuple[str, int] | None) -> dns.asyncresolver.Resolver:
    """dnspython's resolver for one server, or for the system's; raises `CheckBlind` if there is none."""
    if server is not None:
        client = dns.asyncresolver.Resolver(configure=False)
        client.nameservers = [server[0]]
        client.port = server[1]
        return client
    try:
        return dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        raise CheckBlind(
            Reason.DNS_TIMEOUT,
            "this machine has no resolver (nothing in /etc/resolv.conf), so no name was asked for",
        ) from None


def shown(server: str, port: int | None) -> str:
    """A resolver for people; its port only where it is not the usual one."""
    return server if port in (None, 53) else f"{server}:{port}"


def text_of(rdata: Any) -> str:
    """A record as people write it: TXT without quotes, names without the final dot."""
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("utf-8", "replace")
    text: str = rdata.to_text()
    return text.rstrip(".") if rdata.rdtype not in (dns.rdatatype.A, dns.rdatatype.AAAA) else text


def failure(error: Exception, *, name: str, record: str, server: str, waited_ms: float) -> CheckFailed:
    """What a failed lookup means, in words."""
    if isinstance(error, dns.resolver.NXDOMAIN):
        return CheckFailed(Reason.DNS_NXDOMAIN, f"there is no name {name} (NXDOMAIN from resolver {server})")
    if isinstance(error, dns.resolver.NoAnswer):
        return CheckFailed(
            Reason.DNS_NO_RECORD, f"{name} exists but has no {record} record (resolver {server})"
        )
    if isinstance(error, dns.resolver.NoNameservers):
        if (own := own_trouble(error)) is not None:
            words = f"could not ask resolver {server} for {name}: {own}"
            return CheckBlind(Reason.CONNECT_UNREACHABLE, words)
        return CheckFailed(
            Reason.DNS_SERVFAIL, f"resolver {server} could not look {name} up ({rcodes(error)})"
        )
    if isinstance(error, (dns.exception.Timeout, TimeoutError)):
        return CheckFailed(
            Reason.DNS_TIMEOUT, f"resolver {server} did not answer for {name} in {spoken(waited_ms)}"
        )
    if isinstance(
        error, (dns.name.LabelTooLong, dns.name.EmptyLabel, dns.name.NameTooLong, dns.name.BadEscape)
    ):
        return CheckFailed(Reason.DNS_NXDOMAIN, f"{name!r} is no name that DNS can hold")
    return CheckFailed(Reason.DNS_SERVFAIL, f"resolver {server} gave no usable answer for {name}: {error}")


def own_trouble(error: dns.resolver.NoNameservers) -> str | None:
    """Why no resolver was even asked, where it is for want of a network here."""
    told = [
        NO_NETWORK.get(getattr(problem, "errno", None) or 0)
        for _, _, _, problem, _ in error.kwargs.get("errors", ())
    ]
    return told[0] if told and all(told) else None


def rcodes(error: dns.resolver.NoNameservers) -> str:
    """The response codes (SERVFAIL, REFUSED, …) that the resolvers gave, or their errors in short."""
    told = []
    for _, _, _, problem, response in error.kwargs.get("errors", ()):
        told.append(dns.rcode.to_text(response.rcode()) if response is not None else str(problem))
    return ", ".join(dict.fromkeys(told)) or "no answer"
