"""What the checks of the environment found."""

from collections.abc import AsyncGenerator, AsyncIterator
from urllib.parse import urlsplit

from checks.output.headline import MUTE, budget, time
from checks.output.json import document, result_from_document
from checks.reasons import WORDS, Reason
from checks.result import JOB_SILENT, Status
from checks.vantage.joining import HERE_MS, HERE_REASON, HERE_STATUS, OF_THE_WAY
from checks.verdict import UNANSWERED
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.words import small
from runbooks.evidence.written import plain, time_of, value_of
from runbooks.shape import Anything, Record, Shape, Table, flag, number, text
from runbooks.values import CITE, Gap, Json, Value, settling

ADDRESSED = ("http", "websocket")
"""Kinds that ask a service at its own address."""
UNANSWERED_YET = {False: "has not answered yet", True: "had not answered when gathering ended"}
"""What is said of a check that is expected, by whether the section is finished."""
LAYERS = ("edge", "service", "dependency")
STATUSES = ("pass", "degraded", "fail", "unknown")
FROM_HERE = Record(
    {
        "status": text("what the same check found from this machine", *STATUSES),
        "reason": text("its reason code, as `reason`"),
        "duration_ms": number("milliseconds; null where nothing answered"),
    },
    "what this machine found beside the job, where both were asked; null elsewhere",
)
UNTOLD = citable(
    {"reason": text("the reason code: docs/checks.md"), "message": text("why, in words")},
    "that and why the check could not be told; null where it was",
)
CHECK = citable(
    {
        "name": text("its key in the environment file"),
        "kind": text("redis, postgres, http, …: docs/checks.md"),
        "title": text("what people call it: Redis"),
        "target": text("what was asked: an address with its port, or a URL"),
        "layer": text("what it is about", *LAYERS),
        "status": text("its answer; a gap where it could not be told", "pass", "degraded", "fail"),
        "reason": text("the reason code: docs/checks.md", *(reason.value for reason in Reason)),
        "message": text("what was found, in words"),
        "brief": text("its reason in few words, as unreachable; a gap where it could not be told"),
        "duration_ms": number("milliseconds; null where nothing answered"),
        "budget_ms": number("milliseconds that it may take; 0 where time counts for nothing"),
        "times_over": number("duration over budget; 0 where nothing answered or time counts for nothing"),
        "phases": Table(number("milliseconds"), "connect, tls, auth, query, …; only those that there were"),
        "facts": Anything("what the kind notes: docs/checks.md"),
        "host": text("the host that it asks, empty where it asks none"),
        "port": number("the port that it asks, 0 where it asks none"),
        "service": text("the key of the service that it is about, empty where it is about none"),
        "from_here": FROM_HERE,
        "answered": flag("whether the target answered at all, well or not"),
        "prober_late": flag("whether whybot itself was late, so that nothing could be told"),
        "untold": UNTOLD,
    },
    "one check; skipped ones are not there",
)
SHAPE = Table(CHECK, "the checks of the environment file, by name")


