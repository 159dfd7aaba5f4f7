"""Whys as messages: understood in ten seconds, within Slack's limits whatever is told, all of it in words."""

from typing import Any

import pytest
from hypothesis import given, settings

from bot.views.message import Message
from bot.views.why import message
from bot.views.why_details import details, remedy
from bot.views.why_state import WhyState
from tests.bot.views.valid import assert_message_valid, assert_view_valid, drawn, markup
from tests.bot.whys import AT, PARTIAL, SEED, UNKNOWN, WELL, any_state, document, so_far, state, weaker
from tests.bot.whys import remedy as offered


def plan(shown: Message) -> Any:
    """The plan of a message."""
    (found,) = [block for block in shown.blocks if block["type"] == "plan"]
    return found


def lines_before_remedies(shown: Message) -> int:
    """How many lines a reader sees before what would help, each task and paragraph one at least."""
    number = 0
    for block in shown.blocks:
        if block["type"] == "plan":
            number += 1 + len(block["tasks"])
            continue
        words = drawn(block)
        if "What would help" in words:
            return number
        number += words.count("\\n") + 1
    return number


def test_the_seed_in_one_message() -> None:
    """First line, five whys with their evidence, what was ruled out, what could not be told, what helps."""
    shown = message(state())
    assert_message_valid(shown)
    assert shown.text.splitlines()[0] == (
        "🔴 staging: Wrong network: backend-00042 leaves through network default; "
        "Redis is only on staging-vpc — 5 whys, confirmed"
    )
    tasks = plan(shown)["tasks"]
    assert [task["status"] for task in tasks] == ["complete"] * 5
    assert (
        tasks[2]["title"] == "3. backend-00042 leaves through network default; Redis is only on staging-vpc"
    )
    assert plan(shown)["title"] == "Why is backend returning HTTP 503? (3.4 s)"
    assert tasks[0]["sources"][0]["text"] == "log"
    for blocks in (shown.blocks, shown.fallback_blocks):
        said = drawn(blocks)
        for words in (
            "Redis down (Memorystore READY)",
            "1 more in Details",
            "Peering routes: I can't read peerings — Grant roles/compute.networkViewer",
            "*Also:* 3 of 12 test classes",
            "undoable, 1 service",
            "*For good:* Require whybot gate before traffic",
            "The same cause before: W-3",
            "right before it: deploy-bot@x deployed backend-00042",
            "why_remedy/repair-vpc-access",
            "why_details",
            "why_again",
            "W-12",
        ):
            assert words in said
    assert "<!date^1795398720^" in markup(shown.blocks)
    assert "console.cloud.google.com" in drawn(shown.fallback_blocks)


@pytest.mark.parametrize(
    ("changes", "tail"),
    [
        ({"status": "partial"}, "5 whys, but that does not explain all that fails"),
        ({"rooted": True}, "5 whys, confirmed; 1 more cause"),
        ({"rooted": False}, "5 whys, confirmed; 1 more whose cause could not be told"),
    ],
)
def test_the_headline_says_where_the_cause_is_not_all_of_it(changes: dict[str, Any], tail: str) -> None:
    """A root cause of a part of the outage is not told as if it were that of all."""
    given_ = dict(changes)
    beside = []
    if "rooted" in given_:
        root = SEED["root_cause"] if given_.pop("rooted") else None
        beside = [
            {"runbook": "x", "secondary": False, "chain": SEED["chain"], "root_cause": root, "open": []}
        ]
    shown = message(state(document=document(other_chains=beside, **given_)))
    assert_message_valid(shown)
    assert shown.text.splitlines()[0].endswith(f" — {tail}")


def test_what_one_permission_hinders_is_told_once() -> None:
    """With the causes that it concerns, and how to grant it."""
    gap = {"path": "services", "why": "May not read Cloud Run", "settle": "Grant roles/run.viewer"}
    unknown = [
        {"cause": f"a/{title}", "title": title, "subject": "", "why": gap["why"], "settle": gap["settle"]}
        | {"missing": [gap]}
        for title in ("Firewall", "Network", "Peering", "Route")
    ]
    text = message(state(document=document(unknown=unknown))).text
    assert text.count("May not read Cloud Run") == 1
    assert "Firewall, Network, Peering and 1 more: May not read Cloud Run — Grant roles/run.viewer" in text


