"""The environments folder of a world."""

from pathlib import Path

from sandbox.changes.tests import AddTests
from sandbox.samples import Samples
from sandbox.world import ENVIRONMENTS


def test_all_but_the_tests_are_links(tmp_path: Path) -> None:
    """The real environment file is seen as it is now; what is written goes into a copy."""
    samples = Samples(ENVIRONMENTS, tmp_path)
    assert (samples.folder / "staging.yaml").is_symlink()
    added = AddTests()
    samples.write(added.file, added.content)
    assert (samples.folder / "tests/staging" / added.file).exists()
    assert not (ENVIRONMENTS / "tests/staging" / added.file).exists()
    samples.restore()
    assert sorted(each.name for each in (samples.folder / "tests/staging").iterdir()) == sorted(
        each.name for each in (ENVIRONMENTS / "tests/staging").glob("*.py")
    )


def test_a_folder_without_tests_is_fine(tmp_path: Path) -> None:
    """Nothing is copied then, and nothing can be added."""
    real, home = tmp_path / "real", tmp_path / "home"
    real.mkdir()
    home.mkdir()
    samples = Samples(real, home)
    samples.write("test_x.py", "")
    assert list(samples.folder.iterdir()) == []


def test_the_class_of_the_write_up_lacks_the_base() -> None:
    """It derives from unittest, and uses what only the base sets up."""
    content = AddTests().content
    compile(content, "x", "exec")
    assert "class StagingWebSocketEventsTest(unittest.IsolatedAsyncioTestCase):" in content
    assert "self.test_user" in content
    assert AddTests(text="x = 1\n").content == "x = 1\n"
