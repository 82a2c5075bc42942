"""The demo's Slack workspace: three teams, five people, two channels."""

from slack_sandbox.config import AppConfig, ChannelConfig, TeamConfig, UserConfig, WorkspaceConfig

SIGNING_SECRET = "demo-signing-secret"
BOT_TOKEN = "xoxb-demo"
APP_TOKEN = "xapp-demo"
REQUESTER, APPROVER = "U0BOB", "U0ALICE"
CHANNEL = "C0INCIDENTS"

PEOPLE = (
    UserConfig(id="U0BOB", name="bob", real_name="Bob Silva", title="On call, database", color="#b5651d"),
    UserConfig(id="U0ALICE", name="alice", real_name="Alice Ng", title="Database admin", color="#2f6f9f"),
    UserConfig(id="U0CARLA", name="carla", real_name="Carla Meyer", title="Web admin", color="#4f8f3f"),
    UserConfig(id="U0DAN", name="dan", real_name="Dan Okafor", title="On call, web", color="#7a4fa3"),
    UserConfig(id="U0ERIN", name="erin", real_name="Erin Kowalski", title="Platform admin", color="#a33b4f"),
)


def demo_workspace(web_port: int) -> WorkspaceConfig:
    return WorkspaceConfig(
        team=TeamConfig(id="T0ACME", name="Acme", domain="acme"),
        users=PEOPLE,
        channels=(
            ChannelConfig(id="C0GENERAL", name="general", topic="Company-wide talk"),
            ChannelConfig(
                id=CHANNEL, name="incidents", topic="Something is broken? /runbook incident open …"
            ),
        ),
        app=AppConfig(
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            signing_secret=SIGNING_SECRET,
            request_url=f"http://127.0.0.1:{web_port}/slack/events",
        ),
    )
