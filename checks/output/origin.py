"""Where the answers of a sweep are from, and which to believe where two places say different things."""

from checks.durations import spoken
from checks.output import headline as words
from checks.result import JOB_SILENT, CheckResult, Status, Sweep, Vantage

MUTE = f"dependencies were asked from here, {words.MUTE}"
BELIEVE_JOB = "believe the Cloud Run job where it says something else"
UNASKED = "dependencies could not be asked"
NAMED = 3


def vantage_of(sweep: Sweep) -> Vantage:
    """Where a sweep was asked from: what its results say once all are there."""
    places = _places(sweep)
    if not sweep.finished or not places:
        return sweep.vantage
    speaks = all(each.vantage.speaks for each in sweep.results)
    if len(places) == 1:
        only = places[0]
        return Vantage(only.kind, only.label, speaks)
    return Vantage("mixed", _mixed(sweep, places), speaks)


def origin(sweep: Sweep) -> str:
    """`from this machine (laptop)`, or of two places which part is from where."""
    vantage = vantage_of(sweep)
    where = vantage.label if vantage.kind == "mixed" else f"from {vantage.label}"
    cold = [each.facts["cold_start_ms"] for each in sweep.results if "cold_start_ms" in each.facts]
    longest = max((each for each in cold if isinstance(each, int | float)), default=None)
    return where if longest is None else f"{where} · cold start {spoken(longest)}"


def believed(sweep: Sweep) -> str:
    """Which answers to believe, where that is a question; otherwise nothing."""
    mute = any(not each.vantage.speaks for each in sweep.results)
    if silent := _silent(sweep):
        return f"{MUTE if mute else UNASKED}: {silent}"
    if mute:
        return f"{MUTE}: {BELIEVE_JOB}"
    differ = [each.name for each in sweep.worst_first() if _differs(each)]
    if not differ:
        return ""
    names = ", ".join(differ[:NAMED]) + (f" and {len(differ) - NAMED} more" if len(differ) > NAMED else "")
    says = "says" if len(differ) == 1 else "say"
    return f"{names} {says} something else from here: believe the job, which is in the service's network"


def _silent(sweep: Sweep) -> str:
    """Why the job could not tell; the same for all whose answer did not come."""
    told = (each.facts[JOB_SILENT] for each in sweep.worst_first() if JOB_SILENT in each.facts)
    return str(next(told, ""))


def _differs(result: CheckResult) -> bool:
    """Whether the same check said from here that it is well and the job does not, or the other way round."""
    here = result.facts.get("here_status")
    return here is not None and (here == Status.PASS) is not (result.status is Status.PASS)


def _places(sweep: Sweep) -> list[Vantage]:
    """Where the results are from, each place once, the job first."""
    found = dict.fromkeys((each.vantage.kind, each.vantage.label) for each in sweep.results)
    return sorted((Vantage(*each) for each in found), key=lambda place: place.kind == "here")


def _mixed(sweep: Sweep, places: list[Vantage]) -> str:
    *first, last = places
    return " · ".join(
        [*(f"{_what(sweep, place)} from {place.label}" for place in first), f"the rest from {last.label}"]
    )


def _what(sweep: Sweep, place: Vantage) -> str:
    """`dependencies` where a place answered exactly those, else the names."""
    there = [each for each in sweep.results if each.vantage.label == place.label]
    dependencies = [each for each in sweep.results if each.layer == "dependency"]
    if all(each.layer == "dependency" for each in there) and len(there) == len(dependencies):
        return "dependencies"
    return ", ".join(each.name for each in there)