def test_it_is_read_in_ten_seconds() -> None:
    """Few lines come before what would help: one verdict, five whys and their question, what is beside."""
    assert lines_before_remedies(message(state())) <= 12
    alone = document(other_chains=[], similar=[], onset=None, unknown=[])
    assert lines_before_remedies(message(state(document=alone))) <= 8


def test_text_says_all_of_it() -> None:
    """Notifications, screen readers and search see whys, doubts and remedies."""
    text = message(state()).text
    for words in ("1. The container", "5. backend-00042", "Could not tell: Peering", "Ruled out: Redis down"):
        assert words in text
    assert "What would help: Repair VPC access (undoable, 1 service) · Roll back to 00041" in text


def test_a_weaker_why_is_marked() -> None:
    """Where a permission is missing the why still stands, and says without what."""
    shown = message(state(document=weaker()))
    assert_message_valid(shown)
    first = plan(shown)["tasks"][0]
    assert first["title"].endswith("weaker: without logs")
    assert "Missing: I can't read Cloud Logging. Grant roles/logging.viewer" in drawn(first["details"])
    assert "weaker: without logs" in drawn(shown.fallback_blocks)


def test_a_running_why_fills_in() -> None:
    """What is known is there, what is waited for is named, and nothing can be pressed yet."""
    begun = state(phase="running", document=None, finished_at=None, took_ms=0.0)
    halfway = state(phase="running", document=so_far(2), waiting=("Cloud Logging", "drift"))
    for shown in (message(begun), message(halfway)):
        assert_message_valid(shown)
        assert plan(shown)["tasks"][-1]["status"] == "in_progress"
        assert "button" not in drawn(shown.blocks)
    assert plan(message(begun))["tasks"][-1]["title"] == "Reading the evidence"
    assert plan(message(halfway))["tasks"][-1]["title"] == "Waiting for Cloud Logging, drift"
    assert message(halfway).text.startswith("staging: looking for the cause — so far: Redis does not answer")


@pytest.mark.parametrize(
    ("shown", "first"),
    [
        (
            PARTIAL,
            "🟠 staging: Redis does not answer and PostgreSQL needs 5.2 s (500 ms); ClickHouse is fine",
        ),
        (UNKNOWN, "⚪ staging: why Redis, PostgreSQL, Backend fail could not be told"),
        (WELL, "🟢 staging: All 9 checks pass and nothing has drifted"),
        (
            document(status="unknown", chain=[], root_cause=None, failing=["A", "B", "C", "D"]),
            "⚪ staging: why A, B, C and 1 more fail",
        ),
        (
            document(status="unknown", chain=[], root_cause=None, failing=[]),
            "⚪ staging: why could not be told",
        ),
    ],
)
def test_every_verdict_has_its_first_line(shown: dict[str, Any], first: str) -> None:
    """Unknown is never dressed up as known, and well is said plainly."""
    drawn_ = message(state(document=shown))
    assert_message_valid(drawn_)
    assert drawn_.text.startswith(first)


def test_the_first_line_is_what_would_be_mended_else_the_root() -> None:
    """Without a remedy for now, the root cause stands there, by its name unless its because says that."""
    shown = message(state(document=document(remedies=[])))
    assert "🔴 staging: backend-00042 took all traffic with no validation on record — 5 whys" in shown.text
    root = SEED["root_cause"] | {"title": "Gate"}
    named = message(state(document=document(remedies=[], root_cause=root)))
    assert "🔴 staging: Gate: backend-00042 took all traffic" in named.text
    other = [each | {"secondary": False} for each in SEED["other_chains"]]
    more = message(state(document=document(remedies=[], other_chains=other)))
    assert more.text.splitlines()[0].endswith("5 whys, confirmed; 1 more cause")


