"""Routes: tunnels whose far end was or was not read, and routes of subnets before custom ones."""

from dataclasses import replace

from checks.names import Ref
from checks.observations import Network, NextHop, Peering
from checks.path.model import Target
from tests.checks.path.cases.case import Case
from tests.checks.path.place import (
    BAD,
    CLICKHOUSE,
    DEFAULT,
    PEERING,
    POSTGRES,
    VPC,
    Change,
    adding,
    all_of,
    blind,
    but,
    having,
    imported,
    route,
    serving,
    source,
)

OFFICE = Target("office", "Office", "http", "10.50.0.5", 443, ("10.50.0.5",))
READ = source("compute", "networks")


def over(hop: NextHop, destination: str, by: str = "legacy-vpn", name: str = "broad") -> Change:
    """`default` has a route into a tunnel, and the incident's revision serves."""
    return all_of(serving(BAD), adding("routes", route(DEFAULT, destination, hop, name, by=by)))


def exchanged(kind: str) -> Change:
    """The route to Redis that staging-vpc imports is of this type."""
    known = route(VPC, "10.166.204.80/29", NextHop.PEERING, "", by=PEERING, status="ACTIVE")
    return imported({("staging-vpc", PEERING): (replace(known, exchanged=kind),)})


def exporting(state: str = "ACTIVE") -> Change:
    """The peering of staging-vpc exports custom routes."""
    peer = Ref("redis-network", "networks", "producer", "global")
    peering = Peering(PEERING, peer, state, export_custom_routes=True)
    return having(networks=(Network(VPC, READ, (peering,)), Network(DEFAULT, READ)))


CUSTOM = exchanged("STATIC_PEERING_ROUTE")

MISCONFIGURATIONS = (
    *(
        Case(
            f"the seed, with {destination} over {what} in default: Redis is behind a peering",
            over(hop, destination),
            "fail",
            "network",
            says=("staging-vpc only", destination, "exports custom routes"),
            needs=("staging-vpc",),
            also={"route": "skipped", "more_specific": "skipped"},
        )
        for destination, hop, what in (
            ("10.0.0.0/8", NextHop.VPN, "a VPN"),
            ("0.0.0.0/0", NextHop.VPN, "a VPN"),
            ("10.0.0.0/8", NextHop.INTERCONNECT, "an interconnect"),
            ("10.166.0.0/16", NextHop.HUB, "a hub"),
        )
    ),
    Case(
        "the peering imports nothing, and a broad tunnel holds Redis' address",
        all_of(
            imported({("staging-vpc", PEERING): ()}),
            adding("routes", route(VPC, "10.0.0.0/8", NextHop.VPN, "on-prem", by="old-vpn")),
        ),
        "fail",
        "route",
        says=("10.0.0.0/8 over VPN tunnel old-vpn",),
        needs=("staging-redis", "peering"),
    ),
    *(
        Case(
            f"PostgreSQL's detour loses to a stray route: {name}",
            all_of(serving(BAD), adding("routes", stray)),
            "fail",
            "more_specific",
            target=POSTGRES,
            says=(name,),
            needs=(name,),
            detour=True,
        )
        for name, stray in (
            ("strange", route(DEFAULT, "10.20.0.5/32", NextHop.GATEWAY, "strange")),
            ("hole", route(DEFAULT, "10.20.0.5/32", NextHop.BLACKHOLE, "hole", tags=("vpc-connector",))),
        )
    ),
    Case(
        "a custom route of a peering loses to a more specific one",
        all_of(CUSTOM, adding("routes", route(VPC, "10.166.204.83/32", NextHop.BLACKHOLE, "hole"))),
        "fail",
        "more_specific",
    ),
    Case(
        "a custom route of a peering loses to one of its length and a lower number",
        all_of(
            imported(
                {
                    ("staging-vpc", PEERING): (
                        route(
                            VPC,
                            "10.166.204.80/29",
                            NextHop.PEERING,
                            by=PEERING,
                            priority=100,
                            exchanged="DYNAMIC_PEERING_ROUTE",
                        ),
                    )
                }
            ),
            adding("routes", route(VPC, "10.166.204.80/29", NextHop.GATEWAY, "strange", priority=90)),
        ),
        "fail",
        "more_specific",
    ),
)

