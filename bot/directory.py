"""Asks Slack who people are and who is in user groups, so that guests, strangers and leavers can do nothing here.

Slack does not say it in its requests. https://docs.slack.dev/reference/methods/users.info,
https://docs.slack.dev/reference/methods/usergroups.users.list.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from core.decisions.directory import name_of, standing_of
from core.services.access.directory import (
    next_people,
    next_usergroups,
    note_change,
    note_standing,
    set_usergroup_members,
)
from core.statuses import Standing
from core.unit_of_work import UnitOfWorkFactory

SECONDS = 5  # timeout of a call to Slack's API
LOOK_EVERY = 15.0  # seconds between two looks for somebody to ask about
NOBODY = frozenset({"user_not_found", "users_not_found"})

log = structlog.get_logger()
Answer = TypeVar("Answer")


class SlackDirectory:
    """Asks Slack about those who are due. What Slack does not answer is logged once, and changes nothing."""

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=SECONDS, retry_handlers=[])
        self._logged: dict[str, str] = {}

    def look(self, unit_of_work: UnitOfWorkFactory) -> None:
        """Ask about the next people and user groups (a periodic task). Raises SQLAlchemy's errors."""
        for slack_user_id in unit_of_work.run(next_people):
            self.ask_about(unit_of_work, slack_user_id)
        for team_id, usergroup in unit_of_work.run(next_usergroups):
            members = self._asked(f"user group {usergroup}", partial(self._members, usergroup))
            if members is not None:
                unit_of_work.run(
                    partial(set_usergroup_members, team_id=team_id, usergroup=usergroup, members=members)
                )

    def ask_about(self, unit_of_work: UnitOfWorkFactory, slack_user_id: str) -> bool:
        """Ask about one person, and store the answer. Return whether there was one."""
        found = self._asked(f"person {slack_user_id}", partial(self._standing, slack_user_id))
        if found is not None:
            standing, name = found
            unit_of_work.run(
                partial(note_standing, slack_user_id=slack_user_id, standing=standing, name=name)
            )
        return found is not None

    def _asked(self, about: str, ask: Callable[[], Answer]) -> Answer | None:
        """Return Slack's answer, or None if there is none."""
        try:
            answer = ask()
        except (SlackClientError, OSError, KeyError) as error:
            said = _said(error)
            if self._logged.get(about) != said:
                log.warning("Slack did not say who this is", about=about, error=said)
            self._logged[about] = said
            return None
        self._logged.pop(about, None)
        return answer

    def _standing(self, slack_user_id: str) -> tuple[Standing, str | None]:
        """Return the person's standing and name."""
        try:
            user = self._client.users_info(user=slack_user_id)["user"]
            return standing_of(user), name_of(user)
        except SlackApiError as error:
            if error.response.get("error") not in NOBODY:
                raise
            return Standing.UNKNOWN, None

    def _members(self, usergroup: str) -> Sequence[str]:
        found: Sequence[str] = self._client.usergroups_users_list(usergroup=usergroup)["users"]
        return found


def on_user_change(unit_of_work: UnitOfWorkFactory, body: Mapping[str, Any]) -> None:
    """Note at once that somebody was deactivated or became a guest, of which Slack tells.

    https://docs.slack.dev/reference/events/user_change
    """
    user = (body.get("event") or {}).get("user")
    if isinstance(user, Mapping) and isinstance(user.get("id"), str):
        found = partial(note_change, slack_user_id=user["id"], standing=standing_of(user), name=name_of(user))
        unit_of_work.run(found)


def _said(error: Exception) -> str:
    """Return Slack's error code, or what else went wrong."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error"))
    return str(error) or type(error).__name__
