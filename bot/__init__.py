"""How do people talk to it? The Slack app, its commands, views, storage and jobs, and the command line."""

__version__ = "0.1.0"