LOOK_ALIKES = (
    *(
        Case(
            f"a more specific static route loses to the subnet route of a peering: {name}",
            adding("routes", stray),
            "pass",
        )
        for name, stray in (
            ("to nowhere", route(VPC, "10.166.204.83/32", NextHop.BLACKHOLE, "hole")),
            ("to the internet", route(VPC, "10.166.204.82/31", NextHop.GATEWAY, "strange")),
            ("into a tunnel", route(VPC, "10.166.204.83/32", NextHop.VPN, "on-prem", by="old-vpn")),
            ("to a machine", route(VPC, "10.166.204.83/32", NextHop.INSTANCE, "nat", by="nat-vm")),
        )
    ),
    Case(
        "a more specific static route loses to the network's own subnet",
        adding("routes", route(VPC, "10.20.0.5/32", NextHop.BLACKHOLE, "hole")),
        "pass",
        target=POSTGRES,
    ),
    Case("a custom route of a peering, with none against it", CUSTOM, "pass"),
    Case(
        "a tunnel with the range of the target's own subnet",
        all_of(
            but("routes", "dynamic-sql"),
            over(NextHop.VPN, "10.20.0.0/24"),
        ),
        "pass",
        target=POSTGRES,
        detour=True,
    ),
    Case(
        "a broad tunnel beside the narrow one that leads to PostgreSQL",
        over(NextHop.VPN, "10.0.0.0/8"),
        "pass",
        target=POSTGRES,
        detour=True,
    ),
)

UNCLEAR = (
    Case(
        "a tunnel made for Redis' own range: what is behind it is not read",
        over(NextHop.VPN, "10.166.204.80/29"),
        "unknown",
        "network",
        says=("legacy-vpn", "not read"),
    ),
    Case(
        "a broad tunnel, and a peering that exports custom routes",
        all_of(over(NextHop.VPN, "10.0.0.0/8"), exporting()),
        "unknown",
        "network",
        says=("not read",),
    ),
    Case(
        "a broad tunnel, where the routes that Redis' network imports are not known",
        all_of(
            imported({("staging-vpc", PEERING): blind("compute.networks.listPeeringRoutes")}),
            adding("routes", route(VPC, "10.0.0.0/8", NextHop.VPN, "on-prem", by="old-vpn")),
        ),
        "unknown",
        "route",
        says=("listPeeringRoutes",),
    ),
    Case(
        "a machine behind a broad tunnel: what is behind it is not read",
        all_of(but("routes", "dynamic-ch"), over(NextHop.INTERCONNECT, "10.0.0.0/8", "legacy-interconnect")),
        "unknown",
        "network",
        target=CLICKHOUSE,
        says=("interconnect attachment legacy-interconnect", "not read"),
    ),
    Case(
        "an address of nobody behind a tunnel of its own network",
        adding("routes", route(VPC, "10.50.0.0/16", NextHop.VPN, "office", by="office-vpn")),
        "unknown",
        "network",
        target=OFFICE,
        says=("office-vpn", "not read"),
    ),
    Case(
        "a stray route, and learned routes that could not be read: one of them may come first",
        all_of(
            serving(BAD),
            adding("routes", route(DEFAULT, "10.20.0.5/32", NextHop.GATEWAY, "strange")),
            having(unlisted_routes={"default": blind("compute.routers.get")}),
        ),
        "unknown",
        "more_specific",
        target=POSTGRES,
        says=("compute.routers.get",),
        detour=True,
    ),
    Case(
        "a custom route of a peering against one to a machine that may hand it on",
        all_of(
            CUSTOM, adding("routes", route(VPC, "10.166.204.83/32", NextHop.INSTANCE, "nat", by="nat-vm"))
        ),
        "unknown",
        "more_specific",
        says=("nat-vm",),
    ),
)
