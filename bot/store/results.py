"""How the answer of a check is kept: a document of the store's own, which the public JSON may part from."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from checks.reasons import Reason
from checks.result import CheckResult, Phase, Status, Vantage


def to_document(result: CheckResult) -> dict[str, Any]:
    """The document of a result; `from_document` gives the result back."""
    return asdict(result) | {"facts": dict(result.facts), "started_at": result.started_at.isoformat()}


def from_document(document: Mapping[str, Any]) -> CheckResult:
    """The result of a document that `to_document` made, in this version or an earlier one."""
    return CheckResult(
        **{key: document[key] for key in ("name", "kind", "title", "target", "layer", "message", "attempts")},
        status=Status(document["status"]),
        reason=Reason(document["reason"]),
        duration_ms=document["duration_ms"],
        budget_ms=document["budget_ms"],
        phases=tuple(
            Phase(phase["name"], phase["duration_ms"], Status(phase["status"]))
            for phase in document["phases"]
        ),
        facts=document["facts"],
        vantage=Vantage(**document["vantage"]),
        started_at=datetime.fromisoformat(document["started_at"]),
    )
