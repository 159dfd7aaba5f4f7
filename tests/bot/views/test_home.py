from hypothesis import HealthCheck, given, settings

from bot.commands.registry import commands
from bot.views.home import HomeEnvironment, home
from checks.result import Sweep
from tests.bot.views.sweeps import AT, CLICKHOUSE, SEED_503, any_sweep, sweep
from tests.bot.views.valid import assert_view_valid, drawn, markup

COMMANDS = commands(["staging"])


def test_home_shows_the_last_verdict_and_how_to_ask() -> None:
    """Each environment has its verdict, how old it is, a picture of its times, and a button to check now."""
    view = home([HomeEnvironment("staging", "Staging (netra-staging)", SEED_503, AT)], COMMANDS)
    assert_view_valid(view)
    said = markup(view.view)
    assert "*Staging (netra-staging)*" in said
    assert "2 of 9 failing" in said
    assert "{ago}" in said
    assert "`/staging-health [check …] | help`" in said
    assert [block["type"] for block in view.view["blocks"]].count("data_visualization") == 1
    assert "home_check" in drawn(view.view)


def test_home_asks_why_of_what_is_not_well() -> None:
    """The button is there where there is something to ask about."""
    assert "home_why" in drawn(home([HomeEnvironment("staging", "Staging", SEED_503, AT)], COMMANDS).view)
    well = home([HomeEnvironment("staging", "Staging", sweep(CLICKHOUSE), AT)], COMMANDS)
    assert_view_valid(well)
    assert "home_why" not in drawn(well.view)


def test_home_falls_back_to_text_without_charts() -> None:
    """A workspace without charts sees the same times as text."""
    view = home([HomeEnvironment("staging", "", SEED_503, AT)], COMMANDS)
    assert "data_visualization" not in drawn(view.fallback)
    assert "5,187 ms" in drawn(view.fallback)


def test_home_before_anything_was_checked() -> None:
    """A new installation says what is there and what is missing."""
    fresh = home([HomeEnvironment("staging", "Staging")], COMMANDS)
    assert_view_valid(fresh)
    assert "not checked yet" in markup(fresh.view)
    empty = home([], COMMANDS)
    assert_view_valid(empty)
    assert "No environment file was found." in markup(empty.view)


def test_home_of_very_many_environments_fits() -> None:
    """Forty environments with results stay within Slack's limits."""
    many = [HomeEnvironment(f"env{n}", "x" * 300, SEED_503, AT) for n in range(40)]
    assert_view_valid(home(many, commands([each.name for each in many])))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_sweep())
def test_any_sweep_gives_a_valid_home(of: Sweep) -> None:
    """Whatever was found last, the Home tab is within Slack's limits."""
    assert_view_valid(home([HomeEnvironment("staging", "Staging", of, AT)], COMMANDS))
