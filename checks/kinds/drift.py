"""Drift: whether declared, Terraform and live agree."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Literal

from checks.cloud_check import CloudCheck, blindness
from checks.drift.model import Difference, Drift
from checks.failures import CheckBlind
from checks.probe import Probe
from checks.reasons import Reason
from checks.result import Status
from checks.sight import Sight
from checks.spec import Finding

MOST_TOLD = 20  # fields in the facts


class DriftCheck(CloudCheck):
    """Compares what is declared, what Terraform has and what is live, field by field."""

    title_default: ClassVar[str] = "Drift"

    kind: Literal["drift"] = "drift"

    @property
    def target(self) -> str:
        """The whole environment."""
        return "the environment"

    async def look(self, probe: Probe, eyes: Sight) -> Finding:
        """Fails or is degraded with `drifted`; unknown (`drift_unknown`, `cloud_…`) where blind."""
        drift = await eyes.drift()
        note_drift(probe, drift)
        if drift.status is Status.UNKNOWN:
            raise self._blind(probe, drift)
        if drift.status is not Status.PASS:
            return Finding(drift.status, Reason.DRIFTED, said(drift.open))
        return Finding(Status.PASS, Reason.OK, _agreed(drift))

    def _blind(self, probe: Probe, drift: Drift) -> CheckBlind:
        if drift.blind:
            return blindness(probe, drift.blind[0])
        first = drift.unknown[0]
        why = next((side.why for side in (first.live, first.terraform, first.declared) if side.why), "")
        return CheckBlind(Reason.DRIFT_UNKNOWN, f"{first.field} could not be compared: {why or 'not known'}")


def said(differences: Sequence[Difference]) -> str:
    """The worst difference, and how many more there are."""
    first = differences[0]
    more = f"; {len(differences) - 1} more" if len(differences) > 1 else ""
    live = first.live.value or str(first.live.state)
    return f"{first.field} is {live}, {_other(first)}: {first.effect}{more}"


def _other(difference: Difference) -> str:
    """What it should be, and who says so."""
    for side, who in ((difference.declared, "declared"), (difference.terraform, "in Terraform")):
        if side.value and side.value != difference.live.value:
            return f"{side.value} {who}"
    return "declared nowhere"


def _agreed(drift: Drift) -> str:
    cosmetic, accepted = len(drift.open), len(drift.differences) - len(drift.open)
    but = [f"{cosmetic} cosmetic"] * bool(cosmetic) + [f"{accepted} accepted"] * bool(accepted)
    told = f"{drift.compared} fields agree"
    noun = "difference" if cosmetic + accepted == 1 else "differences"
    return f"{told}, but for {' and '.join(but)} {noun}" if but else told


def note_drift(probe: Probe, drift: Drift) -> None:
    """Notes how many differences of each severity there are, and their fields."""
    severities = Counter(str(each.severity) for each in drift.open)
    probe.note(
        compared=drift.compared,
        critical=severities["critical"],
        warning=severities["warning"],
        cosmetic=severities["cosmetic"],
        accepted=len(drift.differences) - len(drift.open),
        unknown=len(drift.unknown),
        fields=[each.field for each in drift.open][:MOST_TOLD],
        expired=[each.field for each in drift.expired],
    )
