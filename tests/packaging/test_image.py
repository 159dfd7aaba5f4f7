"""What can be held true of the image without a container engine."""

import ast
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = {"bot", "checks", "runbooks"}
TOOLS = {
    "pytest",
    "mypy",
    "ruff",
    "hypothesis",
    "playwright",
    "slackblocks",
    "trustme",
    "dnslib",
    "chdb-core-lite",
}


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [
        line.removeprefix(f"{name} ").strip() for line in joined.splitlines() if line.startswith(f"{name} ")
    ]


def pinned() -> dict[str, str]:
    """Distributions of serve.txt with all that is said of each."""
    text = (ROOT / "requirements/serve.txt").read_text()
    entries = re.split(r"^(?=\w)", text.replace("\\\n", " "), flags=re.MULTILINE)
    return {canonicalize_name(re.split(r"[=\s]", entry)[0]): entry for entry in entries if "==" in entry}


def imports() -> Iterator[tuple[Path, str]]:
    """Every top-level package that a module of the image imports, anywhere in it."""
    for folder in sorted(OURS):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from ((path, alias.name.split(".")[0]) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield path, node.module.split(".")[0]


def test_image_has_every_package_that_its_code_imports() -> None:
    """serve.txt suffices: no import of bot, checks or runbooks is of a package that only a developer has."""
    providers = importlib.metadata.packages_distributions()
    have = set(pinned())
    missing = {
        (str(path.relative_to(ROOT)), package)
        for path, package in imports()
        if package not in OURS | set(sys.stdlib_module_names)
        and not have & {canonicalize_name(name) for name in providers.get(package, [])}
    }
    # The door to the sandbox is the one import that the image cannot follow; `whybot demo` says so.
    assert {(path, package) for path, package in missing if package != "sandbox"} == set()
    assert {path for path, package in missing if package == "sandbox"} <= {"bot/cli/demo.py"}


def test_every_runtime_dependency_of_the_project_is_pinned_with_hashes() -> None:
    """serve.txt has all of the project's dependencies, each at one version with hashes, and no tool."""
    declared = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("\n]")[0]
    names = {canonicalize_name(Requirement(text).name) for text in re.findall(r'"([^"]+)"', declared)}
    have = pinned()
    assert names <= set(have)
    assert all("--hash=sha256:" in entry for entry in have.values())
    assert not TOOLS & set(have)


def test_image_runs_without_rights_and_says_whether_it_lives() -> None:
    """The last user is a number that is not root, and the health check asks a path that is served."""
    assert instructions("USER") == ["10001"]
    (check,) = instructions("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    ast.parse(command[2])
    assert "/healthz" in command[2]
    assert '"/healthz"' in (ROOT / "bot/web.py").read_text()
    assert instructions("ENTRYPOINT") == ['["whybot"]']
    assert instructions("CMD") == ['["serve"]']


def test_image_copies_only_what_is_there_and_needed() -> None:
    """Every copied path exists and passes .dockerignore; sandbox, tests and tools stay outside."""
    copied = [line.split()[0] for line in instructions("COPY") if "--from" not in line]
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    for path in copied:
        assert (ROOT / path).exists(), path
    assert set(copied) == let_in
    assert not {"sandbox", "tests", "benchmarks", "requirements/dev.txt"} & let_in
