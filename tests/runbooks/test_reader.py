"""Runbook files: what is right becomes a library, what is wrong is reported at once, with its line."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hatchling.builders.wheel import WheelBuilder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from checks.document import read_document
from docs.generate import ROOT, remedies_schema, runbook_schema
from runbooks.binding import MOST_CAUSES
from runbooks.library import BOOKS, FOLDER, REMEDIES
from runbooks.lint import lint
from runbooks.reader import DEEPEST, LARGEST_FILE, MOST_FILES, RunbookError, load_library, read_library
from runbooks.runbook import every
from tests.runbooks.files import CAUSE, HEAD, book, changed, listed, write

FIXES = "schema: whybot/remedies/1\n"
EXTENDS = "schema: whybot/runbook/1\nextends: http-503\n"


def problems(folder: Path, **files: str) -> list[str]:
    """What is said of these files, without their folder."""
    write(folder, **files)
    with pytest.raises(RunbookError) as caught:
        load_library(folder)
    return [str(each).removeprefix(f"{folder}/") for each in caught.value.problems]


# ours


def test_every_file_of_the_library_is_listed() -> None:
    """A runbook that is in no tuple would never be asked."""
    assert sorted(path.stem for path in FOLDER.glob("*.y*ml")) == sorted([*BOOKS, REMEDIES])


def test_our_library_loads_and_names_its_files() -> None:
    """Each file has the runbook that it is named after, and each cause knows where it is written."""
    library = load_library()
    assert [book.id for book in library.runbooks] == list(BOOKS)
    for runbook in library.runbooks:
        assert Path(runbook.file).stem == runbook.id
        document = read_document(Path(runbook.file))
        for cause in every(runbook.causes):
            assert document.lines[*cause.place, "id"] >= document.line(cause.place)
    assert "rollback-traffic" in library.remedies


def test_wheel_has_the_library() -> None:
    """What is installed has the runbooks, not only the code that reads them."""
    builder = WheelBuilder(str(ROOT))
    packed = {file.relative_path for file in builder.recurse_included_files()}
    assert {f"runbooks/library/{name}.yaml" for name in (*BOOKS, REMEDIES)} <= packed


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_files_fit_the_schemas_for_editors(path: Path) -> None:
    """An editor has nothing to say about a file that whybot accepts."""
    schema = remedies_schema() if path.stem == REMEDIES else runbook_schema()
    validator = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(read_document(path).data)] == []


# yours


def test_a_folder_adds_runbooks_behind_ours(tmp_path: Path) -> None:
    """In the order of the files' names; what is no YAML file is left alone."""
    write(tmp_path, b=book(), a=book(head=HEAD.replace("runbook: cache", "runbook: queue")))
    (tmp_path / "README.md").write_text("no runbook")
    (tmp_path / ".hidden.yaml").write_text("no runbook")
    assert [each.id for each in load_library(tmp_path).runbooks] == [*BOOKS, "queue", "cache"]


def test_everything_that_a_file_says_arrives(tmp_path: Path) -> None:
    """Field by field, as it is written."""
    each, let = '{store: "values(checks)"}', "{twice: store.times_over * 2.0}"
    deep = changed(id="deeper", each=each, let=let, settle="Ask.")
    top = changed(asks="Why?", root="true", link="[redis]", remedies="[wait]") + listed(deep)
    head = HEAD + "rank: 7\nsecondary: true\neach: {svc: values(services)}\nlet: {name: svc.name}\n"
    write(tmp_path, cache=book(top, head=head))
    cache = load_library(tmp_path)["cache"]
    assert (cache.title, cache.rank, cache.secondary, cache.healthy) == ("Cache", 7, True, False)
    assert cache.each is not None
    assert (cache.each.name, cache.each.of.text) == ("svc", "values(services)")
    assert cache.let["name"].text == "svc.name"
    assert cache.applies is not None
    (cause,) = cache.causes
    assert (cause.id, cause.root, cause.link, cause.remedies) == ("down", True, ("redis",), ("wait",))
    assert cause.asks is not None
    assert cause.asks.source == "Why?"
    (below,) = cause.causes
    assert below.each is not None
    assert (below.id, below.each.name, below.settle and below.settle.source) == ("deeper", "store", "Ask.")
    assert below.place == ("causes", 0, "causes", 0)
    assert below.file == str(tmp_path / "cache.yaml")


def test_a_runbook_of_the_same_name_replaces_ours(tmp_path: Path) -> None:
    """In its place in the order."""
    write(tmp_path, mine=book(head=HEAD.replace("runbook: cache", "runbook: http-503")))
    library = load_library(tmp_path)
    assert [each.id for each in library.runbooks] == list(BOOKS)
    assert library["http-503"].title == "Cache"
    assert load_library()["http-503"].title == "HTTP 503"


