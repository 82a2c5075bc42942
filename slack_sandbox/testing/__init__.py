"""Test any Slack app against the sandbox, in Python, whatever language the app is written in.

Start a `SlackSandbox`, give the app its `api_url`, `bot_token` and `signing_secret`, act as people, and wait for what
the app shows. With pytest, the fixture `slack` does the starting and stopping: see docs/testing-slack-apps.md.
"""

from slack_sandbox.config import (
    AppConfig,
    ChannelConfig,
    ShortcutConfig,
    TeamConfig,
    UserConfig,
    WorkspaceConfig,
)
from slack_sandbox.faults import Fault
from slack_sandbox.testing.apps import AppNotReady
from slack_sandbox.testing.failures import FormRefused, NotFound, NotShown, Refused, SlackTestFailure
from slack_sandbox.testing.home import Home
from slack_sandbox.testing.messages import Message, Thread
from slack_sandbox.testing.modals import Modal
from slack_sandbox.testing.people import Person
from slack_sandbox.testing.places import Channel
from slack_sandbox.testing.sandbox import SlackSandbox
from slack_sandbox.testing.workspace import small_workspace

__all__ = [
    "AppConfig",
    "AppNotReady",
    "Channel",
    "ChannelConfig",
    "Fault",
    "FormRefused",
    "Home",
    "Message",
    "Modal",
    "NotFound",
    "NotShown",
    "Person",
    "Refused",
    "ShortcutConfig",
    "SlackSandbox",
    "SlackTestFailure",
    "TeamConfig",
    "Thread",
    "UserConfig",
    "WorkspaceConfig",
    "small_workspace",
]
