"""The roots of expressions: all are there, and each is a gap until it was read."""

from pathlib import Path

from checks.observations import Blind
from checks.reasons import Reason
from runbooks.bundle import Bundle
from runbooks.evidence import sources
from runbooks.evidence.environment import part_of
from runbooks.evidence.facts import facts, frame
from runbooks.evidence.source import Section
from runbooks.evidence.sources import DERIVED, SHAPES, SOURCES, needs
from tests.checks.drift.three_sides import environment
from tests.runbooks.evidence.conforming import gaps
from tests.runbooks.evidence.looking import DENIED, NOW, gap_in

FOLDER = Path(sources.__file__).parent
WITHOUT_SOURCE = {
    "__init__", "cite", "environment", "facts", "rollback", "serving", "signals", "source", "sources",
    "suite",
    "validation", "words", "written",
}  # fmt: skip


def bundle(**sections: Section) -> Bundle:
    """A bundle of staging."""
    return Bundle(part_of(environment()), NOW, "0.1.0", sections)


def test_every_root_has_a_shape_and_a_value() -> None:
    """The same roots everywhere."""
    names = {each.name for each in SOURCES} | {each.name for each in DERIVED} | {"env"}
    assert set(facts(bundle())) == set(SHAPES) == names


def test_every_file_of_a_source_is_listed() -> None:
    """A source that is in no tuple would never be asked."""
    listed = {type(each).__module__.rpartition(".")[2] for each in (*SOURCES, *DERIVED)}
    assert {path.stem for path in FOLDER.glob("*.py")} - WITHOUT_SOURCE == listed


def test_what_was_not_read_is_pending() -> None:
    """All that depends on sources is a pending gap that says what is awaited."""
    found = facts(bundle())
    for each in SOURCES:
        gap = gap_in(found[each.name])
        assert (gap.pending, gap.path, gap.why) == (True, each.name, f"{each.title} has not been read yet")
    for each in DERIVED:
        assert all(gap.pending for _, gap in gaps(found[each.name]))


def test_a_source_that_was_started_is_pending_until_it_says_something() -> None:
    """As one that is not there."""
    assert gap_in(facts(bundle(logs=Section("logs", finished=False)))["logs"]).pending


def test_a_blind_source_is_a_gap_that_says_what_would_settle_it() -> None:
    """It is not pending: nothing more comes."""
    gap = gap_in(facts(bundle(logs=Section("logs", blind=DENIED)))["logs"])
    assert not gap.pending
    assert (gap.why, gap.settle) == (DENIED.message, f"Grant {DENIED.role}: {DENIED.command}")


def test_an_api_that_is_off_says_what_switches_it_on() -> None:
    """There is a command, but no role to grant."""
    off = Blind(Reason.CLOUD_API_DISABLED, "the API is off", command="gcloud services enable x")
    gap = gap_in(facts(bundle(logs=Section("logs", blind=off)))["logs"])
    assert gap.settle == "Run: gcloud services enable x"


def test_the_frame_is_the_bundles() -> None:
    """Views may look at the other sections."""
    section = Section("logs", blind=DENIED)
    around = frame(bundle(logs=section))
    assert (around.at, around.environment["name"], around.sections["logs"]) == (NOW, "staging", section)


def test_what_a_root_needs() -> None:
    """A source itself, what is derived its sources, and the environment file nothing."""
    assert needs("logs") == ("logs",)
    assert needs("onset") == ("logs", "changes", "services", "history")
    assert needs("env") == ()
    assert {name for root in SHAPES for name in needs(root)} == {each.name for each in SOURCES}


def test_bot_is_no_evidence() -> None:
    """Who asks, and where whybot runs, decides nothing."""
    assert "bot" not in SHAPES
