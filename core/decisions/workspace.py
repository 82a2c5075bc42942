"""Which Slack workspace and app we belong to, and whether a request comes from there. Pure."""

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Workspace:
    """None: not known. `enterprise_id` is empty where the workspace is known to belong to none."""

    team_id: str | None = None
    enterprise_id: str | None = None
    app_id: str | None = None

    def or_else(self, other: Self) -> Self:
        """This, and from the other one what is not known here."""
        missing = [each.name for each in fields(self) if getattr(self, each.name) is None]
        return replace(self, **{name: getattr(other, name) for name in missing})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request, as Slack's signed body says. `person_team_id`: of the person, where Slack tells it."""

    team_id: str | None
    enterprise_id: str | None
    app_id: str | None
    person_team_id: str | None


ANOTHER_APP = "This comes from another Slack app than the one that this service belongs to."
ANOTHER_WORKSPACE = "This comes from another Slack workspace than the one that this service belongs to."
ANOTHER_ENTERPRISE = "This comes from another Slack organisation than the one that this service belongs to."
A_STRANGER = (
    "You are of another Slack workspace than this service: in a shared channel you can look on, no more."
)


def refusal_of(sender: Sender, workspace: Workspace) -> str | None:
    """Why a request is not heard; None where it is one of our own. What it leaves out is not taken to be ours."""
    if workspace.app_id is not None and sender.app_id != workspace.app_id:
        return ANOTHER_APP
    if workspace.enterprise_id is not None and (sender.enterprise_id or "") not in (
        "",
        workspace.enterprise_id,
    ):
        return ANOTHER_ENTERPRISE
    if workspace.team_id is None or sender.team_id != workspace.team_id:
        return ANOTHER_WORKSPACE
    if sender.person_team_id not in (None, workspace.team_id, workspace.enterprise_id or workspace.team_id):
        return A_STRANGER
    return None
