"""Which addresses go through a VPC when only private ranges do."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Range = IPv4Network | IPv6Network

# RFC 1918, RFC 6598, and the two ranges of Private Google Access.
# https://cloud.google.com/run/docs/configuring/vpc-connectors
PRIVATE_RANGES = tuple(
    IPv4Network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "199.36.153.4/30",
        "199.36.153.8/30",
    )
)
UNIQUE_LOCAL = IPv6Network("fc00::/7")


def parse_address(text: str) -> Address | None:
    """The address that a text spells; None where it is none. An IPv4 one within IPv6 counts as IPv4."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=16_384)
def parse_range(text: str) -> Range | None:
    """The range that a text spells (`10.0.0.0/8`, an address alone); None where it is none."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def holds(text: str, address: Address) -> bool:
    """Whether a range, as it is written, holds an address. One that is not understood holds none."""
    found = parse_range(text)
    return found is not None and found.version == address.version and address in found


def is_private(address: Address) -> bool:
    """Whether `private-ranges-only` sends it through the VPC."""
    if isinstance(address, IPv6Address):
        return address in UNIQUE_LOCAL
    return any(address in each for each in PRIVATE_RANGES)
