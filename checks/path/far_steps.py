"""The steps between the network and the target: routes, firewall, the target's own state, TLS and AUTH."""

from collections.abc import Sequence
from ipaddress import IPv6Address

from checks.observations import Blind, Firewall, NextHop, RedisInstance, Route, Source, SqlInstance
from checks.path.far_end import far_end
from checks.path.firewall import Leaving, decide
from checks.path.model import Step, StepKey
from checks.path.observed import Managed, cannot_tell
from checks.path.question import Question, addresses, in_reserved_range, waiting
from checks.path.ranges import holds
from checks.path.routing import LOCAL, OF_A_SUBNET, RELAYS, TUNNELS, Way, described
from checks.path.steps import made, past_the_vpc, skipped, sources, unknown
from checks.result import Status

ROUTE_FIELD = "Network routes"
# https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances#state
REDIS_DOWN = frozenset({"CREATING", "DELETING", "REPAIRING"})
# https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances#sqlinstancestate
SQL_DOWN = frozenset({"SUSPENDED", "STOPPED", "PENDING_CREATE", "PENDING_DELETE", "FAILED"})
UP = frozenset({"READY", "RUNNABLE"})
MANAGED_KINDS = {"redis": "Memorystore", "postgres": "Cloud SQL"}
"""Kinds of checks whose server is a managed instance as a rule."""
SAID = 3


def route(question: Question, network: Step) -> Step:
    """A route that is in force holds the address."""
    key = StepKey.ROUTE
    if (other := _not_asked(question, network, key)) is not None:
        return other
    way = question.way
    if isinstance(way, Blind):
        return unknown(key, way, ROUTE_FIELD)
    if question.internal is False:
        return _to_the_internet(question, way)
    if way.leading is None:
        return _no_route(question, way)
    hop, said = way.leading.next_hop, f"a route holds {question.where}: {described(way.leading)}."
    more = {"field": ROUTE_FIELD, "observed": described(way.leading), "sources": sources(way.leading)}
    if hop in RELAYS:
        return made(key, Status.UNKNOWN, f"{said} Whether it is handed on could not be told.", **more)
    if hop in TUNNELS:
        return _into_tunnel(question, way.leading, way, network)
    return made(key, Status.PASS, said, **more)


def _into_tunnel(question: Question, tunnel: Route, way: Way, network: Step) -> Step:
    """The route is one into a tunnel, which is a detour at best."""
    key, said = StepKey.ROUTE, described(tunnel)
    more = {"field": ROUTE_FIELD, "observed": said, "sources": sources(tunnel)}
    beyond = far_end(question, tunnel)
    if beyond is None:
        held = f"a route holds {question.where}: {said}, which is a detour."
        return made(key, Status.PASS, held, detour=True, **more)
    if network.status is Status.UNKNOWN:
        return unknown(key, waiting(StepKey.NETWORK, "what is behind the tunnel"), ROUTE_FIELD, said)
    if isinstance(beyond, Blind):
        return unknown(key, beyond, ROUTE_FIELD, said)
    assert not isinstance(question.network, Blind)  # noqa: S101 - there would be no way
    asleep = "".join(f" Peering {each.name} is {each.state}." for each in way.idle)
    name = question.network.name
    return made(
        key,
        Status.FAIL,
        f"{name} imports no route to {question.where}, and {beyond.why}{asleep}",
        expected=f"a route to {question.address_text}",
        change=_missing_route(question, name),
        **more,
    )


def _no_route(question: Question, way: Way) -> Step:
    """Nothing leads there: a route that is not in force, a peering that sleeps, or none at all."""
    key = StepKey.ROUTE
    assert not isinstance(question.network, Blind)  # noqa: S101 - there would be no way
    name = question.network.name
    if way.unlisted:
        return unknown(key, way.unlisted[0], ROUTE_FIELD)
    if way.idle and not way.lame:
        peering = way.idle[0]
        said = f"No active route of {name} holds {question.where}: peering {peering.name} is {peering.state}"
        said += f" ({peering.state_details.rstrip('.')})." if peering.state_details else "."
        return made(
            key,
            Status.FAIL,
            said,
            field="Network.peerings[].state",
            observed=peering.state,
            expected="ACTIVE",
            change=f"Peering {peering.name} of {name} would have to be ACTIVE.",
        )
    if way.lame:
        lame = way.lame[0]
        peered = lame.next_hop is NextHop.PEERING
        state = next((each.state for each in way.idle if each.name == lame.hop), lame.status)
        return made(
            key,
            Status.FAIL,
            f"The route of {name} that holds {question.where} is {state or 'not in force'}: "
            f"{described(lame)}.",
            field="Network.peerings[].state" if peered else "Route.route_status",
            observed=state,
            expected="ACTIVE",
            change=f"{'Peering' if peered else 'Route'} {lame.hop if peered else lame.name} "
            "would have to be ACTIVE.",
            sources=sources(lame),
        )
    return made(
        key,
        Status.FAIL,
        f"No route of {name} holds {question.where}.",
        field=ROUTE_FIELD,
        observed="none",
        expected=f"a route to {question.address_text}",
        change=_missing_route(question, name),
    )


