"""Writes what is generated from the code: `make schemas`. A test holds the files equal to this."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bot import manifest
from checks.environment import Environment, load_environments, models
from checks.output.doctor import DoctorDocument
from checks.output.drift import DriftDocument
from checks.output.json import SweepDocument
from checks.output.path import SurveyDocument
from docs.evidence_reference import evidence_page
from docs.reference import checks_page
from runbooks.bundle import BundleDocument
from runbooks.form import ExtensionForm, RemediesForm, RunbookForm
from runbooks.output.books import RunbooksDocument
from runbooks.output.lint import LintDocument
from runbooks.output.replay import ReplayDocument
from runbooks.output.why import WhyDocument
from runbooks.report.document import ReportDocument

ROOT = Path(__file__).parents[1]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def environment_schema() -> dict[str, Any]:
    """The schema of environment files, for editors."""
    schema = Environment.model_json_schema(by_alias=True)
    for model in models().values():
        # pydantic takes a field with one possible value for optional; a file has to say its kind.
        check = schema["$defs"][model.__name__]
        check["required"] = ["kind", *check.get("required", [])]
    return _titled(schema, "whybot environment file")


def check_schema() -> dict[str, Any]:
    """The schema of what `whybot check --format json` writes."""
    return _titled(TypeAdapter(SweepDocument).json_schema(), "whybot check")


def doctor_schema() -> dict[str, Any]:
    """The schema of what `whybot doctor --format json` writes."""
    return _titled(TypeAdapter(DoctorDocument).json_schema(), "whybot doctor")


def drift_schema() -> dict[str, Any]:
    """The schema of what `whybot drift --format json` writes."""
    return _titled(TypeAdapter(DriftDocument).json_schema(), "whybot drift")


def path_schema() -> dict[str, Any]:
    """The schema of what `whybot path --format json` writes."""
    return _titled(TypeAdapter(SurveyDocument).json_schema(), "whybot path")


def why_schema() -> dict[str, Any]:
    """The schema of what `whybot why --format json` writes."""
    return _titled(TypeAdapter(WhyDocument).json_schema(), "whybot why")


def bundle_schema() -> dict[str, Any]:
    """The schema of what `whybot why --save-bundle` writes."""
    return _titled(TypeAdapter(BundleDocument).json_schema(), "whybot evidence bundle")


def runbook_schema() -> dict[str, Any]:
    """The schema of runbook files, for editors: a whole runbook, or causes that are added to one."""
    forms: TypeAdapter[Any] = TypeAdapter(RunbookForm | ExtensionForm)
    return _titled(forms.json_schema(by_alias=True), "whybot runbook")


def remedies_schema() -> dict[str, Any]:
    """The schema of files with remedies, for editors."""
    return _titled(RemediesForm.model_json_schema(by_alias=True), "whybot remedies")


def replay_schema() -> dict[str, Any]:
    """The schema of what `whybot replay --format json` writes."""
    return _titled(TypeAdapter(ReplayDocument).json_schema(), "whybot replay")


def report_schema() -> dict[str, Any]:
    """The schema of what `whybot report --format json` writes."""
    return _titled(TypeAdapter(ReportDocument).json_schema(), "whybot report")


def lint_schema() -> dict[str, Any]:
    """The schema of what `whybot runbooks lint --format json` writes."""
    return _titled(TypeAdapter(LintDocument).json_schema(), "whybot runbooks lint")


def runbooks_schema() -> dict[str, Any]:
    """The schema of what `whybot runbooks list` and `show` write with `--format json`."""
    return _titled(TypeAdapter(RunbooksDocument).json_schema(), "whybot runbooks")


def app_manifest() -> str:
    """The Slack app manifest for the environments of this folder."""
    return manifest.to_yaml(manifest.build(list(load_environments(ROOT / "environments"))))


def generated() -> dict[Path, str]:
    """Every generated file and its content."""
    return {
        ROOT / "docs/schemas/environment-1.json": _text(environment_schema()),
        ROOT / "docs/schemas/check-1.json": _text(check_schema()),
        ROOT / "docs/schemas/doctor-1.json": _text(doctor_schema()),
        ROOT / "docs/schemas/drift-1.json": _text(drift_schema()),
        ROOT / "docs/schemas/path-1.json": _text(path_schema()),
        ROOT / "docs/schemas/why-1.json": _text(why_schema()),
        ROOT / "docs/schemas/replay-1.json": _text(replay_schema()),
        ROOT / "docs/schemas/report-1.json": _text(report_schema()),
        ROOT / "docs/schemas/bundle-1.json": _text(bundle_schema()),
        ROOT / "docs/schemas/runbook-1.json": _text(runbook_schema()),
        ROOT / "docs/schemas/remedies-1.json": _text(remedies_schema()),
        ROOT / "docs/schemas/lint-1.json": _text(lint_schema()),
        ROOT / "docs/schemas/runbooks-1.json": _text(runbooks_schema()),
        ROOT / "docs/checks.md": checks_page(),
        ROOT / "docs/evidence.md": evidence_page(),
        ROOT / "app-manifest.yaml": app_manifest(),
    }


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **schema, "title": title}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content, encoding="utf-8")
