"""The Web API methods that whybot may need, one family a file. Any other is `unknown_method`."""

from sandbox.slack.methods import apps, chat, conversations, files, people, reactions, views
from sandbox.slack.web_api import Method, table

METHODS: dict[str, Method] = table(
    (
        *apps.METHODS,
        *chat.METHODS,
        *conversations.METHODS,
        *files.METHODS,
        *people.METHODS,
        *reactions.METHODS,
        *views.METHODS,
    )
)
