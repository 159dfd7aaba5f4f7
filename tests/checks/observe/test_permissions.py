import shlex

import pytest

from checks.observe.permissions import (
    NEEDS,
    OBJECT,
    PUT_ACCOUNT,
    RUN_JOB,
    SERVICES,
    UNKNOWN_MEMBER,
    Need,
    Place,
    enable,
    grant,
    missing,
    with_account,
)
from checks.path.model import StepKey


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.permission)
def test_a_need_is_complete(need: Need) -> None:
    """Permission, role, API and what it reads are there, and the steps are steps of a path."""
    assert len(need.permission.split(".")) == 3
    assert need.role.startswith("roles/")
    assert need.api.endswith(".googleapis.com")
    assert need.reads
    assert {*need.steps} <= {str(key) for key in StepKey}


def test_no_permission_is_listed_twice() -> None:
    """The table has one entry for each permission."""
    assert len({need.permission for need in NEEDS}) == len(NEEDS)


def test_role_is_granted_where_it_is_least() -> None:
    """On the bucket or job alone where it is named, else on the project."""
    place = Place("p", "r", "serviceAccount:w@p.iam.gserviceaccount.com", "it's")
    assert shlex.split(grant(OBJECT, place))[3:6] == [
        "add-iam-policy-binding",
        "gs://it's",
        f"--member={place.member}",
    ]
    assert shlex.split(grant(RUN_JOB, place))[:5] == [
        "gcloud",
        "run",
        "jobs",
        "add-iam-policy-binding",
        "it's",
    ]
    assert grant(RUN_JOB, Place("p", "r")).startswith("gcloud projects add-iam-policy-binding p ")


def test_unknown_account_is_a_placeholder() -> None:
    """Where whybot does not know who it is, the command says what to put in."""
    command = grant(SERVICES, Place("p", "r"))
    assert f"--member={UNKNOWN_MEMBER} " in command
    assert with_account(command) == PUT_ACCOUNT
    assert with_account(grant(SERVICES, Place("p", "r", "serviceAccount:whybot@p"))) == ""
    assert "whybot's account lacks" in missing(SERVICES, Place("p", "r")).message


def test_commands_are_quoted() -> None:
    """A name from a file cannot add a command."""
    assert shlex.split(enable("run.googleapis.com", "a; rm -rf /"))[-1] == "--project=a; rm -rf /"
