"""Home tabs: what the app published for each person. https://docs.slack.dev/surfaces/app-home"""

from dataclasses import replace
from datetime import datetime

from slack_sandbox.values import Json, SlackError, new_id
from slack_sandbox.workspace.modals import identified, new_hash
from slack_sandbox.workspace.models import View


class Homes:
    """One app's: at most one view a person. The definitions given here are already checked."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}

    def of(self, user: str) -> View | None:
        return self._views.get(user)

    def publish(
        self, user: str, definition: Json, expected_hash: str, now: datetime, app_id: str = ""
    ) -> View:
        """Raises SlackError: hash_conflict, duplicate_external_id."""
        before = self._views.get(user)
        if expected_hash and (before is None or before.hash != expected_hash):
            raise SlackError("hash_conflict")
        self._refuse_used_external_id(definition, user)
        view_id = before.id if before else new_id("V")
        fresh = View(
            view_id, user, identified(definition), new_hash(now), root_view_id=view_id, app_id=app_id
        )
        self._views[user] = replace(fresh, values=before.values) if before else fresh
        return self._views[user]

    def find(self, view_id: str, external_id: str = "") -> View | None:
        for view in self._views.values():
            if view.id == view_id or (external_id and view.definition.get("external_id") == external_id):
                return view
        return None

    def remember(self, view: View, values: Json) -> View:
        self._views[view.user] = replace(view, values=values)
        return self._views[view.user]

    def _refuse_used_external_id(self, definition: Json, user: str) -> None:
        wanted = definition.get("external_id")
        if wanted and any(
            view.user != user and view.definition.get("external_id") == wanted
            for view in self._views.values()
        ):
            raise SlackError("duplicate_external_id")
