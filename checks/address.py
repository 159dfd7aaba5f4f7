"""Which addresses may be connected to: pure rules, no network.

The danger is a name (or a redirect, or a DNS answer that someone changed) that leads a prober to its own
machine or to the cloud's metadata server, which hands out credentials.
"""

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Range = IPv4Network | IPv6Network

METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
# Google's and Amazon's, in both families, then Alibaba's, Azure's and Oracle's.
METADATA_ADDRESSES = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "fd20:ce::254",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    )
)
THIS_NETWORK = IPv4Network("0.0.0.0/8")  # RFC 1122: means this machine when it is connected to
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
COMPATIBLE = IPv6Network("::/96")  # RFC 4291, deprecated, and still understood by some stacks
LEGACY_SPELLING = re.compile(r"^[0-9a-fx]+(\.[0-9a-fx]+){0,3}$", re.IGNORECASE)


def canonical_host(host: str) -> str:
    """A host as it is compared: lower case, no final dot, no brackets around an IPv6 address."""
    return host.strip().lower().removeprefix("[").removesuffix("]").rstrip(".")


def literal(host: str) -> Address | None:
    """The address that a host spells out, if it is one.

    Knows the spellings of inet_aton(3) as well (`2852039166`, `0xa9.0xfe.169.254`, `127.1`), since a C
    library would take them for addresses.
    """
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not LEGACY_SPELLING.match(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address carries and may be routed to, if any."""
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64 or address in NAT64_LOCAL or (address in COMPATIBLE and int(address) > 0xFFFF):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def never_allowed(address: Address) -> str | None:
    """Why this address is refused whatever an environment file says, in words; None where it is not."""
    if address in METADATA_ADDRESSES:
        return "the cloud's metadata server"
    rules = (
        (address.is_loopback, "this machine itself"),
        (address.is_unspecified or address in THIS_NETWORK, "this machine itself"),
        (address.is_link_local, "a link-local address"),
        (isinstance(address, IPv6Address) and address.scope_id is not None, "an address of one link only"),
        (address.is_multicast, "a multicast address"),
        (isinstance(address, IPv4Address) and address.is_reserved, "a reserved address"),
    )
    for forbidden, words in rules:
        if forbidden:
            return words
    inner = embedded(address)
    return never_allowed(inner) if inner is not None else None


def refusal(address: Address, ranges: Iterable[Range]) -> str | None:
    """Why a name may not point to this address, in words, or None where it may.

    It may where the address is public or in one of the file's `network.ranges`, and is none of those
    that are never allowed. An IPv6 address that carries an IPv4 one is judged by both.
    """
    forbidden = never_allowed(address)
    if forbidden is not None:
        return forbidden
    known = tuple(ranges)
    inner = embedded(address)
    if any(address in known_range for known_range in known):
        return None
    judged = inner if inner is not None else address
    if judged.is_global or any(judged in known_range for known_range in known):
        return None
    return "neither public nor in network.ranges of the environment file"
