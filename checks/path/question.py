"""One question: does a revision with this VPC access reach this address? And what all steps need of it."""

from functools import cached_property

from checks.names import Ref
from checks.observations import Blind, Connector, Egress, Interface, RedisInstance, Revision, Seen, VpcAccess
from checks.path.model import StepKey, Target
from checks.path.observed import NETWORKS, Managed, Observed, cannot_tell
from checks.path.ranges import Address, holds, is_private, parse_address
from checks.path.routing import Way, Ways
from checks.reasons import Reason

# The tags of a connector's machines, by which firewall rules and routes know them.
# https://cloud.google.com/vpc/docs/serverless-vpc-access#network-tags
CONNECTOR_TAG = "vpc-connector"


def waiting(step: StepKey, about: str) -> Blind:
    """What a later step says where an earlier one is not known; that one names what is missing."""
    return Blind(Reason.PATH_UNKNOWN, f"depends on {about}, which could not be told (step {step.value})")


class Question:
    """What is asked, and what follows from the observations for more than one step, worked out once."""

    def __init__(
        self,
        observed: Observed,
        ways: Ways,
        target: Target,
        address: str,
        vpc: Seen[VpcAccess | None],
        revision: str,
        *,
        service: str = "",
        planned: bool = False,
    ) -> None:
        self.observed = observed
        self.ways = ways
        self.target = target
        self.address_text = address
        self.address: Address | None = parse_address(address) if address else None
        self.vpc = _without_nothing(vpc)
        self.revision = revision
        self.service = service
        self.planned = planned

    def of_revision(self, revision: Revision) -> "Question":
        """The same question of another revision of the service."""
        return Question(
            self.observed,
            self.ways,
            self.target,
            self.address_text,
            revision.vpc,
            revision.name,
            service=self.service,
        )

    @property
    def where(self) -> str:
        """`10.166.204.83:6379`, for sentences."""
        shown = self.address_text or self.target.host
        return f"[{shown}]:{self.target.port}" if ":" in shown else f"{shown}:{self.target.port}"

    @cached_property
    def interface(self) -> Interface | None:
        """The interface of Direct VPC egress, where there is one."""
        if isinstance(self.vpc, Blind) or self.vpc is None or not self.vpc.interfaces:
            return None
        return self.vpc.interfaces[0]

    @cached_property
    def connector(self) -> Seen[Connector | None]:
        """The connector, None where there is none of that name. Only where VPC access names one."""
        if isinstance(self.vpc, Blind) or self.vpc is None or self.vpc.connector is None:
            return cannot_tell("there is no connector")
        home = self.observed.home(self.vpc.connector)
        if home is not None and home.project != self.observed.state.project:
            return cannot_tell(
                f"connector {home.name} is of project {home.project} (Shared VPC), which is not read"
            )
        return self.observed.connector(self.vpc.connector)

    @cached_property
    def internal(self) -> bool | None:
        """Whether the address is inside of networks: by its range, or since something of ours has it.

        None where it could be, and what would tell was not read.
        """
        if self.address is None:
            return None
        if is_private(self.address):
            return True
        managed = self.observed.managed(self.target.kind)
        if not isinstance(managed, Blind):
            if any(self.address_text in getattr(each, "public_addresses", ()) for each in managed):
                return False
            if self.instance is not None:
                return True
        subnets = self.observed.subnets_of(self.address)
        if not isinstance(subnets, Blind) and subnets:
            return True
        return None if isinstance(managed, Blind) or isinstance(subnets, Blind) else False

    @cached_property
    def instance(self) -> Managed | None:
        """The managed instance that has the address, as far as instances were read."""
        managed = self.observed.managed(self.target.kind)
        known = () if isinstance(managed, Blind) else managed
        return next((each for each in known if self.address in addresses(each)), None)

    @cached_property
    def through_vpc(self) -> bool | None:
        """Whether packets go through the VPC. None where it could not be told."""
        if isinstance(self.vpc, Blind):
            return None
        if self.vpc is None:
            return False
        return True if self.vpc.effective_egress is Egress.ALL else self.internal

    @cached_property
    def network(self) -> Seen[Ref]:
        """The network at which packets come out of the connector or the interface."""
        if isinstance(self.vpc, Blind):
            return waiting(StepKey.VPC_ACCESS, "the revision's VPC access")
        if self.vpc is None:
            return cannot_tell("there is no VPC access")
        if self.vpc.connector is not None:
            return self._network_of_connector()
        return self._network_of_interface()

    @cached_property
    def owners(self) -> Seen[tuple[Ref, ...]]:
        """The networks that the target is on: of its instance, else of the subnets that hold its address."""
        if self.address is None:
            return cannot_tell(f"the address of {self.target.host} could not be told")
        managed = self.observed.managed(self.target.kind)
        if isinstance(managed, Blind):
            return managed
        if (
            self.instance is not None
            and (home := self.observed.home(self.instance.network, NETWORKS)) is not None
        ):
            return (home,)
        subnets = self.observed.subnets_of(self.address)
        if isinstance(subnets, Blind):
            return subnets
        homes = {home for each in subnets if (home := self.observed.home(each.network, NETWORKS)) is not None}
        return tuple(sorted(homes, key=lambda each: (each.project, each.name)))

    @cached_property
    def way(self) -> Seen[Way]:
        """The way of the address in that network."""
        if isinstance(self.network, Blind):
            return self.network
        if self.address is None:
            return cannot_tell(f"the address of {self.target.host} could not be told")
        internet = self.internal is False
        return self.ways.find(self.network, self.address, self.tags, internet=internet)

    @cached_property
    def tags(self) -> frozenset[str]:
        """The network tags of the machines that packets come from."""
        if self.interface is not None:
            return frozenset(self.interface.tags)
        if isinstance(self.vpc, Blind) or self.vpc is None or self.vpc.connector is None:
            return frozenset()
        home = self.observed.home(self.vpc.connector)
        named = {f"{CONNECTOR_TAG}-{home.location}-{home.name}"} if home is not None else set()
        return frozenset({CONNECTOR_TAG, *named})

    @cached_property
    def source_range(self) -> str:
        """The range that packets come from, as a CIDR; empty where it is not known."""
        if self.interface is None and isinstance(self.connector, Connector):
            return self.connector.cidr or self._range_of(self.connector.subnet)
        return self._range_of(self.interface.subnetwork if self.interface else None)

    def _range_of(self, ref: Ref | None) -> str:
        subnet = self.observed.subnet(ref) if ref is not None else None
        return "" if subnet is None or isinstance(subnet, Blind) else next(iter(subnet.ranges), "")

    def _network_of_connector(self) -> Seen[Ref]:
        connector = self.connector
        if isinstance(connector, Blind):
            return waiting(StepKey.CONNECTOR, "the connector")
        if connector is None:
            return cannot_tell("there is no such connector")
        if (home := self.observed.home(connector.network, NETWORKS)) is not None:
            return home
        return self._network_of_subnet(connector.subnet, "the connector names neither network nor subnet")

    def _network_of_interface(self) -> Seen[Ref]:
        interface = self.interface
        if interface is None:
            return cannot_tell("VPC access names neither a connector nor a network")
        if (home := self.observed.home(interface.network, NETWORKS)) is not None:
            return home
        return self._network_of_subnet(
            interface.subnetwork, "the interface names neither network nor subnetwork"
        )

    def _network_of_subnet(self, ref: Ref | None, otherwise: str) -> Seen[Ref]:
        if ref is None:
            return cannot_tell(otherwise)
        subnet = self.observed.subnet(ref)
        if isinstance(subnet, Blind):
            return subnet
        home = self.observed.home(subnet.network, NETWORKS) if subnet is not None else None
        if home is None:
            return cannot_tell(f"subnet {ref.name} is not among those that were read")
        return home


def addresses(instance: Managed) -> set[Address]:
    """The private addresses of an instance, and its public ones."""
    if isinstance(instance, RedisInstance):
        texts = [instance.host, instance.read_endpoint]
    else:
        texts = [*instance.private_addresses, *instance.public_addresses]
    return {address for text in texts if (address := parse_address(text)) is not None}


def in_reserved_range(instance: Managed, address: Address) -> bool:
    """Whether an address is one that this instance could have had."""
    return bool(instance.reserved_range) and holds(instance.reserved_range, address)


def _without_nothing(vpc: Seen[VpcAccess | None]) -> Seen[VpcAccess | None]:
    """An empty VPC access is none; one with both a connector and interfaces cannot be."""
    if isinstance(vpc, Blind) or vpc is None:
        return vpc
    if vpc.connector is not None and not vpc.connector.name:
        return cannot_tell("VPC access names a connector without a name")
    if vpc.connector is not None and vpc.interfaces:
        return cannot_tell("VPC access names a connector and interfaces, which exclude each other")
    return vpc if vpc.connector is not None or vpc.interfaces else None
