"""Evidence that was kept, read again: from a file, or from wherever its document was."""

from dataclasses import dataclass
from pathlib import Path

from runbooks.bundle import Bundle, BundleError, from_document, read
from runbooks.evidence.facts import OtherFormError, facts
from runbooks.evidence.source import Section
from runbooks.values import Json

TEXTS = ("name", "kind", "status")


@dataclass(frozen=True, slots=True)
class Kept:
    """A bundle with the document that it was read from."""

    document: Json
    bundle: Bundle

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return str(self.bundle.environment["name"])

    @property
    def digest(self) -> str:
        """The bundle's digest: `sha256:…`."""
        return str(self.document["digest"])


def open_kept(path: Path) -> Kept:
    """The bundle of a file. Raises `BundleError`, which names the file."""
    if path.exists() and not path.is_file():
        raise BundleError(f"{path}: no file")  # a pipe or a device could go on for ever
    document = read(path)
    try:
        return kept(document)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from None


def kept(document: Json) -> Kept:
    """The bundle of a document. Raises `BundleError`, also where evidence in it has another form than ours.

    The digest says that nobody edited it, not that whybot made it: anyone can compute one.
    """
    bundle = from_document(document)
    _check_texts(bundle.sections.get("checks"))
    try:
        facts(bundle)
    except OtherFormError as section:
        raise _unlike(f"of {section}") from None
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, StopIteration, RecursionError):
        raise _unlike("in it") from None
    return Kept(document, bundle)


def _check_texts(section: Section | None) -> None:
    """Raises `BundleError` where a check's name, kind or status is no text: they are keys later on."""
    data = section.data if section is not None else None
    checks = data.get("checks") if isinstance(data, dict) else None
    for each in checks if isinstance(checks, list) else ():
        said = [each.get(key, "") for key in TEXTS] if isinstance(each, dict) else [None]
        if not all(isinstance(value, str) for value in said):
            raise _unlike("of checks")


def _unlike(which: str) -> BundleError:
    return BundleError(f"no bundle that whybot made: evidence {which} has another form")
