"""Faults of ClickHouse itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.faults.kind import FaultKind, Option, Order
from sandbox.staging import Staging

TARGET = ("clickhouse",)
USUAL_LIMIT = 100


@asynccontextmanager
async def _slow(staging: Staging, order: Order) -> AsyncIterator[None]:
    staging.clickhouse.delay_ms = order.options["ms"]
    try:
        yield
    finally:
        staging.clickhouse.delay_ms = 0


@asynccontextmanager
async def _error(staging: Staging, order: Order) -> AsyncIterator[None]:
    staging.clickhouse.limit_queries(0)
    try:
        yield
    finally:
        staging.clickhouse.limit_queries(USUAL_LIMIT)


FAULTS = (
    FaultKind(
        "clickhouse_slow",
        "ClickHouse: slow queries",
        "Every query waits before it runs.",
        TARGET,
        _slow,
        (Option("ms", "ms", 900.0),),
    ),
    FaultKind(
        "clickhouse_error",
        "ClickHouse: refuses queries",
        "It answers pings, but every query with code 202, TOO_MANY_SIMULTANEOUS_QUERIES.",
        TARGET,
        _error,
        effect="closed",
    ),
)
