"""How a sweep and its results are said in a few words; shared by the terminal and Slack."""

from checks.durations import spoken
from checks.reasons import WORDS, Reason
from checks.result import SPEAKS_FOR, CheckResult, Status, Sweep

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
NAMED = 2
MUTE = "which says nothing of what the service reaches"
# What others depend on is named first: it tends to be why they fail.
LAYERS = ("dependency", "service", "edge")
BAD = (Status.FAIL, Status.DEGRADED, Status.UNKNOWN)


def mark(status: Status) -> str:
    """The one sign before a verdict."""
    return MARKS[status]


def status(result: CheckResult) -> str:
    """The status of a result in a word or two: `failing`, `over budget`, `ok`."""
    return _word(result.status, result.reason)


def time(result: CheckResult) -> str:
    """The measured time, said as its budget is: `5,187 ms` of 500 ms, `4.1 s` of 2 s.

    A dash where nothing answered.
    """
    if result.duration_ms is None:
        return "—"
    if result.duration_ms >= 999.5 and result.budget_ms < 1000:
        return f"{result.duration_ms:,.0f} ms"
    return spoken(result.duration_ms)


def budget(result: CheckResult) -> str:
    """The time that the check may take; a dash where its time counts for nothing."""
    return spoken(result.budget_ms) if result.budget_ms else "—"


def what(result: CheckResult) -> str:
    """What a row says in words: nothing of a pass, unless there is more to it than its time."""
    if result.status is not Status.PASS:
        return result.message
    if result.facts.get("detour") is True:
        return result.message
    if revision := result.facts.get(SPEAKS_FOR):
        return f"of {revision}"
    return "asked from here" if result.mute_pass else ""


def said(result: CheckResult) -> str:
    """A title and what is wrong with it: `Redis unreachable`, `PostgreSQL 10× over budget`.

    A reason that begins with the title says it for both: `WebSocket closed`.
    """
    if result.reason is Reason.OVER_BUDGET and result.duration_ms is not None:
        times = result.duration_ms / result.budget_ms
        return f"{_title(result)} {times:.0f}× over budget" if times >= 2 else f"{_title(result)} over budget"
    closed = result.facts.get("closed")
    if result.reason is Reason.PATH_BROKEN and isinstance(closed, list) and closed:
        return _closed(closed)
    title, brief = _title(result), WORDS[result.reason].brief
    repeated = brief.casefold().startswith(f"{title.casefold()} ")
    return f"{title}{brief[len(title) :]}" if repeated else f"{title} {brief}"


def _closed(targets: list[str]) -> str:
    """`Path to Redis closed`, `Paths to Redis, PostgreSQL and 1 more closed`."""
    if len(targets) == 1:
        return f"Path to {_one_line(targets[0])} closed"
    named = [*map(_one_line, targets[:NAMED]), *([f"{len(targets) - NAMED} more"] if targets[NAMED:] else [])]
    return f"Paths to {', '.join(named[:-1])} and {named[-1]} closed"


def headline(sweep: Sweep) -> str:
    """The verdict in one line, enough in a notification; with its mark once every check has answered."""
    return f"{MARKS[sweep.status]} {sentence(sweep)}" if sweep.finished else sentence(sweep)


def sentence(sweep: Sweep) -> str:
    """The verdict in one line, without a mark."""
    number = len(sweep.expected)
    counted = counts(sweep)
    if not sweep.finished:
        so_far = f", {', '.join(counted)} so far" if counted else ""
        waiting = f" · {sweep.waiting}" if sweep.waiting else ""
        return f"{sweep.environment}: {len(sweep.results)} of {number} checked{so_far}{waiting}"
    if sweep.status is Status.PASS:
        return f"{sweep.environment}: {_all_well(sweep)}"
    if not counted and any(result.mute_pass for result in sweep.results):
        return f"{sweep.environment}: {_well_from_here(sweep)}"
    if not counted:
        return f"{sweep.environment}: nothing was checked"
    how_many, _, what = counted[0].partition(" ")
    counted[0] = f"{how_many} of {number} {what}"
    return f"{sweep.environment}: {', '.join(named(sweep))} — {', '.join(counted)}"


def named(sweep: Sweep) -> list[str]:
    """The results that a headline names: at most two, dependencies first; one that fails is among them.

    A closed path is named before them, since it tells why.
    """
    bad = sorted(
        (result for result in sweep.worst_first() if result.status in BAD),
        key=lambda result: (result.status is Status.UNKNOWN, _depth(result), BAD.index(result.status)),
    )
    closed = [result for result in bad if result.reason is Reason.PATH_BROKEN][:1]
    bad = [result for result in bad if result not in closed]
    chosen = bad[:NAMED]
    failing = [result for result in bad if result.status is Status.FAIL]
    if failing and not any(result.status is Status.FAIL for result in chosen):
        chosen = [failing[0], *chosen[: NAMED - 1]]
    return [said(result) for result in (*closed, *chosen)]


def counts(sweep: Sweep) -> list[str]:
    """How many are not well, worst first: `2 failing`, `1 over budget`, `1 unknown`. None twice."""
    words = [_word(result.status, result.reason) for result in sweep.worst_first() if result.status in BAD]
    return [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]


def _all_well(sweep: Sweep) -> str:
    passed = [result for result in sweep.results if result.status is Status.PASS]
    how_many = f"all {len(passed)} ok" if len(passed) == len(sweep.results) else f"{len(passed)} ok"
    if len(sweep.results) == 1:
        return f"{_title(passed[0])} ok, {time(passed[0])}"
    timed = [result for result in passed if result.duration_ms is not None]
    slowest = max(timed, key=lambda r: r.duration_ms or 0.0, default=None)
    return how_many if slowest is None else f"{how_many}, slowest {slowest.name} {time(slowest)}"


def _well_from_here(sweep: Sweep) -> str:
    passed = [result for result in sweep.results if result.status is Status.PASS]
    mute = sum(result.mute_pass for result in passed)
    how_many = f"{mute} ok" if mute == len(passed) else f"{len(passed) - mute} ok; {mute} more ok"
    return f"{how_many} from here, {MUTE}"


def _title(result: CheckResult) -> str:
    return _one_line(result.title)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _word(status: Status, reason: Reason) -> str:
    return "over budget" if reason is Reason.OVER_BUDGET else _WORDS[status]


def _depth(result: CheckResult) -> int:
    """How much depends on it: names come before all, since nothing is reached without them."""
    if result.kind == "dns":
        return -1
    return LAYERS.index(result.layer) if result.layer in LAYERS else len(LAYERS)
