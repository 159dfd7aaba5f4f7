"""A sweep as JUnit XML, the form in which build servers show test results."""

import re
from xml.etree import ElementTree as ET

from checks.output.headline import sentence
from checks.output.origin import vantage_of
from checks.reasons import WORDS
from checks.result import JOB_SILENT, CheckResult, Status, Sweep

# Everything that XML 1.0 does not allow as a character (W3C, section 2.2), not even escaped.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# JUnit has failures (the target is not well) and errors (it could not be told).
ELEMENTS = {Status.FAIL: "failure", Status.DEGRADED: "failure", Status.UNKNOWN: "error"}


def junit(sweep: Sweep) -> str:
    """One test case for each check of the run; one that has not answered is an error."""
    counted = [ELEMENTS.get(result.status) for result in sweep.results]
    pending = len(sweep.expected) - len(sweep.results)
    suite = ET.Element(
        "testsuite",
        name=_text(sweep.environment),
        tests=str(len(sweep.expected)),
        failures=str(counted.count("failure")),
        errors=str(counted.count("error") + pending),
        skipped=str(sum(result.status is Status.SKIPPED for result in sweep.results)),
        time=f"{sweep.duration_ms / 1000:.3f}",
        timestamp=sweep.started_at.isoformat(timespec="seconds"),
        hostname=_text(vantage_of(sweep).label),
    )
    results = {result.name: result for result in sweep.results}
    for name in sweep.expected:
        _case(suite, sweep.environment, name, results.get(name))
    ET.SubElement(suite, "system-out").text = _text(sentence(sweep))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ET.Element, environment: str, name: str, result: CheckResult | None) -> None:
    case = ET.SubElement(suite, "testcase", classname=_text(f"whybot.{environment}"), name=_text(name))
    if result is None:
        ET.SubElement(case, "error", type="pending", message="not answered yet")
        return
    took = result.duration_ms
    if took is None:  # nothing answered: the time that was waited
        took = sum(phase.duration_ms for phase in result.phases)
    case.set("time", f"{took / 1000:.3f}")
    if result.status is Status.SKIPPED:
        ET.SubElement(case, "skipped", message=_text(result.message))
    elif (element := ELEMENTS.get(result.status)) is not None:
        said = ET.SubElement(case, element, type=result.reason.value, message=_text(result.message))
        words = WORDS[result.reason]
        lines = [f"{result.target}: {result.message}", words.explained, words.try_next]
        if silent := result.facts.get(JOB_SILENT):
            lines.append(str(silent))
        said.text = _text("\n".join(lines))


def _text(text: str) -> str:
    return NOT_XML.sub("�", text)
