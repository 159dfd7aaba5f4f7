"""A local Slack: Web API, Socket Mode, signed HTTP, and Block Kit validation, for the official
clients unchanged. `local_slack.LocalSlack` is the whole of it."""
