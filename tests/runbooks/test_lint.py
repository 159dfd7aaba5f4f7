"""Lint: what cannot be right in a runbook is found, with its place and what was meant."""

from pathlib import Path

import pytest

from runbooks.evidence.sources import SHAPES
from runbooks.lint import Finding, lint
from runbooks.output.lint import document, exit_code, text
from runbooks.reader import read_library
from tests.runbooks.files import CAUSE, HEAD, book, changed, listed, write

EXTENDS = "schema: whybot/runbook/1\nextends: http-503\n"
FIXES = "schema: whybot/remedies/1\n"


def findings(folder: Path, **files: str) -> list[str]:
    """What lint says of these files, without their folder."""
    read = read_library(write(folder, **files))
    assert read.problems == ()
    mine = [each for each in lint(read) if Path(each.file).parent == folder]
    return [str(each).removeprefix(f"{folder}/") for each in mine]


def test_nothing_is_wrong_with_our_library() -> None:
    """Our own runbooks are an example of what lint wants."""
    assert [str(each) for each in lint(read_library())] == []


def test_nothing_is_wrong_with_a_runbook_that_is_right(tmp_path: Path) -> None:
    """Every form that is meant so is left alone."""
    deep = changed(id="deep", when="true", each="{sick: values(services)}", because='"{{ sick.name }} fails"')
    asks = changed(id="asks", asks="Why?", let='{late: "checks.cache.prober_late"}', when="late") + listed(
        deep
    )
    extended = changed(id="more", because='"{{ mine }}"')
    files = {
        "a": book(CAUSE, asks),
        "b": f"{EXTENDS}let: {{mine: env.name}}\n{listed(extended)}",
        "c": book(changed(when="true"), head=HEAD.replace("runbook: cache", "runbook: always")),
    }
    assert findings(tmp_path, **files) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"when": "chekcs.cache.status == 'fail'"},
            "9: causes[0].when: chekcs: there is no evidence chekcs; did you mean checks?",
        ),
        (
            {"when": "checks.cache.stats == 'fail'"},
            "9: causes[0].when: checks.cache.stats: there is no field stats; did you mean status?",
        ),
        ({"when": "checks.cache.status == 'failed'"}, "did you mean fail?"),
        ({"when": "checks.cache.duration_ms > 'fast'"}, "9: causes[0].when: checks.cache.duration_ms > "),
        ({"when": "checks.cache.duration_ms"}, "neither true nor false"),
        ({"when": "env.name.matches('(')"}, "9: causes[0].when: "),
        (
            {"when": "checks.cache.status == 'fail' && checks.cache.status == 'pass'"},
            "9: causes[0].when: it can never be true",
        ),
        (
            {"when": "checks.cache.answered || !checks.cache.answered"},
            "9: causes[0].when: it cannot be false; a condition on evidence",
        ),
        ({"evidence": "[]"}, "12: causes[0].evidence: there is no evidence; a record that can be cited"),
        (
            {"evidence": "[checks.cache.status]"},
            "12: causes[0].evidence[0]: checks.cache.status is a text that cannot be cited",
        ),
        ({"evidence": "[checks]"}, "12: causes[0].evidence[0]: checks is a table; values(checks)"),
        ({"evidence": None}, "7: causes[0].evidence: there is no evidence"),
        (
            {"because": '"{{ chekcs.cache.title }}"'},
            "10: causes[0].because: there is no chekcs; did you mean checks?",
        ),
        (
            {"because": '"{{ checks.cache.titel }}"'},
            "10: causes[0].because: checks.cache.titel: there is no field titel; did you mean title?",
        ),
        ({"because": '"{{ checks.cache.title | ms }}"'}, "it is a text; ms takes a number or a duration"),
        ({"because": '"{{ checks.cache | first }}"'}, "it is a mapping; first takes a list"),
        (
            {"because": "\"{{ 'x' if checks.cache.status == 'failed' }}\""},
            "it is never failed; did you mean fail?",
        ),
        (
            {"because": '"{% for c in checks %}{{ c }}{% endfor %}"'},
            "checks is a mapping, and a loop goes through a list",
        ),
        (
            {"because": '"{% for c in checks | values %}{{ c.nam }}{% endfor %}"'},
            "there is no field nam; did you mean name?",
        ),
        (
            {"because": "\"{{ checks | values | map('nam') | join }}\""},
            "there is no field nam; did you mean name?",
        ),
        (
            {"because": '"{{ paths.verdict }}"'},
            "of a list there is no verdict; take its first, or go through it",
        ),
        ({"because": '"{{ env.name + 1 }}"'}, "calculates with a text"),
        ({"because": '" "'}, "10: causes[0].because: nothing is said; the because of the cause"),
        ({"title": '""'}, "8: causes[0].title: nothing is said; the title of the cause"),
        ({"ruled_out": None}, "causes[0].ruled_out: nothing is said; it is not listed when it is ruled out"),
        ({"asks": "Why?"}, "causes[0].asks: nothing answers the question; `causes` or `link`"),
        ({"link": "[redis]"}, "causes[0].asks: there is no next question; causes or links answer it"),
        (
            {"let": "{late: checks.cache.prober_late}"},
            "13: causes[0].let.late: nothing uses late; leave it out",
        ),
        (
            {"let": "{checks: env.name}"},
            "13: causes[0].let.checks: checks is the name of evidence; take another name",
        ),
        ({"each": "{one: values(checks)}"}, "13: causes[0].each.one: nothing uses one; leave it out"),
        (
            {"each": "{one: env.name}"},
            "13: causes[0].each.one: env.name is a text; it takes the members of a list",
        ),
        (
            {"root": "true\ncontributing: true"},
            "causes[0].root: what contributes is no root cause; one of the two",
        ),
    ],
)
def test_a_cause_that_cannot_be_right_is_found(
    tmp_path: Path, fields: dict[str, str | None], said: str
) -> None:
    """Each with line and field, what was found and what was meant."""
    quoted = {key: f'"{value}"' if key == "when" and value else value for key, value in fields.items()}
    found = findings(tmp_path, cache=book(changed(**quoted)))
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (HEAD.replace("applies: ", "applies: 'false' #"), "5: applies: it can never be true"),
        (
            HEAD.replace("applies: ", "applies: env.terraform || !env.terraform #"),
            "5: applies: it cannot be false",
        ),
        (HEAD.replace("applies: ", "applies: chekcs.x #"), "5: applies: chekcs: there is no evidence chekcs"),
        (
            HEAD.replace("applies", "#"),
            "2: runbook: no runbook links to it, and it has no `applies`; give it `applies`, or let a",
        ),
        (HEAD.replace("asks: ", "asks: '{{ sick.name }}' #"), "4: asks: there is no sick"),
        (HEAD + "each: {sick: values(checks)}\n", "6: each.sick: nothing uses sick; leave it out"),
        (HEAD + "let: {late: env.name}\n", "6: let.late: nothing uses late; leave it out"),
        (HEAD + "let: {late: soon, soon: env.name}\n", "6: let.late: soon: there is no evidence soon"),
    ],
)
def test_a_runbook_that_cannot_be_right_is_found(tmp_path: Path, head: str, said: str) -> None:
    """A question that is never asked, or always; names that there are not, or that nothing uses."""
    found = findings(tmp_path, cache=book(head=head))
    assert any(each.startswith(f"cache.yaml:{said}") for each in found), found


