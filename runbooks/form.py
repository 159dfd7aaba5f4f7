"""The form of runbook files, as pydantic models: what a file may say. Expressions and texts come out read."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from checks.spec import Strict
from checks.validation import EXPRESSION_NAME, RUNBOOK_ID, mistake, shown
from runbooks import text as texts
from runbooks.cel.expression import LONGEST, Expression, ExpressionError
from runbooks.text import Text, TextError

MOST_NAMES = 50  # of one `let`
MOST_LISTED = 50  # of one list but `causes`
MOST_CEL = 200_000  # characters of all expressions of a folder
RESERVED = frozenset(
    (
        *(
            "as",
            "break",
            "const",
            "continue",
            "else",
            "false",
            "for",
            "function",
            "if",
            "import",
            "in",
            "let",
        ),
        *("loop", "namespace", "null", "package", "return", "true", "var", "void", "while"),
    )
)
"""Words of CEL's own, and the name that loops of texts have."""


@dataclass(slots=True)
class Allowance:
    """How many characters of CEL the files of a folder may still have: reading it is what takes time."""

    characters: int = MOST_CEL

    def spend(self, characters: int) -> None:
        """Takes characters away; raises the mistake where they run out, once."""
        left, self.characters = self.characters, self.characters - characters
        if left >= 0 > self.characters:
            raise mistake("more CEL than is read", f"at most {MOST_CEL:,} characters in all files")

    @property
    def spent(self) -> bool:
        """Whether nothing more is read, since the files are refused anyway."""
        return self.characters < 0


def _expression(value: Any, info: ValidationInfo) -> Expression:
    """`true` and `false` may be written without quotes."""
    written = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(written, str):
        raise mistake(shown(value), "a CEL expression, as text")
    if isinstance(info.context, Allowance):
        info.context.spend(len(written))
        written = "false" if info.context.spent else written
    try:
        return Expression.parse(written)
    except ExpressionError as error:
        where = f"column {error.column} of the expression: " if error.column > 1 else ""
        raise mistake(shown(written), f"a CEL expression ({where}{error})") from None


def _text(value: Any) -> Text:
    if not isinstance(value, str):
        raise mistake(shown(value), "text; in quotes if it looks like a number")
    try:
        return Text.parse(value)
    except TextError as error:
        raise mistake(str(error), "what docs/runbooks.md says of texts") from None


def _not_reserved(name: str) -> str:
    if name in RESERVED:
        raise mistake(shown(name), "a name that is no word of CEL")
    return name


Cel: TypeAlias = Annotated[
    Expression,
    PlainValidator(_expression),
    PlainSerializer(lambda value: value.text),
    WithJsonSchema({"type": ["string", "boolean"], "maxLength": LONGEST, "description": "A CEL expression."}),
]
Words: TypeAlias = Annotated[
    Text,
    PlainValidator(_text),
    PlainSerializer(lambda value: value.source),
    WithJsonSchema({"type": "string", "maxLength": texts.LONGEST, "description": "A text, in Jinja2."}),
]
Id: TypeAlias = Annotated[str, Field(pattern=RUNBOOK_ID)]
Name: TypeAlias = Annotated[str, Field(pattern=EXPRESSION_NAME), AfterValidator(_not_reserved)]
Let: TypeAlias = Annotated[dict[Name, Cel], Field(max_length=MOST_NAMES)]
EachOf: TypeAlias = Annotated[dict[Name, Cel], Field(min_length=1, max_length=1)]
Ids: TypeAlias = Annotated[tuple[Id, ...], Field(max_length=MOST_LISTED)]


