"""Bundles of evidence: one spelling, a digest that tells edits, versions, whole files or none."""

import errno
import json
import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.observations import Blind
from checks.reasons import Reason
from docs.generate import bundle_schema
from runbooks import bundle as bundles
from runbooks.bundle import Bundle, BundleError, canonical, document, from_document, parse, read, write
from runbooks.evidence.source import Section
from runbooks.values import Json

AT = datetime(2026, 11, 20, 2, 14, 5, 123456, tzinfo=UTC)
SCHEMA = jsonschema.Draft202012Validator(
    bundle_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
BLINDS = st.builds(
    Blind, st.sampled_from(Reason), TEXTS, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS
)


@st.composite
def made(draw: st.DrawFn) -> Bundle:
    """A bundle of any evidence."""
    names = draw(st.lists(st.sampled_from(["checks", "logs", "paths", "new source"]), unique=True))
    sections = {
        name: Section(
            name,
            draw(JSON),
            draw(st.none() | BLINDS),
            draw(st.none() | TIMES),
            draw(st.floats(0, 1e6)),
            draw(st.booleans()),
        )
        for name in names
    }
    return Bundle(draw(st.dictionaries(TEXTS, JSON, max_size=3)), draw(TIMES), draw(TEXTS), sections)


def some(**sections: Json) -> Bundle:
    """A bundle with these data."""
    return Bundle(
        {"name": "staging"}, AT, "0.4", {name: Section(name, data) for name, data in sections.items()}
    )


@given(made(), JSON)
@settings(max_examples=60, deadline=None)
def test_a_bundle_is_the_same_after_it_was_written_and_read(bundle: Bundle, diagnosis: Json) -> None:
    """Through bytes and back, field by field, and its digest holds."""
    made = document(bundle, diagnosis)
    again = parse(canonical(made))
    assert from_document(again) == bundle
    assert again["diagnosis"] == diagnosis
    assert canonical(document(from_document(again), again["diagnosis"])) == canonical(made)


@given(made())
@settings(max_examples=40, deadline=None)
def test_every_bundle_fits_its_schema(bundle: Bundle) -> None:
    """What is written is what was promised."""
    SCHEMA.validate(parse(canonical(document(bundle, {"schema": "whybot/why/1"}))))


def test_one_spelling_whatever_the_order_and_the_zone() -> None:
    """Keys in any order and times of any zone give the same bytes."""
    zone = timezone(timedelta(hours=5, minutes=30))
    one = Bundle(
        {"a": 1, "b": 2.5},
        AT,
        "0.4",
        {"logs": Section("logs", {"x": 1, "ü": "ä"}), "checks": Section("checks")},
    )
    other = Bundle(
        {"b": 2.5, "a": 1},
        AT.astimezone(zone),
        "0.4",
        {"checks": Section("checks"), "logs": Section("logs", {"ü": "ä", "x": 1})},
    )
    assert canonical(document(one)) == canonical(document(other))
    assert canonical({"b": 0.1, "a": [1, 2.0, "ü"]}) == '{"a":[1,2.0,"ü"],"b":0.1}'.encode()


def edits() -> list[Any]:
    """Ways in which somebody may touch a bundle."""

    def status(read: Any) -> None:
        read["sections"]["checks"]["data"]["status"] = "pass"

    def time(read: Any) -> None:
        read["at"] = "2026-11-21T02:14:05.123456Z"

    def added(read: Any) -> None:
        read["sections"]["logs"] = read["sections"]["checks"]

    def diagnosis(read: Any) -> None:
        read["diagnosis"] = {"status": "nothing_wrong"}

    def unknown(read: Any) -> None:
        read["more"] = 1

    def number(read: Any) -> None:
        read["sections"]["checks"]["data"]["n"] = 1

    return [status, time, added, diagnosis, unknown, number]


@pytest.mark.parametrize("edit", edits(), ids=lambda edit: edit.__name__)
def test_an_edited_bundle_is_refused(edit: Any) -> None:
    """Whatever was touched; it is said how to get a good one."""
    made = parse(canonical(document(some(checks={"status": "fail", "n": 1.0}), {"status": "confirmed"})))
    from_document(made)
    edit(made)
    with pytest.raises(BundleError) as caught:
        from_document(made)
    said = str(caught.value)
    assert said.startswith(f"the bundle was edited: its digest is {made['digest']}, it should be sha256:")
    assert said.endswith("with: whybot why staging --save-bundle FILE")


def test_a_bundle_with_another_spelling_of_the_same_json_is_good() -> None:
    """A formatter changes no evidence."""
    made = document(some(checks={"status": "fail"}))
    assert from_document(parse(json.dumps(made, indent=4).encode())) == some(checks={"status": "fail"})


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ([], "no evidence bundle"),
        ({"schema": "whybot/check/1"}, "no evidence bundle"),
        ({"schema": "whybot/bundle/0"}, "no evidence bundle"),
        ({"schema": "whybot/bundle/2"}, "made by a newer whybot (whybot/bundle/2)"),
        ({"schema": "whybot/bundle/1"}, "digest is missing"),
        ({"schema": "whybot/bundle/1", "digest": 5}, "digest is wrong"),
    ],
)
def test_what_is_no_bundle_is_refused_in_words(read: Json, said: str) -> None:
    """A document of another kind, of a newer whybot, or without a digest."""
    with pytest.raises(BundleError, match=said.replace("(", r"\(").replace(")", r"\)")):
        from_document(read)


