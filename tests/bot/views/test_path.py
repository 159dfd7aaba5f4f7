"""Messages about network paths are within Slack's limits and say it all in words."""

import json
from dataclasses import replace

import pytest

from bot.views import path as view
from bot.views.message import Message
from checks.path.explain import explain
from checks.path.model import Path
from checks.survey import Survey
from tests.bot.views.valid import assert_message_valid
from tests.checks.path.cases.case import Case
from tests.checks.path.place import BACKEND, NOW, REDIS, TARGETS, blind, having, seed, staging
from tests.checks.path.test_explain import CASES


def surveyed(*paths: Path) -> Survey:
    """A survey of these paths from the backend."""
    return Survey("staging", "Staging", NOW, tuple(("backend", path) for path in paths))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_makes_a_valid_message(case: Case) -> None:
    """Both forms, with a picture and without; the text names verdict and the step that decides."""
    paths = explain(case.state, BACKEND, case.target, planned=case.planned)
    for picture in (None, "F0123"):
        message = view.message(surveyed(*paths), "UALICE", picture, "what it shows")
        assert_message_valid(message)
    if paths[0].deciding is not None:
        assert paths[0].deciding.title.lower() in message.text.lower() or paths[0].verdict == "unknown"


def test_five_hundred_paths_fit_into_a_message() -> None:
    """The worst is told in full, some more in a line each, and how many are left out."""
    (path,) = explain(seed(), BACKEND, REDIS)
    paths = [replace(path, target=replace(REDIS, name=f"redis-{n}", title="R" * 200)) for n in range(500)]
    message = view.message(surveyed(*paths), "UALICE")
    assert_message_valid(message)
    assert "more: whybot path staging" in json.dumps(message.blocks)


def test_foreign_words_are_no_markup() -> None:
    """A title with markup and mentions is told as it is spelled."""
    target = replace(REDIS, title="<!channel> *x* `y`", addresses=("10.9.9.9",))
    message = view.message(surveyed(*explain(staging(), BACKEND, target)), "UALICE")
    assert_message_valid(message)
    assert "<!channel>" not in message.text
    assert "<!channel>" not in json.dumps([each for each in message.blocks if each["type"] == "section"])


def test_steps_that_wait_for_an_unknown_one_are_one_task() -> None:
    """One blindness is spelt once, in both forms."""
    denied = having(services=blind("run.services.list", "roles/run.viewer"))(staging())
    message = view.message(surveyed(*explain(denied, BACKEND, REDIS)), "UALICE")
    assert_message_valid(message)
    for blocks in (message.blocks, message.fallback_blocks):
        shown = json.dumps(blocks)
        assert "Depends on" not in shown
        assert shown.count("not told either, for the same reason") == 1
    (plan,) = (block for block in message.blocks if block["type"] == "plan")
    assert [task["task_id"] for task in plan["tasks"]] == ["serving", "target", "protocol", "waiting"]


@pytest.mark.parametrize(
    "message",
    [
        view.looking("staging", ("redis",)),
        view.looking("staging", ()),
        view.looking_without_store("staging"),
        view.no_project("staging"),
        view.too_long("staging", 60.0),
        view.reading("staging", ("redis",), "UALICE", 2.5),
        view.message(surveyed(), "UALICE"),
        view.message(surveyed(*(explain(staging(), BACKEND, each)[0] for each in TARGETS.values())), ""),
    ],
    ids=lambda message: message.text[:40],
)
def test_every_other_message_is_valid(message: Message) -> None:
    """What is said at once, without a store, without a project, too late, of nothing, of all well."""
    assert_message_valid(message)
