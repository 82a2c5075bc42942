"""The parts that every payload starts with: who, where, which app."""

from slack_sandbox.json_types import Json
from slack_sandbox.workspace.models import Channel, User
from slack_sandbox.workspace.state import Workspace

VERIFICATION_TOKEN = "sandbox-verification-token"
"""Deprecated at Slack in favour of signatures, but still in every payload."""


def interaction_base(workspace: Workspace, kind: str, user: User, trigger_id: str) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads"""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": workspace.team.id},
        "api_app_id": workspace.app.id,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_name(channel: Channel) -> str:
    """https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling"""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name
