from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.registry import (
    MOST,
    NAME_LIMIT,
    DriftRequest,
    HealthRequest,
    HelpRequest,
    PathRequest,
    UsageProblem,
    WhyRequest,
    commands,
    parse,
    words,
)

ONE = {"staging": ("redis", "postgres", "ClickHouse", "backend")}
TWO = {**ONE, "production": ("redis", "cdn")}
ALL = HealthRequest("staging")


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", ALL),
        ("   ", ALL),
        ("all", ALL),
        ("redis", HealthRequest("staging", ("redis",))),
        ("REDIS", HealthRequest("staging", ("redis",))),
        ("clickhouse", HealthRequest("staging", ("ClickHouse",))),
        ("postgres redis", HealthRequest("staging", ("redis", "postgres"))),
        ("redis,postgres , redis", HealthRequest("staging", ("redis", "postgres"))),
        ('"redis" “postgres”', HealthRequest("staging", ("redis", "postgres"))),
        ("'redis", HealthRequest("staging", ("redis",))),
        ("help", HelpRequest("staging")),
        ("HELP me", HelpRequest("staging")),
    ],
)
def test_own_command_is_understood(text: str, request_: Any) -> None:
    """Names in any case, order, quotes and separators; each once and in the order of the file."""
    assert parse("/staging-health", text, ONE) == request_


@pytest.mark.parametrize(
    ("text", "known", "request_"),
    [
        ("", TWO, HelpRequest()),
        ("help", TWO, HelpRequest()),
        ("health help", TWO, HelpRequest()),
        ("health staging", TWO, ALL),
        ("health Staging redis", TWO, HealthRequest("staging", ("redis",))),
        ("health production cdn", TWO, HealthRequest("production", ("cdn",))),
        ("health", ONE, ALL),
        ("health redis", ONE, HealthRequest("staging", ("redis",))),
        ("health staging redis", ONE, HealthRequest("staging", ("redis",))),
    ],
)
def test_triage_is_understood(text: str, known: Any, request_: Any) -> None:
    """`/triage health` names an environment, and need not where there is only one."""
    assert parse("/triage", text, known) == request_


@pytest.mark.parametrize(
    ("command", "text", "known", "message", "example"),
    [
        (
            "/staging-health",
            "reddis",
            ONE,
            'No check "reddis" in staging. Did you mean redis?',
            "/staging-health redis",
        ),
        (
            "/staging-health",
            "redis zzz",
            ONE,
            'No check "zzz" in staging. Its checks: redis, postgres, ClickHouse, backend.',
            "/staging-health redis",
        ),
        ("/triage", "heath", TWO, '/triage knows no "heath". Did you mean health or path?', "/triage health"),
        (
            "/triage",
            "health",
            TWO,
            "Which environment? There is production, staging.",
            "/triage health production",
        ),
        (
            "/triage",
            "health stagign",
            TWO,
            'No environment "stagign". Did you mean staging?',
            "/triage health production",
        ),
        (
            "/triage",
            "health stagign",
            ONE,
            'No environment "stagign". Did you mean staging?',
            "/triage health staging",
        ),
        (
            "/triage",
            "health reddis",
            ONE,
            'No check "reddis" in staging. Did you mean redis?',
            "/triage health staging redis",
        ),
        (
            "/stagin-health",
            "",
            ONE,
            'No command "/stagin-health". Did you mean /staging-health or /staging-why or /staging-drift?',
            "/triage help",
        ),
    ],
)
def test_what_means_nothing_names_the_nearest(
    command: str, text: str, known: Any, message: str, example: str
) -> None:
    """A slip is answered with what was probably meant and with a line that works."""
    problem = parse(command, text, known)
    assert isinstance(problem, UsageProblem)
    assert (problem.message, problem.example) == (message, example)


def test_one_command_per_environment_and_triage() -> None:
    """Health of each in order of name, then why, then drift, with `/triage` last."""
    assert [each.name for each in commands(["staging", "production"])] == [
        "/production-health",
        "/staging-health",
        "/production-why",
        "/staging-why",
        "/production-drift",
        "/staging-drift",
        "/triage",
    ]


@pytest.mark.parametrize(
    ("command", "text", "known", "request_"),
    [
        ("/staging-drift", "", TWO, DriftRequest("staging")),
        ("/Staging-Drift", " ", TWO, DriftRequest("staging")),
        ("/staging-drift", "help", TWO, HelpRequest("staging")),
        ("/triage", "drift staging", TWO, DriftRequest("staging")),
        ("/triage", "DRIFT Production", TWO, DriftRequest("production")),
        ("/triage", "drift", ONE, DriftRequest("staging")),
        ("/triage", "drift help", TWO, HelpRequest()),
    ],
)
def test_drift_is_understood(command: str, text: str, known: Any, request_: Any) -> None:
    """Drift is of a whole environment, which need not be named where there is only one."""
    assert parse(command, text, known) == request_


@pytest.mark.parametrize(
    ("command", "text", "known", "message", "example"),
    [
        ("/staging-drift", "redis", ONE, 'Drift takes no further words such as "redis".', "/staging-drift"),
        ("/triage", "drift stagign", TWO, 'No environment "stagign". Did you mean staging?', None),
        ("/triage", "drift", TWO, "Which environment? There is production, staging.", None),
        ("/triage", "drft", TWO, '/triage knows no "drft". Did you mean drift?', None),
    ],
)
def test_what_is_no_question_about_drift_says_what_would_be(
    command: str, text: str, known: Any, message: str, example: str | None
) -> None:
    """A slip is answered with the nearest name, as with health."""
    problem = parse(command, text, known)
    assert isinstance(problem, UsageProblem)
    assert problem.message == message
    assert example is None or problem.example == example


