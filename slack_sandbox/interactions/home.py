"""The App Home: a Home tab that the app publishes, and the direct messages with it.

https://docs.slack.dev/surfaces/app-home
"""

from typing import Literal

from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json
from slack_sandbox.workspace.membership import open_direct_message
from slack_sandbox.workspace.models import Channel, User
from slack_sandbox.workspace.rendering import view_object

Tab = Literal["home", "messages"]


def open_home(sandbox: Sandbox, user: User, tab: Tab) -> Channel:
    """Enter the App Home: https://docs.slack.dev/reference/events/app_home_opened"""
    workspace, now = sandbox.workspace, sandbox.clock()
    channel = open_direct_message(workspace, user.id, now)
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": tab}
    view = workspace.homes.of(user.id)
    if tab == "home" and view:
        event["view"] = view_object(workspace, view)
    workspace.announcer.to_app(event, workspace.app.id)
    return channel