def test_where_it_is_stuck_what_would_settle_it_is_a_task_of_its_own() -> None:
    """The first thing that could not be told stands where the next why would."""
    shown = message(state(document=PARTIAL))
    last = plan(shown)["tasks"][-1]
    assert last["status"] == "error"
    assert last["title"] == (
        "Could not be told: Peering routes — I can't read peerings — Grant roles/compute.networkViewer"
    )
    assert "?  Could not be told: Peering routes" in drawn(shown.fallback_blocks)
    nothing = message(state(document=document(status="partial", open=[], unknown=[], root_cause=None)))
    assert plan(nothing)["tasks"][-1]["title"] == "No cause that the runbooks know fits the evidence"


def test_an_interrupted_why_says_so() -> None:
    """What was found stays, and it can be asked again."""
    shown = message(state(phase="interrupted", document=so_far(1), finished_at=AT))
    assert_message_valid(shown)
    assert shown.text.startswith(
        "⚪ staging: interrupted while looking for the cause — so far: The container"
    )
    assert "why_again" in drawn(shown.blocks)


def test_without_a_store_there_is_no_button() -> None:
    """A press would find nothing; remedies are told all the same."""
    shown = message(state(card_id="", spoken=""))
    assert_message_valid(shown)
    assert "button" not in drawn(shown.fallback_blocks)
    assert "Repair VPC access" in drawn(shown.fallback_blocks)
    assert "not kept" in drawn(shown.fallback_blocks)


def test_details_have_everything() -> None:
    """Full evidence of each why, all that was ruled out, all doubts, commands, notes."""
    view = details(state(document=weaker()))
    assert_view_valid(view)
    said = drawn(view.view)
    for words in (
        "connected in 2.9 s",
        "Secret missing (all are there)",
        "missing: logs.backend: I can't read Cloud Logging.",
        "gcloud run services update",
        "Cloud Monitoring did not answer",
        "W-3",
        "Also: Why are tests red?",
        "before it: deploy-bot@x",
    ):
        assert words in said


def test_a_remedy_says_what_it_would_do_and_that_it_cannot_run_yet() -> None:
    """Until there are approvals, a press changes nothing and shows the commands."""
    shown = remedy(offered("repair-vpc-access", "Repair VPC access"), "W-1")
    assert_message_valid(shown)
    assert "whybot cannot run this yet" in shown.text
    assert "gcloud run services update" in drawn(shown.blocks)
    by_hand = remedy(offered("x", "Look", action="", commands=[], undoable=False), "W-1")
    assert_message_valid(by_hand)
    assert "cannot run" not in by_hand.text
    assert "(by hand, 1 service)" in by_hand.text
    final = remedy(offered("x", "Drop it", undoable=False), "W-1")
    assert "(cannot be undone, 1 service)" in final.text
    assert "no command" in by_hand.text
    reported = remedy(offered("repair-vpc-access", "Repair VPC access", commands=[]), "W-1")
    assert_message_valid(reported)
    assert "By hand: `whybot report W-1` has the commands." in reported.text


@given(any_state)
@settings(max_examples=150)
def test_any_document_fits(shown: WhyState) -> None:
    """Whatever runbooks, servers and files say, Slack takes the message and the modal."""
    assert_message_valid(message(shown))
    assert_view_valid(details(shown))
    for each in shown.all("remedies"):
        assert_message_valid(remedy(each, shown.spoken))
    assert "<!channel>" not in markup(
        [message(shown).blocks, message(shown).fallback_blocks, details(shown).view]
    )


def test_many_whys_with_much_evidence_fit() -> None:
    """Fifty whys of the longest words: what is left out is counted."""
    long = [dict(SEED["chain"][0], because="b" * 4_000, evidence=SEED["chain"][0]["evidence"] * 20)] * 50
    shown = message(state(document=document(chain=long)))
    assert_message_valid(shown)
    assert "38 more in Details" in drawn(shown.blocks)
    view = details(state(document=document(chain=long)))
    assert_view_valid(view)
    assert "whybot why staging" in drawn(view.view)
