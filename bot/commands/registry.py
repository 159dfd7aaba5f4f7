"""The slash commands as data, and what a person typed after one, understood.

Everything that names a command (listeners, help, the app manifest, the local Slack's completion) reads it
from here. Nothing here knows Bolt.
"""

import difflib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TRIAGE = "/triage"
NAME_LIMIT = 32
"""The longest slash command that Slack takes, its stroke counted."""
MOST = 50
"""As many commands as an app manifest may name."""

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'"})
_WORD = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^\s,]+))[\s,]*""")
_EVERYTHING = frozenset({"all", "everything", "*"})
_HELP = frozenset({"help", "?", "-h", "--help"})
_HEALTH, _WHY, _DRIFT, _PATH = "health", "why", "drift", "path"
_VERBS = (_HEALTH, _WHY, _DRIFT, _PATH)

Known = Mapping[str, Sequence[str]]
"""Environment names, each with the names of its checks in the order of its file."""


@dataclass(frozen=True, slots=True)
class Command:
    """One slash command. `environment` is None for those that name one in their text."""

    name: str
    description: str
    usage_hint: str
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """Check an environment. `names` are check names in the order of the file; none means all."""

    environment: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyRequest:
    """Say why an environment is as it is; `runbook` is the one whose question is asked, empty for all."""

    environment: str
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class DriftRequest:
    """Compare what is declared, what Terraform has and what is live in an environment."""

    environment: str


@dataclass(frozen=True, slots=True)
class PathRequest:
    """Explain the network paths to some dependencies, by the names of their checks; none means all."""

    environment: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """Say what can be typed; about one environment if it is known which."""

    environment: str | None = None


@dataclass(frozen=True, slots=True)
class UsageProblem:
    """What was typed means nothing here. `message` says why and names the nearest; `example` would work."""

    message: str
    example: str
    nearest: tuple[str, ...] = ()


Request = HealthRequest | WhyRequest | DriftRequest | PathRequest | HelpRequest | UsageProblem


def commands(environments: Sequence[str]) -> tuple[Command, ...]:
    """Every slash command: those of each environment in order of name, and `/triage` for all of them.

    An environment whose own command Slack would not take (too long, or one too many) is reached by
    `/triage` alone. Health comes first, then why, where there is no room for all.
    """
    names = sorted(environments)
    own = [*map(_health_of, names), *map(_why_of, names), *map(_drift_of, names)]
    return (*[command for command in own if len(command.name) <= NAME_LIMIT][: MOST - 1], _triage())


def _health_of(name: str) -> Command:
    return Command(f"/{name}-{_HEALTH}", f"Checks {name} and says what is broken", "[check …] | help", name)


def _why_of(name: str) -> Command:
    said = f"Says why {name} is broken, with evidence, and what would help"
    return Command(f"/{name}-{_WHY}", said, "[runbook] | help", name)


def _drift_of(name: str) -> Command:
    said = f"Compares {name} as declared, in Terraform and live"
    return Command(f"/{name}-{_DRIFT}", said, "[help]", name)


def _triage() -> Command:
    return Command(
        TRIAGE,
        "Checks an environment, says what is broken and why",
        "health [environment] [check …] | why [environment] [runbook] | drift [environment] | "
        "path [environment] [check …] | help",
    )


def parse(command: str, text: str, known: Known, runbooks: Sequence[str] = ()) -> Request:
    """Understands what a person typed after `command`. `runbooks` are the names of those that there are.

    Names may be quoted, in any case, and separated by spaces or commas; Slack's escapes and typographic
    quotes are undone. An unknown name gives the nearest ones.
    """
    typed = words(text)
    if command.casefold() == TRIAGE:
        return _parse_triage(typed, known, runbooks)
    environment = next(
        (each.environment for each in commands(list(known)) if each.name == command.casefold()), None
    )
    if environment is None:
        near = nearest(command, [each.name for each in commands(list(known))])
        return UsageProblem(_unknown(f'No command "{command}".', near), f"{TRIAGE} help", near)
    if typed and typed[0].casefold() in _HELP:
        return HelpRequest(environment)
    if command.casefold().endswith(f"-{_WHY}"):
        return _why(environment, typed, runbooks, f"/{environment}-{_WHY}")
    if command.casefold().endswith(f"-{_DRIFT}"):
        return _drift(environment, typed, f"/{environment}-{_DRIFT}")
    return _checks(environment, typed, known, f"/{environment}-{_HEALTH}")


def _parse_triage(typed: list[str], known: Known, runbooks: Sequence[str]) -> Request:
    if not typed or typed[0].casefold() in _HELP:
        return HelpRequest()
    verb, rest = typed[0].casefold(), typed[1:]
    if verb == _WHY:
        return _triage_why(rest, known, runbooks)
    if verb == _DRIFT:
        return _triage_drift(rest, known)
    if verb == _PATH:
        return _triage_path(rest, known)
    if verb != _HEALTH:
        near = nearest(verb, [*_VERBS, "help"])
        return UsageProblem(_unknown(f'{TRIAGE} knows no "{typed[0]}".', near), f"{TRIAGE} {_HEALTH}", near)
    if rest and rest[0].casefold() in _HELP:
        return HelpRequest()
    names = {name.casefold(): name for name in known}
    if rest and rest[0].casefold() in names:
        environment = names[rest[0].casefold()]
        return _checks(environment, rest[1:], known, f"{TRIAGE} {_HEALTH} {environment}")
    if len(known) == 1:
        only = next(iter(known))
        return _only_environment(only, rest, known)
    return _which_environment(rest, known)


def _triage_why(rest: list[str], known: Known, runbooks: Sequence[str]) -> Request:
    if rest and rest[0].casefold() in _HELP:
        return HelpRequest()
    names = {name.casefold(): name for name in known}
    if rest and rest[0].casefold() in names:
        environment, typed = names[rest[0].casefold()], rest[1:]
    elif len(known) == 1 and not (rest and nearest(rest[0], list(known)) and not nearest(rest[0], runbooks)):
        environment, typed = next(iter(known)), rest
    else:
        return _which_environment(rest, known, _WHY)
    return _why(environment, typed, runbooks, f"{TRIAGE} {_WHY} {environment}")


def _why(environment: str, typed: list[str], runbooks: Sequence[str], asked: str) -> Request:
    """Why, of a whole environment: all questions that it raises, or the one of a runbook."""
    if not typed or (len(typed) == 1 and typed[0].casefold() in _EVERYTHING):
        return WhyRequest(environment)
    by_name = {name.casefold(): name for name in runbooks}
    found = by_name.get(typed[0].casefold())
    if found is None:
        return _no_such_runbook(typed[0], runbooks, asked)
    if len(typed) > 1:
        return UsageProblem(f'One runbook at a time, without "{typed[1]}".', f"{asked} {found}")
    return WhyRequest(environment, found)


def _no_such_runbook(stranger: str, runbooks: Sequence[str], asked: str) -> UsageProblem:
    near = nearest(stranger, runbooks)
    said = f'No runbook "{stranger}".'
    message = _unknown(said, near) if near else f"{said} There are {', '.join(runbooks) or 'none'}."
    return UsageProblem(message, f"{asked} {near[0]}" if near else asked, near)


def _triage_drift(rest: list[str], known: Known) -> Request:
    if rest and rest[0].casefold() in _HELP:
        return HelpRequest()
    names = {name.casefold(): name for name in known}
    if rest and rest[0].casefold() in names:
        environment = names[rest[0].casefold()]
        return _drift(environment, rest[1:], f"{TRIAGE} {_DRIFT} {environment}")
    if not rest and len(known) == 1:
        return DriftRequest(next(iter(known)))
    return _which_environment(rest, known, _DRIFT)


def _drift(environment: str, typed: list[str], asked: str) -> Request:
    """Drift is told of a whole environment."""
    if typed:
        return UsageProblem(f'Drift takes no further words such as "{typed[0]}".', asked)
    return DriftRequest(environment)


def _triage_path(rest: list[str], known: Known) -> Request:
    """Paths to some checks; which of them are dependencies is in the environment's file."""
    if rest and rest[0].casefold() in _HELP:
        return HelpRequest()
    names = {name.casefold(): name for name in known}
    if rest and rest[0].casefold() in names:
        environment, wanted = names[rest[0].casefold()], rest[1:]
    elif len(known) == 1:
        environment, wanted = next(iter(known)), rest
    else:
        return _which_environment(rest, known, _PATH)
    asked = _checks(environment, wanted, known, f"{TRIAGE} {_PATH} {environment}")
    if isinstance(asked, HealthRequest):
        return PathRequest(environment, asked.names)
    if isinstance(asked, UsageProblem) and not asked.nearest and nearest(rest[0], [environment]):
        return _which_environment(rest, known, _PATH)
    return asked


