"""What reaches the log, and what never does."""

import io
import json

import structlog

from bot import log as logs
from bot.log import Redactor


def test_tokens_are_taken_out() -> None:
    """Tokens, answer addresses and passwords in URLs are replaced wherever they stand."""
    redact = Redactor(["s3cret"]).redact
    for secret in (
        "xoxb-123456-abcdef",
        "xapp-1-A0-99-abc",
        "https://hooks.slack.com/commands/T/1/abc",
        "s3cret",
    ):
        shown = json.dumps(redact({"a": [f"before {secret} after"], "b": {"c": secret}}))
        assert secret not in shown
        assert "before" in shown
        assert "after" in shown
    assert redact("postgresql://bob:pass@host/db") == "postgresql://•••@host/db"


def test_numbers_and_plain_words_stay() -> None:
    """What is no secret is written as it is."""
    assert Redactor().redact({"n": 1, "f": 0.5, "none": None, "t": "xoxo"}) == {
        "n": 1,
        "f": 0.5,
        "none": None,
        "t": "xoxo",
    }


def test_a_trace_holds_no_token() -> None:
    """An exception whose words hold a token is logged without it, as one JSON line."""
    stream = io.StringIO()
    logs.set_up("json", "info", ["s3cret"], stream)
    try:
        raise ValueError("xoxb-123456-abcdef and s3cret")
    except ValueError:
        structlog.get_logger("test").exception("it failed", reference="8KQ2")
    logs.set_up("json", "info")
    line = json.loads(stream.getvalue())
    assert line["reference"] == "8KQ2"
    assert "ValueError" in line["exception"]
    assert "xoxb" not in stream.getvalue()
    assert "s3cret" not in stream.getvalue()
