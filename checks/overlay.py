"""The overlay: the same environment file in another world, every address of it mapped to a local one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Endpoint = tuple[IPv4Address | IPv6Address, int]


def parse_endpoint(text: str) -> Endpoint:
    """Reads `10.0.0.1:6379` or `[2001:db8::1]:443`; raises ValueError that says what is wrong."""
    address, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no address with a port; write for example 10.0.0.1:6379")
    try:
        return ip_address(address.removeprefix("[").removesuffix("]")), int(port)
    except ValueError:
        raise ValueError(f"{address!r} is no IP address") from None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Where the addresses of an environment file are in this world (the sandbox's, a test's).

    `addresses` maps `ip:port` of the file to a local `ip:port`; what it does not map cannot be reached. `dns`
    is the resolver that answers for the file's names; without one, no name resolves. `authorities` are PEM
    files trusted besides the system's. `google` is where the clients of Google Cloud find it instead of
    googleapis.com: `(gRPC, REST)`, each `ip:port`, without TLS. Everything local must be loopback, so that an
    overlay can never lead out of the machine: raises ValueError otherwise.
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, int] | None = None
    authorities: tuple[Path, ...] = ()
    google: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        self.endpoints()
        if self.dns is not None and not ip_address(self.dns[0]).is_loopback:
            raise ValueError(f"the overlay's resolver {self.dns[0]} is not on loopback")
        for where in self.google or ():
            if not parse_endpoint(where)[0].is_loopback:
                raise ValueError(f"the overlay's Google Cloud {where} is not on loopback")

    def endpoints(self) -> dict[Endpoint, Endpoint]:
        """`addresses` as parsed pairs."""
        parsed = {parse_endpoint(known): parse_endpoint(local) for known, local in self.addresses.items()}
        for (address, port), (local, _) in parsed.items():
            if not local.is_loopback:
                raise ValueError(f"{address}:{port} is mapped to {local}, which is not on loopback")
        return parsed
