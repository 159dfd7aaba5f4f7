"""Reads the firewall of a network: its rules, and the policies of organisation, folders and network.

Regional network policies are not read (docs/decisions/0020-readers-of-google-cloud.md).

Order of evaluation: https://cloud.google.com/firewall/docs/firewall-policies-overview#rule-evaluation
"""

from collections.abc import Iterable
from typing import Any

from checks.names import Ref
from checks.observations import Firewall, Ports
from checks.observe import console
from checks.observe.calls import Calls, plain
from checks.observe.errors import NotUnderstood
from checks.observe.permissions import FIREWALLS
from checks.observe.values import Context

SYSTEM = "compute"
BEFORE = "BEFORE_CLASSIC_FIREWALL"
CANNOT_MATCH = ("dest_fqdns", "dest_address_groups", "src_secure_tags")
"""What a rule may be about that cannot be told from an address."""
PUBLIC_ONLY = ("dest_region_codes", "dest_threat_intelligences")
"""What is about public addresses only, so never about a path within a VPC."""


async def read_firewalls(calls: Calls, network: str) -> Any:
    """The firewalls in force on a network, as a message. Raises `Unseen`."""
    client = await calls.clients.rest("networks")
    from google.cloud.compute_v1 import (
        GetEffectiveFirewallsNetworkRequest,
    )  # there by now: the client needs it

    asked = GetEffectiveFirewallsNetworkRequest(project=calls.place.project, network=network)

    def attempt(seconds: float) -> Any:
        return plain(client.get_effective_firewalls(request=asked, retry=None, timeout=seconds))

    return await calls.blocking(FIREWALLS, attempt)


def firewalls_of(message: Any, network: Any, context: Context) -> tuple[Firewall, ...]:
    """Rules and policies of a network as observations. Raises `NotUnderstood`.

    Places: hierarchical policies from -1000 on, a network policy at -1 or 1, the network's own rules at 0.
    """
    ref = context.home.ref(network.self_link or network.name, "networks")
    rules = [_rule(each, ref, context) for each in message.firewalls]
    beside = -1 if network.network_firewall_policy_enforcement_order == BEFORE else 1
    for index, policy in enumerate(message.firewall_policys):
        hierarchical = policy.type_ == "HIERARCHY"
        rules += _policy(policy, ref, -1000 + index if hierarchical else beside, context)
    return tuple(rules)


def _rule(message: Any, network: Ref, context: Context) -> Firewall:
    resource = f"projects/{context.project}/global/firewalls/{message.name}"
    return Firewall(
        name=message.name,
        network=network,
        direction=message.direction or "INGRESS",
        priority=message.priority if message.HasField("priority") else 1000,
        allow=not message.denied,
        source=context.source(SYSTEM, resource, console.firewall(context.project, message.name)),
        traffic=tuple(
            Ports(each.I_p_protocol.lower(), tuple(each.ports)) for each in message.denied or message.allowed
        ),
        destinations=tuple(message.destination_ranges),
        sources=tuple(message.source_ranges),
        source_tags=tuple(message.source_tags),
        target_tags=tuple(message.target_tags),
        target_service_accounts=tuple(message.target_service_accounts),
        disabled=message.disabled,
    )


def _policy(policy: Any, network: Ref, place: int, context: Context) -> Iterable[Firewall]:
    name = policy.short_name or policy.display_name or policy.name
    ordered = sorted(policy.rules, key=lambda rule: rule.priority)
    skipping: Any = None
    for rule in ordered:
        if rule.action == "goto_next":
            if not rule.disabled and rule.direction == "EGRESS":
                skipping = rule
            continue
        if skipping is not None and rule.direction == "EGRESS" and not rule.disabled:
            raise NotUnderstood(
                f"rule {skipping.priority} of firewall policy {name} passes over others, not evaluated"
            )
        if not any(getattr(rule.match, field) for field in PUBLIC_ONLY):
            yield _policy_rule(rule, name, network, place, context)


def _policy_rule(rule: Any, policy: str, network: Ref, place: int, context: Context) -> Firewall:
    _demand_evaluable(rule, policy)
    source = context.source(
        SYSTEM, f"firewallPolicies/{policy}/rules/{rule.priority}", console.firewall_policies(context.project)
    )
    return Firewall(
        name=rule.rule_name or f"{policy} {rule.priority}",
        network=network,
        direction=rule.direction,
        priority=rule.priority,
        allow=rule.action == "allow",
        source=source,
        traffic=tuple(
            Ports(each.ip_protocol.lower(), tuple(each.ports)) for each in rule.match.layer4_configs
        ),
        destinations=tuple(rule.match.dest_ip_ranges),
        sources=tuple(rule.match.src_ip_ranges),
        target_service_accounts=tuple(rule.target_service_accounts),
        disabled=rule.disabled,
        policy=policy,
        place=place,
    )


def _demand_evaluable(rule: Any, policy: str) -> None:
    """Raises `NotUnderstood` for an outgoing rule whose effect cannot be told from an address."""
    if rule.disabled or rule.direction != "EGRESS":
        return
    unclear = [field for field in CANNOT_MATCH if getattr(rule.match, field)]
    if rule.action not in ("allow", "deny") or unclear or rule.target_secure_tags:
        raise NotUnderstood(
            f"rule {rule.priority} of firewall policy {policy} matches by more than addresses and ports"
        )
