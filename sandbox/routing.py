"""Which way packets take through the staging networks, from configuration alone; pure.

This is the sandbox's physics, written without looking at `checks.path`, so that a test can hold the two
against each other. Whatever goes wrong on the way, packets are dropped without a word, as Google does.

Sources: cloud.google.com/vpc/docs/routes (routes of subnets, own and peered, come before custom ones; then
the most specific destination wins, then the lowest priority),
/vpc/docs/vpc-peering (peering is not transitive), /vpc/docs/firewalls (the lowest priority number decides,
deny before allow), /run/docs/configuring/vpc-connectors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "199.36.153.4/30"))
)
"""What the egress setting `private-ranges-only` sends through the VPC, as far as it matters here."""
SERVING_CONNECTOR = ("READY", "UPDATING")
"""States in which a connector carries traffic: while it scales it does."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a revision or a job reaches a VPC: over a connector, over an interface, or not at all.

    `connector` is `(region, name)`. `network` is the interface's. `all_traffic` is the egress setting.
    """

    connector: tuple[str, str] | None = None
    network: str = ""
    tags: tuple[str, ...] = ()
    all_traffic: bool = False


@dataclass(frozen=True, slots=True)
class Connector:
    """A Serverless VPC Access connector."""

    region: str
    name: str
    network: str
    state: str

    @property
    def tags(self) -> tuple[str, ...]:
        """Network tags that its instances carry, for routes and firewall rules."""
        return "vpc-connector", f"vpc-connector-{self.region}-{self.name}"


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a network. `kind` is what its next hop is, `hop` the next hop's name.

    Kinds: `subnet`, `peering` (a subnet of a peer), `custom peering` (any other route that a peer exports),
    `gateway`, `vpn`, `interconnect`, and anything else leads nowhere.
    """

    network: str
    destination: str
    kind: str
    hop: str = ""
    name: str = ""
    priority: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """An egress firewall rule. `traffic` holds `(protocol, ports)`; none is everything, no ports are all."""

    network: str
    name: str
    priority: int
    allow: bool
    destinations: tuple[str, ...] = ()
    traffic: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that listens: attached to a network, or (`peering`) behind one of its peerings."""

    title: str
    address: str
    network: str
    up: bool = True
    behind_peering: bool = False


@dataclass(frozen=True, slots=True)
class Fabric:
    """All that decides over ways. `tunnels` maps a VPN tunnel or attachment to the network at its far end."""

    region: str
    connectors: tuple[Connector, ...] = ()
    networks: frozenset[str] = frozenset()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    tunnels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The hops that packets took, and why they were dropped (None where they arrive)."""

    hops: tuple[str, ...] = ()
    why: str | None = None

    @property
    def open(self) -> bool:
        """Whether packets arrive."""
        return self.why is None


class Dropped(Exception):  # noqa: N818 - what becomes of a packet, no error of the program
    """Packets go no further; the message says why."""


def way(fabric: Fabric, access: Access | None, address: str, port: int) -> Way:
    """The way from something with this VPC access to an address. Never raises."""
    hops: list[str] = []
    try:
        _travel(fabric, access, ip_address(address), port, hops)
    except (Dropped, ValueError) as dropped:
        return Way(tuple(hops), str(dropped))
    return Way(tuple(hops))


def way_from_office(fabric: Fabric, address: str) -> Way:
    """The way from the office, whose own line leads into every network: only the target's state counts."""
    endpoint = next((each for each in fabric.endpoints if each.address == address), None)
    if endpoint is None:
        return Way(("office",), f"nothing has the address {address}")
    if not endpoint.up:
        return Way(("office", endpoint.network), f"{endpoint.title} does not run")
    return Way(("office", endpoint.network))


def _travel(
    fabric: Fabric, access: Access | None, to: IPv4Address | object, port: int, hops: list[str]
) -> None:
    if not isinstance(to, IPv4Address):
        raise Dropped("the sandbox has no IPv6")
    if access is None:
        _leave_directly(to, hops, f"there is no VPC access, and {to} is private")
        return
    if not access.all_traffic and not any(to in block for block in PRIVATE):
        _leave_directly(to, hops, f"{to} is no private address")
        return
    network, tags = _entrance(fabric, access, hops)
    _pass_firewall(fabric, network, tags, to, port)
    _follow_routes(fabric, network, tags, to, hops)


def _leave_directly(to: IPv4Address, hops: list[str], reason: str) -> None:
    hops.append("internet")
    if any(to in block for block in PRIVATE):
        raise Dropped(f"{reason}; from there it cannot be reached")


