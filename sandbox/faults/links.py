"""Faults of the network: what a link does to connections and bytes, whatever protocol they speak."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Literal

from sandbox.faults.kind import SOURCE, Enter, FaultKind, Option, Order
from sandbox.impairments import APPLIES_TO, Bandwidth, CutMidway, Latency, Reset
from sandbox.network import Impairment, Link, Mode
from sandbox.staging import Staging
from sandbox.targets import TARGETS

EVERYWHERE = tuple(TARGETS)


@asynccontextmanager
async def impaired(staging: Staging, order: Order, impairment: Impairment) -> AsyncIterator[None]:
    """The links of an order with an impairment on them."""
    links = staging.links_to(order.target, order.source)
    for link in links:
        link.impairments.append(impairment)
    try:
        yield
    finally:
        for link in links:
            link.impairments.remove(impairment)


def _latency(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
    return impaired(staging, order, Latency(order.options["ms"], 0.0, order.options["applies_to"]))


def _jitter(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
    return impaired(staging, order, Latency(order.options["ms"], order.options["spread_ms"], "query"))


def _reset(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
    return impaired(staging, order, Reset(order.options["every"]))


def _cut(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
    return impaired(staging, order, CutMidway(order.options["after_bytes"]))


def _bandwidth(staging: Staging, order: Order) -> AbstractAsyncContextManager[None]:
    return impaired(staging, order, Bandwidth(order.options["bytes_per_second"]))


def _in_mode(mode: Literal[Mode.SILENT, Mode.REFUSING]) -> Enter:
    @asynccontextmanager
    async def enter(staging: Staging, order: Order) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for link in staging.links_to(order.target, order.source):
                await stack.enter_async_context(_insisting(link, mode))
            yield

    return enter


@asynccontextmanager
async def _insisting(link: Link, mode: Mode) -> AsyncIterator[None]:
    try:
        await link.insist(mode)
        yield
    finally:
        await link.relent(mode)


FAULTS = (
    FaultKind(
        "blackhole",
        "Unreachable",
        "Packets are dropped: connecting gets no answer, connections that exist stall.",
        EVERYWHERE,
        _in_mode(Mode.SILENT),
        (SOURCE,),
        effect="closed",
        slot="way",
    ),
    FaultKind(
        "refuse",
        "Connection refused",
        "Nothing listens on the port: connecting is refused at once.",
        EVERYWHERE,
        _in_mode(Mode.REFUSING),
        (SOURCE,),
        effect="closed",
        slot="way",
    ),
    FaultKind(
        "reset",
        "Connection reset",
        "The connection is accepted, and reset when the client first speaks: in TLS handshake or login.",
        EVERYWHERE,
        _reset,
        (Option("every", "connections", 1), SOURCE),
        effect="closed",
    ),
    FaultKind(
        "cut",
        "Cut midway",
        "The connection is closed in the middle of an answer.",
        EVERYWHERE,
        _cut,
        (Option("after_bytes", "bytes", 10), SOURCE),
        effect="closed",
    ),
    FaultKind(
        "latency",
        "Latency",
        "Answers are late: each one, the first byte of a connection, or the connection itself.",
        EVERYWHERE,
        _latency,
        (Option("ms", "ms", 300.0), Option("applies_to", " | ".join(APPLIES_TO), "query"), SOURCE),
    ),
    FaultKind(
        "jitter",
        "Jitter",
        "Each answer is late by another amount.",
        EVERYWHERE,
        _jitter,
        (Option("ms", "ms", 300.0), Option("spread_ms", "ms", 150.0), SOURCE),
    ),
    FaultKind(
        "bandwidth",
        "Little bandwidth",
        "So few bytes a second pass to the client.",
        EVERYWHERE,
        _bandwidth,
        (Option("bytes_per_second", "bytes/s", 500.0), SOURCE),
    ),
)
