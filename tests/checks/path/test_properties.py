"""What holds of every path, whatever is observed."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.names import Ref
from checks.observations import (
    Blind,
    CloudState,
    Connector,
    Egress,
    Firewall,
    Interface,
    Network,
    NextHop,
    Peering,
    Ports,
    RedisInstance,
    Route,
    SqlInstance,
    Subnet,
    TrafficShare,
    VpcAccess,
)
from checks.path.explain import explain
from checks.path.model import Path, StepKey, Target
from checks.result import Status
from tests.checks.path.place import (
    BACKEND,
    BAD,
    GOOD,
    LISTS,
    NOW,
    NUMBER,
    PROJECT,
    REGION,
    blind,
    revision,
    service,
    source,
)

READ = source("test", "made up")
ADDRESSES = ("10.166.204.83", "10.20.0.5", "34.10.0.3", "8.8.8.8", "fd20::5", "", "no address")
RANGES = (
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.166.204.80/29",
    "10.166.204.83/32",
    "10.20.0.0/24",
    "34.10.0.0/29",
    "x",
)
TAGS = st.lists(st.sampled_from(["vpc-connector", "web"]), max_size=1).map(tuple)
NAMES = ("one", "two")


def refs(kind: str, names: tuple[str, ...] = NAMES) -> st.SearchStrategy[Ref]:
    """Refs in any spelling; now and then of another project or place."""
    projects = st.sampled_from([PROJECT, PROJECT, NUMBER, "", "host-project"])
    places = st.sampled_from(["global", ""] if kind == "networks" else [REGION, REGION, "", "europe-west1"])
    return st.builds(Ref, st.sampled_from(names), st.just(kind), projects, places)


def seen(of: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    """All of them, or nothing that could be read."""
    return st.one_of(st.lists(of, max_size=most).map(tuple), st.just(blind("x.y.list", "roles/x.viewer")))


networks = refs("networks")
connectors = st.builds(
    Connector,
    refs("connectors"),
    st.sampled_from(["READY", "READY", "UPDATING", "ERROR", "CREATING", "STRANGE", ""]),
    st.one_of(networks, st.none()),
    st.just(READ),
    st.sampled_from(["10.1.0.0/28", "", "x"]),
)
routes = st.builds(
    Route,
    networks,
    st.sampled_from(RANGES),
    st.sampled_from(NextHop),
    st.just(READ),
    hop=st.sampled_from(["p", "q", ""]),
    name=st.sampled_from(["r", "s"]),
    priority=st.integers(0, 2),
    tags=TAGS,
    status=st.sampled_from(["ACTIVE", "", "DROPPED"]),
    exchanged=st.sampled_from(["", "SUBNET_PEERING_ROUTE", "STATIC_PEERING_ROUTE"]),
)
peerings = st.builds(
    Peering,
    st.sampled_from(["p", "q"]),
    networks,
    st.sampled_from(["ACTIVE", "ACTIVE", "INACTIVE"]),
    export_custom_routes=st.booleans(),
)
firewalls = st.builds(
    Firewall,
    st.sampled_from(["a", "b"]),
    networks,
    st.sampled_from(["EGRESS", "INGRESS"]),
    st.integers(0, 2),
    st.booleans(),
    st.just(READ),
    st.sampled_from(
        [(), (Ports("tcp", ("6379",)),), (Ports("udp"),), (Ports("all"),), (Ports("tcp", ("x",)),)]
    ),
    destinations=st.lists(st.sampled_from(RANGES), max_size=1).map(tuple),
    sources=st.lists(st.sampled_from(RANGES), max_size=1).map(tuple),
    target_tags=TAGS,
    target_service_accounts=st.sampled_from([(), (), ("a@b",)]),
    disabled=st.booleans(),
    place=st.integers(0, 1),
)
interfaces = st.builds(
    Interface, st.one_of(networks, st.none()), st.one_of(refs("subnetworks"), st.none()), TAGS
)
vpcs = st.builds(
    VpcAccess,
    st.one_of(refs("connectors"), st.none()),
    st.one_of(st.sampled_from(Egress), st.none()),
    st.lists(interfaces, max_size=1).map(tuple),
)
revisions = st.builds(
    revision,
    st.sampled_from([GOOD, BAD]),
    st.one_of(vpcs, vpcs, st.none()),
    ready=st.sampled_from([True, True, False, None]),
    reconciling=st.booleans(),
    deleted=st.sampled_from([False, False, True]),
)
shares = st.builds(TrafficShare, st.sampled_from([GOOD, BAD, ""]), st.sampled_from([0, 50, 100]))
redis = st.builds(
    RedisInstance,
    st.sampled_from(NAMES),
    st.sampled_from(ADDRESSES),
    st.sampled_from([6379, 0]),
    st.sampled_from(["READY", "READY", "CREATING", "MAINTENANCE", ""]),
    st.one_of(networks, st.none()),
    st.just(READ),
    reserved_range=st.sampled_from(RANGES),
    transit_encryption=st.booleans(),
    auth_enabled=st.booleans(),
)
sql = st.builds(
    SqlInstance,
    st.sampled_from(NAMES),
    st.sampled_from(["RUNNABLE", "RUNNABLE", "SUSPENDED", ""]),
    st.just(READ),
    st.lists(st.sampled_from(ADDRESSES), max_size=1).map(tuple),
    st.lists(st.sampled_from(ADDRESSES), max_size=1).map(tuple),
    st.one_of(networks, st.none()),
    activation=st.sampled_from(["", "ALWAYS", "NEVER"]),
)
subnets = st.builds(
    Subnet,
    refs("subnetworks"),
    networks,
    st.lists(st.sampled_from(RANGES), max_size=2).map(tuple),
    st.just(READ),
)
targets = st.builds(
    Target,
    st.just("target"),
    st.just("Target"),
    st.sampled_from(["redis", "postgres", "clickhouse"]),
    st.just("target.internal"),
    st.sampled_from([6379, 5432]),
    st.lists(st.sampled_from(ADDRESSES), max_size=2).map(tuple),
    tls=st.sampled_from([None, True, False]),
    auth=st.sampled_from([None, True, False]),
)
states = st.builds(
    CloudState,
    st.just(PROJECT),
    st.just(REGION),
    st.just(NOW),
    st.sampled_from([NUMBER, ""]),
    services=seen(st.lists(shares, max_size=2).map(lambda each: service(*each)), 1),
    revisions=st.one_of(seen(revisions).map(lambda each: {BACKEND: each}), st.just({})),
    connectors=seen(connectors),
    networks=seen(st.builds(Network, networks, st.just(READ), st.lists(peerings, max_size=1).map(tuple))),
    subnets=seen(subnets),
    routes=seen(routes),
    peering_routes=st.dictionaries(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["p", "q"])), seen(routes), max_size=2
    ),
    unlisted_routes=st.dictionaries(st.sampled_from(NAMES), st.just(blind("a.b")), max_size=1),
    firewalls=seen(firewalls),
    redis=seen(redis),
    sql=seen(sql),
)
planned = st.one_of(st.none(), vpcs)


def verdicts(paths: tuple[Path, ...]) -> list[tuple[str, str, Status, list[tuple[StepKey, Status]]]]:
    """What paths say, without words."""
    return [
        (each.revision, each.address, each.verdict, [(step.key, step.status) for step in each.steps])
        for each in paths
    ]


@given(states, targets, planned)
def test_it_never_raises_and_is_consistent(state: CloudState, target: Target, vpc: VpcAccess | None) -> None:
    """Whatever is observed there is a path, whose verdict and deciding step follow from its steps."""
    paths = explain(state, BACKEND, target, planned=vpc)
    assert paths
    for path in paths:
        found = {step.status for step in path.steps}
        expected = next((each for each in (Status.FAIL, Status.UNKNOWN) if each in found), Status.PASS)
        assert path.verdict is expected
        first = next((step for step in path.steps if step.status is expected), None)
        assert path.deciding is (None if expected is Status.PASS else first)
        assert [step.key for step in path.steps] == list(StepKey)
        assert all(step.message for step in path.steps)
        assert Status.DEGRADED not in found


@given(states, targets, planned, st.sampled_from((*LISTS, "revisions", "peering_routes")))
def test_seeing_less_never_opens_a_path(
    state: CloudState, target: Target, vpc: VpcAccess | None, field: str
) -> None:
    """Where something can no longer be read, nothing that failed or was unknown becomes a pass."""
    nothing = blind("x.y.list", "roles/x.viewer")
    less: Any = nothing
    if field in ("revisions", "peering_routes"):
        less = dict.fromkeys(getattr(state, field), nothing)
    before = explain(state, BACKEND, target, planned=vpc)
    after = explain(replace(state, **{field: less}), BACKEND, target, planned=vpc)
    was = {each.address: each.verdict for each in before if each.verdict is not Status.PASS}
    for path in after:
        if path.address in was:
            others = [each for each in before if each.address == path.address]
            assert path.verdict is not Status.PASS or any(
                each.verdict is Status.PASS and each.revision == path.revision for each in others
            )


@given(states, targets)
def test_what_was_not_read_is_never_a_pass(state: CloudState, target: Target) -> None:
    """With nothing read at all, no path passes, and every step that fails is of what is known."""
    nothing = blind("x.y.list", "roles/x.viewer")
    blinded = replace(state, **dict.fromkeys(LISTS, nothing), revisions={BACKEND: nothing}, peering_routes={})
    for path in explain(blinded, BACKEND, target):
        assert path.verdict is Status.UNKNOWN
        assert path.deciding is not None
        assert path.deciding.key is StepKey.SERVING
        assert "x.y.list" in path.deciding.message


@given(states, targets)
def test_a_plan_that_is_live_is_judged_as_what_is_live(state: CloudState, target: Target) -> None:
    """Every step after the first says the same of a VPC access, whether it serves or is planned."""
    for live in explain(state, BACKEND, target):
        vpc = _vpc_of(state, live.revision)
        if vpc is None:
            continue
        for plan in explain(state, BACKEND, target, planned=vpc):
            if plan.address == live.address:
                assert [each.status for each in plan.steps[1:]] == [each.status for each in live.steps[1:]]


@given(states, targets, planned, st.randoms(use_true_random=False))
def test_the_order_of_what_was_read_does_not_matter(
    state: CloudState, target: Target, vpc: VpcAccess | None, random: Any
) -> None:
    """Lists in any order give the same verdicts, in the same order."""
    # Two different things of one name are no order but a contradiction.
    shuffled = {}
    for name in ("routes", "firewalls", "subnets"):
        things = getattr(state, name)
        if not isinstance(things, Blind):
            mixed = list(things)
            random.shuffle(mixed)
            shuffled[name] = tuple(mixed)
    assert verdicts(explain(replace(state, **shuffled), BACKEND, target, planned=vpc)) == verdicts(
        explain(state, BACKEND, target, planned=vpc)
    )


@given(states, targets, planned)
def test_spelling_does_not_matter(state: CloudState, target: Target, vpc: VpcAccess | None) -> None:
    """The project's number in place of its id, or a name without project: the same verdicts."""
    known = replace(state, project_number=NUMBER)
    plain = explain(known, BACKEND, target, planned=vpc)
    for spell in (_numbered, _silent):
        other = explain(_respelled(known, spell), BACKEND, target, planned=_respelled(vpc, spell))
        assert verdicts(other) == verdicts(plain)


def _vpc_of(state: CloudState, name: str) -> VpcAccess | None:
    known = state.revisions.get(BACKEND, ())
    found = [] if isinstance(known, Blind) else [each for each in known if each.name == name]
    return found[-1].vpc if found else None


def _numbered(ref: Ref) -> Ref:
    return replace(ref, project=NUMBER) if ref.project in (PROJECT, "") else ref


def _silent(ref: Ref) -> Ref:
    return replace(ref, project="") if ref.project in (PROJECT, NUMBER) else ref


def _respelled(thing: Any, spell: Any) -> Any:
    """The same with every ref spelled otherwise."""
    if isinstance(thing, Ref):
        return spell(thing)
    if isinstance(thing, tuple):
        return tuple(_respelled(each, spell) for each in thing)
    if isinstance(thing, dict):
        return {key: _respelled(each, spell) for key, each in thing.items()}
    if hasattr(thing, "__dataclass_fields__"):
        return replace(
            thing, **{each.name: _respelled(getattr(thing, each.name), spell) for each in fields(thing)}
        )
    return thing
