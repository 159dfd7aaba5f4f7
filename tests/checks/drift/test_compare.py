"""Where three sides disagree, in a table of cases and as properties."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.drift.model import Acceptance, Severity
from checks.observations import Blind, Change, CloudState
from checks.result import Status
from checks.terraform.model import Infrastructure, Sensitive, Unevaluated
from tests.checks.drift.cases import (
    BACKEND,
    BY_CONNECTOR,
    BY_EGRESS,
    CASES,
    NO_FILE,
    REDIS,
    VPC,
    Case,
    route,
    with_legacy,
)
from tests.checks.drift.three_sides import (
    SERVICES,
    World,
    agreed,
    in_terraform,
    recorded,
    resource,
    revision,
    serving,
    terraform,
)
from tests.checks.path import place

INCIDENT = with_legacy(serving("backend", revision("backend", 42, place.LEGACY)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    """What differs is told, with its effect; nothing else is."""
    drift = case.step(agreed()).drift()
    found = {each.field: each for each in drift.differences}
    assert {name: each.severity for name, each in found.items()} == {
        name: severity for name, (severity, _) in case.differs.items()
    }
    for name, (_, effect) in case.differs.items():
        assert effect in found[name].effect
    assert tuple(each.field for each in drift.unknown) == tuple(sorted(case.unknown))


def test_there_are_enough_cases() -> None:
    """Names are told apart, and there are more than sixty."""
    assert len({case.name for case in CASES}) == len(CASES) > 60


def test_the_incident_on_three_sides() -> None:
    """Each side has its value, where it was read, and what it is called."""
    found = INCIDENT(agreed()).differences()[BY_CONNECTOR]
    values = (found.declared.value, found.terraform.value, found.live.value)
    assert values == ("staging-connector", "staging-connector", "legacy-connector")
    assert found.title == f"connector of backend ({SERVICES['backend']}-00042-abc)"
    sources = (found.declared.source, found.terraform.source, found.live.source)
    assert [each.system for each in sources if each] == ["environment", "terraform", "cloud_run"]
    assert sources[1] is not None
    assert sources[1].resource == BACKEND


def test_two_revisions_that_are_wrong_alike_are_one_difference() -> None:
    """One row names both; two values would be two rows."""
    both = [revision("backend", number, place.LEGACY) for number in (42, 43)]
    found = with_legacy(serving("backend", *both))(agreed()).drift()
    alike = [each for each in found.differences if each.field == BY_CONNECTOR]
    assert len(alike) == 1
    assert all(each.name in alike[0].title for each in both)
    apart = [both[0], revision("backend", 43, None)]
    found = with_legacy(serving("backend", *apart))(agreed()).drift()
    assert len([each for each in found.differences if each.field == BY_CONNECTOR]) == 2


def test_what_is_configured_and_not_applied_is_told() -> None:
    """A state that follows what was changed by hand does not hide what the files want."""
    configured = deepened(recorded(), "legacy-connector")
    state = terraform(configured)
    files = tuple(resource(*address.split("."), each) for address, each in recorded().items())
    world = INCIDENT(replace(agreed(), terraform=replace(state, configured=files)))
    assert world.differences()[BY_CONNECTOR].terraform.value == (
        "legacy-connector (configured: staging-connector)"
    )


def deepened(values: dict[str, dict[str, Any]], connector: str) -> dict[str, dict[str, Any]]:
    values[BACKEND]["template"][0]["vpc_access"][0]["connector"] = connector
    return values


@pytest.mark.parametrize(
    "ignored", ["template[0].vpc_access", "template", "all", "template[0].vpc_access[0].connector"]
)
def test_what_terraform_leaves_to_others_is_not_compared_with_it(ignored: str) -> None:
    """`ignore_changes` says that Terraform has no say in it."""
    values = deepened(recorded(), "another")
    state = terraform(values)
    files = tuple(
        replace(resource(*address.split("."), each), ignored=(ignored,))
        for address, each in recorded().items()
    )
    world = replace(agreed(), terraform=replace(state, configured=files))
    assert BY_CONNECTOR not in world.differences()


@pytest.mark.parametrize(
    ("image", "differs"),
    [
        ("us-docker.pkg.dev/p/r/backend@sha256:aa", False),
        ("us-docker.pkg.dev/p/r/backend@sha256:bb", True),
        ("us-docker.pkg.dev/p/r/backend:2.14.0", False),
        ("us-docker.pkg.dev/p/r/other:2.14.0", True),
        (Unevaluated("var.image", "no value"), False),
    ],
)
def test_an_image_counts_where_files_set_it_plainly(image: Any, differs: bool) -> None:
    """A state records what was deployed; only what files say is a wish, and a tag is no digest."""
    files = recorded()
    files[BACKEND]["template"][0]["containers"] = [{"image": image}]
    configured = tuple(resource(*address.split("."), each) for address, each in files.items())
    world = replace(agreed(), terraform=replace(terraform(recorded()), configured=configured))
    world = serving("backend", revision("backend"), template_image="us-docker.pkg.dev/p/r/backend@sha256:aa")(
        world
    )
    assert ("services.backend.image" in world.differences()) is differs


# who changed it

MADE = place.NOW - timedelta(hours=2)
AUDITED = Change(
    MADE - timedelta(seconds=5), "deploy-bot@x", "google.cloud.run.v2.Services.UpdateService",
    f"projects/{place.PROJECT}/locations/{place.REGION}/services/{SERVICES['backend']}",
    place.source("audit", "entry"),
)  # fmt: skip


def incident(*changes: Change) -> World:
    made = replace(revision("backend", 42, place.LEGACY), creator="someone@x", created_at=MADE)
    return replace(with_legacy(serving("backend", made))(agreed()), changes=changes)


def test_who_changed_it_is_told_by_the_audit_log() -> None:
    """The call that asked for the revision, not a later one to the same service."""
    later = replace(AUDITED, at=place.NOW, who="pipeline@x")
    changed = incident(later, AUDITED).differences()[BY_CONNECTOR].changed
    assert changed is not None
    assert changed.who == "deploy-bot@x"


def test_without_an_audit_log_the_revision_says_who_made_it() -> None:
    """A revision knows its creator."""
    for changes in ((), (replace(AUDITED, at=MADE - timedelta(days=1)),)):
        changed = incident(*changes).differences()[BY_CONNECTOR].changed
        assert changed is not None
        assert (changed.who, changed.at) == ("someone@x", MADE)


def test_an_unreadable_audit_log_is_told_and_makes_nothing_unknown() -> None:
    """What differs does not depend on who did it."""
    hidden = place.blind("logging.privateLogEntries.list", "roles/logging.privateLogViewer")
    drift = replace(agreed(), changes=hidden).drift()
    assert drift.status is Status.PASS
    assert drift.blind == ()
    assert (drift.unheard, drift.hidden) == (hidden, (hidden,))


def test_a_change_in_another_region_is_not_who_changed_it() -> None:
    """The same name there is another service."""
    far = AUDITED.resource.replace(place.REGION, "europe-west1")
    older = f"namespaces/{place.PROJECT}/services/{SERVICES['backend']}"
    for away in (
        replace(AUDITED, resource=far, who="far@x"),
        replace(AUDITED, resource=older, location="europe-west1", who="far@x"),
    ):
        changed = incident(away).differences()[BY_CONNECTOR].changed
        assert changed is not None
        assert changed.who == "someone@x"


# what was accepted


def accepting(field: str, until: date) -> World:
    return replace(INCIDENT(agreed()), accepted=(Acceptance(field, "bob", "a trial", until),))


TODAY = place.NOW.date()


@pytest.mark.parametrize(
    ("field", "until", "accepted"),
    [
        (BY_CONNECTOR, TODAY, {BY_CONNECTOR}),
        (BY_CONNECTOR, TODAY + timedelta(days=3), {BY_CONNECTOR}),
        (BY_CONNECTOR, TODAY - timedelta(days=1), set()),
        ("services.*.vpc_access.*", TODAY, {BY_CONNECTOR, BY_EGRESS}),
        ("services.*.egress", TODAY, {BY_EGRESS}),
    ],
)
def test_differences_can_be_accepted_until_a_day(field: str, until: date, accepted: set[str]) -> None:
    """The last day counts; a star stands for anything."""
    drift = accepting(field, until).drift()
    assert {each.field for each in drift.differences if each.accepted} == accepted
    assert not accepted & {each.field for each in drift.open}
    assert bool(drift.expired) is (until < TODAY)
    assert drift.strays == ()


def test_all_accepted_is_no_open_drift() -> None:
    """What a person lets be does not make a run fail."""
    assert accepting("*", TODAY).drift().status is Status.PASS


@pytest.mark.parametrize("field", ["services.backend.vpc_acces.connector", "services.[a]", ""])
def test_an_acceptance_that_matches_no_field_is_told(field: str) -> None:
    """A slip in a name would accept nothing, silently."""
    drift = accepting(field, TODAY).drift()
    assert [each.field for each in drift.strays] == [field]
    assert drift.status is Status.FAIL


# what could not be read


def test_terraform_that_cannot_be_read_makes_no_difference() -> None:
    """Declared and live are still compared, and the status is unknown rather than well."""
    drift = replace(agreed(), terraform=NO_FILE).drift()
    assert drift.differences == ()
    assert drift.status is Status.UNKNOWN
    assert drift.blind == (NO_FILE,)
    assert INCIDENT(replace(agreed(), terraform=NO_FILE)).drift().status is Status.FAIL


def test_a_cloud_of_which_nothing_can_be_read() -> None:
    """Everything is unknown, and nothing differs."""
    drift = replace(agreed(), live=all_blind(agreed().live)).drift()
    assert drift.differences == ()
    assert drift.unknown
    assert drift.status is Status.UNKNOWN


BEARING = {
    "Terraform's files": lambda world: replace(
        world, terraform=replace(terraform(recorded()), blind=(NO_FILE,))
    ),
    "routes": lambda world: replace(world, live=all_blind(world.live, "routes")),
    "networks": lambda world: replace(world, live=all_blind(world.live, "networks")),
    "routes of a router": lambda world: replace(
        world, live=replace(world.live, unlisted_routes={"staging-vpc": place.blind("a", "b")})
    ),
    "routes of a peering": lambda world: replace(
        world, live=place.imported({("staging-vpc", place.PEERING): place.blind("a", "b")})(world.live)
    ),
}


@pytest.mark.parametrize("name", BEARING)
def test_what_bears_on_the_comparison_and_cannot_be_read_is_unknown(name: str) -> None:
    """Nothing differs, but something might: that is no pass."""
    drift = BEARING[name](agreed()).drift()
    assert drift.differences == ()
    assert drift.status is Status.UNKNOWN
    assert len(drift.blind) == 1


LISTS = ("services", "connectors", "networks", "subnets", "routes", "firewalls", "redis", "sql")


def all_blind(state: CloudState, *names: str) -> CloudState:
    return replace(state, **dict.fromkeys(names or LISTS, place.blind("some.thing.list", "roles/viewer")))


# the wrong place


NOWHERE = "none of the declared services is in {}; Terraform has them in {}: is `{}` right?"


@pytest.mark.parametrize(
    ("project", "region", "said"),
    [
        (place.PROJECT, "us-east1", NOWHERE.format("us-east1", place.REGION, "region")),
        ("elsewhere", place.REGION, NOWHERE.format("project elsewhere", place.PROJECT, "project")),
    ],
)
def test_a_slip_in_the_place_is_one_sentence_and_no_outage(project: str, region: str, said: str) -> None:
    """Where no declared service is, and Terraform has them elsewhere, nothing is compared."""
    world = agreed()
    gone = replace(world.live, services=(), revisions={}, connectors=(), redis=())
    there = replace(gone, project=project, project_number="", region=region)
    values = {
        name: {**each, "project": place.PROJECT, "location": place.REGION} if "cloud_run" in name else each
        for name, each in recorded().items()
    }
    drift = replace(world, live=there, terraform=terraform(values)).drift()
    assert drift.differences == drift.unknown == ()
    assert [each.message for each in drift.blind] == [said]
    assert drift.status is Status.UNKNOWN


def test_services_that_are_gone_from_their_place_are_an_outage() -> None:
    """Terraform has them here."""
    world = agreed()
    drift = replace(world, live=replace(world.live, services=(), revisions={})).drift()
    assert drift.status is Status.FAIL


# properties

STEPS = st.lists(st.sampled_from(CASES), max_size=4)


def made(cases: list[Case]) -> World:
    world = agreed()
    for case in cases:
        if isinstance(world.terraform, Infrastructure) or "Terraform" not in case.name:
            try:
                world = case.step(world)
            except (AssertionError, KeyError, TypeError, AttributeError):
                continue  # this change does not fit on that one: what it changes is gone
    return world


@given(STEPS)
@settings(max_examples=80)
def test_nothing_that_is_hidden_makes_a_difference(cases: list[Case]) -> None:
    """Whatever cannot be read, no field differs that did not differ before."""
    world = made(cases)
    before = {each.field for each in world.drift().differences}
    for name in LISTS:
        hidden = replace(world, live=all_blind(world.live, name)).drift()
        assert {each.field for each in hidden.differences} <= before


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_order_of_what_was_read_does_not_matter(cases: list[Case], random: Any) -> None:
    """The same things in another order give the same drift, in the same order."""
    world = made(cases)
    shuffled = {}
    for name in LISTS:
        things = getattr(world.live, name)
        if not isinstance(things, Blind):
            shuffled[name] = tuple(random.sample(things, len(things)))
    again = replace(world, live=replace(world.live, **shuffled))
    if isinstance(world.terraform, Infrastructure) and world.terraform.recorded:
        kept = world.terraform.recorded
        again = replace(
            again, terraform=replace(world.terraform, recorded=tuple(random.sample(kept, len(kept))))
        )
    assert again.drift() == world.drift()


@given(STEPS)
@settings(max_examples=80)
def test_severities_and_sides_are_consistent(cases: list[Case]) -> None:
    """A difference has two sides that speak and an effect; critical ones come first; none is told twice."""
    drift = made(cases).drift()
    order = [list(Severity).index(each.severity) for each in drift.differences]
    assert order == sorted(order)
    assert len({each.key for each in drift.differences}) == len(drift.differences)
    for each in drift.differences:
        sides = (each.declared, each.terraform, each.live)
        assert sum(side.state in ("known", "absent") for side in sides) >= 2
        assert each.effect


@given(
    st.sampled_from([Unevaluated("x", "y"), Sensitive(), 5, "", [], {}, [5], "projects//x", None, True]),
    st.data(),
)
@settings(max_examples=150)
def test_whatever_terraform_holds_is_compared_or_told(value: Any, data: st.DataObject) -> None:
    """An attribute of any shape raises nothing."""
    values = recorded()
    address = data.draw(st.sampled_from(sorted(values)))
    values[address][data.draw(st.sampled_from(sorted(values[address])))] = value
    replace(agreed(), terraform=terraform(values)).drift()


def test_effects_do_not_depend_on_the_order_of_changes() -> None:
    """Two drifts that each close the path are both told as such, whichever came first."""
    steps = (INCIDENT, in_terraform(REDIS, "port", to=6380))
    drifts = []
    for order in permutations(steps):
        world = agreed()
        for step in order:
            world = step(world)
        drifts.append(world.drift())
    assert drifts[0] == drifts[1]


def test_nothing_secret_is_shown() -> None:
    """A value that is marked sensitive is in no side."""
    world = in_terraform(*VPC, "connector", to=Sensitive())(agreed())
    assert "sensitive" in str([each.effect for each in world.drift().unknown])


def test_routes_that_come_by_themselves_are_no_drift() -> None:
    """Default routes, and those of subnets and peerings, are nobody's doing."""
    world = in_terraform(
        "google_compute_route.a", to={"name": "a", "network": "staging-vpc", "dest_range": "198.51.100.0/24",
                                      "priority": 100, "next_hop_instance": "nat"},
    )(agreed())  # fmt: skip
    live = place.adding("routes", route("a", "198.51.100.0/24", place.NextHop.INSTANCE, "nat"))(world.live)
    assert replace(world, live=live).drift().differences == ()
