"""A local Slack: Web API, Socket Mode, signed HTTP, and Block Kit validation, for the official
clients unchanged."""

from sandbox.slack.local_slack import LocalSlack

__all__ = ["LocalSlack"]
