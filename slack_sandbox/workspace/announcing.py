"""Where the workspace tells what changed: to the people who watch, and to the app that subscribed."""

from typing import Protocol

from slack_sandbox.json_types import Json

Audience = frozenset[str] | None
"""The users who may see something; None for everybody."""


class Announcer(Protocol):
    def to_people(self, kind: str, data: Json, audience: Audience) -> None:
        """Show ``data`` on the event stream of those in the audience."""

    def to_app(self, event: Json) -> None:
        """Send an Events API event, if the app subscribed to its type."""
