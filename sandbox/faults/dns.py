"""Faults of names: the resolver answers wrongly, late or not at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import AddressValueError, IPv4Address

from sandbox.dns import NameFault, Way
from sandbox.errors import WrongOptionError
from sandbox.faults.kind import Effect, Enter, FaultKind, Option, Order
from sandbox.staging import Staging
from sandbox.targets import DNS, SITES, TARGETS

WHERE = (*SITES, DNS)
"""A service: its name only. `dns`: every name."""


def _misanswering(way: Way) -> Enter:
    @asynccontextmanager
    async def enter(staging: Staging, order: Order) -> AsyncIterator[None]:
        name = None if order.target == DNS else TARGETS[order.target].host_name
        delay, address = order.options.get("ms", 0.0), order.options.get("address", "")
        if way == "wrong_record":
            try:
                IPv4Address(address)
            except AddressValueError:
                raise WrongOptionError(f"address is {address!r}; it must be an IPv4 address") from None
        fault = NameFault(way, name, delay / 1000, address)
        staging.names.faults.append(fault)
        try:
            yield
        finally:
            staging.names.faults.remove(fault)

    return enter


def _kind(
    way: Way, title: str, description: str, *options: Option, effect: Effect = "closed", slot: str = "dns"
) -> FaultKind:
    return FaultKind(
        f"dns_{way}", title, description, WHERE, _misanswering(way), options, effect=effect, slot=slot
    )


FAULTS = (
    _kind("nxdomain", "Name does not exist", "The resolver says NXDOMAIN."),
    _kind("servfail", "Resolver fails", "The resolver says SERVFAIL."),
    _kind("silent", "Resolver silent", "The resolver does not answer at all."),
    _kind(
        "wrong_record",
        "Wrong record",
        "The name points to another address.",
        Option("address", "IPv4 address", "203.0.113.99"),
    ),
    _kind(
        "slow",
        "Resolver slow",
        "The resolver answers late.",
        Option("ms", "ms", 600.0),
        effect="impaired",
        slot="dns_slow",
    ),
)
