"""Whether the job speaks for the service."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.names import Ref
from checks.observations import Egress, Interface, VpcAccess
from checks.reasons import Reason
from checks.vantage.access import alike, standing
from tests.checks.vantage.place import BAD, GOOD, refused, state

SERVICE, JOB = "netra-backend-staging", "whybot-probe"
NET, SUB = Ref("staging-vpc", "networks"), Ref("staging-subnet", "subnetworks")
FULL = Ref("staging-connector", "connectors", "netra-staging", "us-central1")
DIRECT = VpcAccess(egress=Egress.ALL, interfaces=(Interface(NET, SUB, ("a", "b")),))

SAME = {
    "a bare name and a full one": (GOOD, replace(GOOD, connector=FULL)),
    "no setting and an empty one": (None, VpcAccess()),
    "egress unset and its default": (replace(BAD, egress=None), BAD),
    "network filled in by Cloud Run": (
        DIRECT,
        VpcAccess(egress=Egress.ALL, interfaces=(Interface(None, SUB, ("b", "a")),)),
    ),
}
OTHER = {
    "another connector": (GOOD, replace(GOOD, connector=Ref("legacy-connector"))),
    "another egress": (GOOD, replace(GOOD, egress=Egress.PRIVATE_RANGES)),
    "none at all": (GOOD, None),
    "a connector in another region": (
        replace(GOOD, connector=FULL),
        replace(GOOD, connector=replace(FULL, location="europe-west1")),
    ),
    "Direct VPC in place of a connector": (GOOD, DIRECT),
    "other tags": (DIRECT, VpcAccess(egress=Egress.ALL, interfaces=(Interface(NET, SUB, ("a",)),))),
    "another subnet": (
        DIRECT,
        VpcAccess(egress=Egress.ALL, interfaces=(Interface(NET, Ref("other"), ("a", "b")),)),
    ),
    "nothing in common that is said": (
        VpcAccess(interfaces=(Interface(NET, None),)),
        VpcAccess(interfaces=(Interface(None, SUB),)),
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_spelling_is_no_difference(pair: tuple[VpcAccess | None, VpcAccess | None]) -> None:
    """Two ways to write one setting are the same way out, from either side."""
    assert alike(*pair)
    assert alike(*reversed(pair))


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER)
def test_another_way_out_is_a_difference(pair: tuple[VpcAccess | None, VpcAccess | None]) -> None:
    """Whatever could make a packet go elsewhere, from either side."""
    assert not alike(*pair)
    assert not alike(*reversed(pair))


def test_job_that_is_like_what_serves_speaks() -> None:
    """For the serving revision, with its share of traffic."""
    found = standing(state(GOOD, ("r2", 100, GOOD), ("r1", 0, BAD)), SERVICE, JOB)
    assert (found.speaks, found.revision, found.percent) == (True, "r2", 100)


def test_job_that_differs_says_how() -> None:
    """Both ways out are named, and what to do."""
    found = standing(state(GOOD, ("r2", 100, BAD)), SERVICE, JOB)
    assert not found.speaks
    assert found.why == (
        "the job whybot-probe leaves through connector staging-connector (all-traffic), but the serving "
        "revision r2 through connector legacy-connector (private-ranges-only): deploy the job again with the "
        "service's VPC access"
    )


def test_of_two_that_serve_it_speaks_for_the_one_it_is_like() -> None:
    """The busiest of them; and for none where it is like none."""
    split = (("r1", 90, BAD), ("r2", 10, GOOD))
    assert standing(state(GOOD, *split), SERVICE, JOB).revision == "r2"
    assert standing(state(BAD, *split), SERVICE, JOB).revision == "r1"
    assert not standing(state(None, *split), SERVICE, JOB).speaks


def test_shares_of_one_revision_count_together() -> None:
    """A revision may be listed twice, once for its tag."""
    found = standing(state(GOOD, ("r1", 40, GOOD), ("r1", 30, GOOD), ("r2", 30, GOOD)), SERVICE, JOB)
    assert (found.revision, found.percent) == ("r1", 70)


@pytest.mark.parametrize("blind", ["jobs", "services", "revisions"])
def test_what_cannot_be_read_is_not_told(blind: str) -> None:
    """A missing permission makes it unknown for whom the job speaks, and its sentence is passed on."""
    missing = refused(Reason.CLOUD_PERMISSION, "run.jobs.get is missing.", command="gcloud …")
    changed = {SERVICE: missing} if blind == "revisions" else missing
    found = standing(state(GOOD, **{blind: changed}), SERVICE, JOB)
    assert (found.speaks, found.reason, found.command) == (False, Reason.CLOUD_PERMISSION, "gcloud …")
    assert "could not be told: run.jobs.get is missing" in found.why


def test_what_is_not_there_is_named() -> None:
    """The job, the service, what serves, a revision that was not read."""
    assert "there is no job whybot-probe in us-central1" in why(jobs=())
    assert "there is no service netra-backend-staging in us-central1" in why(services=())
    assert "the serving revision r1 could not be read" in why(revisions={SERVICE: ()})
    idle = standing(state(GOOD, ("r1", 0, GOOD)), SERVICE, JOB)
    assert "no revision of netra-backend-staging gets traffic" in idle.why


def why(**changes: Any) -> str:
    """Why the job speaks for none."""
    return standing(state(GOOD, ("r1", 100, GOOD), **changes), SERVICE, JOB).why


ACCESS = st.none() | st.builds(
    VpcAccess,
    connector=st.none() | st.sampled_from([GOOD.connector, BAD.connector, FULL]),
    egress=st.none() | st.sampled_from(Egress),
    interfaces=st.sampled_from([(), DIRECT.interfaces]),
)


@given(ACCESS, ACCESS)
def test_alike_is_symmetric_and_reflexive(one: VpcAccess | None, other: VpcAccess | None) -> None:
    """As a comparison should be."""
    assert alike(one, one)
    assert alike(one, other) == alike(other, one)
