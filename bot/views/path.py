"""A survey of network paths as a message: the worst path by steps, what would open it, what was ruled out."""

from collections.abc import Sequence

from bot.views import blocks as kit
from bot.views.message import Block, Blocks, Message
from checks.output import path as words
from checks.path.model import Path, Step, StepKey
from checks.result import Status
from checks.survey import Survey

MARKS = {Status.PASS: "🟢", Status.FAIL: "🔴", Status.UNKNOWN: "⚪"}
TASK = {Status.PASS: "complete", Status.FAIL: "error", Status.UNKNOWN: "pending"}
"""A plan's tasks know no "could not be told": pending is the mark that claims nothing, and words say it."""
LISTED = 12
LINE = 400
IMAGE_ALT = 2_000


def message(survey: Survey, person: str, picture: str | None = None, alt: str = "") -> Message:
    """The message of a survey. `picture` is the id of an uploaded file, `alt` what it shows."""
    title = f"{MARKS[survey.verdict]} {words.headline(survey)}"
    worst = survey.paths[0] if survey.paths else None
    first = [kit.section(f"*{kit.escape(title.replace('*', '∗'), kit.SECTION - 2)}*")]
    foot = [*_others(survey), _origin(survey, person)]
    drawn = [_image(picture, alt)] if picture else []
    if worst is None:
        return Message(_text(title, survey), [*first, *foot], [*first, *foot])
    conclusions = _conclusions(worst[1])
    return Message(
        _text(title, survey),
        [*first, _plan(*worst), *conclusions, *drawn, *foot],
        [*first, *_classic(*worst), *conclusions, *foot],
    )


def looking(environment: str, names: Sequence[str]) -> Message:
    """What the person who asked is told at once."""
    to = f" to {', '.join(names)}" if names else ""
    return _private(f"Looking at the network path{to} in {environment}. The answer comes into this channel.")


def reading(environment: str, names: Sequence[str], person: str, seconds: float) -> Message:
    """The message itself, while Google Cloud is slow."""
    to = f" to {', '.join(names)}" if names else ""
    line = kit.escape(f"{environment}: reading Google Cloud for the network path{to}", kit.SECTION - 2)
    asked = f"asked by {kit.user(person)}" if person else ""
    slow = f"it is slow: {seconds:.0f} s so far; the answer comes into this message"
    blocks = [kit.section(f"*{line}*"), kit.context(slow, asked)]
    return Message(f"{line} ({slow})", blocks, blocks)


def looking_without_store(environment: str) -> Message:
    """The same, where whybot's store does not answer."""
    return _private(
        f"Looking at the network path in {environment}. whybot's store does not answer, so the answer "
        "comes here, for you only."
    )


def no_project(environment: str) -> Message:
    """The environment names nothing to look at."""
    return _private(
        f"{environment} names no project and region, so there is no configuration to read. "
        "Add `project` and `region` to its file."
    )


def too_long(environment: str, seconds: float) -> Message:
    """Google Cloud did not answer in time."""
    return _private(
        f"The network path in {environment} could not be told: the configuration could not be read within "
        f"{seconds:.0f} s. Ask again in a moment, or run `whybot path {environment}` in a terminal."
    )


def _private(markup: str) -> Message:
    blocks = [kit.section(kit.escape(markup))]
    return Message(kit.escape(markup), blocks, blocks)


def _plan(key: str, path: Path) -> Block:
    """The steps that apply, each with its sentence; the broken one is marked and open. Steps that wait for an
    unknown one are told together.
    """
    waiting = words.followers(path)
    tasks = [
        {
            "task_id": step.key.value,
            "title": kit.shorten(_step_title(step), 200),
            "status": TASK[step.status],
            "details": _rich(_step_details(step)),
        }
        for step in path.steps
        if step.status in TASK and step not in waiting
    ]
    if waiting:
        tasks.append(
            {
                "task_id": "waiting",
                "title": kit.shorten(f"{words.unsaid(waiting)}: {words.either(path)}", 200),
                "status": TASK[Status.UNKNOWN],
            }
        )
    return {"type": "plan", "title": kit.shorten(kit.one_line(words.title(key, path)), 300), "tasks": tasks}


