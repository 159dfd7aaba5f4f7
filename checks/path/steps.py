"""The steps between a revision and its network: VPC access, egress, connector, network.

Each function answers one step from a `Question`. docs/network-path.md tells each rule with its source.
"""

from dataclasses import replace
from ipaddress import IPv6Address

from checks.names import Ref
from checks.observations import Blind, Connector, Egress, NextHop, Source, VpcAccess
from checks.path.advice import CARRIES, way_between, way_in, way_in_or_connector
from checks.path.far_end import Closed, far_end
from checks.path.model import TITLES, Step, StepKey
from checks.path.observed import cannot_tell
from checks.path.question import Question, waiting
from checks.path.ranges import is_private
from checks.path.routing import RELAYS, TUNNELS, Way, described
from checks.result import Status

BROKEN = {
    "CREATING": (
        "is still being made",
        "Connector {name} would have to be READY; that takes some minutes, so look again.",
    ),
    "DELETING": ("is being deleted", "Connector {name} would have to be made anew once it is gone."),
    "ERROR": ("is in state ERROR", "Connector {name} would have to be made anew: one in ERROR stays so."),
}
"""States in which a connector carries nothing: what it is, and what would have to change."""


def made(key: StepKey, status: Status, message: str, **more: object) -> Step:
    """A step with its title; sentences begin with a capital letter, but for names of resources."""
    first = message.partition(" ")[0]
    said = message[:1].upper() + message[1:] if first.isalpha() else message
    return Step(key, TITLES[key], status, said, **more)  # type: ignore[arg-type]  # fields of Step, checked by it


def unknown(key: StepKey, blind: Blind, field: str = "", observed: str = "") -> Step:
    """A step that could not be told: why, and what lets whybot see."""
    said = blind.message.rstrip(".") + "."
    if blind.permission and blind.permission not in said:
        said += f" Permission {blind.permission} is missing."
    if blind.role and blind.role not in said:
        said += f" Role {blind.role} holds it."
    grant = f"Grant it: {blind.command}" if blind.command else ""
    return made(key, Status.UNKNOWN, said, field=field, observed=observed, change=grant)


def skipped(key: StepKey, message: str) -> Step:
    """A step that does not apply, or no longer matters."""
    return made(key, Status.SKIPPED, message)


def sources(*values: object) -> tuple[Source, ...]:
    """The sources of observed values, each once."""
    found = [source for each in values if isinstance(source := getattr(each, "source", None), Source)]
    return tuple(dict.fromkeys(found))


def vpc_access(question: Question) -> Step:
    """The revision has VPC access, where the address needs it."""
    key, field = StepKey.VPC_ACCESS, "Revision.vpc_access"
    vpc = question.vpc
    if isinstance(vpc, Blind):
        return unknown(key, vpc, field)
    if vpc is not None:
        return made(
            key, Status.PASS, f"{question.revision} leaves {_by(vpc)}.", field=field, observed=_by(vpc)
        )
    observed = "no VPC access"
    if question.internal is None:
        return unknown(key, _address_unknown(question), field)
    if question.internal:
        return made(
            key,
            Status.FAIL,
            f"{question.revision} has no VPC access, and {question.where} is inside of a network.",
            field=field,
            observed=observed,
            expected="a connector or Direct VPC",
            change=way_in(question),
        )
    if isinstance(question.address, IPv6Address):
        return made(key, Status.UNKNOWN, _ipv6(), field=field, observed=observed)
    return made(
        key,
        Status.PASS,
        f"{question.where} is a public address; {question.revision} reaches it without a VPC.",
        field=field,
        observed=observed,
    )


def egress(question: Question) -> Step:
    """The egress setting sends the address where it can be reached."""
    key, field, vpc = StepKey.EGRESS, "Revision.vpc_access.egress", question.vpc
    if isinstance(vpc, Blind):
        return unknown(key, waiting(StepKey.VPC_ACCESS, "the revision's VPC access"), field)
    if vpc is None:
        return skipped(key, "There is no VPC access for which it could be set.")
    observed = vpc.effective_egress.value + ("" if vpc.egress else " (not set)")
    if question.address is None:
        return unknown(key, _address_unknown(question), field)
    if isinstance(question.address, IPv6Address):
        return made(key, Status.UNKNOWN, _ipv6(), field=field, observed=observed)
    if vpc.effective_egress is Egress.ALL:
        said = f"All traffic goes through the VPC, {question.where} as well."
        return made(key, Status.PASS, said, field=field, observed=observed)
    if question.internal is None:
        return unknown(key, _address_unknown(question), field)
    return _private_ranges(question, field, observed)


