"""The lines in which the job answers."""

import json
import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.result import Status
from checks.vantage.answer import LONGEST, Reader, Writer
from checks.vantage.request import Request, canonical, new_request, signature
from tests.checks.results import SWEEPS, result
from tests.checks.vantage.place import AT, KEY, environment

FILE = environment()
REQUEST = new_request(FILE, list(FILE.checks.values()), 30, AT)
Lines = list[tuple[str, dict[str, Any]]]


def written(request: Request = REQUEST, key: str = KEY, *, long: bool = False) -> Lines:
    """The entries of a run in which all checks answer."""
    lines: list[str] = []
    writer = Writer(request, key, lines.append)
    writer.begun()
    for name in request.checks:
        writer.result(result(name, Status.FAIL, message="ü" * LONGEST if long else "no answer"))
    writer.end()
    return [(f"{place}", json.loads(line)) for place, line in enumerate(lines)]


def reader(request: Request = REQUEST, key: str = KEY) -> Reader:
    """Whoever asked."""
    return Reader(request, key)


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_result_comes_once(chance: random.Random, long: bool) -> None:
    """In whatever order, however often and in how many parts the lines are read."""
    lines = written(long=long)
    chance.shuffle(lines)
    believing = reader()
    names = []
    for count in range(1, len(lines) + 1):
        names += [each.name for each in believing.take(lines[:count])]
    assert sorted(names) == sorted(REQUEST.checks)
    assert (believing.complete, believing.begun, believing.ended, believing.forged) == (True, True, 3, 0)
    assert all(len(line["whybot"]["body"]) <= LONGEST for _, line in lines)


@given(SWEEPS)
@settings(max_examples=40, deadline=None)
def test_results_come_as_they_were(swept: Any) -> None:
    """Whatever a check says, the same is read."""
    request = replace(REQUEST, checks=dict.fromkeys(swept.expected, 1.0))
    lines: list[str] = []
    writer = Writer(request, KEY, lines.append)
    for each in swept.results:
        writer.result(each)
    believing = reader(request)
    believing.take((str(place), json.loads(line)) for place, line in enumerate(lines))
    assert {name: each.message for name, each in believing.results.items()} == {
        each.name: each.message for each in swept.results
    }


@given(st.sampled_from(["run", "sequence", "part", "parts", "body", "signature"]), st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_in_a_line_can_be_changed(name: str, data: st.DataObject) -> None:
    """Whatever field says something else, the line is not believed and counted."""
    id_, line = written()[1]
    before = line["whybot"][name]
    other = st.text(max_size=10) | st.integers(2, 9) | st.none() | st.just(float("nan"))
    line["whybot"][name] = data.draw(other.filter(lambda value: str(value) != str(before)))
    believing = reader()
    assert believing.take([(id_, line)]) == []
    assert believing.forged == 1


def test_numbers_of_cloud_logging_are_doubles() -> None:
    """A payload comes back with every number a double; the signature holds all the same."""
    lines = [(id_, json.loads(json.dumps(line), parse_int=float)) for id_, line in written()]
    believing = reader()
    assert len(believing.take(lines)) == 3
    assert believing.forged == 0


def test_another_key_is_forged() -> None:
    """Counted, each entry once, and nothing of it believed."""
    lines = written(key="another key of sixteen characters")
    believing = reader()
    assert believing.take(lines) == []
    assert believing.take(lines) == []
    assert (believing.forged, believing.results) == (5, {})


def test_answers_to_an_older_request_are_no_answers() -> None:
    """Not as they are, and not under the id of the new one either: they are bound to its nonce."""
    older = new_request(FILE, list(FILE.checks.values()), 30, AT)
    believing = reader()
    assert believing.take(written(older)) == []
    assert believing.forged == 0
    replayed = [
        (f"again {id_}", line | {"whybot": line["whybot"] | {"request": REQUEST.id}})
        for id_, line in written(older)
    ]
    assert believing.take(replayed) == []
    assert (believing.forged, believing.results) == (5, {})


def test_the_first_answer_counts() -> None:
    """A job that Cloud Run started again answers twice; a sequence that comes twice is nothing new."""
    first, second = written(), written()
    believing = reader()
    believing.take(first)
    kept = dict(believing.results)
    assert believing.take([(f"again {id_}", line) for id_, line in [*first, *second]]) == []
    assert (believing.results, believing.forged) == (kept, 0)


def test_a_check_that_was_not_asked_is_nothing() -> None:
    """Signed or not."""
    lines = written(replace(REQUEST, checks=REQUEST.checks | {"other": 1.0}))
    believing = reader()
    assert sorted(each.name for each in believing.take(lines)) == sorted(REQUEST.checks)


def test_a_refusal_is_signed() -> None:
    """It says why, and it ends the wait."""
    lines: list[str] = []
    Writer(REQUEST, KEY, lines.append).refused("expired", "too late")
    believing = reader()
    believing.take([("1", json.loads(lines[0]))])
    assert believing.refusal is not None
    assert (believing.refusal.code, believing.refusal.message) == ("expired", "too late")


def test_what_another_version_says_is_not_understood() -> None:
    """Signed, but of another form: counted, no crash."""
    bodies = ["[]", "1", '{"type":"result","check":{}}', '{"type":"result"}', "{", '{"type":"end"}']
    believing = reader()
    for sequence, body in enumerate(bodies):
        signed = signature(KEY, "answer", REQUEST.id, REQUEST.nonce, "r", sequence, 0, 1, body)
        told = {
            "request": REQUEST.id,
            "run": "r",
            "sequence": sequence,
            "part": 0,
            "parts": 1,
            "body": body,
            "signature": signed,
        }
        believing.take([(str(sequence), {"whybot": told})])
    assert (believing.unreadable, believing.forged, believing.results) == (len(bodies), 0, {})


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["whybot", "request", "run", "body", "part", "parts", "sequence", "signature"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    )
)
def test_any_entry_may_come(payload: Any) -> None:
    """Whatever stands in the log, it is read without a crash and without belief."""
    if isinstance(payload, dict):
        told = payload | {"request": REQUEST.id}
        assert reader().take([("1", payload), ("2", {"whybot": told})]) == []


def test_a_line_holds_what_cloud_logging_reads() -> None:
    """One line of JSON, with the severity and message that the log shows."""
    lines: list[str] = []
    Writer(REQUEST, KEY, lines.append).begun()
    told = json.loads(lines[0])
    assert (told["severity"], told["message"]) == ("INFO", "whybot answer")
    assert "\n" not in lines[0]
    assert canonical(told) == lines[0]
