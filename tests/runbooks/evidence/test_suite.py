"""Test classes as they are read out of files, by syntax alone."""

from pathlib import Path
from textwrap import dedent

import pytest

from runbooks.evidence import suite
from runbooks.evidence.suite import Found, find

BASE = """
import unittest
class SharedTestCase(unittest.TestCase):
    def setUp(self): self.user = "x"
"""


def found(folder: Path, base: str = "SharedTestCase", pattern: str = "test_*.py", **files: str) -> Found:
    """What a folder with these files has; `shared` is a file without tests."""
    (folder / "shared.py").write_text(BASE)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text))
    return find(folder, pattern, base, "tests/x")


def lacking(result: Found) -> list[str]:
    """Names of the classes without the base."""
    return [each.name for each in result.without]


def test_a_class_of_the_base_is_fine_and_another_is_named(tmp_path: Path) -> None:
    """With its file, its line and what it derives from."""
    result = found(
        tmp_path,
        test_a="""
        import unittest
        from shared import SharedTestCase

        class Good(SharedTestCase):
            def test_it(self): pass

        class Bad(unittest.IsolatedAsyncioTestCase):
            async def test_it(self): pass
        """,
    )
    assert result.classes == 2
    [bad] = result.without
    assert (bad.name, bad.file, bad.line) == ("Bad", "tests/x/test_a.py", 8)
    assert bad.bases == ("unittest.IsolatedAsyncioTestCase",)
    assert result.unread == ()


@pytest.mark.parametrize(
    "text",
    [
        "import shared\nclass A(shared.SharedTestCase):\n  def test_a(self): ...",
        "from shared import SharedTestCase as Base\nclass A(Base):\n  def test_a(self): ...",
        "import shared\nBase = shared.SharedTestCase\nclass A(Base):\n  def test_a(self): ...",
        "from middle import Middle\nclass A(Middle):\n  def test_a(self): ...",
        "from middle import Far\nclass A(object, Far):\n  def test_a(self): ...",
        "import shared\nclass A(shared.SharedTestCase[int]):\n  def test_a(self): ...",
    ],
)
def test_the_base_may_come_by_other_names_and_over_other_classes(tmp_path: Path, text: str) -> None:
    """As a module's member, under an alias, over classes of another file, with a type."""
    middle = "from shared import SharedTestCase\nclass Middle(SharedTestCase): ...\nclass Far(Middle): ..."
    result = found(tmp_path, middle=middle, test_a=text)
    assert (result.classes, lacking(result)) == (1, [])


def test_what_is_no_test_is_not_counted(tmp_path: Path) -> None:
    """Helpers, the base itself, and files that are called otherwise."""
    result = found(
        tmp_path,
        test_a="class Helper: ...\nclass Row(dict):\n  def value(self): ...",
        conftest="import unittest\nclass Other(unittest.TestCase):\n  def test_a(self): ...",
    )
    assert result == Found()


def test_a_class_with_tests_and_no_base_lacks_it(tmp_path: Path) -> None:
    """As pytest collects it; and one that inherits its tests."""
    result = found(
        tmp_path,
        test_a="""
        import unittest
        class TestPlain:
            def test_a(self): ...
        class Common(unittest.TestCase):
            def test_a(self): ...
        class Special(Common): ...
        """,
    )
    assert lacking(result) == ["TestPlain", "Common", "Special"]


def test_of_two_classes_of_one_name_the_one_of_the_same_file_counts(tmp_path: Path) -> None:
    """Another file's class of that name does not help."""
    good = "from shared import SharedTestCase\nclass Case(SharedTestCase): ..."
    bad = "import unittest\nclass Case(unittest.TestCase): ...\nclass A(Case):\n  def test_a(self): ..."
    assert lacking(found(tmp_path, other=good, test_a=bad)) == ["A"]


def test_classes_that_derive_from_each_other_end(tmp_path: Path) -> None:
    """Files that could never run are read all the same."""
    text = "class A(B):\n  def test_a(self): ...\nclass B(A): ..."
    assert lacking(found(tmp_path, test_a=text)) == ["A"]


def test_a_base_that_is_worked_out_is_not_known(tmp_path: Path) -> None:
    """It may be the shared one."""
    result = found(tmp_path, test_a="class A(base_of('x')):\n  def test_a(self): ...")
    assert (result.classes, result.without) == (1, ())
    assert result.unread[0].why == "class A: its base base_of('x') is worked out when it runs"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"class A(:\n", "no Python that can be read (line 1"),
        (b"\xff\xfe\x00 =", "it "),
        (b"x = 1\n" * 200_000, "larger than 1 MB"),
        (b"(" * 5_000, "it "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    """The others are read."""
    (tmp_path / "test_broken.py").write_bytes(content)
    result = found(tmp_path, test_a="class TestA:\n  def test_a(self): ...")
    assert lacking(result) == ["TestA"]
    [unread] = result.unread
    assert unread.file == "tests/x/test_broken.py"
    assert said in unread.why


def test_too_many_files_are_not_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That there are more is said."""
    monkeypatch.setattr(suite, "MOST_FILES", 2)
    result = found(tmp_path, test_a="", test_b="", test_c="")
    assert "more than 2 files" in result.unread[0].why


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Not a folder without tests."""
    with pytest.raises(OSError, match="tests/x is no folder"):
        find(tmp_path / "nowhere", "*.py", "Base", "tests/x")


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    """It is read, not imported."""
    marker = tmp_path / "ran"
    found(tmp_path, test_a=f"open({str(marker)!r}, 'w')\nclass TestA:\n  def test_a(self): ...")
    assert not marker.exists()
