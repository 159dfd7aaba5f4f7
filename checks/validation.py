"""Turns what pydantic says of a file into problems that a person can act on, with line and nearest name.

A value is never shown where it may be a secret: under a field that is named like one, in a field that
nobody knows (a misspelt `password`), or in the place of a reference.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from checks.document import Document, Place, Problem, dotted
from checks.secrets import SecretRef
from checks.spec import CheckSpec

SECRET_NAMES = re.compile(
    r"pass|secret|token|credential|api_?key|private|authori[sz]ation|cookie|header", re.IGNORECASE
)
USERINFO = re.compile(r"(?<=://)[^/@\s]*@")
LONGEST_SHOWN = 60
NOT_SHOWN = "a value (not shown: it may be a secret)"
Kinds = Mapping[str, type[BaseModel]]
REFERENCE = "a reference such as {env: NAME} or {file: PATH}"

# Patterns of our own fields, in words.
ENVIRONMENT_NAME = r"^[a-z][a-z0-9-]{0,30}$"
CHECK_NAME = r"^[a-z][a-z0-9_-]{0,40}$"
CHANNEL_ID = r"^[CG][A-Z0-9]+$"
RUNBOOK_ID = r"^[a-z][a-z0-9-]{0,60}$"
EXPRESSION_NAME = r"^[a-z][a-z0-9_]{0,40}$"
PATTERNS = {
    ENVIRONMENT_NAME: "lower-case letters, digits and -, at most 31, first a letter",
    CHECK_NAME: "lower-case letters, digits, - and _, at most 41, first a letter",
    RUNBOOK_ID: "lower-case letters, digits and -, at most 61, first a letter",
    EXPRESSION_NAME: "lower-case letters, digits and _, at most 41, first a letter",
    CHANNEL_ID: "a channel's id such as C0123456789 (Slack shows it in the channel's details)",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "the name of a variable",
}

# pydantic's error type → what is allowed; {…} is filled from the error's context.
ALLOWED = {
    "missing": "a value",
    "string_type": "text",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "ip_v4_network": "an IPv4 range such as 10.0.0.0/24",
    "ip_v6_network": "an IPv6 range such as 2001:db8::/32",
    "ip_any_network": "a range such as 10.0.0.0/24",
    "url_parsing": "a URL such as https://example.com/health",
    "url_scheme": "a URL that starts with {expected_schemes}",
}


MISTAKE = "mistake"


def mistake(found: str, allowed: str) -> PydanticCustomError:
    """What a validator raises that itself says what was found in the value and what is allowed."""
    return PydanticCustomError(MISTAKE, "{found}; allowed: {allowed}", {"found": found, "allowed": allowed})


def problems_of(
    error: ValidationError, document: Document, model: type[BaseModel], kinds: Kinds
) -> list[Problem]:
    """Every problem of a validation, one for each field, in the order of the file.

    `kinds` are the models that an entry under `checks` may have, by the `kind` that it names.
    """
    found: dict[Place, tuple[str, list[str]]] = {}
    for details in error.errors(include_url=False):
        place = place_in(document.data, details)
        if details["type"].startswith("union_tag_"):
            place = (*place, "kind")
        found_there = _found(place, details)
        if place not in document.lines and not found_there.startswith("nothing"):
            found_there = f"{found_there} (the default)"
        _, allowed = found.setdefault(place, (found_there, []))
        words = _allowed(place, details, document, model, kinds)
        if words not in allowed:
            allowed.append(words)
    return [
        Problem(document.file, document.line(place), dotted(place), shown, " or ".join(allowed))
        for place, (shown, allowed) in found.items()
    ]


def place_in(data: Any, details: ErrorDetails) -> Place:
    """An error's place in the file. pydantic's own has the tags of unions in it, which no file has."""
    place: Place = ()
    location = details["loc"]
    for position, part in enumerate(location):
        in_mapping = isinstance(data, dict) and part in data and not _is_tag(place, part, data)
        if in_mapping or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            place, data = (*place, part), data[part]
        elif position == len(location) - 1 and isinstance(data, dict) and _is_absent_field(details):
            place = (*place, part)
    return place


def _is_tag(place: Place, part: str | int, data: dict[str, Any]) -> bool:
    return len(place) == 2 and place[0] == "checks" and data.get("kind") == part


def _is_absent_field(details: ErrorDetails) -> bool:
    """Missing, or left out and wrong by its default."""
    return details["type"] in ("missing", "value_error") and details["loc"][-1] != "[key]"


def _found(place: Place, details: ErrorDetails) -> str:
    kind = details["type"]
    if kind == MISTAKE:
        return str(details["ctx"]["found"])
    if kind == "extra_forbidden":
        return "an unknown field"
    if kind in ("missing", "union_tag_not_found"):
        return "nothing"
    value = details["input"]
    if kind == "union_tag_invalid":
        return shown(value.get("kind") if isinstance(value, dict) else value)
    if details["loc"] and details["loc"][-1] == "[key]":
        return "this name"
    if _may_be_secret(place) or details.get("ctx", {}).get("class_name") == SecretRef.__name__:
        return NOT_SHOWN
    return shown(value)


def _may_be_secret(place: Place) -> bool:
    names = place[2:] if place[:1] in (("checks",), ("services",), ("remedies",)) else place
    return any(SECRET_NAMES.search(str(name)) for name in names)


def shown(value: Any) -> str:
    """A value as a problem shows it: short, without a URL's user and password."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, str):
        text = USERINFO.sub("•••@", value)
        return f'"{text[:LONGEST_SHOWN]}…"' if len(text) > LONGEST_SHOWN else f'"{text}"'
    return f"{value:g}" if isinstance(value, float) else str(value)


