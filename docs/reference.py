"""The page of all checks, written from the code: kinds with their fields, and reasons with their words."""

import inspect
from collections.abc import Sequence
from typing import Any

from checks.durations import spoken
from checks.environment import models
from checks.reasons import WORDS, Reason
from checks.spec import CheckSpec

Schema = dict[str, Any]

HEAD = """\
# Checks and reasons

Written by `make schemas` from `checks/kinds/` and `checks/reasons.py`; a test keeps it equal. An environment
file names checks under `checks:`; [environment-file.md](environment-file.md) has the rest of the file.

A check answers with a **status** and a **reason**. Statuses are `pass`, `degraded` (over budget, or well but
about to break), `fail`, `unknown` (it could not be told, which is never a pass) and `skipped`. The **budget**
is the time that an answer may take; the **timeout** is when whybot stops waiting.

## Fields of every check

"""
TABLE = "| field | type | default | |\n|---|---|---|---|\n"
COMMON = ("kind", "title", "layer", "budget", "timeout")
HIDDEN = ("name",)
SAID = {
    "kind": "which of the kinds below",
    "layer": "`dependency` (named first when several fail), `service` or `edge`",
}


def checks_page() -> str:
    """The text of docs/checks.md."""
    fields = CheckSpec.model_json_schema()["properties"]
    common = _rows({name: fields[name] for name in COMMON}, ["kind"], {})
    kinds = "".join(_kind(kind, model) for kind, model in sorted(models().items()))
    return f"{HEAD}{TABLE}{common}\n# Kinds\n{kinds}\n{_reasons()}"


def _kind(kind: str, model: type[CheckSpec]) -> str:
    """Section of one kind: its own fields, and those of every check whose default is another one here."""
    told = inspect.cleandoc(model.__doc__ or "")
    schema = model.model_json_schema(by_alias=True)
    common = CheckSpec.model_json_schema()["properties"]
    own = {
        name: field
        for name, field in schema["properties"].items()
        if name not in COMMON + HIDDEN
        or (name in COMMON[2:] and field.get("default") != common[name].get("default"))
    }
    rows = _rows(own, schema.get("required", []), schema.get("$defs", {}))
    return f"\n## `{kind}`: {model.title_default}\n\n{told}\n\n{TABLE}{rows}"


def _rows(fields: Schema, required: Sequence[str], models: Schema, prefix: str = "") -> str:
    """A row for each field, and below it those of a field that is an object of its own (`pool.size`)."""
    rows = ""
    for name, field in fields.items():
        shown = "required" if name in required else _default(field)
        said = SAID.get(name) or field.get("description", "").replace("|", "\\|")
        rows += f"| `{prefix}{name}` | {_type(field, models)} | {shown} | {said} |\n"
        inner = next((each for each in _choices(field) if _own_object(each, models)), None)
        if inner:
            object_ = _named(inner, models)
            rows += _rows(object_["properties"], object_.get("required", []), models, f"{prefix}{name}.")
    return rows


def _choices(field: Schema) -> list[Schema]:
    """What a field may be, without null."""
    return [each for each in field.get("anyOf", [field]) if each.get("type") != "null"]


def _named(field: Schema, models: Schema) -> Schema:
    found: Schema = models.get(field.get("$ref", "").rpartition("/")[2], field)
    return found


def _own_object(field: Schema, models: Schema) -> bool:
    return field.get("$ref", "").rpartition("/")[2] not in ("", "SecretRef") and "properties" in _named(
        field, models
    )


def _type(field: Schema, models: Schema) -> str:
    return " or ".join(dict.fromkeys(_one_type(each, models) for each in _choices(field)))


def _one_type(field: Schema, models: Schema) -> str:
    kind = field.get("type")
    if "$ref" in field:
        return "secret" if field["$ref"].endswith("/SecretRef") else "object"
    if kind == ["string", "number"]:
        return "duration"
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if kind == "array":
        return f"list of {_type(field.get('items', {}), models)}"
    if kind == "object":
        return f"map of {_type(field.get('additionalProperties', {}), models)}"
    return TYPES.get(str(kind), "anything")


TYPES = {"string": "text", "integer": "number", "number": "number", "boolean": "yes or no"}


def _default(field: Schema) -> str:
    default = field.get("default")
    if default is None or isinstance(default, dict | list):
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, float):
        return f"`{spoken(default).replace(' ', '').replace('min', 'm')}`"
    return f"`{default}`"


def _reasons() -> str:
    """Every reason in the order of the enum, with what it means and what to try."""
    rows = ""
    for reason in Reason:
        said = WORDS[reason]
        rows += f"| `{reason.value}` | {said.brief} | {said.explained} | {said.try_next} |\n"
    return "# Reasons\n\n| code | brief | what it means | what to try |\n|---|---|---|---|\n" + rows
