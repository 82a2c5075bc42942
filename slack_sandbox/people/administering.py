"""What an administrator of the workspace does: accounts and user groups."""

from dataclasses import dataclass, replace

from starlette.requests import Request

from slack_sandbox.people.requests import AccountChange, UsergroupChange
from slack_sandbox.people.watching import people_of, usergroups_of
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.usergroups import usergroup_object
from slack_sandbox.workspace.rendering import user_object


@dataclass(frozen=True)
class Administering:
    sandbox: Sandbox

    async def change_account(self, request: Request, body: AccountChange) -> Json:
        """Deactivate somebody, make a guest of them: https://docs.slack.dev/reference/events/user_change"""
        workspace = self.sandbox.workspace
        user = workspace.person(request.path_params["user_id"])
        changed = replace(user, **body.model_dump(exclude_none=True))
        workspace.users[user.id] = changed
        rendered = user_object(workspace, changed, self.sandbox.clock())
        workspace.announcer.to_app({"type": "user_change", "user": rendered})
        workspace.announcer.to_people("users", {"users": people_of(workspace)}, None)
        return {"ok": True, "user": rendered}

    async def change_usergroup(self, request: Request, body: UsergroupChange) -> Json:
        """https://docs.slack.dev/reference/events/subteam_members_changed and .../subteam_updated"""
        workspace = self.sandbox.workspace
        group = workspace.usergroups.get(request.path_params["usergroup_id"])
        if group is None:
            raise SlackError("no_such_subteam", sentence="There is no such user group.")
        users = group.users if body.users is None else tuple(workspace.user(each).id for each in body.users)
        changed = replace(
            group, users=users, disabled=group.disabled if body.disabled is None else body.disabled
        )
        workspace.usergroups[group.id] = changed
        rendered = {**usergroup_object(changed, workspace.team.id), "users": list(changed.users)}
        workspace.announcer.to_app({"type": "subteam_updated", "subteam": rendered})
        workspace.announcer.to_app(
            {
                "type": "subteam_members_changed",
                "subteam_id": group.id,
                "team_id": workspace.team.id,
                "added_users": sorted(set(users) - set(group.users)),
                "removed_users": sorted(set(group.users) - set(users)),
            }
        )
        workspace.announcer.to_people("usergroups", {"usergroups": usergroups_of(workspace)}, None)
        return {"ok": True, "usergroup": rendered}
