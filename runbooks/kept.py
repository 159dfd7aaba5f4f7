"""Evidence that was kept, read again: from a file, or from wherever its document was."""

from dataclasses import dataclass
from pathlib import Path

from runbooks.bundle import Bundle, BundleError, from_document, read
from runbooks.evidence.facts import facts
from runbooks.values import Json


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
    try:
        facts(bundle)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise BundleError("no bundle that whybot made: evidence in it has another form") from None
    return Kept(document, bundle)