def _classic(key: str, path: Path) -> Blocks:
    """The same for a workspace without plans."""
    marks, waiting = words.MARKS, words.followers(path)
    lines = [
        f"{'↷' if step.detour else marks[step.status]} *{step.title}*  "
        f"{kit.escape(words.sentence(step), LINE)}"
        for step in path.steps
        if step.status in TASK and step not in waiting
    ]
    if waiting:
        lines.append(f"{marks[Status.UNKNOWN]} *{words.unsaid(waiting)}*  {words.either(path)}")
    title = f"*{kit.escape(words.title(key, path), 300)}*"
    return [
        kit.section(title),
        *(kit.section("\n".join(lines[at : at + 5])) for at in range(0, len(lines), 5)),
    ]


def _step_title(step: Step) -> str:
    told = {Status.FAIL: "broken here", Status.UNKNOWN: "could not be told"}.get(step.status, "")
    return ": ".join(filter(None, (step.title, "by a detour" if step.detour else told)))


def _step_details(step: Step) -> str:
    seen = f"{step.field}: {step.observed}" if step.field and step.observed else step.field
    wanted = f", expected {step.expected}" if step.expected else ""
    return "\n".join(filter(None, (words.sentence(step), seen + wanted)))


def _rich(text: str) -> Block:
    inline = {"type": "text", "text": kit.shorten(text, 1_000)}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [inline]}]}


def _conclusions(path: Path) -> Blocks:
    """What would have to change, what would settle the rest, and what was ruled out."""
    told = []
    if needed := words.needed(path):
        told.append(kit.section("*What would have to change*\n" + _lines(needed)))
    if wanted := words.wanted(path):
        told.append(kit.section("*What would settle the rest*\n" + _lines(wanted)))
    if out := [_seen(step) for step in words.ruled_out(path) if step.key is not StepKey.SERVING]:
        told.append(kit.context("Ruled out: " + kit.escape(" · ".join(out), 1_500)))
    return told


def _seen(step: Step) -> str:
    """`Connector (READY)`."""
    return f"{step.title} ({kit.shorten(kit.one_line(step.observed), 120)})" if step.observed else step.title


def _lines(sentences: Sequence[str], limit: int = LINE) -> str:
    kept = [kit.escape(kit.one_line(each), limit) for each in sentences]
    while len("\n".join(kept)) > kit.SECTION - 100:
        kept.pop()
    return "\n".join(kept)


def _image(file_id: str, alt: str) -> Block:
    return {
        "type": "image",
        "slack_file": {"id": file_id},
        "alt_text": kit.shorten(alt, IMAGE_ALT) or "a path",
    }


def _others(survey: Survey) -> Blocks:
    """The other paths, a line each."""
    lines = [f"{MARKS[path.verdict]} {words.title(key, path)}" for key, path in survey.paths[1 : LISTED + 1]]
    if (more := len(survey.paths) - 1 - LISTED) > 0:
        lines.append(f"… and {more} more: whybot path {survey.environment}")
    return [kit.section(_lines(lines, 300))] if lines else []


def _origin(survey: Survey, person: str) -> Block:
    asked = f"asked by {kit.user(person)}" if person else ""
    return kit.context("from the configuration, nothing was connected to", asked, kit.date(survey.read_at))


def _text(title: str, survey: Survey) -> str:
    """All of it in words, for notifications and screen readers."""
    lines = [kit.escape(title, 600)]
    for key, path in survey.paths[:LISTED]:
        lines.append(kit.escape(words.title(key, path), 300))
        if path.deciding is not None:
            lines.append(kit.escape(path.deciding.message, LINE))
            lines += [kit.escape(each, LINE) for each in (*words.needed(path), *words.wanted(path))[:3]]
    out = [step.title for step in words.ruled_out(survey.paths[0][1])] if survey.paths else []
    if out:
        lines.append(kit.escape(f"Ruled out: {', '.join(out)}", LINE))
    while len("\n".join(lines)) > kit.TEXT:
        lines.pop()
    return "\n".join(lines)
