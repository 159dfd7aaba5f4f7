"""What was observed, with one value set otherwise: so that paths can be judged as if it were so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from checks.drift.peerings import OK, needs_peering, peered
from checks.drift.rules import to_firewall
from checks.drift.scope import Scope
from checks.drift.subjects import Subject, first_address
from checks.names import Ref
from checks.observations import Blind, CloudState, Connector, RedisInstance, Route, SqlInstance

Put = Callable[[Scope, Subject, Any], CloudState | None]
"""The state with a field's value (None: the thing is not there); None where that cannot be said."""


def connector(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With a connector, READY and on the declared network, or without it."""
    live, vpc = scope.live, scope.environment.network.vpc
    if isinstance(live.connectors, Blind):
        return None
    others = tuple(each for each in live.connectors if each.ref.name != subject.name)
    if value is None:
        return replace(live, connectors=others)
    network = scope.network_ref(vpc) if vpc else None
    if network is None:
        return None
    ref = Ref(subject.name, "connectors", live.project, live.region)
    made = Connector(ref, "READY", network, scope.declared("network.connector"))
    return replace(live, connectors=(*others, made))


def connector_network(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With a connector on another network."""
    live = scope.live
    if value is None or isinstance(live.connectors, Blind):
        return None
    network = replace(value, project=value.project or live.project, location="global")
    return replace(
        live,
        connectors=tuple(
            replace(each, network=network) if each.ref.name == subject.name else each
            for each in live.connectors
        ),
    )


def firewall(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With a firewall rule as it should be, or without it."""
    live = scope.live
    if isinstance(live.firewalls, Blind):
        return None
    others = tuple(each for each in live.firewalls if each.policy or each.name != subject.name)
    if value is None:
        return replace(live, firewalls=others)
    made = to_firewall(
        value,
        subject.name,
        scope.declared(subject.key),
        Ref(value.network, "networks", live.project, "global"),
    )
    return replace(live, firewalls=(*others, made))


def route(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With a static route as it should be, or without it."""
    live = scope.live
    if isinstance(live.routes, Blind):
        return None
    others = tuple(each for each in live.routes if each.name != subject.name)
    if value is None:
        return replace(live, routes=others)
    network = Ref(value.network, "networks", live.project, "global")
    made = Route(
        network, value.destination, value.next_hop, scope.declared(subject.key), value.hop, subject.name,
        value.priority, tuple(sorted(value.tags)),
    )  # fmt: skip
    return replace(live, routes=(*others, made))


def attribute(name: str) -> Put:
    """With another value of one attribute of a store's instance."""

    def put(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
        if value is None:
            return None
        if isinstance(value, Ref):
            value = replace(value, project=value.project or scope.live.project, location="global")
        return _instance(scope, subject, **{name: value})

    return put


def network(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With the instance on another network; on the declared one with the peering that leads to it there."""
    moved, thing = attribute("network")(scope, subject, value), subject.live.thing
    if moved is None or not isinstance(thing, RedisInstance | SqlInstance):
        return moved
    where = first_address(thing)
    if not needs_peering(scope, value, where):
        return moved
    return peered(scope, moved, where, thing.reserved_range) or moved


def peering(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With an active peering that imports the route to the instance."""
    thing = subject.live.thing
    if value != OK or not isinstance(thing, RedisInstance | SqlInstance):
        return None
    return peered(scope, scope.live, first_address(thing), thing.reserved_range)


def address(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With the instance at another address."""
    if not value:
        return None
    if isinstance(subject.live.thing, RedisInstance):
        return _instance(scope, subject, host=value[0])
    return _instance(scope, subject, private_addresses=value)


def activation(scope: Scope, subject: Subject, value: Any) -> CloudState | None:
    """With a Cloud SQL instance that is to run, and does, or is not."""
    runs = str(value).casefold() == "always"
    return _instance(scope, subject, activation=str(value).upper(), state="RUNNABLE" if runs else "STOPPED")


def _instance(scope: Scope, subject: Subject, **fields: Any) -> CloudState | None:
    live, thing = scope.live, subject.live.thing
    if isinstance(thing, RedisInstance) and not isinstance(live.redis, Blind):
        return replace(
            live, redis=tuple(replace(each, **fields) if each is thing else each for each in live.redis)
        )
    if isinstance(thing, SqlInstance) and not isinstance(live.sql, Blind):
        return replace(
            live, sql=tuple(replace(each, **fields) if each is thing else each for each in live.sql)
        )
    return None
