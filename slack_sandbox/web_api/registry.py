"""All methods by name."""

from collections.abc import Mapping

from slack_sandbox.web_api import apps, chat, conversations, history, reactions, users, views
from slack_sandbox.web_api.method import Method

FAMILIES: tuple[Mapping[str, Method], ...] = (
    apps.METHODS,
    chat.METHODS,
    conversations.METHODS,
    history.METHODS,
    reactions.METHODS,
    users.METHODS,
    views.METHODS,
)


def build_registry(families: tuple[Mapping[str, Method], ...] = FAMILIES) -> dict[str, Method]:
    """Raises ValueError when two families define the same method."""
    registry: dict[str, Method] = {}
    for family in families:
        twice = sorted(set(registry) & set(family))
        if twice:
            raise ValueError(f"Web API methods are defined twice: {', '.join(twice)}")
        registry |= family
    return registry