def _broken() -> list[Json]:
    whole = document(some(checks={}))
    section = whole["sections"]["checks"]
    broken_sections = [
        5,
        {**section, "finished": "yes"},
        {**section, "took_ms": "1"},
        {**section, "gathered_at": "noon"},
        {**section, "gathered_at": "2026-11-20T02:14:05"},
        {**section, "blind": 1},
        {**section, "blind": {"reason": "no_such", "message": "x"}},
        {**section, "blind": {"reason": "ok", "message": "x", "role": 1}},
    ]
    return [
        {**whole, "environment": []},
        {**whole, "version": None},
        {**whole, "sections": []},
        {**whole, "at": 7},
        *({**whole, "sections": {"checks": each}} for each in broken_sections),
    ]


@pytest.mark.parametrize("broken", _broken())
def test_a_bundle_with_a_good_digest_and_wrong_fields_is_refused(broken: Json) -> None:
    """Nothing but `BundleError`, whatever somebody made up."""
    broken["digest"] = bundles.digest(broken)
    with pytest.raises(BundleError, match="no bundle that whybot made"):
        from_document(broken)


def test_an_older_version_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step makes the next version of it; the digest is that of what was written."""
    old = document(some(checks={"a": 1}))
    monkeypatch.setattr(bundles, "SCHEMA", "whybot/bundle/2")
    with pytest.raises(BundleError, match="made by an older whybot"):
        from_document(old)
    monkeypatch.setattr(
        bundles, "UPGRADES", {1: lambda read: {**read, "version": f"{read['version']} brought up"}}
    )
    assert from_document(old).version == "0.4 brought up"


# files


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a": NaN}', "NaN is not valid JSON"),
        (b'{"a": 1, "a": 2}', "a key is there twice"),
        (b"[" * 100 + b"]" * 100, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"\\ud800"', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"1" * 5_000, "not valid JSON"),
    ],
)
def test_a_file_that_is_no_bundle_is_refused_in_words(tmp_path: Path, raw: bytes, said: str) -> None:
    """Hostile or broken bytes, with the file's name and without a stack trace."""
    (tmp_path / "bundle.json").write_bytes(raw)
    with pytest.raises(BundleError, match=said) as caught:
        read(tmp_path / "bundle.json")
    assert str(caught.value).startswith(str(tmp_path / "bundle.json"))


def test_files_that_are_missing_or_too_large_are_refused(tmp_path: Path) -> None:
    """Nothing of a large file is read."""
    with pytest.raises(BundleError, match="no such file"):
        read(tmp_path / "none.json")
    with pytest.raises(BundleError, match="cannot be read"):
        read(tmp_path)
    large = tmp_path / "large.json"
    large.touch()
    os.truncate(large, bundles.LARGEST + 1)
    with pytest.raises(BundleError, match="larger than 50 MB"):
        read(large)


def test_a_file_is_for_its_owner_alone_and_whole(tmp_path: Path) -> None:
    """It replaces an older one at once, and leaves nothing else behind."""
    path = tmp_path / "bundle.json"
    path.write_text("old")
    made = document(some(checks={"a": 1}))
    write(path, made)
    assert read(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so; no half of a file stays."""

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "bundle.json"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="cannot be written"):
        write(path, document(some()))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(BundleError, match="No such file or directory"):
        write(tmp_path / "none" / "bundle.json", document(some()))
