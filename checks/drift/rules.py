"""Firewall rules and static routes as values that compare, from Terraform's attributes and from live."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.drift.reading import Home, Kind, Untold, attribute
from checks.names import Ref, parse_ref
from checks.observations import Firewall, NextHop, Ports, Route, Source
from checks.terraform.model import Sensitive, Unevaluated

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "50": "esp", "51": "ah", "132": "sctp"}
HOPS = {
    "next_hop_gateway": NextHop.GATEWAY,
    "next_hop_instance": NextHop.INSTANCE,
    "next_hop_ip": NextHop.ADDRESS,
    "next_hop_ilb": NextHop.LOAD_BALANCER,
    "next_hop_vpn_tunnel": NextHop.VPN,
}
STATIC = frozenset(HOPS.values()) | {NextHop.BLACKHOLE}


@dataclass(frozen=True, slots=True)
class Rule:
    """A firewall rule without the order of its lists. No ranges means everywhere."""

    network: str
    direction: str
    allow: bool
    priority: int
    traffic: frozenset[tuple[str, tuple[str, ...]]]
    ranges: frozenset[str]
    targets: frozenset[str]
    sources: frozenset[str]
    disabled: bool

    def said(self) -> str:
        """`deny tcp:6379 to 10.166.204.80/29, priority 900`"""
        verb = "allow" if self.allow else "deny"
        traffic = ", ".join(
            ":".join((protocol, ",".join(ports))) if ports else protocol
            for protocol, ports in sorted(self.traffic)
        )
        whither = "to" if self.direction == "EGRESS" else "from"
        where = ", ".join(sorted(self.ranges | self.sources)) or "everywhere"
        targets = f" for {', '.join(sorted(self.targets))}" if self.targets else ""
        off = ", disabled" if self.disabled else ""
        return f"{verb} {traffic or 'all'} {whither} {where}{targets}, priority {self.priority}{off}"


@dataclass(frozen=True, slots=True)
class Way:
    """A static route of a network."""

    network: str
    destination: str
    next_hop: NextHop
    hop: str
    priority: int
    tags: frozenset[str]

    def said(self) -> str:
        """`10.166.204.80/29 to instance nat, priority 100`"""
        tags = f" for {', '.join(sorted(self.tags))}" if self.tags else ""
        hop = f" {self.hop}" if self.hop else ""
        return f"{self.destination} to {self.next_hop}{hop}{tags}, priority {self.priority}"


def _as_it_is(value: Any, _home: Home) -> Any:
    return value


RULE = Kind(_as_it_is, lambda rule, _: rule.said())
WAY = Kind(_as_it_is, lambda way, _: way.said())


def live_rule(firewall: Firewall) -> Rule:
    """The rule of an observed firewall."""
    ranges = firewall.destinations if firewall.direction == "EGRESS" else firewall.sources
    return Rule(
        network=firewall.network.name,
        direction=firewall.direction,
        allow=firewall.allow,
        priority=firewall.priority,
        traffic=frozenset(_traffic((each.protocol, each.ports) for each in firewall.traffic)),
        ranges=_ranges(ranges),
        targets=frozenset((*firewall.target_tags, *firewall.target_service_accounts)),
        sources=frozenset(firewall.source_tags),
        disabled=firewall.disabled,
    )


def terraform_rule(values: Mapping[str, Any]) -> Rule | Untold:
    """The rule of a `google_compute_firewall`; untold where a part of it is."""
    if (hidden := untold(values)) is not None:
        return hidden
    direction = str(values.get("direction") or "INGRESS").upper()
    allow = bool(values.get("allow"))
    blocks = values.get("allow") if allow else values.get("deny")
    ranges = values.get("destination_ranges" if direction == "EGRESS" else "source_ranges")
    return Rule(
        network=parse_ref(str(values.get("network") or "")).name,
        direction=direction,
        allow=allow,
        priority=int(1000 if values.get("priority") is None else values["priority"]),
        traffic=frozenset(
            _traffic((each.get("protocol", "all"), each.get("ports") or ()) for each in blocks or ())
        ),
        ranges=_ranges(ranges or ()),
        targets=frozenset((*_list(values, "target_tags"), *_list(values, "target_service_accounts"))),
        sources=frozenset(_list(values, "source_tags")),
        disabled=bool(values.get("disabled")),
    )


def to_firewall(rule: Rule, name: str, source: Source, network: Ref) -> Firewall:
    """A rule as it would be observed, to judge paths with it."""
    return Firewall(
        name=name,
        network=network,
        direction=rule.direction,
        priority=rule.priority,
        allow=rule.allow,
        source=source,
        traffic=tuple(Ports(*each) for each in sorted(rule.traffic)),
        destinations=tuple(sorted(rule.ranges)) if rule.direction == "EGRESS" else (),
        sources=tuple(sorted(rule.ranges)) if rule.direction != "EGRESS" else (),
        source_tags=tuple(sorted(rule.sources)),
        target_tags=tuple(sorted(each for each in rule.targets if "@" not in each)),
        target_service_accounts=tuple(sorted(each for each in rule.targets if "@" in each)),
        disabled=rule.disabled,
    )


def live_way(route: Route) -> Way:
    """The way of an observed route."""
    hop = parse_ref(route.hop).name if route.hop else ""
    return Way(
        route.network.name, route.destination, route.next_hop, hop, route.priority, frozenset(route.tags)
    )


def terraform_way(values: Mapping[str, Any]) -> Way | Untold:
    """The way of a `google_compute_route`."""
    if (hidden := untold(values, {"dest_range", "network", "priority", "tags", *HOPS})) is not None:
        return hidden
    named = next(((kind, values[name]) for name, kind in HOPS.items() if values.get(name)), None)
    if named is None:
        return Untold("it names no next hop that whybot knows")
    return Way(
        network=parse_ref(str(values.get("network") or "")).name,
        destination=str(values.get("dest_range") or ""),
        next_hop=named[0],
        hop=parse_ref(str(named[1])).name,
        priority=int(1000 if values.get("priority") is None else values["priority"]),
        tags=frozenset(_list(values, "tags")),
    )


RULE_PARTS = (
    "direction", "priority", "disabled", "network", "allow", "deny", "destination_ranges", "source_ranges",
    "source_tags", "target_tags", "target_service_accounts",
)  # fmt: skip


def untold(values: Mapping[str, Any], names: Iterable[str] = RULE_PARTS) -> Untold | None:
    """Why one of these attributes cannot be told, or None."""
    for name in names:
        found = _hidden(attribute(values, name))
        if found is not None:
            return Untold(f"{name} could not be told: {found}")
    return None


def _hidden(value: Any) -> str | None:
    if isinstance(value, Unevaluated):
        return value.why
    if isinstance(value, Sensitive):
        return "it is marked sensitive"
    inner = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    )
    return next((found for each in inner if (found := _hidden(each)) is not None), None)


def _list(values: Mapping[str, Any], name: str) -> list[str]:
    found = values.get(name)
    return [str(each) for each in found] if isinstance(found, (list, tuple, set, frozenset)) else []


def _traffic(pairs: Iterable[tuple[str, Iterable[Any]]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for protocol, ports in pairs:
        spelled = str(protocol).casefold()
        yield NUMBERS.get(spelled, spelled), tuple(sorted(str(port) for port in ports))


def _ranges(ranges: Iterable[Any]) -> frozenset[str]:
    found = frozenset(map(str, ranges))
    return frozenset() if found & EVERYWHERE else found
