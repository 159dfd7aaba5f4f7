"""What would have to be different for a revision to get to its target, as sentences.

A revision's VPC access cannot be changed: another revision has to serve
(https://cloud.google.com/run/docs/managing/revisions). Which connector is meant is not known here, so one is
named as a fact only, or since a revision that is there has it.
"""

from dataclasses import dataclass

from checks.names import Ref
from checks.observations import Blind, Connector, RedisInstance, VpcAccess
from checks.path.question import Question

CARRIES = frozenset({"READY", "UPDATING"})
"""States in which a connector carries traffic."""


@dataclass(frozen=True, slots=True)
class Standby:
    """A ready revision of the service that leaves at the target's network, and its share of the traffic."""

    revision: str
    over: str
    percent: int


def way_in(question: Question) -> str:
    """What would lead to the target: a revision that is there, else what one would have to have."""
    standby = _standby(question)
    if standby is not None:
        return _capital(_standing_by(standby))
    return _capital(_revision_with(question))


def way_in_or_connector(question: Question, name: str) -> str:
    """The same where the revision's connector is not there: that one would do as well."""
    standby = _standby(question)
    other = _standing_by(standby) if standby is not None else _revision_with(question)
    return f"Either connector {name} would have to be there, or {other}"


def way_between(question: Question, here: Ref) -> str:
    """The target is on another network: the revision would have to move, or an instance that can be.

    Which of the two is on the wrong network is not known here. Only the first is said where a revision is
    ready that leaves at the target's network, and no other instance is on this one.
    """
    standby, instance, owner = _standby(question), question.instance, _owner(question)
    other = _standing_by(standby) if standby is not None else _revision_with(question)
    if owner is None or instance is None or (standby is not None and not _others_on(question, here)):
        return _capital(other)
    if isinstance(instance, RedisInstance):
        moved = f"{instance.name} would have to be authorized on {here.name} in place of {owner.name}"
    else:
        moved = f"{instance.name} would need its private address on {here.name} in place of {owner.name}"
    return f"Either {moved}, or {other}"


def _others_on(question: Question, network: Ref) -> bool:
    """Whether another managed instance is on a network: then the revision may be on the right one."""
    observed = question.observed
    known = [
        found for kind in ("redis", "postgres") if not isinstance(found := observed.managed(kind), Blind)
    ]
    return any(
        each != question.instance and observed.same(each.network, network)
        for found in known
        for each in found
    )


def _standing_by(standby: Standby) -> str:
    return (
        f"a revision with {standby.over} would have to serve: "
        f"{standby.revision} has it and gets {standby.percent} %."
    )


def _revision_with(question: Question) -> str:
    owner = _owner(question)
    if owner is None:
        return _needed(question, "a connector or Direct VPC on a network that leads there") + "."
    ready = [each.ref.name for each in question.observed.connectors_on(owner)]
    if not ready:
        made = f"Direct VPC on {owner.name} or a connector on it in {question.observed.state.region}"
        return f"{_needed(question, made)}."
    listed = f"{', '.join(ready)} {'is' if len(ready) == 1 else 'are'} on it"
    return f"{_needed(question, f'a connector on {owner.name}')} ({listed})."


def _needed(question: Question, what: str) -> str:
    if question.planned:
        return f"{question.revision} would need {what}"
    return f"a revision with {what} would have to serve"


def _owner(question: Question) -> Ref | None:
    owners = question.owners
    return None if isinstance(owners, Blind) or not owners else owners[0]


def _standby(question: Question) -> Standby | None:
    """The newest revision that would get there; none for a plan, which is about a revision to come."""
    if question.planned or _owner(question) is None:
        return None
    for each in question.observed.revisions(question.service):
        if not each.ready or each.deleted or each.name == question.revision or each.vpc is None:
            continue
        other = question.of_revision(each)
        if (over := _over(other, each.vpc)) is not None:
            percent = question.observed.percent(question.service, each.name)
            return Standby(each.name, over, percent)
    return None


def _over(question: Question, vpc: VpcAccess) -> str | None:
    """`connector staging-connector, which is on staging-vpc,`; None where it does not leave at the target's
    network.
    """
    network, owners = question.network, question.owners
    if isinstance(network, Blind) or isinstance(owners, Blind) or not question.through_vpc:
        return None
    if not any(question.observed.same(network, each) for each in owners):
        return None
    if vpc.connector is None:
        return f"Direct VPC on {network.name}"
    connector = question.connector
    if not isinstance(connector, Connector) or connector.state not in CARRIES:
        return None
    return f"connector {connector.ref.name}, which is on {network.name},"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
