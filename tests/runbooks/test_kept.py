"""Kept evidence with a digest that holds but content that whybot never wrote is refused, not a crash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbooks.bundle import BundleError, digest
from runbooks.evidence.source import Frame, Section
from runbooks.evidence.sources import SOURCES
from runbooks.kept import kept, open_kept

SEED = Path(__file__).parent / "bundles/seed-503.json"


def forged(touch: Callable[[Any], None]) -> Any:
    """A good bundle after somebody touched its sections and computed its digest again."""
    document = json.loads(SEED.read_text(encoding="utf-8"))
    touch(document["sections"])
    return {**document, "digest": digest(document)}


def made_in_the_year_one(sections: Any) -> None:
    """Every revision as old as times can be."""
    for service in sections["services"]["data"]["services"].values():
        for revision in service["revisions"]:
            revision["created_at"] = "0001-01-01T00:00:00Z"


def test_a_good_bundle_is_read() -> None:
    """What whybot wrote stays readable."""
    assert open_kept(SEED).environment == "staging"


@pytest.mark.parametrize("key", ["name", "kind", "status"])
@pytest.mark.parametrize("value", [True, 7, None, [], {}])
def test_a_check_whose_words_are_no_texts_is_refused(key: str, value: Any) -> None:
    """Name, kind and status of a check are texts, and the error names the section."""
    with pytest.raises(BundleError, match="evidence of checks has another form"):
        kept(forged(lambda sections: sections["checks"]["data"]["checks"][0].update({key: value})))


def test_a_time_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A revision of the year 1 overflows the window around it: an error with the file and the section."""
    path = tmp_path / "b.json"
    path.write_text(json.dumps(forged(made_in_the_year_one)), encoding="utf-8")
    with pytest.raises(BundleError, match=r"b\.json: no bundle .*evidence of \w+ has another form"):
        open_kept(path)


@pytest.mark.parametrize("error", [OverflowError, StopIteration, RecursionError])
def test_what_a_view_cannot_bear_names_its_section(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a view stumbles over that no whybot wrote is an error with the section's name."""

    def view(self: object, section: Section, frame: Frame) -> None:
        raise error

    services = next(each for each in SOURCES if each.name == "services")
    monkeypatch.setattr(type(services), "view", view)
    with pytest.raises(BundleError, match="evidence of services has another form"):
        kept(forged(lambda sections: None))
