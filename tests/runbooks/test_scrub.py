"""What is kept of evidence holds no secret, and is plain JSON in one spelling."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.environment import load_environment
from checks.observations import Blind
from checks.reasons import Reason
from checks.secrets import REDACTED, SecretRef, Secrets
from docs.generate import ROOT
from runbooks.bundle import Bundle, canonical, document
from runbooks.evidence.source import Section
from runbooks.evidence.sources import SOURCES
from runbooks.scrub import Scrub, scrub
from runbooks.values import Json

STAGING = load_environment(ROOT / "environments/staging.yaml")
PASSWORD = 'p"ss/wörd &1'  # a quote, a slash and a space, so that it is spelled in several ways
PLANTED: dict[str, Any] = {
    "message": f"AUTH failed with {PASSWORD}",
    "quoted": json.dumps({"sent": PASSWORD}),
    "url": "redis://:p%22ss%2Fw%C3%B6rd%20%261@10.0.0.1",
    PASSWORD: "as a key",
    "list": [{"deep": [f"x{PASSWORD}y"]}],
    "shape": "postgres://app:hunter2secret@10.20.0.5/app",
    "named": "connecting with password=hunter3secret",
    "header": "Authorization: Bearer abcdef0123456789",
    "password": "hunter4secret",
    "api_key": "hunter5secret",
    "tokens": {"session_token": "hunter6secret"},
}
HIDDEN = (
    "hunter2",
    "hunter3",
    "hunter4",
    "hunter5",
    "hunter6",
    "abcdef0123456789",
    "ss/w",
    "ss%2Fw",
    "rd &1",
)


def known() -> Secrets:
    """Secrets of which one was given out."""
    secrets = Secrets({"REDIS_PASSWORD": PASSWORD})
    secrets.get(SecretRef(env="REDIS_PASSWORD"))
    return secrets


def test_passwords_planted_in_every_section_are_found_in_none() -> None:
    """Known values however they are spelled, what looks like a secret, and what a key calls one."""
    clean = Scrub(known())
    blind = Blind(Reason.AUTH_FAILED, f"refused {PASSWORD}")
    sections = {each.name: clean.section(Section(each.name, PLANTED, blind)) for each in SOURCES}
    written = canonical(document(Bundle({}, datetime(2026, 1, 1, tzinfo=UTC), "0", sections))).decode()
    assert [each for each in HIDDEN if each in written] == []
    assert written.count(REDACTED) >= 10 * len(SOURCES)


def test_secrets_that_were_not_used_are_known_too() -> None:
    """Every reference of the environment file is looked up first."""
    specs = STAGING.checks.values()
    names = {ref.env for spec in specs for _, ref in spec if isinstance(ref, SecretRef) and ref.env}
    assert names, "the sample environment refers to secrets"
    clean = Scrub.of(STAGING, Secrets(dict.fromkeys(names, "correct horse")))
    assert clean.text("it said: correct horse!") == f"it said: {REDACTED}!"


def test_a_password_that_is_the_name_of_a_check_hides_no_check() -> None:
    """What the environment file says is no secret; within a sentence it is hidden all the same."""
    clean = Scrub(known(), {PASSWORD})
    assert clean.json({"name": PASSWORD, "said": f"it is {PASSWORD}"}) == {
        "name": PASSWORD,
        "said": f"it is {REDACTED}",
    }
    assert Scrub.of(STAGING, Secrets({})).text("redis") == "redis"


def test_names_of_secrets_are_none() -> None:
    """A service's secrets are told by their names in Secret Manager."""
    secrets = [{"secret": "database-password", "version": "latest"}]
    assert scrub({"secrets": secrets}, Secrets({})) == {"secrets": secrets}


def test_what_json_cannot_hold_becomes_what_it_can() -> None:
    """No NaN, no half characters, keys in order: the bundle in memory is that of its file."""
    clean = scrub({"b": float("nan"), "a": (float("inf"), "\ud83d", 1.5)}, Secrets({}))
    assert clean == {"a": [None, "�", 1.5], "b": None}
    assert list(clean) == ["a", "b"]
    section = Scrub(Secrets({})).section(Section("logs", {"b": 1, "a": 2}, took_ms=float("nan")))
    assert (list(section.data), section.took_ms) == (["a", "b"], 0.0)


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_scrubbing_twice_changes_nothing_more(value: Json) -> None:
    """And whatever it was, a bundle can hold it."""
    once = scrub(value, known())
    canonical(once)
    assert scrub(once, known()) == once
