"""How urgent it is: the highest level whose rule the evidence fulfils."""

from runbooks.report.case import Case, joined, share, status_of, title_of
from runbooks.report.document import Level, PriorityDocument
from runbooks.report.reading import Fields, look, number, records, table, text

HALF, SOME = 0.5, 0.05
RULES: dict[Level, str] = {
    "P0": "every check of the services that depend on something fails, or half of a service's requests or "
    "more end in 5xx",
    "P1": "a check of a service or of the edge fails, or 5 % of a service's requests or more end in 5xx, or "
    "it could not be told whether any service works",
    "P2": "a check fails or is over its budget, or a difference of configuration is critical",
    "P3": "none of P0, P1 and P2 holds",
}


def priority(case: Case) -> PriorityDocument:
    """The priority, with the rule and what fulfilled it."""
    if because := _all_failing(case) or _requests(case, HALF):
        return _priority("P0", because)
    if because := _some_failing(case) or _requests(case, SOME) or _nothing_told(case):
        return _priority("P1", because)
    if because := _not_well(case) or _critical(case):
        return _priority("P2", because)
    return _priority("P3", "no check fails, and no service's requests do")


def _priority(level: Level, because: str) -> PriorityDocument:
    return {"level": level, "rule": RULES[level], "because": because}


def _all_failing(case: Case) -> str:
    told = [check for check in case.core if status_of(check) != "unknown"]
    return _fail(told) if told and all(status_of(check) == "fail" for check in told) else ""


def _some_failing(case: Case) -> str:
    return _fail([check for check in case.users if status_of(check) == "fail"])


def _fail(checks: list[Fields]) -> str:
    names = joined([title_of(check) for check in checks])
    return f"{names} {'fails' if len(checks) == 1 else 'fail'}" if checks else ""


def _nothing_told(case: Case) -> str:
    told = any(status_of(check) != "unknown" for check in case.core)
    return "" if told else "it could not be told whether any service works"


def _not_well(case: Case) -> str:
    bad = [title_of(check) for check in case.checks if status_of(check) in ("fail", "degraded")]
    return f"not as it should be: {joined(bad)}" if bad else ""


def _critical(case: Case) -> str:
    bad = [each for each in records(look(case.root("drift"), "differences")) if _counts(each)]
    return f"critical difference: {joined([text(each.get('title')) for each in bad])}" if bad else ""


def _counts(difference: Fields) -> bool:
    return difference.get("severity") == "critical" and difference.get("accepted") is not True


def _requests(case: Case, limit: float) -> str:
    for service, log in table(case.root("logs")):
        failed = number(look(log, "share_failed"))
        if failed is not None and failed >= limit and number(look(log, "total")):
            return f"{share(failed)} of the requests to {service} end in 5xx"
    return ""