def _private_ranges(question: Question, field: str, observed: str) -> Step:
    assert question.address is not None  # noqa: S101 - asked by the caller
    key = StepKey.EGRESS
    if is_private(question.address):
        said = f"{question.where} is in a private range, which goes through the VPC."
        return made(key, Status.PASS, said, field=field, observed=observed)
    if question.internal:
        return made(
            key,
            Status.FAIL,
            f"{question.where} is inside of a network, but in no private range: it leaves past the VPC.",
            field=field,
            observed=observed,
            expected=Egress.ALL.value,
            change=f"A revision with egress {Egress.ALL.value} would have to serve.",
        )
    said = f"{question.where} is a public address and leaves directly, not through the VPC."
    return made(key, Status.PASS, said, field=field, observed=observed)


def connector(question: Question) -> Step:
    """The connector exists, is READY, and is in the region."""
    key, field, vpc = StepKey.CONNECTOR, "Connector.state", question.vpc
    if (other := past_the_vpc(question, key)) is not None:
        return other
    assert isinstance(vpc, VpcAccess)  # noqa: S101 - what goes through a VPC has VPC access
    if vpc.connector is None:
        return skipped(key, "Direct VPC needs no connector.")
    home = question.observed.home(vpc.connector)
    region = question.observed.state.region
    if home is not None and not question.observed.in_region(home):
        return made(
            key,
            Status.FAIL,
            f"Connector {home.name} is in {home.location}; the service is in {region}.",
            field="Revision.vpc_access.connector",
            observed=home.location,
            expected=region,
            change=f"A revision with a connector in {region} would have to serve.",
        )
    found = question.connector
    if isinstance(found, Blind):
        return unknown(key, found, field)
    if found is None:
        return made(
            key,
            Status.FAIL,
            f"There is no connector {vpc.connector.name} in {region}.",
            field="Revision.vpc_access.connector",
            observed="absent",
            expected=vpc.connector.name,
            change=way_in_or_connector(question, vpc.connector.name),
        )
    return _connector_state(found, field)


def _connector_state(found: Connector, field: str) -> Step:
    key, name, read = StepKey.CONNECTOR, found.ref.name, sources(found)
    if found.state in CARRIES:
        more = "" if found.state == "READY" else ", which goes on carrying traffic"
        said = f"Connector {name} is {found.state}{more}."
        return made(key, Status.PASS, said, field=field, observed=found.state, sources=read)
    if found.state in BROKEN:
        what, change = BROKEN[found.state]
        return made(
            key,
            Status.FAIL,
            f"Connector {name} {what}.",
            field=field,
            observed=found.state,
            expected="READY",
            change=change.format(name=name),
            sources=read,
        )
    said = f"Connector {name} has a state that whybot does not know: {found.state or 'none'}."
    return made(key, Status.UNKNOWN, said, field=field, observed=found.state, sources=read)


def network(question: Question) -> Step:
    """The network that packets come out at is one that leads to the target."""
    key, field = StepKey.NETWORK, _network_field(question)
    if (other := past_the_vpc(question, key)) is not None:
        return other
    here, owners, way = question.network, question.owners, question.way
    if isinstance(here, Blind):
        return unknown(key, here, field) if _nameable(question) else skipped(key, "There is no connector.")
    if question.internal is False:
        return skipped(key, "A public address is of no network.")
    if isinstance(owners, Blind):
        return unknown(key, owners, field, here.name)
    if isinstance(way, Blind):
        return unknown(key, way, field)
    if any(question.observed.same(here, each) for each in owners):
        said = f"It comes out at network {here.name}, which {question.target.title} is on."
        read = sources(question.connector, question.instance)
        return made(key, Status.PASS, said, field=field, observed=here.name, sources=read)
    return _another_network(question, here, owners, way, field)


