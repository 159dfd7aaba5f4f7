"""The environments folder of a world: the real files, and a copy of the tests that changes may add to."""

import shutil
from pathlib import Path

COPIED = "tests"


class Samples:
    """A folder like the real one, in `home`; all but the tests are links, so that edits are seen at once."""

    def __init__(self, real: Path, home: Path) -> None:
        self._real = real
        self.folder = home / "environments"
        self.folder.mkdir()
        for each in real.iterdir():
            if each.name != COPIED:
                (self.folder / each.name).symlink_to(each.resolve())
        self.restore()

    def restore(self) -> None:
        """Makes the tests as the repository has them."""
        copy = self.folder / COPIED
        shutil.rmtree(copy, ignore_errors=True)
        if (self._real / COPIED).is_dir():
            shutil.copytree(self._real / COPIED, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def write(self, file: str, content: str) -> None:
        """Writes a file into every folder of tests."""
        for folder in (self.folder / COPIED).glob("*"):
            if folder.is_dir():
                (folder / file).write_text(content, encoding="utf-8")