def _missing_route(question: Question, name: str) -> str:
    instance = question.instance
    if instance is not None:
        return f"{name} would have to import the route to {instance.name} over an active peering."
    return f"{name} would need a route to {question.address_text}."


def _to_the_internet(question: Question, way: Way) -> Step:
    """A public address through the VPC: it needs a way out, and Cloud NAT, which is not looked at."""
    key = StepKey.ROUTE
    if way.winner is None and way.unlisted:
        return unknown(key, way.unlisted[0], ROUTE_FIELD)
    if way.winner is None or way.winner.next_hop is NextHop.BLACKHOLE:
        return made(
            key,
            Status.FAIL,
            f"All traffic goes through the VPC, and its network has no route to {question.where}.",
            field=ROUTE_FIELD,
            observed="none",
            expected="a default route to the internet",
            change="The network would need a default route and Cloud NAT, or egress private-ranges-only.",
        )
    more = {"field": ROUTE_FIELD, "observed": described(way.winner), "sources": sources(way.winner)}
    if way.winner.next_hop is NextHop.GATEWAY:
        said = "All traffic goes through the VPC; whether Cloud NAT lets it out is not looked at."
        return made(key, Status.UNKNOWN, said, **more)
    said = f"It goes over {way.winner.next_hop.value} {way.winner.hop}; what is behind is not looked at."
    return made(key, Status.UNKNOWN, said, **more)


def more_specific(question: Question, network: Step, route: Step) -> Step:
    """No more specific route takes the address elsewhere."""
    key = StepKey.MORE_SPECIFIC
    if (other := _not_asked(question, network, key)) is not None:
        return other
    if route.status is Status.FAIL or question.internal is False:
        return skipped(key, "There is no route to compare with.")
    way = question.way
    if isinstance(way, Blind):
        return unknown(key, way, ROUTE_FIELD)
    if way.unlisted:
        # One that is not known may win, even over one that leads elsewhere: routes of subnets come first.
        return unknown(key, way.unlisted[0], ROUTE_FIELD)
    if way.winner is not None and way.leading is not None and way.winner != way.leading:
        stolen = _taken_elsewhere(question, way)
        if stolen is not None:
            return stolen
    if way.leading is None:
        return unknown(key, cannot_tell("which route leads there could not be told"), ROUTE_FIELD)
    said = f"no more specific route takes {question.where} elsewhere."
    return made(key, Status.PASS, said, field=ROUTE_FIELD, observed="none")


def _taken_elsewhere(question: Question, way: Way) -> Step | None:
    """The route that wins is not the one that leads there."""
    winner, leading = way.winner, way.leading
    assert winner is not None and leading is not None  # noqa: S101, PT018 - asked by the caller
    more = {
        "field": "Route.dest_range",
        "observed": described(winner),
        "expected": described(leading),
        "sources": sources(winner),
    }
    said = (
        f"Route {winner.name or winner.destination} wins over the one that leads there: {described(winner)}."
    )
    if winner.next_hop in LOCAL:
        return None
    if winner.next_hop in RELAYS:
        said += " Whether it is handed on could not be told."
        return made(StepKey.MORE_SPECIFIC, Status.UNKNOWN, said, **more)
    change = (
        f"Route {winner.name or winner.destination} would have to end, or leave {question.address_text} out."
    )
    return made(StepKey.MORE_SPECIFIC, Status.FAIL, said, change=change, **more)


