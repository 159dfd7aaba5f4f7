"""Generated files are those that the code makes, and say what the code does."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings

from checks.document import read_document
from checks.environment import models
from checks.output.json import document
from checks.result import Sweep
from docs.generate import ROOT, check_schema, environment_schema, generated
from tests.checks.results import SWEEPS

CHECK = jsonschema.Draft202012Validator(
    check_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
ENVIRONMENT = jsonschema.Draft202012Validator(environment_schema())


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_committed_files_are_what_the_code_makes(path: Path) -> None:
    """`make schemas` would change nothing."""
    assert path.read_text(encoding="utf-8") == generated()[path]


@given(SWEEPS)
@settings(max_examples=40)
def test_every_document_fits_its_schema(sweep: Sweep) -> None:
    """Whatever was found, what is written is what was promised, field by field."""
    written = json.loads(json.dumps(document(sweep)))
    CHECK.validate(written)
    assert set(written) == set(check_schema()["required"])
    for check in written["checks"]:
        assert set(check) == set(check_schema()["$defs"]["CheckDocument"]["required"])


@pytest.mark.parametrize("path", sorted((ROOT / "environments").glob("*.yaml")), ids=lambda path: path.name)
def test_environments_fit_the_schema_for_editors(path: Path) -> None:
    """An editor has nothing to say about a file that whybot accepts."""
    assert [error.message for error in ENVIRONMENT.iter_errors(read_document(path).data)] == []


def test_schema_for_editors_demands_a_kind_and_knows_no_name() -> None:
    """A check has to say its kind, and cannot name itself."""
    for model in models().values():
        described = environment_schema()["$defs"][model.__name__]
        assert "kind" in described["required"]
        assert "name" not in described["properties"]
