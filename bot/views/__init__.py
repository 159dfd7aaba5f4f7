"""Pure functions from data to Slack messages and views. Nothing here asks, waits, stores or knows Bolt."""