def firewall(question: Question) -> Step:
    """No egress rule denies."""
    key, field = StepKey.FIREWALL, "Firewall.denied"
    if (other := past_the_vpc(question, key)) is not None:
        return other
    if isinstance(question.network, Blind):
        return unknown(key, question.network, field)
    rules = question.observed.firewalls(question.network)
    if isinstance(rules, Blind):
        return unknown(key, rules, field)
    if question.address is None:
        return unknown(key, cannot_tell(f"the address of {question.target.host} could not be told"), field)
    leaving = Leaving(question.address, question.target.port, question.tags, question.source_range)
    decision = decide(rules, leaving)
    against = [each for each in decision.doubtful if each.allow == decision.denied]
    if against:
        return _doubtful_rule(against, field)
    rule = decision.rule
    if rule is None or rule.allow:
        by = f"rule {rule.name} (priority {rule.priority}) allows it" if rule else "no rule denies it"
        return made(key, Status.PASS, f"{by}.", field=field, observed=by, sources=sources(rule))
    return made(
        key,
        Status.FAIL,
        f"Egress rule {rule.name} (priority {rule.priority}) denies TCP to {question.where}.",
        field=field,
        observed=f"{rule.name}, priority {rule.priority}",
        expected="no deny",
        change=f"Rule {rule.name} would have to leave out {question.where}, "
        f"or a rule below priority {rule.priority} to allow it.",
        sources=sources(rule),
    )


def _doubtful_rule(rules: Sequence[Firewall], field: str) -> Step:
    name = rules[0].name
    said = f"Whether rule {name} is about this connection could not be told."
    return made(StepKey.FIREWALL, Status.UNKNOWN, said, field=field, observed=name, sources=sources(*rules))


def target(question: Question) -> Step:
    """The instance is there, at this address and port, and in order."""
    key, field = StepKey.TARGET, "Instance.state"
    managed = question.observed.managed(question.target.kind)
    if isinstance(managed, Blind):
        return unknown(key, managed, field)
    if question.address is None:
        return unknown(key, cannot_tell(f"the address of {question.target.host} could not be told"), field)
    instance = question.instance
    if instance is not None:
        return _wrong_port(instance, question) or _instance_state(instance, field)
    if question.target.kind not in MANAGED_KINDS:
        return _another_server(question)
    if isinstance(question.address, IPv6Address):
        return unknown(key, waiting(StepKey.EGRESS, "how Cloud Run carries IPv6 here"), field)
    moved = next((each for each in managed if in_reserved_range(each, question.address)), None)
    moved = moved or _beside(question, managed)
    if moved is not None:
        return _moved(question, moved)
    if question.internal is False and not any(
        isinstance(each, SqlInstance) and each.public_addresses for each in managed
    ):
        return _another_server(question)
    subnets = question.observed.subnets_of(question.address)
    if isinstance(subnets, Blind):
        return unknown(key, subnets, field)
    if managed and question.internal and not subnets and not _reached_outside(question):
        return _moved(question, managed[0])
    return _nobody(question, managed, field)


def _another_server(question: Question) -> Step:
    """No instance that Google runs: nothing is read of the machine, nor of what may come in to it."""
    said = f"{question.target.title} is no managed instance of the project: its state and the ingress rules "
    return skipped(StepKey.TARGET, said + "of the target were not looked at.")


def _beside(question: Question, managed: Sequence[Managed]) -> Managed | None:
    """The instance whose own address is in the very range that a peering leads to the asked one.

    A subnet route that a peering imports is a subnet of the service's network, and a subnet is of one region:
    an instance there would be among those that were read.
    https://cloud.google.com/vpc/docs/subnets
    """
    way = question.way
    if isinstance(way, Blind) or way.leading is None or way.leading.next_hop is not NextHop.PEERING:
        return None
    if way.leading.exchanged not in OF_A_SUBNET:
        return None
    range_ = way.leading.destination
    return next((each for each in managed if any(holds(range_, one) for one in addresses(each))), None)


def _nobody(question: Question, managed: Sequence[Managed], field: str) -> Step:
    """None of the instances that were read has the address; a server of another kind may have it."""
    state = question.observed.state
    place = f"{state.project}, {state.region}," if question.target.kind == "redis" else state.project
    at = ", ".join(f"{each.name} is at {_where(each)}" for each in managed[:SAID])
    more = f" and {len(managed) - SAID} more" if len(managed) > SAID else ""
    said = f"No {MANAGED_KINDS[question.target.kind]} instance of {place} has {question.address_text}"
    said += f" ({at}{more})." if at else "."
    return made(
        StepKey.TARGET,
        Status.UNKNOWN,
        f"{said} Whether another server has it could not be told; "
        "ingress rules of the target were not looked at.",
        field=field,
        observed="no such instance",
        sources=sources(*managed[:SAID]),
    )


