"""What it means for users, from evidence alone: requests, what is blocked, since when, what works."""

from runbooks.report.case import Case, joined, share, status_of, title_of, what_of
from runbooks.report.document import ImpactDocument
from runbooks.report.reading import Fields, count, look, moment, number, said, table
from runbooks.values import Gap, Value

NO_MONEY = "not in the evidence: whybot knows neither revenue nor how many people wait"


def impact(case: Case) -> list[ImpactDocument]:
    """Its lines, in a fixed order; what could not be told is said in its place."""
    cost = _line("Cost", NO_MONEY, False)
    return [*availability(case), _golden_path(case), _since(case), _works(case), cost]


def _line(title: str, text: str, known: bool = True) -> ImpactDocument:
    return {"title": title, "text": text, "known": known}


def availability(case: Case) -> list[ImpactDocument]:
    """The share of requests that did not end in 5xx, for each service that the log knows."""
    logs = case.root("logs")
    if isinstance(logs, Gap):
        return [_line("Service availability", f"could not be told: {logs.why}", False)]
    idle = [service for service, log in table(logs) if number(look(log, "total")) == 0]
    busy = [_available(case, service, log) for service, log in table(logs) if service not in idle]
    none = _line("Without requests", f"{joined(idle)}")
    return [*busy, none] if idle else busy


def _available(case: Case, service: str, log: Value) -> ImpactDocument:
    title = f"Availability of {service}"
    total, failed = number(look(log, "total")), number(look(log, "failed"))
    if total is None or failed is None:
        looked = (look(log, "total"), look(log, "failed"), log)
        why = next((each.why for each in looked if isinstance(each, Gap)), "the log has no number of them")
        return _line(title, f"could not be told: {why}", False)
    if not 0 <= failed <= total or not total:
        return _line(title, "could not be told: the log counts what cannot be", False)
    span = _span(log)
    least = "at least " if look(log, "truncated") is True else ""
    told = f"{least}{count(failed):,} of {count(total):,} requests ended in 5xx{span}, {_statuses(log)}"
    promised = number(case.env.get("availability"))
    target = f" (promised: {share(promised)})" if promised is not None else ""
    return _line(title, f"{share(1 - failed / total)} of requests served{target}; {told.rstrip(', ')}")


def _span(log: Value) -> str:
    since, until = moment(look(log, "since")), moment(look(log, "until"))
    return f" from {said(since)} to {said(until)}" if since and until else ""


def _statuses(log: Value) -> str:
    bad = [(status, count(many)) for status, many in table(look(log, "by_status")) if status >= "500"]
    return ", ".join(f"{many:,} of them {status}" for status, many in bad)


def _golden_path(case: Case) -> ImpactDocument:
    told = [check for check in case.core if status_of(check) != "unknown"]
    if not told:
        why = joined([what_of(check) for check in case.core]) or "no check of a service"
        return _line("Golden path", f"could not be told: {why}", False)
    bad = [check for check in told if status_of(check) != "pass"]
    if not bad:
        return _line("Golden path", f"works: {_names(told)}")
    failing = all(status_of(check) == "fail" for check in case.core)
    found = "; ".join(f"{title_of(check)}: {what_of(check)}" for check in bad)
    return _line("Golden path", f"{'blocked' if failing else 'disturbed'}: {found}")


def _since(case: Case) -> ImpactDocument:
    onset = case.onset
    if onset is None and case.well:
        return _line("Since", "nothing fails")
    if onset is None:
        gap = look(case.root("onset"), "at")
        why = gap.why if isinstance(gap, Gap) else "the evidence has no first failure"
        return _line("Since", f"could not be told: {why}", False)
    minutes = max(0, round((case.bundle.at - onset).total_seconds() / 60))
    return _line("Since", f"{said(onset)}, {minutes:,} min before this evidence was gathered")


def _works(case: Case) -> ImpactDocument:
    fine = [check for check in case.users if status_of(check) == "pass"]
    return _line("Not affected", _names(fine) or "nothing of what users reach is known to work")


def _names(checks: list[Fields]) -> str:
    return joined([title_of(check) for check in checks])
