"""What expressions see of a bundle: a value for each root, a gap for what is not there."""

from collections.abc import Mapping

from runbooks.bundle import Bundle
from runbooks.evidence import environment
from runbooks.evidence.source import Derived, Frame, Section, Source
from runbooks.evidence.sources import DERIVED, ENV, SOURCES
from runbooks.values import Gap, Value, gap_of

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
"""What a view meets in a section that another version of whybot wrote, or somebody by hand."""
BROKEN = (OverflowError, StopIteration, RecursionError)
"""What a view meets only in what no version of whybot wrote."""


class OtherFormError(ValueError):
    """The evidence of one section, `str()` of this, was made by somebody else."""


def frame(bundle: Bundle) -> Frame:
    """What views may look at besides their own section."""
    return Frame(bundle.environment, bundle.at, bundle.sections)


def facts(bundle: Bundle) -> Mapping[str, Value]:
    """The roots of expressions, in a fixed order; pure. What was not gathered is a pending gap.

    Raises `OtherFormError` for what no whybot ever wrote.
    """
    around = frame(bundle)
    found: dict[str, Value] = {ENV: environment.view(bundle.environment, bundle.at)}
    for source in SOURCES:
        found[source.name] = _seen(source, bundle.sections.get(source.name), around)
    for derived in DERIVED:
        found[derived.name] = _derived(derived, found, around)
    return found


def _seen(source: Source, section: Section | None, around: Frame) -> Value:
    if section is not None and section.blind is not None:
        return gap_of(source.name, section.blind)
    if section is None or (section.data is None and not section.finished):
        return Gap(source.name, f"{source.title} has not been read yet", pending=True)
    try:
        return source.view(section, around)
    except BROKEN:
        raise OtherFormError(source.name) from None
    except UNREADABLE:
        return _unreadable(source)


def _derived(derived: Derived, found: Mapping[str, Value], around: Frame) -> Value:
    try:
        return derived.view(found, around)
    except BROKEN:
        raise OtherFormError(derived.name) from None
    except UNREADABLE:
        return _unreadable(derived)


def _unreadable(source: Source | Derived) -> Gap:
    why = f"{source.title}: kept in a form that this whybot does not read"
    return Gap(source.name, why, "Ask for the evidence again: whybot why ENV --save-bundle FILE")