def _allowed(
    place: Place, details: ErrorDetails, document: Document, model: type[BaseModel], kinds: Kinds
) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == MISTAKE:
        return str(context["allowed"])
    if kind == "extra_forbidden":
        fields = fields_at(model, place[:-1], document.data, kinds)
        return f"{', '.join(fields)}{did_you_mean(str(place[-1]), fields)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f"{', '.join(kinds)}{did_you_mean(str(context.get('tag', '')), list(kinds))}"
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        hint = did_you_mean(str(details["input"]), options) if len(options) > 1 else ""
        return f"{' or '.join(options) or context.get('expected', '')}{hint}"
    if kind in ("value_error", "assertion_error"):
        return _rule(str(context.get("error", details["msg"])))
    if context.get("class_name") == SecretRef.__name__:
        return REFERENCE
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(str(context.get("pattern")), "text like {pattern}").format(**context)
    words = ALLOWED.get(kind)
    return words.format(**context) if words else details["msg"].removeprefix("Input should be ")


def _rule(words: str) -> str:
    """A rule from a sentence: `is no duration; write for example 3s` → `a duration, for example 3s`."""
    no_such = re.search(r"is no (.+); write (for example .+)", words)
    if no_such is None:
        return words
    what, example = no_such.groups()
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}, {example}"


def did_you_mean(name: str, known: list[str]) -> str:
    """`. Did you mean timeout?` where a known name is near, nothing otherwise."""
    near = nearest(name, known)
    return f". Did you mean {near[0]}?" if near else ""


def nearest(name: str, known: list[str], count: int = 3) -> list[str]:
    """Known names that are spelt like this one, best first."""
    lowered = {candidate.lower(): candidate for candidate in known}
    return [lowered[match] for match in get_close_matches(name.lower(), lowered, n=count, cutoff=0.6)]


def fields_at(model: type[BaseModel], place: Place, data: Any, kinds: Kinds) -> list[str]:
    """The names of the fields that are allowed at a place, as files spell them."""
    annotation: Any = model
    if len(place) >= 2 and place[0] == "checks":
        annotation, place = kinds.get(data["checks"][place[1]].get("kind")), place[2:]
    for part in place:
        annotation = _step(annotation, part)
    return _names(annotation)


def _step(annotation: Any, part: str | int) -> Any:
    """The annotation one part further down: a field's, a mapping's values or a list's items."""
    if _is_model(annotation):
        return next(
            (f.annotation for n, f in annotation.model_fields.items() if part == (f.alias or n)), None
        )
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[1]
    if isinstance(origin, type) and issubclass(origin, Collection):
        return arguments[0]
    return next((found for each in arguments if (found := _step(each, part)) is not None), None)


def _names(annotation: Any) -> list[str]:
    if _is_model(annotation):
        hidden = {"name"} if issubclass(annotation, CheckSpec) else set()  # a check's name is its key
        return [f.alias or n for n, f in annotation.model_fields.items() if n not in hidden]
    return [name for each in get_args(annotation) for name in _names(each)]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
