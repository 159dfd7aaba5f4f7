"""Why, and what helps? Diagnosis, actions and approvals come to live here; nothing in it knows Slack."""
