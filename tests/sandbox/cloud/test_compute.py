"""Compute Engine in the fake cloud, with the official clients; they block, so they run in a thread."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import compute_v1

from sandbox import baseline
from sandbox.cloud.fake_cloud import FakeCloud
from tests.sandbox.cloud.clients import rest

PROJECT = baseline.PROJECT
PEERING: dict[str, Any] = {
    "project": PROJECT, "network": baseline.VPC, "peering_name": baseline.PEERING,
    "direction": "INCOMING", "region": baseline.REGION,
}  # fmt: skip


async def asked(question: Callable[[], Any]) -> Any:
    """The answer of a client that blocks."""
    return await asyncio.to_thread(question)


async def finished(cloud: FakeCloud, begin: Callable[[], Any]) -> compute_v1.Operation:
    """The operation of a change when it is done, waited for as a client does."""
    operations = rest(cloud, compute_v1.GlobalOperationsClient)
    begun = await asked(begin)
    done: compute_v1.Operation = await asked(lambda: operations.wait(project=PROJECT, operation=begun.name))
    assert done.status == compute_v1.Operation.Status.DONE
    assert (await asked(lambda: operations.get(project=PROJECT, operation=begun.name))).progress == 100
    return done


async def test_networks_have_their_peerings(cloud: FakeCloud) -> None:
    """What Redis is reached over is a peering of its network."""
    client = rest(cloud, compute_v1.NetworksClient)
    found = await asked(lambda: list(client.list(project=PROJECT)))
    assert sorted(each.name for each in found) == [baseline.DEFAULT, baseline.VPC]
    network = await asked(lambda: client.get(project=PROJECT, network=baseline.VPC))
    assert [(each.name, each.state) for each in network.peerings] == [(baseline.PEERING, "ACTIVE")]


async def test_lists_come_page_by_page(cloud: FakeCloud) -> None:
    """`max_results` is a page's size; one that Google refuses is refused."""
    client = rest(cloud, compute_v1.RoutesClient)
    paged = await asked(lambda: list(client.list({"project": PROJECT, "max_results": 1})))
    assert sorted(each.name for each in paged) == sorted(
        each.name for each in cloud.resources.routes.values()
    )
    assert cloud.count("compute.routes.list") == len(paged) > 1
    with pytest.raises(exceptions.BadRequest, match="maxResults"):
        await asked(lambda: list(client.list({"project": PROJECT, "max_results": 501})))
    with pytest.raises(exceptions.BadRequest, match="page token"):
        await asked(lambda: list(client.list({"project": PROJECT, "page_token": "nonsense"})))


async def test_a_list_can_be_filtered(cloud: FakeCloud) -> None:
    """By one field; anything else is refused and not ignored."""
    client = rest(cloud, compute_v1.NetworksClient)
    found = await asked(
        lambda: list(client.list({"project": PROJECT, "filter": f'(name = "{baseline.VPC}")'}))
    )
    assert [each.name for each in found] == [baseline.VPC]
    with pytest.raises(exceptions.BadRequest, match="filter"):
        await asked(lambda: list(client.list({"project": PROJECT, "filter": "a = 1 OR b = 2"})))


async def test_subnets_are_found_in_every_region(cloud: FakeCloud) -> None:
    """The aggregated list is by region."""
    client = rest(cloud, compute_v1.SubnetworksClient)
    scopes = await asked(lambda: dict(client.aggregated_list(project=PROJECT)))
    here = scopes[f"regions/{baseline.REGION}"].subnetworks
    assert baseline.SUBNET in [each.name for each in here]
    listed = await asked(lambda: list(client.list(project=PROJECT, region=baseline.REGION)))
    assert listed == list(here)


async def test_a_peerings_routes_are_those_it_imports_while_it_is_active(cloud: FakeCloud) -> None:
    """Redis' range comes over the peering; an inactive one exchanges nothing, an unknown one is not found."""
    client = rest(cloud, compute_v1.NetworksClient)
    routes = await asked(lambda: list(client.list_peering_routes(PEERING)))
    assert baseline.REDIS_RANGE in [each.dest_range for each in routes if each.imported]
    cloud.resources.networks[f"global/networks/{baseline.VPC}"].peerings[0].state = "INACTIVE"
    assert await asked(lambda: list(client.list_peering_routes(PEERING))) == []
    with pytest.raises(exceptions.NotFound, match="peerings/other"):
        await asked(lambda: list(client.list_peering_routes({**PEERING, "peering_name": "other"})))


async def test_a_router_tells_what_it_has_learned(cloud: FakeCloud) -> None:
    """Dynamic routes are in no list of routes, only in a router's status."""
    client = rest(cloud, compute_v1.RoutersClient)
    answer = await asked(
        lambda: client.get_router_status(project=PROJECT, region=baseline.REGION, router=baseline.ROUTER)
    )
    assert list(answer.result.best_routes) == cloud.resources.router_routes[baseline.ROUTER_KEY]


