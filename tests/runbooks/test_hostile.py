"""Runbooks that mean harm are refused with a clear error, or do none, with little memory and time."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbooks.binding import MOST_CAUSES
from tests.runbooks.files import CAUSE, HEAD, book, changed, listed

ROOT = Path(__file__).parents[2]
Files = str | bytes | Callable[[Path], None]


def say(text: str) -> str:
    """A runbook with a cause that is always so and says this."""
    return book(
        changed(when="'true'", because=json.dumps(text), evidence="[checks.c1]"),
        head=HEAD.replace("applies", "#"),
    )


def ask(condition: str) -> str:
    """A runbook with a cause that asks this."""
    return book(changed(when=json.dumps(condition)), head=HEAD.replace("applies", "#"))


def doubling(first: str, then: str) -> str:
    """A runbook whose names grow on one another."""
    names = {"n0": first, **{f"n{number}": then.format(f"n{number - 1}") for number in range(1, 49)}}
    return book(changed(let=json.dumps(names), when='"size(n48) > 0"'), head=HEAD.replace("applies", "#"))


def nested(opening: str, closing: str, depth: int, within: str = "") -> str:
    """Something within itself, that often."""
    return opening * depth + within + closing * depth


def causes_within(depth: int) -> str:
    """Causes as deep as this, in YAML's short form."""
    opening = "[{id: a, title: a, when: true, because: a, asks: a, causes: "
    return f"{HEAD}causes: {nested(opening, '}]', depth, '[]')}\n"


def numbered(count: int) -> str:
    """That many causes."""
    return (
        HEAD
        + "causes:\n"
        + "".join(f"- {{id: c{number}, title: t, when: true, because: b}}\n" for number in range(count))
    )


