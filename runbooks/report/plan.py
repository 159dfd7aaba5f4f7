"""What to do, what must hold in the end, how that is measured, and what risk remains."""

import shlex
from collections.abc import Iterator

from runbooks.diagnosis import Offer
from runbooks.report.case import (
    DEPENDENCY,
    SERVICE,
    Case,
    budget_of,
    share,
    status_of,
    time_of,
    title_of,
    what_of,
)
from runbooks.report.commands import commands
from runbooks.report.document import (
    ActionDocument,
    CriterionDocument,
    Grade,
    Level,
    MetricDocument,
    RiskDocument,
)
from runbooks.report.impact import availability
from runbooks.report.reading import (
    Fields,
    count,
    flag,
    look,
    number,
    records,
    table,
    text,
)
from runbooks.said import one_line
from runbooks.values import Gap, Value

NO_ROOT = "without a root cause it can come back as it came"
SAID_ELSEWHERE = ("drift", "vpc_path")
"""Kinds of checks whose answer is a criterion with a command of its own."""
LOG = "logs"
NOW, UNTOLD, LATER = (
    "Immediate restoration",
    "Could not be told, so to be asked again",
    "So that it does not happen again",
)
CURRENT: dict[Level, Grade] = {"P0": "critical", "P1": "high", "P2": "medium", "P3": "low"}


def plan(case: Case) -> list[ActionDocument]:
    """Remedies as the diagnosis ranks them: those for now first, those that last after them."""
    return [_action(case, offer) for offer in case.diagnosis.remedies]


def _action(case: Case, offer: Offer) -> ActionDocument:
    found = commands(case, offer.action, offer.commands)
    return {
        "id": offer.id,
        "title": one_line(offer.title),
        "text": one_line(offer.text),
        "lasting": offer.lasting,
        "undoable": offer.undoable,
        "reach": offer.reach,
        "reach_text": one_line(offer.reach_text),
        "cause": offer.cause,
        "commands": list(found.do),
        "then": list(found.then),
        "undo": list(found.undo),
        "verify": _verify(case) if offer.action else [],
        "note": found.note,
    }


def _verify(case: Case) -> list[str]:
    """Is the path open, and does what failed answer again?"""
    bad = [text(check.get("name")) for check in case.asked if status_of(check) in ("fail", "degraded")]
    paths = [_whybot("path", case, text(path.get("dependency")), service=path) for path in case.closed]
    return [*dict.fromkeys(paths), _whybot("check", case, *bad)]


def _whybot(command: str, case: Case, *names: str, service: Fields | None = None) -> str:
    of = ("--service", text(service.get("service"))) if service is not None else ()
    return shlex.join(("whybot", command, case.environment, *names, *of))


def acceptance(case: Case) -> list[CriterionDocument]:
    """What must hold, each as a command that ends with 0."""
    found = [_criterion(NOW, text_, command) for text_, command in _restored(case)]
    found += [_criterion(UNTOLD, text_, command) for text_, command in _asked_again(case)]
    found += [_criterion(LATER, text_, command) for text_, command in _kept(case)]
    return found


def _criterion(group: str, text_: str, command: str) -> CriterionDocument:
    return {"group": group, "text": text_, "command": command, "exit_code": 0}


def _restored(case: Case) -> Iterator[tuple[str, str]]:
    yield from _criteria_of(case, "fail", "degraded")
    for service, dependency, title in dict.fromkeys(map(_ends, case.closed)):
        said = f"The path from {service} to {title} is open"
        yield said, shlex.join(("whybot", "path", case.environment, dependency, "--service", service))
    logged = any(check.get("kind") == LOG and status_of(check) != "pass" for check in case.checks)
    later = ", once the failures have left the window of its log" if logged else ""
    yield f"All of {case.environment} is healthy{later}", _whybot("check", case)


def _asked_again(case: Case) -> Iterator[tuple[str, str]]:
    """What nobody knows to be broken: restoring need not mend it."""
    yield from _criteria_of(case, "unknown")


def _criteria_of(case: Case, *statuses: str) -> Iterator[tuple[str, str]]:
    for check in case.checks:
        if status_of(check) in statuses and check.get("kind") not in (*SAID_ELSEWHERE, LOG):
            yield _wanted(check), _whybot("check", case, text(check.get("name")))


def _ends(path: Fields) -> tuple[str, str, str]:
    return text(path.get("service")), text(path.get("dependency")), text(path.get("title"))


def _wanted(check: Fields) -> str:
    """`Redis answers within 100 ms (now: no answer in 3 s)`."""
    budget = budget_of(check)
    wanted = f"{title_of(check)} answers within {budget}" if budget != "—" else f"{title_of(check)} passes"
    return f"{wanted} (now: {what_of(check)})"


