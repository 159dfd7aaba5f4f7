import re
from pathlib import Path

import pytest

from checks.environment import Environment
from sandbox.scenario import SCENARIOS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("0*.md"))


def words(path: str) -> str:
    return (ROOT / path).read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is to a file that is there."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_field_of_the_environment_file_is_on_its_page() -> None:
    """Each field is named as it is written: `network.connector.name`, `services.NAME.url`."""
    page = words("docs/environment-file.md")
    models = Environment.model_json_schema()["$defs"]
    for name, field in Environment.model_json_schema()["properties"].items():
        assert f"`{name}" in page, name
        used = re.findall(r"#/\$defs/(\w+)", str(field)) if name != "checks" else []
        for model in used:
            for inner in models[model].get("properties", {}):
                assert re.search(rf"`[^`]*\b{inner}\b[^`]*`", page), f"{name}.{inner}"


def test_every_scenario_is_on_the_sandbox_page() -> None:
    """A scenario that is not named there is not found by anyone who reads."""
    page = words("docs/sandbox.md")
    assert [name for name in SCENARIOS if f"`{name}`" not in page] == []


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_decisions_say_what_why_and_what_else(record: Path) -> None:
    """A record is short, numbered as its file, listed, and says what, why, and what else there was."""
    text = record.read_text()
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert all(f"**{part}.**" in text for part in ("Decided", "Why", "Else"))
    assert len(text.splitlines()) <= 40
    assert record.name in words("docs/decisions/README.md")
