"""The only way to the network: a connected socket to a host that the environment file names, or a refusal.

Client libraries are given the socket, so that nothing but this file decides where whybot connects to.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from checks.address import (
    METADATA_NAMES,
    Address,
    Range,
    canonical_host,
    literal,
    never_allowed,
    refusal,
)
from checks.errors import connect_failed, words_of
from checks.failures import CheckBlind, CheckFailed
from checks.overlay import Endpoint, Overlay
from checks.reasons import Reason
from checks.recorder import Recorder
from checks.resolver import Records, Resolver


class Dialer:
    """Connects for the checks of one environment.

    `hosts` are all hosts that the environment file names, `ranges` its `network.ranges`. A host that is
    spelled as an address is named by the file itself and need not be in `ranges`; a name may only point to
    public addresses and to `ranges`. Loopback, link-local and metadata addresses are refused always.

    Cheap to make; certificates of the authorities are read once, at the first use of TLS. Use one dialer
    for many sweeps, and close it (or use `async with`) when done.
    """

    def __init__(
        self, hosts: Iterable[str], ranges: Iterable[Range] = (), overlay: Overlay | None = None
    ) -> None:
        self._hosts = frozenset(canonical_host(host) for host in hosts)
        self._ranges = tuple(ranges)
        self._overlay = overlay
        self._endpoints: dict[Endpoint, Endpoint] = overlay.endpoints() if overlay is not None else {}
        self._resolver = Resolver(overlay.dns if overlay is not None else None)
        self._context: ssl.SSLContext | None = None
        self._unverified: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        await self.warm_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def warm_up(self) -> None:
        """Reads the authorities in a thread: 25 ms for which the loop would stand still in a first sweep."""
        with contextlib.suppress(CheckBlind):  # the check that needs them will say so
            await asyncio.to_thread(self.tls_context)

    def close(self) -> None:
        """Lets go of the cached authorities. The dialer holds no connection of its own."""
        self._context = self._unverified = None

    def names(self, host: str) -> bool:
        """Whether the environment file names this host."""
        return canonical_host(host) in self._hosts

    async def lookup(self, name: str, record: str, timeout: float) -> Records:
        """Records of a name that the file names, whatever they point to; only the resolver is talked to.

        `timeout` in seconds. Raises `CheckFailed` (`dns_…`, `address_refused`).
        """
        self._demand_named(name)
        if self._overlay is not None and self._overlay.dns is None:
            raise CheckBlind(Reason.ADDRESS_REFUSED, f"the sandbox has no resolver to ask for {name}")
        return await self._resolver.lookup(canonical_host(name), record, timeout)

    async def resolve(self, host: str, timeout: float = 5.0) -> list[Address]:
        """The addresses of a host, all of them allowed; IPv6 only where there is no IPv4 address.

        IPv4 alone is what Serverless VPC Access carries, and one query costs half of two. A host spelled
        as an address is answered without asking anybody. Raises `CheckFailed` as `lookup` does, and
        `address_refused` where one of the addresses is not allowed.
        """
        self._demand_named(host)
        spelled = literal(canonical_host(host))
        if spelled is not None:
            return [demand_literal(host, spelled)]
        try:
            answer = await self.lookup(host, "A", timeout)
        except CheckFailed as failed:
            if failed.reason is not Reason.DNS_NO_RECORD:
                raise
            answer = await self.lookup(host, "AAAA", timeout)
        addresses = [address for value in answer.values if (address := literal(value)) is not None]
        for address in addresses:
            why_not = refusal(address, self._ranges)
            if why_not is not None:
                raise CheckFailed(
                    Reason.ADDRESS_REFUSED,
                    f"{host} points to {address} ({why_not}), so whybot did not connect",
                )
        return addresses

    async def connect(self, host: str, port: int, recorder: Recorder) -> socket.socket:
        """A non-blocking, connected TCP socket, which the caller closes.

        Notes the phases `resolve` (where a name was resolved) and `connect` and the fact `address`. Several
        addresses are tried in turn, each with its share of what is left until the recorder's deadline. Raises
        `CheckFailed` with a `dns_…` or `connect_…` reason or `address_refused`.
        """
        self._demand_named(host)
        if literal(canonical_host(host)) is not None:
            addresses = await self.resolve(host)
        else:
            with recorder.phase("resolve"):
                addresses = await self.resolve(host, recorder.remaining())
        with recorder.phase("connect"):
            return await self._connect_any(host, addresses, port, recorder)

    def tls_context(self) -> ssl.SSLContext:
        """Trusts the system's and the overlay's authorities. Shared by all checks: do not change it.

        Raises `CheckBlind` where an authority cannot be read.
        """
        if self._context is None:
            context = ssl.create_default_context()
            for authority in self._overlay.authorities if self._overlay is not None else ():
                trust(context, authority)
            self._context = context
        return self._context

    def unverified_tls_context(self) -> ssl.SSLContext:
        """Accepts any certificate: for reading an invalid one as evidence. Never send anything over it."""
        if self._unverified is None:
            self._unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._unverified.check_hostname = False
            self._unverified.verify_mode = ssl.CERT_NONE
        return self._unverified

    @property
    def resolver_name(self) -> str:
        """The resolver that answers for names, for people."""
        return self._resolver.name

    def _demand_named(self, host: str) -> None:
        if canonical_host(host) in METADATA_NAMES:
            raise CheckFailed(
                Reason.ADDRESS_REFUSED, f"{host} is the cloud's metadata server; whybot never connects to it"
            )
        if not self.names(host):
            raise CheckFailed(
                Reason.ADDRESS_REFUSED,
                f"{host} is not named in the environment file, so whybot did not connect",
            )

    def _local(self, address: Address, port: int) -> Endpoint:
        """Where this address is in this world."""
        if self._overlay is None:
            return address, port
        try:
            return self._endpoints[address, port]
        except KeyError:
            raise CheckBlind(
                Reason.ADDRESS_REFUSED, f"the sandbox has no {endpoint(address, port)}"
            ) from None

    async def _connect_any(
        self, host: str, addresses: list[Address], port: int, recorder: Recorder
    ) -> socket.socket:
        failed = CheckFailed(Reason.DNS_NO_RECORD, f"{host} has no address")
        for position, address in enumerate(addresses):
            recorder.note(address=endpoint(address, port))
            where = endpoint(address, port)
            if literal(canonical_host(host)) is None:
                where = f"{where} ({host})"
            share = recorder.remaining() / (len(addresses) - position)
            try:
                return await connect_one(*self._local(address, port), share, where)
            except CheckFailed as error:
                failed = error
        raise failed


def trust(context: ssl.SSLContext, authority: Path) -> None:
    """Adds the authorities of a PEM file; raises `CheckBlind` where it cannot be read."""
    try:
        context.load_verify_locations(authority)
    except OSError as error:  # ssl.SSLError is one as well
        words = (
            f"could not ask: the authority {authority.name} of the sandbox cannot be read ({words_of(error)})"
        )
        raise CheckBlind(Reason.TLS_UNKNOWN_AUTHORITY, words) from error


def demand_literal(host: str, address: Address) -> Address:
    """The address, where a host that spells it may be connected to."""
    why_not = never_allowed(address)
    if why_not is None and str(address) != canonical_host(host) and address.version == 4:
        why_not = f"write it as {address}"
    if why_not is not None:
        raise CheckFailed(Reason.ADDRESS_REFUSED, f"{host} is refused ({why_not}), so whybot did not connect")
    return address


def endpoint(address: Address, port: int) -> str:
    """`10.0.0.1:6379` or `[2001:db8::1]:443`."""
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


async def connect_one(address: Address, port: int, timeout: float, where: str) -> socket.socket:
    """Connects within `timeout` seconds; raises what `connect_failed` makes of an error."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    began = time.perf_counter()
    with contextlib.ExitStack() as undo:
        try:
            connection = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_connect(connection, (str(address), port))
        except OSError as error:
            raise connect_failed(error, where, (time.perf_counter() - began) * 1000) from error
        undo.pop_all()
    return connection