def _kept(case: Case) -> Iterator[tuple[str, str]]:
    if not isinstance(case.root("drift"), Gap):
        yield "Declared, Terraform and live agree", _whybot("drift", case)
    yield "whybot finds no cause any more", _whybot("why", case)


def metrics(case: Case) -> list[MetricDocument]:
    """Numbers against their targets: availability, response times, validated revisions, tests."""
    return [*_available(case), *_times(case), *_validated(case), *_tests(case)]


def _metric(title: str, target: str, measured: str, met: bool | None) -> MetricDocument:
    return {"title": title, "target": target, "measured": measured, "met": met}


def _available(case: Case) -> Iterator[MetricDocument]:
    promised = number(case.env.get("availability"))
    target = f"≥ {share(promised)}" if promised is not None else "none declared (slo.availability)"
    for service, log in table(case.root("logs")):
        total, failed = number(look(log, "total")), number(look(log, "failed"))
        if total and failed is not None and 0 <= failed <= total:
            served = 1 - failed / total
            met = served >= promised if promised is not None else None
            yield _metric(f"Availability of {service}", target, share(served), met)
    for line in availability(case):
        if not line["known"]:
            yield _metric(line["title"], target, line["text"], None)


def _times(case: Case) -> Iterator[MetricDocument]:
    for check in case.checks:
        if check.get("layer") in (DEPENDENCY, SERVICE) and text(check.get("host")):
            told = status_of(check) != "unknown"
            took = number(check.get("duration_ms"))
            measured = time_of(check) if took is not None else what_of(check)
            met = took is not None and took <= (number(check.get("budget_ms")) or 0.0) if told else None
            title = f"Response time of {title_of(check)}"
            said = measured if told else f"could not be told: {what_of(check)}"
            yield _metric(title, f"≤ {budget_of(check)}", said, met)


def _validated(case: Case) -> Iterator[MetricDocument]:
    for key, service in table(case.root("services")):
        serving = records(look(service, "serving"))
        told = [flag(each.get("validated")) for each in serving]
        title = f"Revisions of {key} that serve with a validation on record"
        if serving and None not in told:
            yield _metric(title, "all", f"{told.count(True)} of {len(told)}", all(told))
        elif serving:
            yield _metric(title, "all", f"could not be told: {_why(look(serving[0], 'validated'))}", None)


def _tests(case: Case) -> Iterator[MetricDocument]:
    tests: Value = case.root("tests")
    classes = count(look(tests, "classes"))
    if classes:
        without = look(tests, "without_base")
        based = classes - len(records(without))
        title = f"Test classes on {text(look(tests, 'base'))}"
        if not isinstance(without, Gap):
            yield _metric(title, "all", f"{based:,} of {classes:,}", based == classes)


def _why(value: Value) -> str:
    return text(value.why) if isinstance(value, Gap) else "it is not on record"


def risks(case: Case, level: Level) -> list[RiskDocument]:
    """The risk now, of carrying the plan out, and after it; each graded by a rule."""
    return [_now(level)] if case.well else [_now(level), _carrying_out(case), _afterwards(case)]


def _now(level: Level) -> RiskDocument:
    return {"title": "As it is", "grade": CURRENT[level], "because": f"follows from the priority, {level}"}


def _carrying_out(case: Case) -> RiskDocument:
    title = "Of the remediation"
    first = next((offer for offer in case.diagnosis.remedies if not offer.lasting), None)
    if first is None:
        return {"title": title, "grade": "unknown", "because": "no remedy follows from what was found"}
    reach = one_line(first.reach_text)
    can = "can be undone" if first.undoable else "cannot be undone"
    grades: dict[int, Grade] = {0: "low", 1: "medium"}
    grade = grades.get((first.reach - 1) + (not first.undoable), "high")
    because = f"{one_line(first.title)}, the first remedy, {can} and reaches {reach}"
    return {"title": title, "grade": grade, "because": because}


def _afterwards(case: Case) -> RiskDocument:
    title = "Once it is restored"
    first = {why.cause for why in case.diagnosis.chain.whys} if case.diagnosis.chain else set()
    kept = [offer for offer in case.diagnosis.remedies if offer.lasting and offer.cause in first]
    lasting = [one_line(offer.title) for offer in kept]
    if case.diagnosis.root_cause is None:
        return {
            "title": title,
            "grade": "high",
            "because": NO_ROOT,
        }
    if lasting:
        because = f"it can come back until this is done: {', '.join(lasting)}; low from then on"
        return {"title": title, "grade": "medium", "because": because}
    return {"title": title, "grade": "medium", "because": "no remedy is known that keeps it from coming back"}