async def test_effective_firewalls_are_the_networks_own_and_the_policies(cloud: FakeCloud) -> None:
    """Rules of another network are not among them."""
    policy = compute_v1.NetworksGetEffectiveFirewallsResponseEffectiveFirewallPolicy(
        name="1", type_="NETWORK"
    )
    cloud.resources.policies[baseline.VPC] = [policy]
    elsewhere = compute_v1.Firewall(name="elsewhere", network=baseline.network_url(baseline.DEFAULT))
    cloud.resources.firewalls["global/firewalls/elsewhere"] = elsewhere
    client = rest(cloud, compute_v1.NetworksClient)
    found = await asked(lambda: client.get_effective_firewalls(project=PROJECT, network=baseline.VPC))
    assert "elsewhere" not in [each.name for each in found.firewalls]
    assert list(found.firewall_policys) == [policy]


async def test_a_firewall_is_made_changed_and_removed(cloud: FakeCloud) -> None:
    """Each change is an operation, is heard of, and is in the log."""
    heard: list[str] = []
    cloud.subscribe(lambda: heard.append("changed"))
    client = rest(cloud, compute_v1.FirewallsClient)
    rule = compute_v1.Firewall(
        name="deny-redis",
        network=baseline.network_url(baseline.VPC),
        direction="EGRESS",
        priority=900,
        denied=[compute_v1.Denied(I_p_protocol="tcp", ports=["6379"])],
        destination_ranges=[baseline.REDIS_RANGE],
    )
    await finished(cloud, lambda: client.insert_unary(project=PROJECT, firewall_resource=rule))
    made = await asked(lambda: client.get(project=PROJECT, firewall="deny-redis"))
    assert (made.denied, made.destination_ranges) == (rule.denied, rule.destination_ranges)
    with pytest.raises(exceptions.Conflict, match="already exists"):
        await asked(lambda: client.insert_unary(project=PROJECT, firewall_resource=rule))
    off = compute_v1.Firewall(disabled=True)
    await finished(
        cloud, lambda: client.patch_unary(project=PROJECT, firewall="deny-redis", firewall_resource=off)
    )
    patched = await asked(lambda: client.get(project=PROJECT, firewall="deny-redis"))
    assert (patched.disabled, patched.priority) == (True, 900)
    await finished(cloud, lambda: client.delete_unary(project=PROJECT, firewall="deny-redis"))
    with pytest.raises(exceptions.NotFound):
        await asked(lambda: client.get(project=PROJECT, firewall="deny-redis"))
    assert len(heard) == 3
    logged = [each for each in cloud.resources.logs if each.resource.type == "gce_firewall_rule"]
    assert len(logged) == 3


async def test_peerings_are_removed_added_and_changed(cloud: FakeCloud) -> None:
    """Without its peering a network has no way to Redis."""
    client = rest(cloud, compute_v1.NetworksClient)
    gone = compute_v1.NetworksRemovePeeringRequest(name=baseline.PEERING)
    await finished(
        cloud,
        lambda: client.remove_peering_unary(
            project=PROJECT, network=baseline.VPC, networks_remove_peering_request_resource=gone
        ),
    )
    with pytest.raises(exceptions.NotFound):
        await asked(lambda: list(client.list_peering_routes(PEERING)))
    new = compute_v1.NetworksAddPeeringRequest(
        network_peering=compute_v1.NetworkPeering(
            name=baseline.PEERING, network="p", exchange_subnet_routes=True
        )
    )
    await finished(
        cloud,
        lambda: client.add_peering_unary(
            project=PROJECT, network=baseline.VPC, networks_add_peering_request_resource=new
        ),
    )
    changed = compute_v1.NetworksUpdatePeeringRequest(
        network_peering=compute_v1.NetworkPeering(name=baseline.PEERING, import_custom_routes=True)
    )
    await finished(
        cloud,
        lambda: client.update_peering_unary(
            project=PROJECT, network=baseline.VPC, networks_update_peering_request_resource=changed
        ),
    )
    [peering] = (await asked(lambda: client.get(project=PROJECT, network=baseline.VPC))).peerings
    assert (peering.state, peering.import_custom_routes, peering.exchange_subnet_routes) == (
        "ACTIVE",
        True,
        True,
    )


async def test_what_is_no_resource_is_a_bad_request(cloud: FakeCloud) -> None:
    """A body that is no JSON, or has fields that the message has not."""
    import httpx

    url = f"http://{cloud.rest_address}/compute/v1/projects/{PROJECT}/global/firewalls"
    async with httpx.AsyncClient() as client:
        for content in (b"{", b"[]", b'{"nonsense": 1}'):
            answer = await client.post(url, content=content)
            assert answer.status_code == 400
            assert "Invalid JSON payload" in answer.json()["error"]["message"]
        nowhere = await client.get(f"http://{cloud.rest_address}/compute/v1/nothing")
        assert nowhere.status_code == 404
