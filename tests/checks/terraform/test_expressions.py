"""Expressions of Terraform's language."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.terraform.errors import TerraformUnreadable
from checks.terraform.evaluate import CannotTell, split_template
from checks.terraform.model import Sensitive, Unevaluated
from tests.checks.terraform.place import value_of

BEFORE = """
variable "unknown" {}
variable "env" {
  default = "staging"
}
variable "o" {
  default = { a = 1, "b" = "two", (var.env) = true }
}
locals {
  list = ["a", "b", "c"]
}
resource "google_compute_network" "other" {
  name = "other-vpc"
  tags = ["x", "y"]
}
data "google_project" "this" {}
"""

KNOWN: list[tuple[str, Any]] = [
    ('"plain"', "plain"),
    ('"${var.env}-vpc"', "staging-vpc"),
    ('"a $${not} %%{this}"', "a ${not} %{this}"),
    (r'"tab\tquote\" \u00e9"', 'tab\tquote" é'),
    ('"${1 + 1}"', 2),
    ('"n${2}${true}"', "n2true"),
    ("null", None),
    ("-1.5", -1.5),
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("7 % 4", 3),
    ("8 / 2", 4),
    ("1 < 2 && !(2 <= 1)", True),
    ("false && var.unknown", False),
    ("true || var.unknown", True),
    ('var.env == "staging" ? "yes" : "no"', "yes"),
    ('1 == "1"', False),
    ("var.o", {"a": 1, "b": "two", "staging": True}),
    ("var.o.b", "two"),
    ('var.o["a"]', 1),
    ("local.list[1]", "b"),
    ("local.list.0", "a"),
    ("local.list[*]", ["a", "b", "c"]),
    ("[for x in local.list : upper(x) if x != \"b\"]", ["A", "C"]),
    ("[for i, x in local.list : \"${i}${x}\"]", ["0a", "1b", "2c"]),
    ("{ for k, v in var.o : upper(k) => v }", {"A": 1, "B": "two", "STAGING": True}),
    ("google_compute_network.other.name", "other-vpc"),
    ("google_compute_network.other.tags[0]", "x"),
    ("[google_compute_network.other][*].name", ["other-vpc"]),
    ("terraform.workspace", "default"),
    ("path.module", "infra"),
    ("<<EOT\nline ${var.env}\n  two\nEOT\n", "line staging\n  two\n"),
    ("<<-EOT\n    a\n      b\n    EOT\n", "a\n  b\n"),
    ('join("-", ["a", var.env])', "a-staging"),
    ('split(",", "a,b")', ["a", "b"]),
    ('format("%s-%02d", var.env, 7)', "staging-07"),
    ('lower("ABC")', "abc"),
    ('replace("a-b", "-", "_")', "a_b"),
    ('trimprefix("gs://x", "gs://")', "x"),
    ('concat(["a"], local.list)', ["a", "a", "b", "c"]),
    ("merge(var.o, { a = 2 })", {"a": 2, "b": "two", "staging": True}),
    ('lookup(var.o, "zzz", "default")', "default"),
    ("length(local.list)", 3),
    ("keys(var.o)", ["a", "b", "staging"]),
    ('contains(local.list, "c")', True),
    ('toset(["b", "a", "b"])', ["a", "b"]),
    ("flatten([[1, [2]], []])", [1, 2]),
    ('cidrsubnet("10.0.0.0/16", 8, 2)', "10.0.2.0/24"),
    ('cidrhost("10.20.0.0/24", 5)', "10.20.0.5"),
    ('coalesce("", "b")', "b"),
    ('try(var.o.a, "fallback")', 1),
    ("max(1, 5, 3)", 5),
    ('substr("staging", 0, 3)', "sta"),
    ("element(local.list, 4)", "b"),
    ("concat(local.list...)", Unevaluated),
    ("max([1, 9]...)", 9),
    ("sensitive(1)", Sensitive),
]  # fmt: skip

UNKNOWN = [
    ("var.unknown", "variable unknown has no value here"),
    ('"${var.unknown}-vpc"', "variable unknown has no value here"),
    ("var.nowhere", "there is no variable nowhere"),
    ("local.nowhere", "there is no local nowhere"),
    ("google_compute_network.gone.id", "google_compute_network.gone"),
    ("google_compute_network.other.gateway_ipv4", "only after it has applied"),
    ("data.google_project.this.number", "only after it has applied"),
    ("nonsense.x", "nothing is called nonsense here"),
    ('file("key.json")', "whybot does not evaluate file()"),
    ("timestamp()", "whybot does not evaluate timestamp()"),
    ("provider::google::x(1)", "whybot does not evaluate provider()"),
    ("var.o.zzz", "it has no zzz"),
    ("local.list[7]", "it has no 7"),
    ('"%{ if true }a%{ endif }"', "directives"),
    ("1 / 0", "the operation needs numbers"),
    ('1 + "x"', "the operation needs numbers"),
    ("!7", "is neither true nor false"),
    ("var.unknown ? 1 : 2", "variable unknown has no value here"),
    ("[for x in 7 : x]", "neither a list nor a map"),
    ("google_compute_network.other", "whole object"),
    ("module.gone.x", "there is no module gone"),
    ("1" * 50, "too long"),
]


@pytest.mark.parametrize(("expression", "value"), KNOWN, ids=[each for each, _ in KNOWN])
def test_known_expression_is_evaluated(tmp_path: Path, expression: str, value: Any) -> None:
    """What files tell is told as Terraform would."""
    found = value_of(tmp_path, expression, BEFORE)
    if isinstance(value, type):
        assert isinstance(found, value)
    else:
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(("expression", "why"), UNKNOWN, ids=[each for each, _ in UNKNOWN])
def test_what_cannot_be_told_says_why(tmp_path: Path, expression: str, why: str) -> None:
    """An expression that needs Terraform itself is kept as it is written, with the reason."""
    found = value_of(tmp_path, expression, BEFORE)
    assert isinstance(found, Unevaluated)
    assert why in found.why
    assert found.expression == expression


def test_part_of_a_list_or_object_may_be_unknown(tmp_path: Path) -> None:
    """The rest of it is known all the same."""
    found = value_of(tmp_path, '{ a = var.unknown, b = ["x", file("y")] }', BEFORE)
    assert found["b"][0] == "x"
    assert found["b"][1] == Unevaluated('file("y")', "whybot does not evaluate file()")
    assert found["a"].expression == "var.unknown"


def test_long_expression_is_told_short(tmp_path: Path) -> None:
    """A page of HCL is not put into a message."""
    found = value_of(tmp_path, "[file(\n" + '"' + "x" * 5000 + '")][0]', BEFORE)
    assert isinstance(found, Unevaluated)
    assert len(found.expression) <= 201


PIECES = st.sampled_from(
    [
        *["var.o", "var.unknown", "local.list", ".b", "[0]", "[*]", "1", '"x"', '"${var.env}"', "each.key"],
        *["(", ")", "[", "]", "{", "}", " + ", " ? ", " : ", " == ", "!", "-", ",", "...", ".", "=>"],
        *["for x in ", "join(", "merge(", "try(", "null", "true", "<<E\n", "\nE\n", "%{", "${"],
        *["\n", "# c\n", "/*", "\\", '"', "'", "\x00"],
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_a_value_or_a_sentence(expression: str) -> None:
    """Whatever stands in a file, it is evaluated, unevaluated, or told as unreadable."""
    with tempfile.TemporaryDirectory() as folder:
        message = ""
        try:
            value_of(Path(folder), expression, BEFORE)
        except TerraformUnreadable as error:
            message = str(error)
        assert not message or message.startswith("infra/main.tf:")


@given(st.text(alphabet='ab"{}$%\\ \n', max_size=40))
def test_template_is_split_without_losing_letters(text: str) -> None:
    """Literal parts and expressions make up the text again, but for markers."""
    try:
        parts = list(split_template(text))
    except CannotTell:
        return
    rebuilt = "".join(part if literal else "${" + part + "}" for part, literal in parts)
    assert rebuilt == text.replace("$${", "${").replace("%%{", "%{")
