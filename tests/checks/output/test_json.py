"""The public document."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from checks.output.json import document, sweep_from_document
from checks.reasons import Reason
from checks.result import Phase, Status, Sweep
from tests.checks.results import SWEEPS, result, sweep


def test_document_holds_what_was_promised() -> None:
    """Snake case, UTC with a Z, milliseconds, null where nothing answered."""
    redis = result(
        "redis",
        Status.FAIL,
        duration_ms=None,
        budget_ms=100.0,
        phases=(Phase("connect", 3000.0004, Status.FAIL),),
        facts={"port": 6379},
    )
    written = json.loads(json.dumps(document(replace(sweep(redis), expected=("dns", "redis")))))
    assert written["schema"] == "whybot/check/1"
    assert written["status"] == "fail"
    assert written["started_at"] == "2026-11-23T02:14:00.000000Z"
    assert written["pending"] == [{"name": "dns", "title": "dns"}]
    assert written["checks"] == [
        {
            "name": "redis",
            "kind": "redis",
            "title": "Redis",
            "target": "203.0.113.10:6379",
            "layer": "dependency",
            "status": "fail",
            "reason": "connect_timeout",
            "message": "words",
            "duration_ms": None,
            "budget_ms": 100.0,
            "phases": [{"name": "connect", "duration_ms": 3000.0, "status": "fail"}],
            "facts": {"port": 6379},
            "attempts": 1,
            "vantage": {"kind": "here", "label": "this machine (test)", "speaks": True},
            "started_at": "2026-11-23T02:14:00.000000Z",
        }
    ]


@given(SWEEPS)
@settings(max_examples=40)
def test_document_gives_the_sweep_back(swept: Sweep) -> None:
    """Through JSON and back: the same status, the same results, the same document."""
    written = json.loads(json.dumps(document(swept)))
    back = sweep_from_document(written)
    assert document(back) == written
    assert (back.status, back.finished, set(back.expected)) == (
        swept.status,
        swept.finished,
        set(swept.expected),
    )
    assert {each.name: each for each in back.results} == {each.name: each for each in swept.results}


def test_checks_are_in_the_order_of_the_file() -> None:
    """Whichever answered first."""
    swept = sweep(result("b"), result("a"), expected=("a", "b"))
    assert [check["name"] for check in document(swept)["checks"]] == ["a", "b"]


def test_other_schema_is_refused() -> None:
    """A document of a later version is not half understood."""
    written = dict(document(sweep(result("redis")))) | {"schema": "whybot/check/2"}
    with pytest.raises(ValueError, match="whybot/check/2"):
        sweep_from_document(written)


def test_unknown_reason_is_refused() -> None:
    """A code that this version does not know is no reason."""
    written = json.loads(json.dumps(document(sweep(result("redis", Status.FAIL, Reason.READ_ONLY)))))
    written["checks"][0]["reason"] = "bad_weather"
    with pytest.raises(ValueError, match="bad_weather"):
        sweep_from_document(written)
