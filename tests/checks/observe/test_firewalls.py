from typing import Any

import pytest
from google.cloud import compute_v1

from checks.observations import Firewall
from checks.observe.calls import plain
from checks.observe.errors import NotUnderstood
from checks.observe.firewalls import firewalls_of
from tests.checks.observe.place import context

Policy = compute_v1.NetworksGetEffectiveFirewallsResponseEffectiveFirewallPolicy
TO_REDIS = {
    "dest_ip_ranges": ["10.166.204.80/29"],
    "layer4_configs": [{"ip_protocol": "tcp", "ports": ["6379"]}],
}


def read(
    rules: list[dict[str, Any]] | None = None,
    policies: list[Any] | None = None,
    order: str = "AFTER_CLASSIC_FIREWALL",
) -> tuple[Firewall, ...]:
    message = compute_v1.NetworksGetEffectiveFirewallsResponse(
        firewalls=rules or [], firewall_policys=policies or []
    )
    network = compute_v1.Network(name="vpc", network_firewall_policy_enforcement_order=order)
    return firewalls_of(plain(message), plain(network), context())


def rule(priority: int, action: str, **fields: Any) -> dict[str, Any]:
    return {"priority": priority, "action": action, "direction": "EGRESS", "match": TO_REDIS, **fields}


def policy(kind: str, *rules: dict[str, Any]) -> Any:
    return Policy(short_name=kind.lower(), type_=kind, rules=list(rules))


def test_rule_of_the_network() -> None:
    """Ranges, ports, tags, whether it is off; deny is what has `denied`."""
    found = read(
        [
            {"name": "no-redis", "direction": "EGRESS", "priority": 0,
             "denied": [{"I_p_protocol": "TCP", "ports": ["6379"]}],
             "destination_ranges": ["10.0.0.0/8"], "target_tags": ["vpc-connector"], "disabled": True},
            {"name": "in", "allowed": [{"I_p_protocol": "all"}], "source_ranges": ["10.0.0.0/8"]},
        ]
    )  # fmt: skip
    deny, allow = found
    assert (deny.allow, deny.priority, deny.disabled, deny.target_tags) == (
        False,
        0,
        True,
        ("vpc-connector",),
    )
    assert (deny.traffic[0].protocol, deny.traffic[0].ports) == ("tcp", ("6379",))
    assert (allow.allow, allow.priority, allow.direction) == (True, 1000, "INGRESS")


def test_order_of_policies_and_rules() -> None:
    """Organisation and folders first in order, then the network's rules, then its policy, or turned round."""
    policies = [
        policy("HIERARCHY", rule(1, "deny")),
        policy("HIERARCHY", rule(1, "allow")),
        policy("NETWORK", rule(1, "deny")),
    ]
    rules = [{"name": "r", "direction": "EGRESS", "denied": [{"I_p_protocol": "all"}]}]
    after = sorted(read(rules, policies), key=lambda each: each.place)
    assert [each.policy for each in after] == ["hierarchy", "hierarchy", "", "network"]
    assert [each.allow for each in after[:2]] == [False, True]
    before = sorted(read(rules, policies, "BEFORE_CLASSIC_FIREWALL"), key=lambda each: each.place)
    assert [each.policy for each in before] == ["hierarchy", "hierarchy", "network", ""]


def test_rules_that_end_a_policy_say_nothing() -> None:
    """Every policy ends with going to the next one."""
    found = read(policies=[policy("HIERARCHY", rule(1, "deny"), rule(2147483647, "goto_next"))])
    assert [each.allow for each in found] == [False]


@pytest.mark.parametrize(
    "odd",
    [
        [rule(1, "goto_next"), rule(2, "deny")],
        [rule(1, "apply_security_profile_group")],
        [rule(1, "deny", match={"dest_fqdns": ["example.org"]})],
        [rule(1, "deny", match={"dest_address_groups": ["g"]})],
        [rule(1, "deny", target_secure_tags=[{"name": "tagValues/1"}])],
    ],
)
def test_what_cannot_be_evaluated_is_not_guessed(odd: list[dict[str, Any]]) -> None:
    """The firewalls are then unknown, and not "no rule against it"."""
    with pytest.raises(NotUnderstood, match="firewall policy"):
        read(policies=[policy("HIERARCHY", *odd)])


@pytest.mark.parametrize(
    "harmless",
    [
        [rule(1, "deny", match={"dest_fqdns": ["x"]}, disabled=True)],
        [rule(1, "deny", match={"src_secure_tags": [{"name": "t"}]}, direction="INGRESS")],
        [rule(1, "deny", match={"dest_threat_intelligences": ["iplist-known-malicious-ips"]})],
        [rule(1, "goto_next", disabled=True), rule(2, "allow")],
        [rule(1, "goto_next", direction="INGRESS"), rule(2, "allow")],
    ],
)
def test_odd_rules_that_cannot_matter_do_no_harm(harmless: list[dict[str, Any]]) -> None:
    """Off, about what comes in, or about public addresses only."""
    assert all(
        each.allow or each.disabled or each.direction == "INGRESS"
        for each in read(policies=[policy("HIERARCHY", *harmless)])
    )
