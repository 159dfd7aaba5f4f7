"""What the benchmark of whys measures is what it says."""

import pytest

from benchmarks.whys import BUNDLE, NOW, facts, runbook
from runbooks.bundle import from_document, read
from runbooks.engine import reason
from runbooks.runbook import Cause


@pytest.mark.parametrize("number", [100, 1_000])
def test_a_runbook_of_so_many_causes_has_as_many(number: int) -> None:
    """A tenth is confirmed, each with a deeper one that is the root of a chain; the others are ruled out."""
    library = runbook(number, 700)
    assert _count(library.runbooks[0].causes) == number
    found = reason(library, facts(), NOW)
    assert len(found.walked.looked) == 1 + number
    assert len(found.diagnosis.roots) == number // 10
    assert len(found.diagnosis.ruled_out) == number - 2 * number // 10
    assert found.diagnosis.notes == ()


def test_the_bundle_that_is_measured_is_a_good_one() -> None:
    """Its digest holds, and it has evidence of what failed."""
    bundle = from_document(read(BUNDLE))
    assert bundle.sections["checks"].data["status"] == "fail"


def _count(causes: tuple[Cause, ...]) -> int:
    return sum(1 + _count(each.causes) for each in causes)
