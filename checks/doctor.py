"""What whybot needs to do its work, and whether it is there: findings of `whybot doctor`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.environment import Environment
from checks.observations import Blind, Seen
from checks.reasons import Reason
from checks.secrets import SecretRef, Secrets
from checks.spec import CheckSpec
from checks.terraform.model import Infrastructure

KEY = "WHYBOT_VANTAGE_KEY"


class Answer(StrEnum):
    """Whether something that whybot needs is there; `skipped` where it does not need it as it is set up."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Group(StrEnum):
    """What findings are about, in the order in which people read them."""

    GOOGLE = "Google Cloud"
    VANTAGE = "Cloud Run job"
    TERRAFORM = "Terraform"
    SECRETS = "Secrets"
    SLACK = "Slack"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that whybot needs.

    `what` names it, `answer` says whether it is there, `message` is a sentence, `permission` and `role` are
    set where it is a permission, `command` is what mends it, exactly as it is typed; empty where there is
    none.
    """

    group: Group
    what: str
    answer: Answer
    message: str = ""
    permission: str = ""
    role: str = ""
    command: str = ""


def commands(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What to type to mend it all, each command once: one role often brings several permissions."""
    return tuple(dict.fromkeys(each.command for each in findings if each.command))


def worst(findings: Iterable[Finding]) -> Answer:
    """Missing weighs more than unknown, and unknown is not ok."""
    found = {each.answer for each in findings}
    return next((each for each in (Answer.MISSING, Answer.UNKNOWN) if each in found), Answer.OK)


CERTAIN = frozenset(
    {Reason.CLOUD_PERMISSION, Reason.CLOUD_API_DISABLED, Reason.CLOUD_NOT_FOUND, Reason.CLOUD_LOGIN}
)
"""What is missing for certain; other reasons leave open whether it is."""


def of_blind(group: Group, what: str, blind: Blind) -> Finding:
    """Something could not be read."""
    answer = Answer.MISSING if blind.reason in CERTAIN else Answer.UNKNOWN
    return Finding(
        group,
        what,
        answer,
        blind.message,
        blind.permission or "",
        blind.role or "",
        blind.command or "",
    )


def secrets_found(environment: Environment, secrets: Secrets) -> list[Finding]:
    """Every secret that the environment file refers to. No value is shown."""
    findings = []
    for reference, users in references(environment.checks.values()).items():
        names = ", ".join(users)
        if secrets.get(reference):  # an empty variable is as good as none
            findings.append(Finding(Group.SECRETS, str(reference), Answer.OK, f"set, for {names}"))
        else:
            how = "set this variable" if reference.env else "mount this file"
            message = f"not set here, so {names} cannot log in from this machine: {how}"
            findings.append(Finding(Group.SECRETS, str(reference), Answer.MISSING, message))
    return findings


def key_found(environment: Environment, is_set: bool) -> list[Finding]:
    """The key that requests to the Cloud Run job and its answers are signed with."""
    if environment.vantages.job is None:
        return []
    if is_set:
        return [Finding(Group.SECRETS, KEY, Answer.OK, "set, for the Cloud Run job")]
    message = "not set here, so the Cloud Run job is not asked: set the same value here and on the job"
    return [Finding(Group.SECRETS, KEY, Answer.MISSING, message)]


def references(specs: Iterable[CheckSpec]) -> dict[SecretRef, list[str]]:
    """The secrets that checks refer to, each with the names of the checks."""
    found: dict[SecretRef, list[str]] = {}
    for spec in specs:
        for reference in _references([value for _, value in spec]):
            found.setdefault(reference, []).append(spec.name)
    return found


def _references(values: Iterable[object]) -> Iterable[SecretRef]:
    for value in values:
        if isinstance(value, SecretRef):
            yield value
        elif isinstance(value, dict):
            yield from _references(value.values())


def terraform_found(environment: Environment, read: Seen[Infrastructure] | None) -> list[Finding]:
    """Whether the files of Terraform could be read."""
    named = environment.terraform
    if named is None or read is None:
        message = (
            "the environment file names no Terraform, so drift compares what is declared with what is live"
        )
        return [Finding(Group.TERRAFORM, "files", Answer.SKIPPED, message)]
    if isinstance(read, Blind):
        return [of_blind(Group.TERRAFORM, "files", read)]
    parts = {"state": read.recorded, "plan": read.planned, "configuration": read.configured}
    found = [
        Finding(Group.TERRAFORM, name, Answer.OK, f"{len(resources)} resources")
        for name, resources in parts.items()
        if resources is not None
    ]
    return (
        found
        + [of_blind(Group.TERRAFORM, "files", each) for each in read.blind]
        + _incomplete(read.incomplete)
    )


def _incomplete(sentences: Sequence[str]) -> list[Finding]:
    return [Finding(Group.TERRAFORM, "not understood", Answer.UNKNOWN, each) for each in sentences]
