"""A staging world on a laptop: a local Slack, real servers, a network with faults, and scenarios."""