def _reached_outside(question: Question) -> bool:
    """Whether a route leads out of the project, where an instance of somebody else may be."""
    way = question.way
    return not isinstance(way, Blind) and way.leading is not None


def _moved(question: Question, instance: Managed) -> Step:
    has = _where(instance)
    return made(
        StepKey.TARGET,
        Status.FAIL,
        f"No instance of the project has {question.address_text}; {instance.name} is at {has}.",
        field="Instance.host",
        observed=has,
        expected=question.address_text,
        change=f"The environment file and the service would have to name {has}.",
        sources=sources(instance),
    )


def _where(instance: Managed) -> str:
    if isinstance(instance, RedisInstance):
        return f"{instance.host}:{instance.port}"
    return next(iter((*instance.private_addresses, *instance.public_addresses)), "no address")


def _wrong_port(instance: Managed, question: Question) -> Step | None:
    if isinstance(instance, SqlInstance) or not instance.port or instance.port == question.target.port:
        return None
    return made(
        StepKey.TARGET,
        Status.FAIL,
        f"{instance.name} listens at port {instance.port}, not at {question.target.port}.",
        field="Instance.port",
        observed=str(instance.port),
        expected=str(question.target.port),
        change=f"The environment file and the service would have to name port {instance.port}.",
        sources=sources(instance),
    )


def _instance_state(instance: Managed, field: str) -> Step:
    """What the state of an instance says; `RUNNABLE` with activation policy NEVER means stopped."""
    stopped = isinstance(instance, SqlInstance) and instance.activation == "NEVER"
    state = f"{instance.state}, stopped by its owner" if stopped else instance.state
    more: dict[str, str | tuple[Source, ...]] = {
        "field": "Instance.settings.activation_policy" if stopped else field,
        "observed": "NEVER" if stopped else instance.state,
        "sources": sources(instance),
    }
    down = SQL_DOWN if isinstance(instance, SqlInstance) else REDIS_DOWN
    if stopped or instance.state in down:
        expected = "RUNNABLE" if isinstance(instance, SqlInstance) else "READY"
        more |= {"expected": "ALWAYS" if stopped else expected}
        more |= {"change": f"{instance.name} would have to be {'started' if stopped else expected}."}
        return made(StepKey.TARGET, Status.FAIL, f"{instance.name} is {state}.", **more)
    if instance.state in UP:
        return made(StepKey.TARGET, Status.PASS, f"{instance.name} is {state}.", **more)
    said = f"{instance.name} is in state {instance.state or 'unknown'}; it may or may not answer."
    return made(StepKey.TARGET, Status.UNKNOWN, said, **more)


def protocol(question: Question) -> Step:
    """TLS and AUTH are as the instance wants them, as far as both sides are known."""
    key, instance, asked = StepKey.PROTOCOL, question.instance, question.target
    managed = question.observed.managed(question.target.kind)
    if question.target.kind == "redis" and isinstance(managed, Blind):
        return unknown(key, managed)
    if not isinstance(instance, RedisInstance) or (asked.tls is None and asked.auth is None):
        return skipped(key, "What the target wants of TLS and AUTH is not known to the configuration.")
    read = sources(instance)
    if asked.tls is not None and asked.tls != instance.transit_encryption:
        wants = "TLS" if instance.transit_encryption else "no TLS"
        gets = "TLS" if asked.tls else "no TLS"
        return made(
            key,
            Status.FAIL,
            f"{instance.name} speaks {wants}; the check speaks {gets}.",
            field="Instance.transit_encryption_mode",
            observed=wants,
            expected=gets,
            change=f"The service and the environment file would have to speak {wants}.",
            sources=read,
        )
    if asked.auth is False and instance.auth_enabled:
        return made(
            key,
            Status.FAIL,
            f"{instance.name} wants AUTH; the environment file names no password.",
            field="Instance.auth_enabled",
            observed="true",
            expected="false",
            change="The service and the environment file would have to give the AUTH string.",
            sources=read,
        )
    said = f"TLS and AUTH of {instance.name} are as the check speaks them."
    return made(key, Status.PASS, said, field="Instance.auth_enabled", sources=read)


def _not_asked(question: Question, network: Step, key: StepKey) -> Step | None:
    if (other := past_the_vpc(question, key)) is not None:
        return other
    if network.status is Status.FAIL:
        return skipped(key, "It does not matter: another network leads there.")
    return None
