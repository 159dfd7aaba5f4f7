"""A bundle diagnosed again: the same bytes anywhere, and what changed in words."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.environment import load_environment
from docs.generate import ROOT
from runbooks.bundle import Bundle, BundleError, canonical, document, from_document, read, write
from runbooks.diagnosis import Verdict
from runbooks.engine import diagnose, reason
from runbooks.evidence.environment import part_of
from runbooks.evidence.facts import facts as facts_of
from runbooks.evidence.source import Section
from runbooks.evidence.sources import SOURCES
from runbooks.output import why
from runbooks.reader import load_library
from runbooks.replay import changes, replay
from runbooks.runbook import Library
from runbooks.values import Gap
from tests.runbooks.books import AT, book, cause, facts, library, remedy

REPLAYING = """
import sys
from dataclasses import replace
from pathlib import Path
from runbooks.bundle import canonical, read
from runbooks.output.why import document
from runbooks.reader import load_library
from runbooks.replay import replay
sys.stdout.buffer.write(canonical(document(replay(read(Path(sys.argv[1])), load_library()).diagnosis)))
"""
PLACES: list[dict[str, str]] = [
    {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "tr_TR", "PYTHONHASHSEED": "4294967295", "PYTHONUTF8": "0"},
    {
        "TZ": "Asia/Kolkata",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "random",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    },
]
BUNDLES = sorted(Path(__file__).parent.glob("bundles/*.json"))


def whys(books: Library, **members: Any) -> Any:
    """The document of a diagnosis."""
    return why.document(reason(books, facts(**members), AT).diagnosis)


@pytest.fixture(scope="module")
def ours() -> Library:
    """Our runbooks."""
    return load_library()


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_kept_bundles_still_replay(path: Path, ours: Library) -> None:
    """Evidence that a whybot of then gathered is understood by that of now, and the cause is the same."""
    known = facts_of(from_document(read(path)))
    assert [name for name, value in known.items() if "does not read" in getattr(value, "why", "")] == []
    again = replay(read(path), ours)
    assert again.before is not None
    assert again.diagnosis.status == again.before["status"]
    assert why.document(again.diagnosis)["root_cause"] is not None
    assert again.diagnosis.root_cause is not None
    assert again.diagnosis.root_cause.cause == again.before["root_cause"]["cause"]  # type: ignore[index]  # is told


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_the_same_bundle_gives_the_same_bytes_anywhere(path: Path, ours: Library) -> None:
    """Whatever the time zone, the locale, the encoding and the order of hashes."""
    found = {_replayed(path, place) for place in PLACES}
    assert len(found) == 1
    assert found == {canonical(why.document(replay(read(path), ours).diagnosis))}


def test_a_bundle_of_nothing_replays(tmp_path: Path, ours: Library) -> None:
    """Nothing could be told, and nothing raises."""
    environment = load_environment(ROOT / "environments/staging.yaml")
    write(tmp_path / "b.json", document(Bundle(part_of(environment), AT, "0")))
    again = replay(read(tmp_path / "b.json"), ours)
    assert again.diagnosis.status is Verdict.UNKNOWN
    assert (again.before, again.changes) == (None, ())


def test_sections_of_another_form_are_unknown_and_stop_nothing(ours: Library) -> None:
    """Evidence that this whybot cannot read is missing evidence; every source is tried."""
    environment = load_environment(ROOT / "environments/staging.yaml")
    for data in ([], {"odd": 1}, "text", 5, [[1]], {"services": 5, "checks": 7, "paths": {}}):
        sections = {each.name: Section(each.name, data) for each in SOURCES}
        found = replay(document(Bundle(part_of(environment), AT, "0", sections)), ours).diagnosis
        assert found.status is not Verdict.CONFIRMED
    known = facts_of(Bundle(part_of(environment), AT, "0", {"logs": Section("logs", {"odd": 1})}))
    assert isinstance(known["logs"], Gap)
    assert known["logs"].why == "the request log: kept in a form that this whybot does not read"


def test_a_bundle_of_another_kind_of_environment_is_refused() -> None:
    """In words, as there is nothing to fall back on."""
    with pytest.raises(BundleError, match="environment is wrong"):
        replay(document(Bundle({"services": 7}, AT, "0")), library())


def test_an_edited_bundle_is_not_replayed() -> None:
    """Also where only the diagnosis that it keeps was touched."""
    made = document(Bundle({"name": "staging"}, AT, "0", {"logs": Section("logs")}), {"status": "confirmed"})
    with pytest.raises(BundleError, match="was edited"):
        replay({**made, "diagnosis": {"status": "nothing_wrong"}}, library())


def test_the_same_diagnosis_has_no_changes() -> None:
    """Nor has one that was kept with all that was considered."""
    made = whys(library(book("down", cause("it"))))
    assert changes(made, made) == ()
    assert changes({**made, "considered": []}, made) == ()


def test_what_changed_is_said_in_words() -> None:
    """Status, root cause, chain, what was ruled out or not told, other chains, remedies."""
    shallow = book("down", cause("top", root=True, causes=(cause("deep", "flag"), cause("odd", "false"))))
    deeper = book("down", cause("top", root=True, causes=(cause("deep", remedies=("mend",)),)))
    before = whys(library(shallow, book("also", cause("x", "false"))), flag=False)
    after = whys(library(deeper, book("also", cause("x")), remedies=[remedy("mend")]), flag=True)
    assert changes(before, after) == (
        "Root cause: down/top before, down/deep now.",
        "Chain (1 why before, 2 whys now): why 2 was its end, now down/deep.",
        "Another chain: also/x, new.",
        "Ruled out: down/deep, no longer.",
        "Ruled out: down/odd, no longer.",
        "Ruled out: also/x, no longer.",
        "Remedy: Mend, new.",
    )
    assert changes(after, before)[0] == "Root cause: down/deep before, down/top now."


def test_a_verdict_that_is_lost_is_said() -> None:
    """With the words that people read."""
    before = whys(library(book("down", cause("it"))))
    after = whys(library(book("down", cause("it", "missing.a"))))
    assert changes(before, after)[:3] == (
        "Status: confirmed before, could not be told now.",
        "Root cause: down/it before, none now.",
        "Chain (1 why before, 0 whys now): why 1 was down/it, now its end.",
    )


def test_other_words_alone_are_said_as_such() -> None:
    """A text of a runbook that was mended changes no cause."""
    before = whys(library(book("down", cause("it", because="So"))))
    after = whys(library(book("down", cause("it", because="Thus"))))
    assert changes(before, after) == ("The same causes and remedies, told in other words.",)


def test_a_diagnosis_of_another_form_is_compared_as_far_as_it_goes() -> None:
    """Whatever a kept document has, nothing raises."""
    after = whys(library(book("down", cause("it"))))
    assert changes({"schema": "whybot/why/1", "chain": 5, "ruled_out": [1]}, after)


def _replayed(path: Path, place: dict[str, str]) -> bytes:
    environ = {**{key: os.environ[key] for key in ("PATH",) if key in os.environ}, **place}
    command = [sys.executable, "-c", REPLAYING, str(path)]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_the_order_in_which_a_bundle_is_held_does_not_matter(path: Path, ours: Library) -> None:
    """Evidence in the order of its gathering gives the bytes that its file gives, which has keys in order."""
    bundle = from_document(read(path))
    dice = random.Random(7)
    for _ in range(3):
        sections = {
            name: replace(each, data=_shuffled(each.data, dice)) for name, each in bundle.sections.items()
        }
        mixed = replace(
            bundle, environment=_shuffled(bundle.environment, dice), sections=_shuffled(sections, dice)
        )
        assert why.document(diagnose(ours, mixed)) == why.document(diagnose(ours, bundle))


def _shuffled(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        dice.shuffle(keys)
        return {key: _shuffled(value[key], dice) for key in keys}
    return [_shuffled(each, dice) for each in value] if isinstance(value, list) else value
