"""Settings from the process environment."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, SettingsError, load_secrets, load_settings
from checks.secrets import SecretRef

ROOT = Path(__file__).parents[2]
VARIABLES = [str(field.validation_alias) for field in Settings.model_fields.values()]


def test_nothing_set_is_a_working_default() -> None:
    """Without a variable: Socket Mode, the embedded store, the folders of a checkout."""
    settings = load_settings({})
    assert (settings.slack_mode, settings.slack_api_url) == ("socket", "https://slack.com/api/")
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert (settings.database_url, settings.data_dir) == (None, Path(".whybot"))
    assert (settings.environments, settings.overlay) == (Path("environments"), None)
    assert settings.vantage.label.startswith("this machine (")


def test_variables_are_typed() -> None:
    """Any case where words are chosen from, a final slash where one is needed, empty as not set."""
    settings = load_settings(
        {
            "WHYBOT_SLACK_MODE": "HTTP",
            "WHYBOT_SLACK_API_URL": "http://127.0.0.1:1/api",
            "WHYBOT_HTTP_PORT": "0",
            "WHYBOT_OVERLAY": "",
            "WHYBOT_VANTAGE": "Cloud Run job in us-central1",
            "WHYBOT_LOG_LEVEL": "Debug",
        }
    )
    assert (settings.slack_mode, settings.slack_api_url) == ("http", "http://127.0.0.1:1/api/")
    assert (settings.http_port, settings.overlay, settings.log_level) == (0, None, "debug")
    assert settings.vantage.label == "Cloud Run job in us-central1"


def test_every_wrong_variable_has_a_sentence() -> None:
    """All at once, with what is allowed."""
    wrong = {"WHYBOT_SLACK_MODE": "carrier pigeon", "WHYBOT_HTTP_PORT": "99999", "WHYBOT_LOG_LEVEL": "loud"}
    with pytest.raises(SettingsError) as caught:
        load_settings(wrong)
    assert sorted(caught.value.problems) == [
        "WHYBOT_HTTP_PORT must be a port from 0 (any free one) to 65535.",
        "WHYBOT_LOG_LEVEL must be debug, info, warning or error.",
        "WHYBOT_SLACK_MODE must be socket or http.",
    ]


@given(st.dictionaries(st.sampled_from(VARIABLES), st.just("s3cr3t-hunter").map(lambda text: text * 2)))
def test_no_value_is_shown_in_an_error(given_variables: dict[str, str]) -> None:
    """Whichever variable is wrong, its sentence does not repeat it, and no repr shows a secret."""
    try:
        settings = load_settings(given_variables)
    except SettingsError as error:
        said = str(error) + repr(error)
    else:
        hidden = {"slack_bot_token", "slack_app_token", "slack_signing_secret", "database_url"}
        said = repr(settings.model_copy(update=dict.fromkeys(set(Settings.model_fields) - hidden)))
    assert "s3cr3t" not in said


def test_database_has_to_be_postgresql() -> None:
    """Another dialect is refused, and the password in the URL is not shown."""
    with pytest.raises(
        SettingsError, match="WHYBOT_DATABASE_URL must be a URL that starts with postgresql://"
    ):
        load_settings({"WHYBOT_DATABASE_URL": "mysql://root:hunter2@db/whybot"})
    settings = load_settings({"WHYBOT_DATABASE_URL": "postgresql://whybot:hunter2@db/whybot"})
    assert "hunter2" not in repr(settings)


def test_missing_slack_variables_are_named_by_mode() -> None:
    """Each with where Slack shows it."""
    with pytest.raises(SettingsError) as caught:
        load_settings({}).demand_slack()
    assert [problem.split()[0] for problem in caught.value.problems] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    with pytest.raises(SettingsError) as caught:
        load_settings({"WHYBOT_SLACK_MODE": "http", "SLACK_BOT_TOKEN": "xoxb-1"}).demand_slack()
    assert [problem.split()[0] for problem in caught.value.problems] == ["SLACK_SIGNING_SECRET"]
    load_settings({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}).demand_slack()


def test_secrets_come_from_the_same_place() -> None:
    """A reference of an environment file is looked up in the variables that were given."""
    assert load_secrets({"PASSWORD": "x"}).get(SecretRef(env="PASSWORD")) == "x"


def test_every_variable_is_in_the_table() -> None:
    """docs/architecture.md names each variable that is read."""
    table = (ROOT / "docs/architecture.md").read_text()
    assert [name for name in VARIABLES if f"`{name}`" not in table] == []


def test_nothing_else_reads_the_process_environment() -> None:
    """`os.environ` and `os.getenv` are used in bot/settings.py alone."""
    readers = {
        str(path.relative_to(ROOT))
        for package in ("bot", "checks", "runbooks")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers == {"bot/settings.py"}
