"""A report: pure, of a bundle and its diagnosis; the same bundle gives the same bytes."""

from collections.abc import Iterable

from runbooks.bundle import Bundle
from runbooks.diagnosis import Diagnosis, Verdict, Why
from runbooks.evidence.facts import facts
from runbooks.evidence.sources import SOURCES
from runbooks.output.why import document
from runbooks.report.case import Case, joined, status_of, title_of
from runbooks.report.document import (
    SCHEMA,
    PriorityDocument,
    ProvenanceDocument,
    ReadDocument,
    ReportDocument,
)
from runbooks.report.history import changes, related, timeline
from runbooks.report.impact import impact
from runbooks.report.plan import acceptance, metrics, plan, risks
from runbooks.report.priority import priority
from runbooks.report.reading import gap, look, records, said, stamp, text
from runbooks.report.technical import technical
from runbooks.said import one_line
from runbooks.values import gap_of

UNTOLD = "root cause unknown"
WELL = "nothing is wrong"
IN_PART = "This does not explain all that fails; what is left open stands under what could not be told."
STATUSES = {
    "confirmed": "Every why has evidence.",
    "partial": "The whys below hold, but the last question could not be answered.",
    "unknown": "It could not be told why; what is missing is listed under what could not be told.",
    "nothing_wrong": "Everything that was asked is as it should be.",
}


def report(bundle: Bundle, diagnosis: Diagnosis, digest: str, version: str) -> ReportDocument:
    """The report. `digest` is the bundle's, `version` that of the whybot that writes it."""
    return report_of(Case(bundle, diagnosis, facts(bundle)), digest, version)


def report_of(case: Case, digest: str, version: str) -> ReportDocument:
    """The report of a case whose facts are there already."""
    diagnosis = case.diagnosis
    urgency = priority(case)
    similar, not_known = related(case)
    return {
        "schema": SCHEMA,
        "environment": case.environment,
        "title": _title(case, urgency),
        "labels": _labels(case, urgency),
        "summary": _summary(case),
        "priority": urgency,
        "impact": impact(case),
        "why": document(diagnosis),
        "technical": technical(case),
        "changes": changes(case),
        "plan": plan(case),
        "acceptance": acceptance(case),
        "metrics": metrics(case),
        "risks": risks(case, urgency["level"]),
        "related": similar,
        "related_untold": not_known,
        "timeline": timeline(case),
        "provenance": _provenance(case, digest, version),
    }


def _title(case: Case, urgency: PriorityDocument) -> str:
    """`P0 staging: backend HTTP 503 — No validation on record`: what fails, and the root cause."""
    root = case.diagnosis.root_cause
    found = one_line(root.title) if root else WELL if case.well else UNTOLD
    what = _symptom(case)
    return f"{urgency['level']} {case.environment}: {f'{what} — ' if what else ''}{found}"


def _symptom(case: Case) -> str:
    """The first check that fails, of the golden path rather than another: `backend HTTP 503`."""
    bad = [check for check in (*case.core, *case.checks) if status_of(check) in ("fail", "degraded")]
    if not bad:
        return ""
    title, brief = title_of(bad[0]), text(bad[0].get("brief"))
    repeated = brief.casefold().startswith(f"{title.casefold()} ")
    return f"{title}{brief[len(title) :]}" if repeated else f"{title} {brief}".strip()


def _labels(case: Case, urgency: PriorityDocument) -> list[str]:
    """The level, the environment, the runbook of the root cause, and the checks that do not pass."""
    root = case.diagnosis.root_cause
    bad = [text(check.get("name")) for check in case.asked if status_of(check) in ("fail", "degraded")]
    books = [root.cause.partition("/")[0]] if root else []
    return list(dict.fromkeys([urgency["level"], "incident", case.environment, *books, *bad]))


def _summary(case: Case) -> list[str]:
    """Paragraphs: the whole chain, since when, what would help."""
    diagnosis, chain = case.diagnosis, case.diagnosis.chain
    told = [STATUSES[diagnosis.status.value]]
    if chain is not None and chain.whys:
        whys = " ".join(_sentence(why.because) for why in chain.whys if why is not chain.root)
        root = f"Root cause: {_sentence(chain.root.because)}" if chain.root else ""
        told = [whys] if whys else []
        told.append(root or STATUSES[diagnosis.status.value])
        if chain.root and diagnosis.status is Verdict.PARTIAL:
            told.append(IN_PART)
    elif differing := _differing(case):
        told.append(f"Not as declared: {joined(differing)}; the values stand under Drift.")
    if case.onset is not None:
        told.append(f"It began at {said(case.onset)}.")
    now = [one_line(offer.title) for offer in diagnosis.remedies if not offer.lasting]
    if now:
        told.append(f"What would help: {', or '.join(now)}.")
    if any(why.weaker for why in _whys(diagnosis)):
        told.append("Part of the evidence could not be had; the whys concerned are marked.")
    return told


def _differing(case: Case) -> list[str]:
    """What is known to be other than declared, and was not accepted."""
    found = records(look(case.root("drift"), "differences"))
    return [text(each.get("title")) for each in found if each.get("accepted") is not True]


def _sentence(words: str) -> str:
    said = one_line(words)
    return said if said.endswith((".", "?", "…")) else f"{said}."


def _whys(diagnosis: Diagnosis) -> list[Why]:
    chains = (diagnosis.chain, *diagnosis.others) if diagnosis.chain else diagnosis.others
    return [why for chain in chains for why in chain.whys]


def _provenance(case: Case, digest: str, version: str) -> ProvenanceDocument:
    return {
        "gathered_at": stamp(case.bundle.at) or "",
        "gathered_by": one_line(case.bundle.version),
        "reported_by": version,
        "digest": digest,
        "read": list(_read(case.bundle)),
    }


def _read(bundle: Bundle) -> Iterable[ReadDocument]:
    """Every source that was asked, in our order."""
    for source in SOURCES:
        section = bundle.sections.get(source.name)
        if section is not None:
            blind = gap(gap_of(source.name, section.blind), source.title) if section.blind else None
            yield {
                "source": source.name,
                "title": source.title,
                "at": stamp(section.gathered_at),
                "took_ms": round(section.took_ms),
                "blind": blind,
            }