def test_a_cause_that_its_parents_exclude_is_never_reached(tmp_path: Path) -> None:
    """Together with the conditions on the way it can never hold."""
    below = changed(id="below", when="\"checks.cache.status == 'pass'\"")
    above = changed(when="\"checks.cache.status == 'fail'\"", asks="Why?") + listed(below)
    (found,) = findings(tmp_path, cache=book(above))
    assert found.endswith("it can never be true where down is; the cause is never reached")
    assert ": causes[0].causes[0].when: " in found


def test_a_condition_that_is_always_true_needs_another_one_around_it(tmp_path: Path) -> None:
    """`true` is a condition of every member of an `each`, not of a cause of its own."""
    below = changed(id="below", when="true")
    (found,) = findings(tmp_path, cache=book(changed(asks="Why?") + listed(below)))
    assert "causes[0].causes[0].when: it cannot be false; a condition on evidence" in found


def test_the_same_id_is_the_same_cause(tmp_path: Path) -> None:
    """On two ways there may be one cause, not two of one name."""
    other = changed(id="other", asks="Why?") + listed(changed(when='"checks.cache.prober_late"'))
    (found,) = findings(tmp_path, cache=book(CAUSE, other))
    assert "causes[1].causes[0].id: another cause down is a different one" in found
    same = changed(id="other", asks="Why?") + listed(CAUSE)
    assert findings(tmp_path, cache=book(CAUSE, same)) == []


