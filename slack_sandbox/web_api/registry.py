"""All methods by name."""

from collections.abc import Mapping

from slack_sandbox.web_api import (
    apps,
    bookmarks,
    chat,
    conversations,
    files,
    history,
    oauth,
    pins,
    reactions,
    scheduled,
    usergroups,
    users,
    views,
)
from slack_sandbox.web_api.method import Method

FAMILIES: tuple[Mapping[str, Method], ...] = (
    apps.METHODS,
    bookmarks.METHODS,
    chat.METHODS,
    conversations.METHODS,
    files.METHODS,
    history.METHODS,
    oauth.METHODS,
    pins.METHODS,
    reactions.METHODS,
    scheduled.METHODS,
    usergroups.METHODS,
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
