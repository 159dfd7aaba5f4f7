"""The settings of whybot: the only module that reads the process environment.

docs/architecture.md has the table of variables.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from checks.result import Vantage
from checks.secrets import Secrets

SLACK_VARIABLES = {
    "SLACK_BOT_TOKEN": "the bot's token, starts with xoxb- (Slack: OAuth & Permissions)",
    "SLACK_APP_TOKEN": "the app-level token of Socket Mode, starts with xapp- (Slack: Basic Information)",
    "SLACK_SIGNING_SECRET": "the signing secret (Slack: Basic Information)",
}
ALLOWED = {
    "WHYBOT_SLACK_MODE": "socket or http",
    "WHYBOT_SLACK_API_URL": "a URL that starts with http:// or https://",
    "WHYBOT_HTTP_PORT": "a port from 0 (any free one) to 65535",
    "WHYBOT_LOG_FORMAT": "text or json",
    "WHYBOT_LOG_LEVEL": "debug, info, warning or error",
    "WHYBOT_DATABASE_URL": "a URL that starts with postgresql://",
    "WHYBOT_VANTAGE_KEY": "at least 16 characters",
}


class SettingsError(Exception):
    """Settings are wrong or missing. `problems` are sentences, one for each variable; none shows a value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class Settings(BaseModel):
    """What the process environment says, typed. A secret is a `SecretStr` and shows as stars."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    slack_mode: Literal["socket", "http"] = Field(default="socket", validation_alias="WHYBOT_SLACK_MODE")
    slack_api_url: Annotated[str, Field(pattern=r"^https?://")] = Field(
        default="https://slack.com/api/", validation_alias="WHYBOT_SLACK_API_URL"
    )
    http_host: str = Field(default="127.0.0.1", validation_alias="WHYBOT_HTTP_HOST")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, validation_alias="WHYBOT_HTTP_PORT"
    )
    database_url: SecretStr | None = Field(default=None, validation_alias="WHYBOT_DATABASE_URL")
    data_dir: Path = Field(default=Path(".whybot"), validation_alias="WHYBOT_DATA_DIR")
    environments: Path = Field(default=Path("environments"), validation_alias="WHYBOT_ENVIRONMENTS")
    runbooks: Path | None = Field(default=None, validation_alias="WHYBOT_RUNBOOKS")
    overlay: Path | None = Field(default=None, validation_alias="WHYBOT_OVERLAY")
    vantage_label: str | None = Field(default=None, validation_alias="WHYBOT_VANTAGE")
    vantage_key: SecretStr | None = Field(default=None, min_length=16, validation_alias="WHYBOT_VANTAGE_KEY")
    log_format: Literal["text", "json"] = Field(default="text", validation_alias="WHYBOT_LOG_FORMAT")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="WHYBOT_LOG_LEVEL"
    )
    no_color: str | None = Field(default=None, validation_alias="NO_COLOR")
    term: str | None = Field(default=None, validation_alias="TERM")

    @field_validator("slack_mode", "log_format", "log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("slack_api_url")
    @classmethod
    def _with_final_slash(cls, value: str) -> str:
        return value if value.endswith("/") else f"{value}/"

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql", "postgres:")):
            raise ValueError("no PostgreSQL URL")
        return value

    @property
    def vantage(self) -> Vantage:
        """Where checks of this process run from, as people call it."""
        return Vantage("here", self.vantage_label or f"this machine ({socket.gethostname()})")

    @property
    def plain(self) -> bool:
        """Whether a terminal gets plain text: `NO_COLOR` (no-color.org), or it can do nothing else."""
        return self.no_color is not None or self.term == "dumb"

    def demand_slack(self) -> None:
        """Raises `SettingsError` that names every variable that this mode needs and that is not set."""
        other = "SLACK_APP_TOKEN" if self.slack_mode == "socket" else "SLACK_SIGNING_SECRET"
        values = {
            "SLACK_BOT_TOKEN": self.slack_bot_token,
            "SLACK_APP_TOKEN": self.slack_app_token,
            "SLACK_SIGNING_SECRET": self.slack_signing_secret,
        }
        missing = [name for name in ("SLACK_BOT_TOKEN", other) if values[name] is None]
        if missing:
            raise SettingsError(
                tuple(f"{name} is not set. It is {SLACK_VARIABLES[name]}." for name in missing)
            )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the process environment (or another mapping).

    An empty variable counts as not set. Raises `SettingsError` with a sentence for each wrong variable.
    """
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    variables = os.environ if environ is None else environ
    given = {name: value for name, value in variables.items() if name in known and value}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        names = dict.fromkeys(str(details["loc"][0]) for details in error.errors(include_input=False))
        raise SettingsError(tuple(f"{name} must be {ALLOWED.get(name, 'text')}." for name in names)) from None


def load_secrets(environ: Mapping[str, str] | None = None) -> Secrets:
    """The secrets that environment files refer to, looked up in the process environment."""
    return Secrets(os.environ if environ is None else environ)