def test_circles_of_links_are_found(tmp_path: Path) -> None:
    """Once each, at the link that closes it."""
    names = ("a", "b", "c")
    files = {
        name: book(
            changed(asks="Why?", link=f"[{following}]"),
            head=HEAD.replace("runbook: cache", f"runbook: {name}"),
        )
        for name, following in zip(names, ("b", "c", "a"), strict=True)
    }
    (found,) = findings(tmp_path, **files)
    assert found.startswith("c.yaml:14: causes[0].link[0]: a circle: a → b → c → a")


def test_remedies_are_checked_where_causes_name_them(tmp_path: Path) -> None:
    """They see the names of the cause; one that nobody names is found."""
    call = "call: {title: Call, text: 'Call {{ who }}', when: whom == 1}"
    fixes = f"{FIXES}remedies:\n  {call}\n  idle: {{title: '', text: x}}\n"
    uses = changed(remedies="[call]", let="{who: env.name}")
    found = findings(tmp_path, cache=book(uses), fixes=fixes)
    where = "there is no evidence whom (where cache/down names it)"
    assert found == [
        f"fixes.yaml:3: remedies.call.when: whom: {where}; did you mean who?",
        "fixes.yaml:4: remedies.idle: no cause names idle; leave it out, or name it",
        "fixes.yaml:4: remedies.idle.title: nothing is said; the title of the remedy",
    ]


def test_names_of_an_extension_are_used_by_any_of_its_causes(tmp_path: Path) -> None:
    """They are found at their own place if none does."""
    found = findings(tmp_path, more=f"{EXTENDS}let: {{mine: env.name}}\n{listed(changed(id='more'))}")
    assert found == ["more.yaml:3: let.mine: nothing uses mine; leave it out"]


def test_document_says_what_people_are_told(tmp_path: Path) -> None:
    """Findings with their parts; the exit code follows from it."""
    right = document(read_library(write(tmp_path, cache=book())), tmp_path)
    assert (right["runbooks"], right["causes"], right["findings"], exit_code(right)) == (1, 1, [], 0)
    assert text(right) == "1 runbook, 1 cause: nothing is wrong."
    wrong = document(read_library(write(tmp_path, cache=book(changed(ruled_out=None)))), tmp_path)
    (found,) = wrong["findings"]
    assert (found["line"], found["field"], exit_code(wrong)) == (7, "causes[0].ruled_out", 1)
    assert text(wrong).endswith("1 runbook, 1 cause: 1 finding.")
    unreadable = document(read_library(write(tmp_path, cache="x")), tmp_path)
    assert (unreadable["readable"], exit_code(unreadable)) == (False, 78)
    assert Finding(**unreadable["findings"][0]).meant == "a mapping"


def test_all_evidence_has_a_shape() -> None:
    """What expressions may name is what lint knows."""
    assert {"env", "checks", "services", "paths", "drift", "logs", "changes", "onset", "history"} <= {*SHAPES}