def _only_environment(only: str, rest: list[str], known: Known) -> Request:
    """With one environment it need not be named; a first word that is nearly its name is taken for a slip."""
    request = _checks(only, rest, known, f"{TRIAGE} {_HEALTH} {only}")
    if isinstance(request, UsageProblem) and not request.nearest and nearest(rest[0], [only]):
        return _which_environment(rest, known)
    return request


def _which_environment(rest: list[str], known: Known, verb: str = _HEALTH) -> UsageProblem:
    listed = sorted(known)
    example = f"{TRIAGE} {verb} {listed[0] if listed else 'staging'}"
    if not rest:
        return UsageProblem(f"Which environment? {_there_is(listed)}", example, tuple(listed[:3]))
    near = nearest(rest[0], listed)
    said = f'No environment "{rest[0]}".'
    return UsageProblem(_unknown(said, near) if near else f"{said} {_there_is(listed)}", example, near)


def _checks(environment: str, typed: list[str], known: Known, asked: str) -> Request:
    """The named checks of an environment, once each and in the order of its file."""
    names = list(known[environment])
    by_name = {name.casefold(): name for name in names}
    everything = len(typed) == 1 and typed[0].casefold() in _EVERYTHING and typed[0].casefold() not in by_name
    if not typed or everything:
        return HealthRequest(environment)
    strangers = [word for word in typed if word.casefold() not in by_name]
    if strangers:
        return _no_such_check(strangers[0], environment, names, asked)
    chosen = {by_name[word.casefold()] for word in typed}
    return HealthRequest(environment, tuple(name for name in names if name in chosen))


def _no_such_check(stranger: str, environment: str, names: list[str], asked: str) -> UsageProblem:
    near = nearest(stranger, names)
    said = f'No check "{stranger}" in {environment}.'
    message = _unknown(said, near) if near else f"{said} Its checks: {', '.join(names)}."
    return UsageProblem(message, f"{asked} {(near or tuple(names) or ('help',))[0]}", near)


def _there_is(listed: list[str]) -> str:
    return (
        f"There is {', '.join(listed)}."
        if listed
        else "There is none: the folder of environment files is empty."
    )


def _unknown(said: str, near: Sequence[str]) -> str:
    return f"{said} Did you mean {' or '.join(near)}?" if near else said


def nearest(word: str, names: Sequence[str]) -> tuple[str, ...]:
    """Up to three names that look like the word, the likest first."""
    by_name = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), list(by_name), n=3, cutoff=0.6)
    return tuple(by_name[name] for name in close)


def words(text: str) -> list[str]:
    """The words of a command's text: split at spaces and commas, quoted ones whole, escapes undone."""
    plain = html.unescape(text).translate(_QUOTES)
    found = ("".join(match.groups(default="")) for match in _WORD.finditer(plain))
    return [word for word in (each.strip(" ,\"'`") for each in found) if word]