class Checks:
    """What the checks of the environment found."""

    name = "checks"
    title = "the health checks"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields the document `whybot/check/1` as the sweep grows."""
        states = scope.sweep()
        data: Json = None
        try:
            async for sweep in states:
                data = plain(document(sweep))
                yield Section(self.name, data, finished=False)
        finally:
            if isinstance(states, AsyncGenerator):
                await states.aclose()
        yield Section(self.name, data)

    def view(self, section: Section, frame: Frame) -> Value:
        """Every check that answered, and a gap for one that did not."""
        found: dict[str, Value] = {
            each["name"]: _check(each, frame.environment)
            for each in section.data["checks"]
            if each["status"] != "skipped"
        }
        for each in section.data["pending"]:
            why = f"{each['title']} {UNANSWERED_YET[section.finished]}"
            found[each["name"]] = Gap(f"checks.{each['name']}", why, pending=not section.finished)
        return found


def _check(check: Json, environment: Json) -> Value:
    name, facts = check["name"], check["facts"]
    declared = environment["checks"].get(name, {})
    gap = None if _is_told(check) else _gap(check)
    duration = gap or check["duration_ms"]
    fields: dict[str, Value] = {
        **{key: check[key] for key in ("name", "kind", "title", "target", "layer", "message", "budget_ms")},
        "status": gap or check["status"],
        "reason": gap or check["reason"],
        "brief": gap or WORDS[Reason(check["reason"])].brief,
        "duration_ms": duration,
        "times_over": gap or _times_over(check),
        "phases": {each["name"]: each["duration_ms"] for each in check["phases"]},
        "facts": value_of(facts),
        "host": declared.get("host", ""),
        "port": declared.get("port", 0),
        "service": _service(check["kind"], declared, environment),
        "from_here": _from_here(check),
        "answered": gap or _answered(check),
        "prober_late": check["reason"] == Reason.PROBER_OVERLOADED,
        "untold": None if gap is None else _untold(check, gap),
    }
    if gap is not None:
        return {**fields, CITE: gap}
    return cited(
        fields,
        place=f"checks.{name}",
        text=_said(check),
        source="check",
        at=time_of(check["started_at"]),
        url=str(facts.get("console", "")),
    )


def _is_told(check: Json) -> bool:
    """Whether the answer says something of what the service meets.

    From outside of its network neither a pass nor a failure of the way does; what the server itself says
    is the same from anywhere (`checks.vantage.joining`).
    """
    if check["status"] == "unknown":
        return False
    return check["vantage"].get("speaks", True) or (
        check["status"] != "pass" and check["reason"] not in OF_THE_WAY
    )


def _gap(check: Json) -> Gap:
    """Why a check could not be told, and what would settle it."""
    facts, title = check["facts"], check["title"]
    said = small(check["message"])
    if check["status"] != "unknown":
        said = f"{said} (from here, {MUTE})"
    return Gap(f"checks.{check['name']}", f"{title}: {said}", _settle(facts))


def _untold(check: Json, gap: Gap) -> Value:
    return cited(
        {"reason": check["reason"], "message": gap.why},
        place=f"checks.{check['name']}.untold",
        text=gap.why,
        source="check",
        at=time_of(check["started_at"]),
        url="",
    )


def _settle(facts: Json) -> str:
    return settling(facts.get("role"), facts.get("command")) or str(facts.get(JOB_SILENT, ""))


def _answered(check: Json) -> bool:
    """Whether the target said anything; a resolver is one for checks of DNS only."""
    unresolved = check["reason"].startswith("dns_") and check["kind"] != "dns"
    return check["reason"] not in UNANSWERED and not unresolved


def _times_over(check: Json) -> float:
    duration, budget = check["duration_ms"], check["budget_ms"]
    return round(duration / budget, 3) if duration is not None and budget else 0.0


def _from_here(check: Json) -> Value:
    """What this machine found, beside the job's answer or in its place."""
    facts = check["facts"]
    if facts.get(HERE_STATUS) == "unknown":
        untold = Gap(f"checks.{check['name']}.from_here", f"{check['title']}: it could not be told from here")
        return dict.fromkeys(FROM_HERE.fields, untold)
    if HERE_STATUS in facts:
        return {
            "status": facts[HERE_STATUS],
            "reason": facts.get(HERE_REASON, ""),
            "duration_ms": facts.get(HERE_MS),
        }
    if check["vantage"].get("speaks", True):
        return None
    return {key: check[key] for key in FROM_HERE.fields}


def _service(kind: str, declared: Json, environment: Json) -> str:
    """The service that a check is about: as its file says, else whose address it asks."""
    if declared.get("service"):
        return str(declared["service"])
    if kind not in ADDRESSED:
        return ""
    hosts = {urlsplit(each["url"]).hostname: key for key, each in environment["services"].items()}
    return str(hosts.get(declared.get("host") or None, ""))


def _said(check: Json) -> str:
    """`PostgreSQL: 5,187 ms of 500 ms (login took 2.9 s, query took 2.3 s)`."""
    title, message = check["title"], check["message"]
    result = result_from_document(check)
    against = f"{title}: {time(result)} of {budget(result)}"
    if result.reason is Reason.OVER_BUDGET:
        return f"{against} ({message.replace(f'; budget {budget(result)}', '')})"
    if result.status is Status.PASS and result.duration_ms is not None and result.budget_ms:
        return f"{against}, {message}"
    return f"{title}: {message}"