def test_a_file_extends_ours_at_the_top_or_under_a_cause(tmp_path: Path) -> None:
    """Its `let` is for its own causes alone."""
    named = changed(id="named", because="'{{ mine }}'")
    write(tmp_path, top=f"{EXTENDS}let: {{mine: '1'}}\n{listed(named)}")
    write(tmp_path, under=f"{EXTENDS}into: dependencies-failing\n{listed(CAUSE)}")
    extended, ours = load_library(tmp_path)["http-503"], load_library()["http-503"]
    assert extended.causes[-1].id == "named"
    assert list(extended.causes[-1].let) == ["mine"]
    assert extended.let.keys() == ours.let.keys()
    (under,) = (each for each in every(extended.causes) if each.id == "dependencies-failing")
    assert under.causes[-1].id == "down"


def test_a_file_of_remedies_adds_and_replaces(tmp_path: Path) -> None:
    """One remedy of ours may be another one here; the rest stays."""
    remedies = "remedies: {wait: {title: Wait, text: Wait a day}, call: {title: Call, text: Call}}"
    write(tmp_path, fixes=f"schema: whybot/remedies/1\n{remedies}\n")
    found = load_library(tmp_path).remedies
    assert found["wait"].text.source == "Wait a day"
    assert found["call"].title.source == "Call"
    assert "rollback-traffic" in found


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap."""
    (tmp_path / "..2025_09_15").mkdir()
    write(tmp_path / "..2025_09_15", cache=book())
    (tmp_path / "..data").symlink_to("..2025_09_15")
    (tmp_path / "cache.yaml").symlink_to("..data/cache.yaml")
    assert load_library(tmp_path).knows("cache")


# what is wrong


def test_every_mistake_of_all_files_is_reported_at_once(tmp_path: Path) -> None:
    """Each with file, line and field, what was found and what is allowed."""
    when, because = "checks.cache.status = 'fail'", "'{{ cache.__class__ }}'"
    wrong = changed(id="Down", when=when, because=because, title=None, evidence="checks")
    fields = "titel: Cache\nrank: high\neach: {a: x, b: y}\nlet: {in: '1', a b: '2'}"
    lost = changed(link="[rediss, wait]", remedies="[rollback]")
    found = problems(tmp_path, a=book(wrong, head=HEAD.replace("title: Cache", fields)), b=book(lost))
    assert [each.partition("; allowed")[0] for each in found] == [
        "a.yaml:3: titel: found an unknown field",
        'a.yaml:4: rank: found "high"',
        "a.yaml:5: each: found a mapping",
        "a.yaml:6: let.a b: found this name",
        'a.yaml:6: let.in: found "in"',
        'a.yaml:10: causes[0].id: found "Down"',
        "a.yaml:10: causes[0].title: found nothing",
        "a.yaml:11: causes[0].when: found \"checks.cache.status = 'fail'\"",
        "a.yaml:12: causes[0].because: found the name __class__; no name of evidence starts with _",
        'a.yaml:14: causes[0].evidence: found "checks"',
        'b.yaml:13: causes[0].link[0]: found "rediss"',
        'b.yaml:13: causes[0].link[1]: found "wait"',
        'b.yaml:14: causes[0].remedies[0]: found "rollback"',
    ]
    assert any(each.endswith("Did you mean title?") for each in found)
    assert any("Did you mean redis?" in each for each in found)
    assert any("column" in each for each in found if "a.yaml:11" in each)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: found an empty file"),
        ("[]", "1: found a list; allowed: a mapping"),
        ("runbook: cache", "1: schema: found nothing; allowed: whybot/runbook/1 or whybot/remedies/1"),
        ("schema: whybot/runbok/1", '1: schema: found "whybot/runbok/1"'),
        (book().replace("/1", "/2", 1), '1: schema: found "whybot/runbook/2"'),
        (HEAD + "causes: []\n", "6: causes: found none; allowed: at least one cause"),
        (HEAD, "1: causes: found nothing; allowed: a value"),
        (book(CAUSE, CAUSE), "13: causes[1].id: found a second cause down beside the first"),
        (book(changed(id="down\nid: up")), "8: causes[0].id: found a second time (first in line 7)"),
        (EXTENDS.replace("http-503", "http-504") + listed(CAUSE), '2: extends: found "http-504"'),
        (EXTENDS + "into: dependency\n" + listed(CAUSE), '3: into: found "dependency"'),
        (EXTENDS + "applies: 'true'\n" + listed(CAUSE), "3: applies: found an unknown field"),
        (FIXES + "remedies: {wait: {title: Wait}}", "2: remedies.wait.text: found nothing"),
        (FIXES + "remedies: {wait: {title: a, text: b, reach: 4}}", "2: remedies.wait.reach: found 4"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    """The first problem is that of the table."""
    assert problems(tmp_path, cache=text)[0].startswith(f"cache.yaml:{said}")


def test_two_files_may_not_have_the_same_runbook_or_remedy(tmp_path: Path) -> None:
    """Neither silently wins."""
    fixes = "schema: whybot/remedies/1\nremedies: {call: {title: Call, text: Call}}\n"
    found = problems(tmp_path, a=book(), b=book(), c=fixes, d=fixes)
    assert [each.partition(":")[0] for each in found] == ["b.yaml", "d.yaml"]
    assert f"the runbook cache, which {tmp_path}/a.yaml has as well" in found[0]
    assert f"the remedy call, which {tmp_path}/c.yaml has as well" in found[1]


def test_true_and_false_need_no_quotes(tmp_path: Path) -> None:
    """A condition may be written as YAML has truths."""
    write(tmp_path, cache=book(changed(when="true")))
    assert load_library(tmp_path)["cache"].causes[0].when.text == "true"


# how much


def nested(depth: int) -> str:
    """Causes that many under one another."""
    cause: dict[str, Any] = {}
    for level in range(depth):
        below = {"causes": [cause], "asks": "Why?"} if cause else {}
        cause = {"id": f"c{level}", "title": "t", "when": "true", "because": "b", **below}
    return HEAD + json.dumps({"causes": [cause]})[1:-1].replace('"causes"', "causes", 1) + "\n"


def test_causes_nest_only_so_deep(tmp_path: Path) -> None:
    """As deep as anybody follows, not deeper."""
    write(tmp_path, cache=nested(DEEPEST))
    assert load_library(tmp_path).knows("cache")
    assert f"at most {DEEPEST} levels" in problems(tmp_path, cache=nested(DEEPEST + 1))[0]


def test_all_files_together_have_a_most_of_causes(tmp_path: Path) -> None:
    """The largest file is named."""
    said = {"title": "t", "when": "true", "because": "b"}
    few = json.dumps([{"id": f"c{number}", **said} for number in range(MOST_CAUSES // 2)])
    head = HEAD.replace("runbook: cache", "runbook: queue")
    (found,) = problems(tmp_path, a=f"{HEAD}causes: {few}\n", b=f"{head}causes: {few}\n")
    assert found.startswith("a.yaml:1: found 1,000 causes here")
    (tmp_path / "b.yaml").unlink()
    assert load_library(tmp_path).knows("cache")


def test_folders_and_files_have_a_most(tmp_path: Path) -> None:
    """More files, or a larger one, are refused before they are read."""
    (found,) = problems(tmp_path, cache=f"{book()}#{'x' * LARGEST_FILE}\n")
    assert found == "cache.yaml:1: found a file of more than 256 KB; allowed: a smaller file"
    many = tmp_path / "many"
    many.mkdir()
    (found,) = problems(many, **{f"f{number}": "" for number in range(MOST_FILES + 1)})
    assert found.endswith("found 51 files; allowed: at most 50")


def test_all_files_together_have_a_most_of_bytes_and_of_cel(tmp_path: Path) -> None:
    """Reading them takes the same little time whatever is in them."""
    large = f"{book()}#{'x' * (LARGEST_FILE - 1_000)}\n"
    folder = tmp_path / "large"
    folder.mkdir()
    (found,) = problems(folder, **{f"f{number}": large for number in range(5)})
    assert found.endswith("found more than 1 MB in all files; allowed: smaller files")
    texts = [f"{'x' * 1_980} == {number}" for number in range(105)]
    causes = [{"id": f"c{n}", "title": "t", "when": text, "because": "b"} for n, text in enumerate(texts)]
    (found,) = problems(tmp_path, cache=f"{HEAD}causes: {json.dumps(causes)}\n")
    assert found.endswith("found more CEL than is read; allowed: at most 200,000 characters in all files")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A mistyped setting must not look like an empty folder."""
    with pytest.raises(RunbookError, match="No such file or directory"):
        load_library(tmp_path / "nowhere")


