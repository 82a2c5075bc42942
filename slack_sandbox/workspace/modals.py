"""Modals: each person has at most one stack of views open, three high.

https://docs.slack.dev/surfaces/modals
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from slack_sandbox.block_kit.limits import VIEW_STACK, with_identities
from slack_sandbox.values import Json, SlackError, new_id, new_secret
from slack_sandbox.workspace.models import View


class Modals:
    """All open views. The definitions given here are already checked."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}
        self._stacks: dict[str, list[str]] = {}

    def stack(self, user: str) -> list[View]:
        """The views this user has open, the topmost last."""
        return [self._views[view_id] for view_id in self._stacks.get(user, ())]

    def open(self, user: str, definition: Json, now: datetime, app_id: str = "") -> View:
        """Put the first view on this user's stack, which must be empty: see ``clear``."""
        self._refuse_used_external_id(definition, None)
        return self._add(user, definition, now, app_id)

    def push(self, user: str, definition: Json, now: datetime, app_id: str = "") -> View:
        """Raises SlackError: not_found where no modal stands, push_limit_reached at the fourth view."""
        stack = self.stack(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= VIEW_STACK:
            raise SlackError("push_limit_reached")
        self._refuse_used_external_id(definition, None)
        return self._add(user, definition, now, app_id)

    def update(self, view: View, definition: Json, now: datetime) -> View:
        self._refuse_used_external_id(definition, view.id)
        updated = replace(view, definition=identified(definition), hash=new_hash(now))
        self._views[view.id] = updated
        return updated

    def remember(self, view: View, values: Json) -> View:
        """Keep what the person entered, as of now."""
        self._views[view.id] = replace(view, values=values)
        return self._views[view.id]

    def find(self, view_id: str = "", external_id: str = "") -> View:
        """Raises SlackError ``not_found``."""
        for view in self._views.values():
            if view.id == view_id or (external_id and view.definition.get("external_id") == external_id):
                return view
        raise SlackError("not_found")

    def close(self, view: View) -> list[View]:
        """Take this view and whatever lies above it off the stack. Returns those taken, the topmost first."""
        stack = self._stacks[view.user]
        taken = [self._views.pop(view_id) for view_id in reversed(stack[stack.index(view.id) :])]
        del stack[stack.index(view.id) :]
        return taken

    def clear(self, user: str) -> list[View]:
        stack = self.stack(user)
        return self.close(stack[0]) if stack else []

    def _add(self, user: str, definition: Json, now: datetime, app_id: str) -> View:
        below = self._stacks.setdefault(user, [])
        view_id = new_id("V")
        view = View(
            id=view_id,
            user=user,
            definition=identified(definition),
            hash=new_hash(now),
            root_view_id=below[0] if below else view_id,
            previous_view_id=below[-1] if below else None,
            app_id=app_id,
        )
        self._views[view_id] = view
        below.append(view_id)
        return view

    def _refuse_used_external_id(self, definition: Json, except_view: str | None) -> None:
        wanted = definition.get("external_id")
        if wanted and any(view.id != except_view for view in self._named(wanted)):
            raise SlackError("duplicate_external_id")

    def _named(self, external_id: str) -> Iterator[View]:
        return (view for view in self._views.values() if view.definition.get("external_id") == external_id)


def identified(definition: Json) -> Json:
    """The view with an id for each block and each interactive element."""
    return {**definition, "blocks": with_identities(definition["blocks"])}


def new_hash(now: datetime) -> str:
    return f"{int(now.timestamp())}.{new_secret()[:8]}"