def laughs(levels: int) -> str:
    """A few lines that stand for ten to the power of `levels` values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(["schema: whybot/runbook/1", *lines]) + "\n"


def linked(count: int) -> Callable[[Path], None]:
    """Runbooks that all lead to all others."""

    def make(folder: Path) -> None:
        names = [f"b{number}" for number in range(count)]
        for name in names:
            cause = changed(link=json.dumps(names), asks="Why?", because=name)
            (folder / f"{name}.yaml").write_text(
                book(cause, head=HEAD.replace("runbook: cache", f"runbook: {name}"))
            )

    return make


def file(name: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    """A single entry of the folder that is made by hand."""
    return lambda folder: make(folder / name)


def unreadable(path: Path) -> None:
    path.write_text(book())
    path.chmod(0)


def sparse(path: Path) -> None:
    """A file of a terabyte that takes no room."""
    with path.open("wb") as opened:
        opened.truncate(10**12)


def many(folder: Path) -> None:
    for number in range(51):
        (folder / f"f{number}.yaml").touch()


LAUGH = (
    "{% for a in checks | values %}{% for b in checks | values %}" + "ha" * 400 + "{% endfor %}{% endfor %}"
)
IDLE = LAUGH.replace("ha" * 400, "{% if a.name ~ b.name in a.message %}{% endif %}" * 20)
MESSAGES = "(checks | values | map('message'))"
JOINED = f"{{{{ {MESSAGES} | join({MESSAGES} | join({MESSAGES} | join({MESSAGES} | join))) }}}}"
LATE = "checks.c1.at - timestamp('0001-01-01T00:00:00Z') > duration('1s')"
ALL = "values(checks).all({0}, {1})"

REFUSED: dict[str, tuple[Files, str]] = {
    # texts
    "loop-over-a-range": (say("{% for i in range(999999999) %}x{% endfor %}"), "because: found a call"),
    "loops-too-deep": (say(nested("{% for a in checks %}", "{% endfor %}", 3)), "more than 2 loops"),
    "recursive-loop": (say("{% for a in checks recursive %}{{ loop(a) }}{% endfor %}"), "a loop other than"),
    "recursive-macro": (say("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), "a macro"),
    "doubling-by-set": (say("{% set x = 'a' %}{% set x = x ~ x %}"), "a name of its own"),
    "text-times-number": (say("{{ 'a' * 999999999 }}"), "arithmetic"),
    "power-tower": (say("{{ 9 ** 9 ** 9 ** 9 }}"), "arithmetic"),
    "padding": (say("{{ 'x' | center(999999999) }}"), "the filter center"),
    "class-of-a-text": (say("{{ ''.__class__.__mro__[1].__subclasses__() }}"), "because: found"),
    "class-by-key": (say("{{ ''['__class__'] }}"), "the name __class__"),
    "class-by-attr": (say("{{ '' | attr('__class__') }}"), "the filter attr"),
    "class-by-map": (say("{{ [''] | map(attribute='__class__') }}"), "the name __class__"),
    "globals-of-a-helper": (say("{{ cycler.__init__.__globals__.os }}"), "the name __"),
    "insides-of-jinja2": (say("{{ self._TemplateReference__context }}"), "the name _TemplateReference"),
    "format-string": (say("{{ '{0.__class__}'.format(env) }}"), "a call"),
    "percent-format": (say("{{ '%999999999d' % 1 }}"), "arithmetic"),
    "another-file": (say("{% include '/etc/passwd' %}"), "another template"),
    "parentheses-in-a-text": (say("{{ " + nested("(", ")", 900, "1") + " }}"), "nested more than"),
    "blocks-in-a-text": (say(nested("{% if env %}", "{% endif %}", 80)), "nested more than"),
    "filter-on-filter": (say("{{ env" + " | lower" * 200 + " }}"), "nested more than"),
    # conditions
    "negations": (ask("!" * 1_500 + "true"), "causes[0].when: found"),
    "long-condition": (ask(" || ".join(["true"] * 400)), "causes[0].when: found"),
    "unseen-names": (ask("сhecks.cache.status == 'fail'"), "causes[0].when: found"),  # a Cyrillic с
    # YAML
    "billion-laughs": (laughs(9), "aliases that make the file huge"),
    "circle-of-aliases": ("schema: whybot/runbook/1\ncauses: &c [*c]\n", "an alias to what it is a part of"),
    "object-of-python": (book() + "x: !!python/object/apply:os.system [id]\n", "a tag (!…)"),
    "own-tag": (book() + "x: !include /etc/passwd\n", "a tag (!…)"),
    "doubled-keys": (book() + "runbook: other\n", "a second time"),
    "lists-in-lists": ("a: " + nested("[", "]", 5_000) + "\n", "nested more than 50 deep"),
    "causes-in-causes": (causes_within(13), "at most 12 levels"),
    "causes-far-in-causes": (causes_within(200), "nested more than 50 deep"),
    "too-many-causes": (numbered(MOST_CAUSES + 1), "at most 2,000 in all files"),
    "bad-types": (
        "schema: [whybot/runbook/1]\nrunbook: {a: b}\ncauses: 7\nlet: x\neach: []\n",
        "schema: found a list",
    ),
    "bad-types-within": (
        HEAD + "causes: [7, [], null, {id: [], title: 1, when: {}, evidence: {a: b}, causes: x}]\n",
        "causes[3].id: found a list",
    ),
    "no-number": (HEAD.replace("asks", "rank: .nan\nasks") + listed(CAUSE), 'rank: found ".nan"'),
    "no-end-of-number": (HEAD.replace("asks", "rank: 1e999\nasks") + listed(CAUSE), "rank: found"),
    "huge-number": (HEAD.replace("asks", f"rank: {'9' * 5_000}\nasks") + listed(CAUSE), "rank: found"),
    "way-out-in-a-name": (
        book().replace("runbook: cache", "runbook: ../../etc/passwd"),
        "lower-case letters",
    ),
    "way-out-in-a-link": (book(changed(link="[../../etc/passwd]", asks="Why?")), "lower-case letters"),
    "look-alike-name": (
        book().replace("runbook: cache", "runbook: сache"),
        "lower-case letters",
    ),  # a Cyrillic с
    "control-characters": (book(changed(title="a\x1b[2J")), "a control character"),
    "other-encoding": (book().encode("utf-16"), "not UTF-8"),
    "binary": (bytes(range(256)) * 40, "any.yaml:"),
    "zeros": (bytes(10_000), "a control character"),
    "half-a-character": (book(changed(because='"\\ud800"')), "because: found a control character"),
    "escape-sequence": (book(changed(title='"a\\e[2J"')), "title: found a control character"),
    "escape-in-a-name": (book() + '"\\e[2J": x\n', "a control character"),
    # files
    "terabyte": (file("any.yaml", sparse), "more than 256 KB"),
    "endless-device": (
        file("any.yaml", lambda path: path.symlink_to("/dev/zero")),
        "leads out of the folder",
    ),
    "file-elsewhere": (
        file("any.yaml", lambda path: path.symlink_to("/etc/passwd")),
        "leads out of the folder",
    ),
    "circle-of-links": (file("any.yaml", lambda path: path.symlink_to("any.yaml")), "any.yaml:1: found"),
    "link-to-nothing": (file("any.yaml", lambda path: path.symlink_to("nothing.yaml")), "no such file"),
    "pipe": (file("any.yaml", os.mkfifo), "no regular file"),  # nobody ever writes to it
    "folder-as-a-file": (file("any.yaml", lambda path: path.mkdir()), "no regular file"),
    "unreadable": (file("any.yaml", unreadable), "Permission denied"),
    "unseen-file-name": (
        file("a\x1b\u202eb.yaml", lambda path: path.touch()),
        "a name with unseen characters",
    ),
    "many-files": (many, "at most 50"),
}
BOUNDED: dict[str, tuple[Files, str]] = {
    "output-without-end": (say(LAUGH), "haha"),
    "loops-that-say-nothing": (say(IDLE + "after"), "…"),
    "joins-of-joins": (say(JOINED), "aaaa"),
    "chain-of-texts": (say("{{ " + " ~ ".join(["checks.c1.message"] * 90) + " }}"), "7 * 7"),
    "template-in-a-message": (say("{{ checks.c1.message }}"), "{{ 7 * 7 }}"),
    "loops-in-loops": (
        ask(
            ALL.format(
                "a",
                ALL.format("b", ALL.format("c", ALL.format("d", "a.name + b.name + c.name + d.name != ''"))),
            )
        ),
        "",
    ),
    "regex-bomb": (ask("values(checks).exists(c, c.message.matches('(((a+)+)+)+$'))"), ""),
    "regex-of-regexes": (ask("checks.c1.message.matches('((a{1000}){1000}){1000}')"), ""),
    "texts-that-double": (doubling("'aaaaaaaaaa'", "{0} + {0}"), ""),
    "lists-that-double": (doubling("[1, 2, 3]", "{0} + {0}"), ""),
    "lists-of-lists": (doubling("[1]", "[{0}, {0}]"), ""),
    "lists-times-lists": (doubling("values(checks)", "{0}.map(x, {0})"), ""),
    "parentheses-in-a-condition": (ask(nested("(", ")", 900, "true")), ""),
    "insides-of-a-value": (ask("checks.__class__.__mro__ == 1"), ""),
    "number-too-large": (ask("9223372036854775807 * 9223372036854775807 > 0 || 1 / 0 > 1 || 1 % 0 > 1"), ""),
    "time-too-long": (ask(f"duration('99999999999h') > duration('1s') || {LATE}"), ""),
    "link-to-itself": (book(changed(link="[cache]", asks="Why?")), ""),
    "all-to-all": (linked(30), ""),
    "two-thousand-causes": (numbered(MOST_CAUSES - 200), ""),
}


def prepare(folder: Path, files: Files) -> Path:
    """Writes the files of a case."""
    folder.mkdir(mode=0o755)
    if callable(files):
        files(folder)
    else:
        (folder / "any.yaml").write_bytes(
            files.encode("utf-8", "surrogatepass") if isinstance(files, str) else files
        )
    return folder


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """How each case ended; all are run by one program, each in a fork of its own."""
    cases = REFUSED | BOUNDED
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)  # the forks have no rights
        folders = [str(prepare(Path(base) / name, files)) for name, (files, _) in cases.items()]
        ran = subprocess.run(
            [sys.executable, "-m", "tests.runbooks.hostile"],
            input=json.dumps(folders),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=110,
            check=False,
        )
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) == len(cases), ran.stderr
    return dict(zip(cases, lines, strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_an_error_that_says_why(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """The error names the place; nothing of the runbook is used."""
    assert REFUSED[name][1] in outcomes[name].get("refused", ""), outcomes[name]


@pytest.mark.parametrize("name", BOUNDED)
def test_it_ends_soon_and_does_no_harm(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """Neither time nor memory are used up, nothing is raised, and what is said stays short."""
    ended = outcomes[name]
    assert "said" in ended, ended
    assert BOUNDED[name][1] in ended["said"]
    assert ended["longest"] < 1_000_000
