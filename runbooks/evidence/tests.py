"""The environment's own tests: which of their classes do not derive from the base that all should share."""

import asyncio
from collections.abc import AsyncIterator

from checks.observations import Blind
from checks.reasons import Reason
from runbooks.evidence.cite import citable, cited
from runbooks.evidence.source import Frame, Scope, Section
from runbooks.evidence.suite import Found, find
from runbooks.evidence.words import listed
from runbooks.evidence.written import moment, plain, time_of
from runbooks.shape import Listing, Record, Shape, number, text
from runbooks.values import Gap, Json, Partial, Value

CLASS = citable(
    {
        "name": text("the class"),
        "file": text("its file, from the environment file's folder"),
        "line": number("the line that it begins in"),
        "bases": Listing(text("what it derives from, as it is written")),
    },
    "one test class",
)
SHAPE = Record(
    {
        "base": text("the base that all should share, empty where the file names no tests"),
        "folder": text("the folder of the tests, empty where the file names none"),
        "classes": number("how many test classes there are, of the files that can be read"),
        "without_base": Listing(CLASS, "test classes that do not derive from the base, in no way"),
    },
    "the tests that the environment file names",
)
NOTHING: Json = {"base": "", "folder": "", "read_at": None, "classes": 0, "without_base": [], "unread": []}


class Tests:
    """The environment's own tests: which of their classes do not derive from the shared base."""

    name = "tests"
    title = "the tests"
    shape: Shape = SHAPE

    async def gather(self, scope: Scope) -> AsyncIterator[Section]:
        """Yields the classes of the folder; none where the environment file names no tests."""
        declared = scope.environment.tests
        if declared is None:
            yield Section(self.name, NOTHING)
            return
        folder = scope.environment.folder / declared.folder
        try:
            found = await asyncio.to_thread(find, folder, declared.pattern, declared.base, declared.folder)
        except OSError as error:
            said = error.strerror or str(error)
            blind = Blind(
                Reason.FILE_UNREADABLE,
                f"the tests in {declared.folder} could not be read: {said}; compare `tests.folder` in the "
                "environment file",
            )
            yield Section(self.name, blind=blind)
            return
        read_at = {"base": declared.base, "folder": declared.folder, "read_at": moment(scope.now())}
        yield Section(self.name, plain(read_at | _written(found)))

    def view(self, section: Section, frame: Frame) -> Value:
        """The classes; files that cannot be read are gaps of the list."""
        data = section.data
        without = tuple(_class(each, data) for each in data["without_base"])
        gaps = tuple(Gap("tests.without_base", f"{each['file']}: {each['why']}") for each in data["unread"])
        return {
            "base": data["base"],
            "folder": data["folder"],
            "classes": data["classes"],
            "without_base": Partial(without, gaps) if gaps else without,
        }


def _written(found: Found) -> dict[str, Json]:
    return {
        "classes": found.classes,
        "without_base": [
            {"name": each.name, "file": each.file, "line": each.line, "bases": each.bases}
            for each in found.without
        ],
        "unread": [{"file": each.file, "why": each.why} for each in found.unread],
    }


def _class(document: Json, data: Json) -> Value:
    bases = tuple(document["bases"])
    fields: dict[str, Value] = {**{key: document[key] for key in ("name", "file", "line")}, "bases": bases}
    derives = f"derives from {listed(bases)}" if bases else "derives from nothing"
    return cited(
        fields,
        place=f"tests.{document['name']}",
        text=f"{document['name']} ({document['file']}:{document['line']}) {derives}, not from {data['base']}",
        source="tests",
        at=time_of(data["read_at"]),
    )
