from typing import Any

import pytest
from google.cloud import compute_v1

from checks.names import Ref
from checks.observations import NextHop
from checks.observe import compute
from checks.observe.calls import plain
from checks.observe.errors import NotUnderstood
from tests.checks.observe.place import PROJECT, context

URL = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
VPC = f"{URL}/global/networks/vpc"


def route(**fields: Any) -> Any:
    return plain(compute_v1.Route(name="r", network=VPC, dest_range="10.0.0.0/8", **fields))


@pytest.mark.parametrize(
    ("fields", "kind", "hop"),
    [
        ({"next_hop_peering": "peer"}, NextHop.PEERING, "peer"),
        ({"next_hop_gateway": f"{URL}/global/gateways/internet"}, NextHop.GATEWAY, "internet"),
        ({"next_hop_vpn_tunnel": f"{URL}/regions/r/vpnTunnels/legacy-vpn"}, NextHop.VPN, "legacy-vpn"),
        ({"next_hop_interconnect_attachment": "a/b/c"}, NextHop.INTERCONNECT, "c"),
        ({"next_hop_ip": "10.0.0.9"}, NextHop.ADDRESS, "10.0.0.9"),
        ({"next_hop_ip": "169.254.0.1", "next_hop_vpn_tunnel": "t"}, NextHop.VPN, "t"),
        ({"next_hop_instance": f"{URL}/zones/z/instances/nat"}, NextHop.INSTANCE, "nat"),
        ({"next_hop_ilb": f"{URL}/regions/r/forwardingRules/f"}, NextHop.LOAD_BALANCER, "f"),
        ({"next_hop_hub": "hubs/h"}, NextHop.HUB, "h"),
        ({"next_hop_network": VPC}, NextHop.SUBNET, "vpc"),
    ],
)  # fmt: skip
def test_next_hop_of_every_kind(fields: dict[str, str], kind: NextHop, hop: str) -> None:
    """Each is named by the last part of its name; a tunnel counts for more than its address."""
    found = compute.route_of(route(**fields), context())
    assert (found.next_hop, found.hop) == (kind, hop)
    assert found.network == Ref("vpc", "networks", PROJECT, "global")


def test_next_hop_of_an_unknown_kind_is_not_guessed() -> None:
    """It raises, and the routes are unknown."""
    with pytest.raises(NotUnderstood, match="route r "):
        compute.route_of(route(), context())


def test_peering_says_what_it_exchanges() -> None:
    """Subnet routes are exchanged where the field is missing, custom ones are not."""
    other = "https://www.googleapis.com/compute/v1/projects/tenant/global/networks/t"
    message = plain(
        compute_v1.Network(
            name="vpc",
            self_link=VPC,
            peerings=[
                {"name": "a", "network": other, "state": "ACTIVE"},
                {"name": "b", "network": other, "state": "INACTIVE", "exchange_subnet_routes": False,
                 "import_custom_routes": True, "state_details": "peer deleted"},
            ],
        )
    )  # fmt: skip
    one, two = compute.network_of(message, context()).peerings
    assert (one.exchange_subnet_routes, one.import_custom_routes, one.state) == (True, False, "ACTIVE")
    assert (two.exchange_subnet_routes, two.import_custom_routes, two.state_details) == (
        False,
        True,
        "peer deleted",
    )
    assert one.network == Ref("t", "networks", "tenant", "global")


def test_route_that_is_offered_but_not_imported_is_inactive() -> None:
    """Only an imported route carries packets."""
    for imported, status in ((True, "ACTIVE"), (False, "INACTIVE")):
        message = plain(compute_v1.ExchangedPeeringRoute(dest_range="10.1.0.0/29", imported=imported))
        found = compute.peering_route_of(message, "vpc", "peer", context())
        assert (found.status, found.hop, found.next_hop) == (status, "peer", NextHop.PEERING)


def test_route_over_a_peering_says_what_it_is_there() -> None:
    """A subnet's route comes before custom ones, so the difference is kept."""
    message = plain(
        compute_v1.ExchangedPeeringRoute(
            dest_range="10.1.0.0/29", imported=True, type_="STATIC_PEERING_ROUTE", priority=100
        )
    )
    found = compute.peering_route_of(message, "vpc", "peer", context())
    assert (found.exchanged, found.priority) == ("STATIC_PEERING_ROUTE", 100)


def test_subnet_has_its_secondary_ranges_and_its_own_region() -> None:
    """A subnet of another region belongs to the network as well."""
    message = plain(
        compute_v1.Subnetwork(
            name="s",
            region=f"{URL}/regions/europe-west1",
            network=VPC,
            ip_cidr_range="10.20.0.0/24",
            secondary_ip_ranges=[{"ip_cidr_range": "10.30.0.0/20"}],
        )
    )
    found = compute.subnet_of(message, context())
    assert found.ranges == ("10.20.0.0/24", "10.30.0.0/20")
    assert found.ref.location == "europe-west1"


def test_routes_that_two_routers_tell_alike_are_one() -> None:
    """Each router of a network gives the best routes of all of them."""
    router = plain(compute_v1.Router(name="one", region="us-central1", network=VPC))
    message = route(next_hop_vpn_tunnel="t", priority=100)
    found = [compute.learned_route_of(message, router, context()) for _ in range(2)]
    assert len(compute.once_each(found)) == 1
    assert found[0].status == "ACTIVE"
    assert found[0].source.resource.endswith("routers/one")
