"""What a why can name: records that carry a `Cite`, and the shape that says so."""

from collections.abc import Mapping
from datetime import datetime

from runbooks.shape import CITED, Record, Shape
from runbooks.values import CITE, Value


def citable(fields: Mapping[str, Shape], says: str = "") -> Record:
    """The shape of a record that evidence lists may name."""
    return Record({**fields, CITE: CITED}, says, cited=True)


def cited(
    fields: Mapping[str, Value], *, place: str, text: str, source: str, at: datetime | None, url: str = ""
) -> Mapping[str, Value]:
    """A record with its `Cite`. `place` is where it is in the evidence, `text` what it says in words."""
    said = " ".join(text.split())
    return {**fields, CITE: {"id": place, "text": said, "source": source, "at": at, "url": url}}