RUNBOOKS = ("http-503", "network-path", "redis")


@pytest.mark.parametrize(
    ("command", "text", "known", "request_"),
    [
        ("/staging-why", "", TWO, WhyRequest("staging")),
        ("/Staging-Why", " all ", TWO, WhyRequest("staging")),
        ("/staging-why", "http-503", TWO, WhyRequest("staging", "http-503")),
        ("/staging-why", "HTTP-503", TWO, WhyRequest("staging", "http-503")),
        ("/staging-why", "help", TWO, HelpRequest("staging")),
        ("/triage", "why staging", TWO, WhyRequest("staging")),
        ("/triage", "WHY Production redis", TWO, WhyRequest("production", "redis")),
        ("/triage", "why", ONE, WhyRequest("staging")),
        ("/triage", "why redis", ONE, WhyRequest("staging", "redis")),
        ("/triage", "why help", TWO, HelpRequest()),
    ],
)
def test_why_is_understood(command: str, text: str, known: Any, request_: Any) -> None:
    """Why is asked of a whole environment, of all that is wrong or with one runbook."""
    assert parse(command, text, known, RUNBOOKS) == request_


@pytest.mark.parametrize(
    ("command", "text", "known", "message", "example"),
    [
        (
            "/staging-why",
            "http-50",
            ONE,
            'No runbook "http-50". Did you mean http-503?',
            "/staging-why http-503",
        ),
        (
            "/staging-why",
            "zzz",
            ONE,
            'No runbook "zzz". There are http-503, network-path, redis.',
            "/staging-why",
        ),
        (
            "/staging-why",
            "redis http-503",
            ONE,
            'One runbook at a time, without "http-503".',
            "/staging-why redis",
        ),
        (
            "/triage",
            "why stagign",
            TWO,
            'No environment "stagign". Did you mean staging?',
            "/triage why production",
        ),
        (
            "/triage",
            "why stagign",
            ONE,
            'No environment "stagign". Did you mean staging?',
            "/triage why staging",
        ),
        (
            "/triage",
            "why reddis",
            ONE,
            'No runbook "reddis". Did you mean redis?',
            "/triage why staging redis",
        ),
        ("/triage", "why", TWO, "Which environment? There is production, staging.", "/triage why production"),
    ],
)
def test_what_is_no_question_why_says_what_would_be(
    command: str, text: str, known: Any, message: str, example: str
) -> None:
    """A slip is answered with the nearest runbook or environment."""
    problem = parse(command, text, known, RUNBOOKS)
    assert isinstance(problem, UsageProblem)
    assert (problem.message, problem.example) == (message, example)


def test_commands_that_slack_would_not_take_are_left_to_triage() -> None:
    """A name beyond 32 characters, or a 51st command, is left out; `/triage health` still reaches it."""
    long = "a" * 28
    assert [each.name for each in commands([long])] == ["/triage"]
    assert parse("/triage", f"health {long}", {long: ("redis",), "b": ()}) == HealthRequest(long)
    many = [each.name for each in commands([f"env{n:02}" for n in range(40)])]
    assert len(many) == MOST
    assert many[39:41] == ["/env39-health", "/env00-why"]
    assert many[-1] == "/triage"


@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """Nothing that can be typed makes parsing fail, and what is asked for is always known."""
    for command in ("/staging-health", "/triage", text):
        request = parse(command, text, TWO)
        if isinstance(request, HealthRequest):
            assert set(request.names) <= set(TWO[request.environment])


@given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), max_size=5))
def test_words_are_found_however_they_are_separated(names: list[str]) -> None:
    """Spaces, commas and quotes around names change nothing."""
    assert words(", ".join(names)) == names
    assert words(" ".join(f'"{name}"' for name in names)) == names


@given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True), unique=True, max_size=60))
def test_commands_keep_slacks_limits(environments: list[str]) -> None:
    """Whatever environments there are, names and number of commands are what Slack takes."""
    made = commands(environments)
    assert len(made) <= MOST
    assert all(
        len(each.name) <= NAME_LIMIT and each.description and len(each.usage_hint) <= 1_000 for each in made
    )


def test_a_path_is_asked_of_an_environment_and_some_checks() -> None:
    """`/triage path ENV NAME…`; with one environment its name may be left out; without names, all."""
    assert parse("/triage", "path staging redis", TWO) == PathRequest("staging", ("redis",))
    assert parse("/triage", "PATH Staging", TWO) == PathRequest("staging")
    assert parse("/triage", "path help", TWO) == HelpRequest()
    wrong = parse("/triage", "path staging reddis", TWO)
    assert isinstance(wrong, UsageProblem)
    assert (wrong.nearest, wrong.example) == (("redis",), "/triage path staging redis")
    unnamed = parse("/triage", "path", TWO)
    assert isinstance(unnamed, UsageProblem)
    assert "Which environment?" in unnamed.message
    one = {"staging": TWO["staging"]}
    assert parse("/triage", "path redis", one) == PathRequest("staging", ("redis",))
    slip = parse("/triage", "path stagin redis", one)
    assert isinstance(slip, UsageProblem)
    assert slip.nearest == ("staging",)