def _another_network(question: Question, here: Ref, owners: tuple[Ref, ...], way: Way, field: str) -> Step:
    """It comes out at a network on which the target is not."""
    key = StepKey.NETWORK
    names = " or ".join(each.name for each in owners)
    read = sources(question.connector, question.instance, way.leading)
    if way.leading is not None:
        return _reached_from(question, here, names, way, field)
    if not owners:
        return skipped(key, f"No network of the project is known to have {question.where}.")
    if way.unlisted:
        return unknown(key, way.unlisted[0], field, here.name)
    return made(
        key,
        Status.FAIL,
        _leads_from(question, here, names),
        field=field,
        observed=here.name,
        expected=names,
        change=way_between(question, here),
        sources=read,
    )


def _reached_from(question: Question, here: Ref, names: str, way: Way, field: str) -> Step:
    """Another network, and one of its routes holds the address."""
    assert way.leading is not None  # noqa: S101 - asked by the caller
    key, hop, title = StepKey.NETWORK, way.leading.next_hop, question.target.title
    of = f", while {title} is on {names}" if names else ""
    said = f"It comes out at network {here.name}{of}; a route leads there: {described(way.leading)}."
    more = {"field": field, "observed": here.name, "expected": names, "sources": sources(way.leading)}
    if names and hop is NextHop.PEERING and question.instance is not None:
        # What is reached over one peering is not reached over a second one.
        # https://cloud.google.com/vpc/docs/vpc-peering#transitive_peering
        said += " Peering is not transitive, so whether it answers there could not be told."
        return made(key, Status.UNKNOWN, said, **more)
    if hop in RELAYS:
        return made(key, Status.UNKNOWN, f"{said} Whether it is handed on could not be told.", **more)
    beyond = far_end(question, way.leading) if hop in TUNNELS else None
    if isinstance(beyond, Closed):
        said = f"{_leads_from(question, here, names)} {beyond.why}"
        change = way_between(question, here)
        return made(key, Status.FAIL, said, change=change, **more)
    if isinstance(beyond, Blind):
        why = beyond.message[:1].upper() + beyond.message[1:]
        return unknown(key, replace(beyond, message=f"{said} {why}"), field, here.name)
    return made(key, Status.PASS, said, detour=hop in TUNNELS, **more)


def _leads_from(question: Question, here: Ref, names: str) -> str:
    return (
        f"{question.revision} leaves {_by_name(question)} at network {here.name}; "
        f"{question.target.title} can be reached from {names} only."
    )


def past_the_vpc(question: Question, key: StepKey) -> Step | None:
    """What a step of the VPC says where packets do not go through one, or where that is not known."""
    if isinstance(question.vpc, Blind):
        return unknown(key, waiting(StepKey.VPC_ACCESS, "the revision's VPC access"))
    if question.vpc is None:
        return skipped(key, "There is no VPC access.")
    if isinstance(question.address, IPv6Address):
        return unknown(key, waiting(StepKey.EGRESS, "how Cloud Run carries IPv6 here"))
    if question.through_vpc is None:
        return unknown(key, waiting(StepKey.EGRESS, "whether packets go through the VPC"))
    if not question.through_vpc:
        return skipped(key, f"{question.where} leaves directly, not through the VPC.")
    return None


def _nameable(question: Question) -> bool:
    """Whether there is a connector or an interface at all whose network could be asked for."""
    if isinstance(question.vpc, Blind) or question.vpc is None:
        return False
    return question.vpc.connector is None or question.connector is not None


def _network_field(question: Question) -> str:
    direct = question.interface is not None
    return "Revision.vpc_access.network_interfaces[].network" if direct else "Connector.network"


def _address_unknown(question: Question) -> Blind:
    if question.address is None:
        return cannot_tell(f"the address of {question.target.host or 'the target'} could not be told")
    managed = question.observed.managed(question.target.kind)
    if isinstance(managed, Blind):
        return managed
    subnets = question.observed.subnets_of(question.address)
    return subnets if isinstance(subnets, Blind) else cannot_tell("it could not be told")


def _ipv6() -> str:
    return "The address is an IPv6 one, and whybot does not know how Cloud Run carries it here."


def _by(vpc: VpcAccess) -> str:
    if vpc.connector is not None:
        return f"over connector {vpc.connector.name}"
    where = vpc.interfaces[0].network or vpc.interfaces[0].subnetwork
    return f"by Direct VPC on {where.name if where else 'an unnamed network'}"


def _by_name(question: Question) -> str:
    return _by(question.vpc) if isinstance(question.vpc, VpcAccess) else ""
