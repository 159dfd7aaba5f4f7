"""Every source of evidence, and what is derived from them: adding one is its file and a line here."""

from collections.abc import Mapping
from typing import Final

from runbooks.evidence import environment
from runbooks.evidence.changes import Changes
from runbooks.evidence.checks import Checks
from runbooks.evidence.drift import Drifts
from runbooks.evidence.gate import Gate
from runbooks.evidence.history import History
from runbooks.evidence.logs import Logs
from runbooks.evidence.metrics import Metrics
from runbooks.evidence.onset import Onset
from runbooks.evidence.paths import Paths
from runbooks.evidence.services import Services
from runbooks.evidence.source import Derived, Source
from runbooks.evidence.tests import Tests
from runbooks.shape import Shape

ENV: Final = "env"
"""The root of what the environment file says; it is always there."""
SOURCES: Final[tuple[Source, ...]] = (
    Checks(),
    Services(),
    Paths(),
    Drifts(),
    Logs(),
    Changes(),
    Gate(),
    Metrics(),
    Tests(),
    History(),
)
DERIVED: Final[tuple[Derived, ...]] = (Onset(),)
SHAPES: Final[Mapping[str, Shape]] = {
    ENV: environment.SHAPE,
    **{each.name: each.shape for each in SOURCES},
    **{each.name: each.shape for each in DERIVED},
}
"""What expressions may take from outside, by its root."""


def needs(root: str) -> tuple[str, ...]:
    """The sources that have to be gathered for a root: `onset` is of several, `env` of none.

    Raises KeyError for a root that there is not.
    """
    if root not in SHAPES:
        raise KeyError(root)
    derived = {each.name: each.of for each in DERIVED}
    return () if root == ENV else derived.get(root, (root,))
