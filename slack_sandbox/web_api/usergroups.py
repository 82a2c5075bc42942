"""usergroups.*: https://docs.slack.dev/reference/methods?family=usergroups"""

from slack_sandbox.rate_limits import TIER_2
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import Usergroup


def list_usergroups(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/usergroups.list"""
    arguments = call.arguments
    with_users, with_count = arguments.flag("include_users"), arguments.flag("include_count")
    groups = []
    for group in call.workspace.usergroups.values():
        if group.disabled and not arguments.flag("include_disabled"):
            continue
        rendered = usergroup_object(group, call.workspace.team.id)
        if with_users:
            rendered["users"] = list(group.users)
        if with_count:
            rendered["user_count"] = len(group.users)
        groups.append(rendered)
    return {"usergroups": groups}


def list_members(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/usergroups.users.list"""
    group = call.workspace.usergroups.get(call.arguments.required("usergroup"))
    if group is None or (group.disabled and not call.arguments.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def usergroup_object(group: Usergroup, team_id: str) -> Json:
    """https://docs.slack.dev/reference/objects/usergroup-object"""
    return {
        "id": group.id,
        "team_id": team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 0,
        "date_update": 0,
        "date_delete": 1 if group.disabled else 0,
        "auto_type": None,
        "created_by": "",
        "updated_by": "",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }


METHODS = {
    "usergroups.list": Method(list_usergroups, TIER_2),
    "usergroups.users.list": Method(list_members, TIER_2),
}