def _entrance(fabric: Fabric, access: Access, hops: list[str]) -> tuple[str, tuple[str, ...]]:
    """The network that packets come out in, and the network tags that they have there."""
    if access.connector is None:
        if access.network not in fabric.networks:
            raise Dropped(f"there is no network {access.network or 'given'}")
        hops.append(access.network)
        return access.network, access.tags
    region, name = access.connector
    connector = next((each for each in fabric.connectors if (each.region, each.name) == (region, name)), None)
    if connector is None:
        raise Dropped(f"there is no connector {name} in {region}")
    hops.append(name)
    if region != fabric.region:
        raise Dropped(f"connector {name} is in {region}, the service in {fabric.region}")
    if connector.state not in SERVING_CONNECTOR:
        raise Dropped(f"connector {name} is {connector.state}")
    if connector.network not in fabric.networks:
        raise Dropped(f"connector {name} is on {connector.network}, which is gone")
    hops.append(connector.network)
    return connector.network, connector.tags


def _pass_firewall(fabric: Fabric, network: str, tags: Iterable[str], to: IPv4Address, port: int) -> None:
    """Without a rule that matches, egress is allowed."""
    matching = [rule for rule in fabric.rules if rule.network == network and _matches(rule, tags, to, port)]
    first = min(matching, key=lambda rule: (rule.priority, rule.allow), default=None)
    if first is not None and not first.allow:
        raise Dropped(f"firewall rule {first.name} of {network} drops what goes to {to}:{port}")


def _matches(rule: Rule, tags: Iterable[str], to: IPv4Address, port: int) -> bool:
    return (
        (not rule.tags or bool(set(rule.tags) & set(tags)))
        and (not rule.destinations or _within(to, rule.destinations))
        and (not rule.traffic or any(_carries(*each, port) for each in rule.traffic))
    )


def _carries(protocol: str, ports: tuple[str, ...], port: int) -> bool:
    if protocol.lower() not in ("tcp", "6", "all"):
        return False
    return not ports or any(_in_range(each, port) for each in ports)


def _in_range(text: str, port: int) -> bool:
    low, _, high = text.partition("-")
    return int(low) <= port <= int(high or low)


def _within(address: IPv4Address, ranges: Iterable[str]) -> bool:
    blocks = (ip_network(each, strict=False) for each in ranges)
    return any(isinstance(block, IPv4Network) and address in block for block in blocks)


def _follow_routes(
    fabric: Fabric, network: str, tags: Iterable[str], to: IPv4Address, hops: list[str]
) -> None:
    route = _best(fabric, network, tags, to)
    if route is None:
        raise Dropped(f"{network} has no route to {to}")
    if route.kind == "subnet":
        _deliver(fabric, network, to, behind_peering=False)
    elif route.kind in ("peering", "custom peering"):
        hops.append(route.hop)
        _deliver(fabric, network, to, behind_peering=True)
    elif route.kind == "gateway":
        _leave_directly(to, hops, f"{network} has no route to {to} but that to the internet")
    elif route.kind in ("vpn", "interconnect"):
        hops.append(route.hop)
        _come_out(fabric, route, to, hops)
    else:
        raise Dropped(
            f"route {route.name} of {network} sends {route.destination} to {route.hop or 'nowhere'}"
        )


def _come_out(fabric: Fabric, route: Route, to: IPv4Address, hops: list[str]) -> None:
    """At the far end of a tunnel only subnets are reached: routes over peerings are not handed on."""
    far = (fabric.tunnels or {}).get(route.hop)
    if far is None or far not in fabric.networks:
        raise Dropped(f"{route.hop} leads nowhere")
    hops.append(far)
    beyond = _best(fabric, far, (), to)
    if beyond is None or beyond.kind != "subnet":
        raise Dropped(f"what comes out of {route.hop} in {far} reaches its subnets only")
    _deliver(fabric, far, to, behind_peering=False)


def _best(fabric: Fabric, network: str, tags: Iterable[str], to: IPv4Address) -> Route | None:
    carried = set(tags)
    matching = [
        route
        for route in fabric.routes
        if route.network == network
        and _within(to, (route.destination,))
        and (not route.tags or carried & set(route.tags))
    ]
    return min(
        matching,
        key=_precedence,
        default=None,
    )


def _precedence(route: Route) -> tuple[bool, int, int]:
    """Where a subnet has the address, no custom route is looked at, however specific."""
    length = ip_network(route.destination, strict=False).prefixlen
    return route.kind not in ("subnet", "peering"), -length, route.priority


def _deliver(fabric: Fabric, network: str, to: IPv4Address, *, behind_peering: bool) -> None:
    for each in fabric.endpoints:
        if each.address == str(to) and each.network == network and each.behind_peering == behind_peering:
            if not each.up:
                raise Dropped(f"{each.title} does not run")
            return
    raise Dropped(f"nothing of {network} has the address {to}")
