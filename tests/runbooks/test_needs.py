"""Which evidence is still needed: that of causes which are open, and no other."""

from datetime import UTC, datetime

import pytest

from checks.environment import load_environment
from checks.observations import Blind
from checks.reasons import Reason
from docs.generate import ROOT
from runbooks.bundle import Bundle
from runbooks.engine import needed, wanted
from runbooks.evidence.environment import part_of
from runbooks.evidence.source import Section
from runbooks.runbook import Library
from runbooks.values import Value
from tests.runbooks.books import book, cause, facts, gap, library, remedy

AT = datetime(2026, 11, 20, 2, 14, tzinfo=UTC)
WHOLE = {"onset", "history"}
"""What every diagnosis with a chain looks at besides."""


def open_of(books: Library, *unfinished: str, **known: Value) -> set[str]:
    """The roots that are needed, where these are not there yet; without those of any diagnosis."""
    pending = {name: gap(name, "not read yet", pending=True) for name in unfinished}
    return set(wanted(books, facts(**known, **pending), frozenset(unfinished)))


def test_everything_that_an_open_cause_could_need_is_needed_at_once() -> None:
    """Condition, evidence, texts, deeper causes, runbooks to which it leads, remedies."""
    deep = cause("deep", "d.a", because="{{ e.a }}", remedies=("mend",))
    linked = book("linked", cause("far", "f.a"), applies=None, each=("one", "g"), let={"x": "h.a"})
    top = cause("top", "a.b", ["b"], let={"n": "c.a"}, because="{{ n }}", causes=(deep,), link=("linked",))
    books = library(book("down", top), linked, remedies=[remedy("mend", when="i.a")])
    assert open_of(books, *"abcdefghi", "z") == set("abcdefgi")


def test_a_branch_that_is_ruled_out_needs_nothing() -> None:
    """Neither for what is below it nor for what would have been said of it."""
    deep = cause("deep", "logs.a")
    out = cause("out", "flag", ["paths"], ruled_out="{{ drift.a }}", causes=(deep,), link=("far",))
    books = library(book("down", out), book("far", cause("x", "changes.a"), applies=None))
    sources = ("logs", "paths", "drift", "changes", *WHOLE)
    assert open_of(books, *sources, flag=True) == {"logs", "paths", "changes", *WHOLE}
    assert open_of(books, *sources, flag=False) == set()


def test_a_runbook_that_does_not_apply_needs_nothing() -> None:
    """One of which that is still open needs all that it could look at, with what decides it."""
    books = library(book("down", cause("it", "logs.a"), applies="checks.a"))
    assert open_of(books, "logs", checks={"a": False}) == set()
    assert open_of(books, "logs", checks={"a": True}) == {"logs"}
    assert open_of(books, "logs", "checks") == {"logs", "checks"}
    assert open_of(books, "logs", checks=gap()) == set(), "it will never be told"


def test_a_name_that_is_let_needs_something_only_where_it_is_used() -> None:
    """What is let for a branch that is ruled out does not count."""
    lets = {"a": "logs.a", "b": "a || paths.a"}
    books = library(book("down", cause("out", "flag && b"), cause("in", "flag"), let=lets))
    assert open_of(books, "logs", "paths", flag=False) == set()
    assert open_of(books, "logs", "paths", flag=True) == {"logs", "paths"}


def test_an_open_list_needs_what_its_members_would() -> None:
    """Whether there are any is not known yet."""
    books = library(book("down", cause("it", "one.bad && logs.a"), each=("one", "checks")))
    assert open_of(books, "logs", "checks") == {"logs", "checks"}
    assert open_of(books, "logs", checks=()) == set()


def test_what_could_not_be_told_for_good_needs_nothing_more() -> None:
    """No evidence that is still to come can decide it, nor what is below it."""
    books = library(book("down", cause("it", "logs.a", causes=(cause("deep", "paths.a"),))))
    assert open_of(books, "paths", logs=gap()) == set()


def test_when_it_began_is_needed_as_soon_as_something_is_found() -> None:
    """And not where all is well."""
    assert open_of(library(book("down", cause("it"))), *WHOLE) == WHOLE
    assert open_of(library(book("well", cause("ok"), healthy=True)), *WHOLE) == set()


def test_endless_runbooks_need_all() -> None:
    """What they would need cannot be told before their work is done."""
    endless = "numbers.all(a, numbers.all(b, numbers.all(c, a + b + c >= 0)))"
    books = library(book("down", cause("it", endless)))
    assert open_of(books, "logs", "paths", numbers=tuple(range(200))) == {"logs", "paths"}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """A bundle of which nothing was gathered."""
    return Bundle(part_of(load_environment(ROOT / "environments/staging.yaml")), AT, "0")


def test_needed_names_sources_that_are_not_finished(bundle: Bundle) -> None:
    """`onset` is taken from several sources; `env` from none, and one that is blind is finished."""
    books = library(book("down", cause("it", "env.terraform && drift.known_fields > 0", ["onset"])))
    assert needed(books, bundle) == {"drift", "logs", "changes", "services", "history"}
    blind = Section("drift", blind=Blind(Reason.DEADLINE, "did not answer"))
    known = Bundle(bundle.environment, AT, "0", {"drift": blind, "logs": Section("logs", finished=False)})
    assert needed(books, known) == set()
    with pytest.raises(KeyError):
        needed(books, bundle, runbook="none-such")
