"""Faults of certificates: the site shows one that is wrong in one way."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.certificates import Certificates
from sandbox.faults.kind import Effect, Enter, FaultKind, Option, Order
from sandbox.staging import Staging
from sandbox.targets import SITES, TARGETS

Issue = Callable[[Certificates, str, Order], Path]


def _showing(issue: Issue) -> Enter:
    @asynccontextmanager
    async def enter(staging: Staging, order: Order) -> AsyncIterator[None]:
        name = TARGETS[order.target].host_name
        assert name is not None, "every site has a name"
        async with staging.sites.showing(order.target, issue(staging.certificates, name, order)):
            yield

    return enter


def _kind(
    fault: str, title: str, description: str, issue: Issue, *options: Option, effect: Effect = "closed"
) -> FaultKind:
    return FaultKind(
        fault, title, description, SITES, _showing(issue), options, effect=effect, slot="certificate"
    )


FAULTS = (
    _kind(
        "tls_expired",
        "Certificate expired",
        "The certificate ended some days ago.",
        lambda certificates, name, order: certificates.expired(name, order.options["days"]),
        Option("days", "days", 3.0),
    ),
    _kind(
        "tls_expiring",
        "Certificate expires soon",
        "The certificate is still valid, for a few days.",
        lambda certificates, name, order: certificates.expiring(name, order.options["days"]),
        Option("days", "days", 5.0),
        effect="impaired",
    ),
    _kind(
        "tls_wrong_name",
        "Certificate for another name",
        "The certificate is valid, but not for this host.",
        lambda certificates, name, order: certificates.wrong_name(order.options["name"]),
        Option("name", "host name", "other.netrasystems.ai"),
    ),
    _kind(
        "tls_unknown_authority",
        "Unknown authority",
        "The certificate is signed by an authority that nobody trusts.",
        lambda certificates, name, order: certificates.unknown_authority(name),
    ),
)
