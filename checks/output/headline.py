"""How a sweep and its results are said in a few words; shared by the terminal and Slack."""

from checks.durations import spoken
from checks.reasons import WORDS, Reason
from checks.result import CheckResult, Status, Sweep

MARKS = {
    Status.PASS: "🟢",
    Status.DEGRADED: "🟠",
    Status.FAIL: "🔴",
    Status.UNKNOWN: "⚪",
    Status.SKIPPED: "⚪",
}
_WORDS = {
    Status.PASS: "ok",
    Status.DEGRADED: "degraded",
    Status.FAIL: "failing",
    Status.UNKNOWN: "unknown",
    Status.SKIPPED: "skipped",
}
NAMED = 3


def mark(status: Status) -> str:
    """The one sign before a verdict."""
    return MARKS[status]


def status(result: CheckResult) -> str:
    """The status of a result in a word or two: `failing`, `over budget`, `ok`."""
    return "over budget" if result.reason is Reason.OVER_BUDGET else _WORDS[result.status]


def time(result: CheckResult) -> str:
    """The measured time, exact to the millisecond below ten seconds; a dash where nothing answered."""
    if result.duration_ms is None:
        return "—"
    return f"{result.duration_ms:,.0f} ms" if result.duration_ms < 10_000 else spoken(result.duration_ms)


def budget(result: CheckResult) -> str:
    """The time that the check may take."""
    return spoken(result.budget_ms)


def said(result: CheckResult) -> str:
    """A title and what is wrong with it: `Redis unreachable`, `PostgreSQL 10× over budget`."""
    if (
        result.reason is Reason.OVER_BUDGET
        and result.duration_ms
        and result.duration_ms >= 2 * result.budget_ms
    ):
        return f"{result.title} {result.duration_ms / result.budget_ms:.0f}× over budget"
    words = WORDS.get(result.reason)
    return f"{result.title} {words.brief if words else result.reason.value.replace('_', ' ')}"


def headline(sweep: Sweep) -> str:
    """The verdict in one line, enough in a notification."""
    counted = _counted(sweep)
    if not sweep.finished:
        bad = f", {counted} so far" if counted else ""
        return f"{sweep.environment}: {len(sweep.results)} of {len(sweep.expected)} checked{bad}"
    if sweep.status is Status.PASS:
        return f"{MARKS[Status.PASS]} {sweep.environment}: all {len(sweep.expected)} ok"
    wrong = [each for each in sweep.worst_first() if each.status not in (Status.PASS, Status.SKIPPED)]
    named = ", ".join(said(each) for each in wrong[:NAMED]) or "nothing was checked"
    return f"{MARKS[sweep.status]} {sweep.environment}: {named} — {counted or 'none ok'}"


def _counted(sweep: Sweep) -> str:
    """How many of how many are failing; degraded or unknown where none fails."""
    for bad in (Status.FAIL, Status.DEGRADED, Status.UNKNOWN):
        number = sum(result.status is bad for result in sweep.results)
        if number and sweep.finished:
            return f"{number} of {len(sweep.expected)} {_WORDS[bad]}"
        if number:
            return f"{number} {_WORDS[bad]}"
    return ""
