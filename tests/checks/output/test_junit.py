"""JUnit XML."""

from xml.etree import ElementTree as ET

from hypothesis import given, settings

from checks.output.junit import junit
from checks.reasons import Reason
from checks.result import Phase, Status, Sweep
from tests.checks.results import SWEEPS, result, sweep


def test_statuses_become_what_build_servers_know() -> None:
    """Not well is a failure, not told an error; what has not answered is an error too."""
    swept = sweep(
        result("ok"),
        result("slow", Status.DEGRADED),
        result("down", Status.FAIL),
        result("blind", Status.UNKNOWN, Reason.SECRET_MISSING),
        result("left", Status.SKIPPED, Reason.NOT_SELECTED),
        expected=("ok", "slow", "down", "blind", "left", "pending"),
    )
    suite = ET.fromstring(junit(swept))[0]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped", "time")} == {
        "name": "staging",
        "tests": "6",
        "failures": "2",
        "errors": "2",
        "skipped": "1",
        "time": "6.200",
    }
    found = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert found == {
        "ok": [],
        "slow": ["failure"],
        "down": ["failure"],
        "blind": ["error"],
        "left": ["skipped"],
        "pending": ["error"],
    }


def test_what_never_answered_took_as_long_as_it_was_waited_for() -> None:
    """A time-out is no test of 0 seconds."""
    silent = result("redis", Status.FAIL, duration_ms=None, phases=(Phase("connect", 3_001, Status.FAIL),))
    case = ET.fromstring(junit(sweep(silent))).find(".//testcase")
    assert case is not None
    assert case.get("time") == "3.001"


def test_failure_says_what_to_try() -> None:
    """The text under a failed test explains it to someone who sees nothing else."""
    failure = ET.fromstring(junit(sweep(result("redis", Status.FAIL)))).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "connect_timeout"
    assert "203.0.113.10:6379" in str(failure.text)
    assert "VPC connector" in str(failure.text)


@given(SWEEPS)
@settings(max_examples=40)
def test_any_text_is_valid_xml(swept: Sweep) -> None:
    """Control characters and half surrogates from a server do not break the file."""
    written = junit(swept)
    root = ET.fromstring(written.encode("utf-8"))
    assert len(root.findall(".//testcase")) == len(swept.expected)


def test_characters_that_xml_forbids_are_replaced() -> None:
    """What cannot be written is shown as unknown, the rest is kept."""
    swept = sweep(result("redis", Status.FAIL, message="a\x00b\x1b[31m\ud800<&>\ufffe"))
    failure = ET.fromstring(junit(swept).encode("utf-8")).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "a�b�[31m�<&>�"


def test_why_the_job_could_not_tell_is_in_each_case() -> None:
    """A build server shows one case at a time, and no line below a table."""
    facts = {"job_silent": "there is no job whybot-probe"}
    untold = result("redis", Status.UNKNOWN, Reason.VANTAGE_CANNOT_TELL, facts=facts)
    assert "there is no job whybot-probe" in junit(sweep(untold))