# anything

RIGHT = YAML(typ="safe", pure=True).load(book(changed(asks="Why?", let="{a: '1'}") + listed(CAUSE)))
STRAY = (
    "{{ x }}",
    "{% for a in b %}",
    "a.b(",
    "values(checks)",
    "redis",
    "whybot/runbook/1",
    "..",
    "__class__",
)
FIELDS = ("id", "causes", "each", "let", "link", "extends", "into", "remedies", "schema", "when")
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(STRAY)
)
KEYS = st.text(max_size=8) | st.sampled_from(FIELDS)
TREES = st.recursive(
    JUNK,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A file that is right but for a few places, in which there is anything."""
    data = json.loads(json.dumps(RIGHT))
    for _ in range(draw(st.integers(1, 4))):
        at: Any = data
        while True:
            keys = list(range(len(at))) if isinstance(at, list) else list(at)
            key = draw(st.sampled_from(keys)) if keys else None
            if key is None:
                break
            if isinstance(at[key], (dict, list)) and at[key] and draw(st.booleans()):
                at = at[key]
                continue
            at[key] = draw(TREES)
            break
    return data


FILES = st.one_of(
    mutated().map(json.dumps), TREES.map(json.dumps), st.text(max_size=60), st.binary(max_size=60)
)


@given(FILES)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_anything_in_it_is_a_library_or_an_error(tmp_path: Path, content: str | bytes) -> None:
    """Nothing else ever comes of one; the error is ready for people, and lint takes what is none."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    (tmp_path / "any.yaml").write_bytes(raw)
    read = read_library(tmp_path)
    wrong = read.problems
    assert all(each.line >= 1 and each.found and each.allowed for each in wrong)
    if wrong:
        with pytest.raises(RunbookError):
            load_library(tmp_path)
    else:
        lint(read)
