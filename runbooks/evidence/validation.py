"""What a revision's labels say of its validation, as a deploy pipeline writes them."""

from collections.abc import Mapping

LABEL = "whybot-gate"
OF = "whybot-gate-revision"
"""Whose validation it is. Cloud Run copies labels into the next revision, which nobody has looked at; with
this label such a copy is told apart."""
PASSED = "passed"


def said_of(labels: Mapping[str, str], revision: str) -> str:
    """`passed`, `failed`, or empty where no validation of this very revision is on record."""
    return "" if inherited_from(labels, revision) else labels.get(LABEL, "")


def inherited_from(labels: Mapping[str, str], revision: str) -> str:
    """The other revision whose validation the labels are, empty where they are its own."""
    of = labels.get(OF, revision)
    return of if of != revision else ""


def validated(labels: Mapping[str, str], revision: str) -> bool:
    """Whether a validation of this revision that passed is on record."""
    return said_of(labels, revision) == PASSED
