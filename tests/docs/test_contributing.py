import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.checks.place import Place, staged

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
KIND, TEST = "checks/kinds/memcached.py", "tests/checks/kinds/test_memcached.py"


def example(path: str) -> str:
    """The code that the page shows for a path."""
    found = re.search(rf"^`{re.escape(path)}`:\n\n```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found, path
    return found[1]


def imported(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def worked_example(tmp_path: Path) -> Iterator[tuple[ModuleType, ModuleType]]:
    """The example's kind and its test, importable under the names that the page gives them."""
    names = ("checks.kinds.memcached", "example_test_memcached")
    try:
        modules = []
        for name, path in zip(names, (KIND, TEST), strict=True):
            file = tmp_path / Path(path).name
            file.write_text(example(path))
            modules.append(imported(name, file))
        yield modules[0], modules[1]
    finally:
        for name in names:
            sys.modules.pop(name, None)


async def test_tests_of_the_worked_example_pass(worked_example: Any, tmp_path: Path) -> None:
    """The page's kind passes the page's own tests against a real server."""
    _, tests = worked_example
    run = [getattr(tests, name) for name in vars(tests) if name.startswith("test_")]
    assert len(run) == 2
    for test in run:
        async with staged(tmp_path) as place:
            assert isinstance(place, Place)
            await test(place)


def test_environment_snippet_of_the_worked_example_is_valid(worked_example: Any) -> None:
    """What the page writes into an environment file is what its kind takes."""
    kind, _ = worked_example
    snippet = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert snippet
    spec = kind.MemcachedCheck.model_validate(YAML(typ="safe").load(snippet[1])["cache"])
    assert (spec.target, spec.budget) == ("cache.example.org:11211", 50.0)


@pytest.mark.parametrize("path", [KIND, TEST])
def test_worked_example_keeps_the_style(path: str) -> None:
    """The example passes the linter and is formatted as this repository is."""
    # The module is not there, so ruff would take it for somebody else's and sort it apart.
    known = ["--config", 'lint.isort.known-first-party=["checks", "tests"]']
    for arguments in (["check", *known], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", path, "-"]
        done = subprocess.run(
            ruff, input=example(path), text=True, capture_output=True, cwd=ROOT, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
