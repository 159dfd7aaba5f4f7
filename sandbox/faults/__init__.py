"""Every kind of fault, one family per file."""

from collections.abc import Mapping

from sandbox.errors import UnknownNameError
from sandbox.faults import application, clickhouse, cloud, dns, links, postgres, redis, tls
from sandbox.faults.kind import FaultKind

FAULTS: tuple[FaultKind, ...] = (
    *links.FAULTS,
    *redis.FAULTS,
    *postgres.FAULTS,
    *clickhouse.FAULTS,
    *application.FAULTS,
    *dns.FAULTS,
    *tls.FAULTS,
    *cloud.FAULTS,
)
BY_NAME: Mapping[str, FaultKind] = {kind.fault: kind for kind in FAULTS}


def fault_kind(name: str) -> FaultKind:
    """The kind of this name; raises `UnknownNameError`."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise UnknownNameError("fault", name, BY_NAME) from None
