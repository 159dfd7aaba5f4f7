"""The Slack app: one Bolt application, the same for Socket Mode and for signed HTTP."""

import logging
from collections.abc import Callable

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot import errors
from bot.commands import triage
from bot.interactions import details, drift_again, home_tab, run_again, unknown, why, why_details
from bot.services import Services

LISTENERS: tuple[Callable[[AsyncApp, Services], None], ...] = (
    triage.register,
    run_again.register,
    drift_again.register,
    details.register,
    why.register,
    why_details.register,
    home_tab.register,
    unknown.register,
)
"""Every file that listens; Bolt asks them in this order, so that `unknown` comes last."""


def build_app(services: Services, identity: AuthorizeResult, signing_secret: str | None) -> AsyncApp:
    """The app with all its listeners. `identity` is what `auth.test` said at the start.

    Without a signing secret (Socket Mode) Bolt's check of signatures is off: the socket is authenticated.
    """

    async def authorize() -> AuthorizeResult:
        return identity

    app = AsyncApp(
        logger=logging.getLogger("slack_bolt"),
        signing_secret=signing_secret or "",
        client=services.slack,
        authorize=authorize,
        request_verification_enabled=signing_secret is not None,
        ssl_check_enabled=False,
        url_verification_enabled=True,
    )
    app.error(errors.listener(services.answers, services.slack))
    for register in LISTENERS:
        register(app, services)
    return app
