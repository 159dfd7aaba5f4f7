"""docs/runbooks.md: its worked example is right, does what the page shows, and nothing is missing there."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from docs.generate import ROOT
from runbooks.engine import reason
from runbooks.filters import FILTERS, TESTS
from runbooks.form import CauseForm, ExtensionForm, RemediesForm, RemedyForm, RunbookForm
from runbooks.library import FOLDER
from runbooks.lint import lint
from runbooks.output.text import text
from runbooks.output.why import explained_document
from runbooks.reader import read_library
from runbooks.values import CITE, Gap, Value

PAGE = (ROOT / "docs/runbooks.md").read_text()
EXAMPLE = r"`my-runbooks/([a-z-]+\.yaml)`(?:(?!```).)*```yaml\n(.*?)```"
AT = datetime(2025, 9, 15, 1, 52, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the page, as it names them."""
    for name, content in re.findall(EXAMPLE, PAGE, re.DOTALL):
        (tmp_path / name).write_text(content)
    return tmp_path


def check(name: str, title: str, **members: Value) -> Mapping[str, Value]:
    """One check of the example."""
    cite = {
        "id": f"checks.{name}",
        "text": f"{title}: {members['message']}",
        "source": "check",
        "at": AT,
        "url": "",
    }
    common: dict[str, Value] = {"name": name, "title": title, "layer": "dependency", CITE: cite}
    return {**common, **members}


def test_example_is_right(folder: Path) -> None:
    """Three files, of which lint has nothing to say."""
    assert sorted(path.name for path in folder.iterdir()) == [
        "more-redis.yaml",
        "payments.yaml",
        "remedies.yaml",
    ]
    read = read_library(folder)
    assert read.problems == ()
    assert [str(each) for each in lint(read) if Path(each.file).parent != FOLDER] == []


def test_example_says_what_the_page_shows(folder: Path) -> None:
    """The output of `--explain`, to the letter."""
    slow: dict[str, Value] = {"status": "degraded", "reason": "over_budget", "message": "1,900 ms of 800 ms"}
    checks = {
        "payments": check("payments", "Payments", duration_ms=1900.0, budget_ms=800.0, **slow),
        "redis": check("redis", "Redis", status="pass", reason="ok", message="3 ms"),
    }
    metrics = Gap("metrics", "whybot may not read Cloud Monitoring", "Grant roles/monitoring.viewer.")
    known: Mapping[str, Value] = {"env": {"name": "staging"}, "checks": checks, "metrics": metrics}
    explained = reason(read_library(folder).library, known, AT, runbook="payments").explained()
    shown = text(explained_document(explained))
    considered = shown[shown.index("Considered:") :].partition("exit code")[0]
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert considered.rstrip() in [each.rstrip() for each in blocks], considered


@pytest.mark.parametrize("form", [RunbookForm, ExtensionForm, CauseForm, RemediesForm, RemedyForm])
def test_every_field_is_on_the_page(form: type[BaseModel]) -> None:
    """As it is written in files."""
    names = [field.alias or name for name, field in form.model_fields.items()]
    assert [name for name in names if f"| `{name}`" not in PAGE] == []


def test_every_filter_and_test_is_on_the_page() -> None:
    """With what it says."""
    assert [
        name
        for name, each in FILTERS.items()
        if f"| `{name}` | {' or '.join(each.kinds)} | {each.says} |" not in PAGE
    ] == []
    assert [name for name in TESTS if f"`is {name}`" not in PAGE] == []