class CauseForm(Strict):
    """One possible because."""

    id: Id = Field(description="Its name within the runbook; stays the same, since others refer to it.")
    title: Words = Field(description="Its short name: `Redis down`.")
    when: Cel = Field(description="Whether it is so.")
    because: Words = Field(description="What is said when it is so.")
    evidence: Annotated[tuple[Cel, ...], Field(max_length=MOST_LISTED)] = Field(
        default=(), description="What can be cited for it: each gives a record or a list of records."
    )
    each: EachOf | None = Field(
        default=None, description="The cause once for every member of a list, under this name."
    )
    let: Let = Field(default_factory=dict, description="Names for expressions, each may use those before it.")
    ruled_out: Words | None = Field(
        default=None, description="What is said in brackets when it is not the cause. Without it: not listed."
    )
    settle: Words | None = Field(default=None, description="How to find out, where it could not be told.")
    asks: Words | None = Field(default=None, description="The next question: `Why are they failing?`.")
    causes: tuple["CauseForm", ...] = Field(default=(), description="Answers to the next question.")
    link: Ids = Field(default=(), description="Runbooks whose causes answer the next question too.")
    remedies: Ids = Field(default=(), description="What would help, by ids of remedies.")
    root: bool = Field(
        default=False, description="A root cause, though deeper ones may say how it came to be."
    )
    contributing: bool = Field(default=False, description="Makes things worse; never the root cause.")


def _some(causes: tuple[CauseForm, ...]) -> tuple[CauseForm, ...]:
    """A least length of pydantic's own would be missed as well where each of the causes is wrong."""
    if not causes:
        raise mistake("none", "at least one cause")
    return causes


Causes: TypeAlias = Annotated[
    tuple[CauseForm, ...], AfterValidator(_some), Field(json_schema_extra={"minItems": 1})
]


class RunbookForm(Strict):
    """A runbook: a question, and a tree of causes that may answer it."""

    schema_: Literal["whybot/runbook/1"] = Field(alias="schema")
    runbook: Id = Field(
        description="Its name. One in your folder with the name of one of ours replaces ours."
    )
    title: Annotated[str, Field(max_length=80)] = Field(default="", description="What people call it.")
    asks: Words = Field(description="The first question.")
    rank: Annotated[int, Field(strict=True, ge=0, le=1000)] = Field(
        default=100, description="Orders runbooks whose chains are equally deep, the lowest first."
    )
    healthy: bool = Field(default=False, description="Its causes say that nothing is wrong.")
    secondary: bool = Field(default=False, description="Beside the point of an outage: never comes first.")
    each: EachOf | None = Field(default=None, description="All of it once for every member of a list.")
    let: Let = Field(default_factory=dict, description="Names for expressions, each may use those before it.")
    applies: Cel | None = Field(
        default=None, description="Whether its question is asked. Without it only by `link` or `--runbook`."
    )
    causes: Causes = Field(description="Answers to its question, in the order in which they are shown.")


class ExtensionForm(Strict):
    """Causes that are added to a runbook of another file."""

    schema_: Literal["whybot/runbook/1"] = Field(alias="schema")
    extends: Id = Field(description="The runbook that gets more causes.")
    into: Id | None = Field(
        default=None,
        description="The cause under which they come; without it they answer the first question.",
    )
    let: Let = Field(default_factory=dict, description="Names for expressions of these causes.")
    causes: Causes = Field(description="The causes to add.")


class RemedyForm(Strict):
    """What would help."""

    title: Words = Field(description="Its short name: `Roll back`.")
    text: Words = Field(description="What it will do.")
    when: Cel | None = Field(
        default=None, description="Whether it may be offered; a fix that would not help is not."
    )
    action: Id | None = Field(
        default=None, description="The remediation that its button leads to; without it people do it by hand."
    )
    undoable: bool = Field(default=False, description="Whether it can be undone; such are offered first.")
    reach: Annotated[int, Field(strict=True, ge=1, le=3)] = Field(
        default=1, description="1 one service, 2 the environment, 3 beyond; smaller ones are offered first."
    )
    reach_text: Annotated[str, Field(max_length=80)] = Field(default="", description="The reach in words.")
    lasting: bool = Field(
        default=False, description="Keeps it from coming back; offered after what helps now."
    )
    commands: Annotated[tuple[Words, ...], Field(max_length=MOST_LISTED)] = Field(
        default=(), description="Commands for people, one line each."
    )


class RemediesForm(Strict):
    """Remedies, by id."""

    schema_: Literal["whybot/remedies/1"] = Field(alias="schema")
    remedies: dict[Id, RemedyForm] = Field(description="One that you name as one of ours replaces ours.")
