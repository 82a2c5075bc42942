"""A workspace to test with, and a record of what it announced."""

from datetime import UTC, datetime

from slack_sandbox.config import ChannelConfig, WorkspaceConfig
from slack_sandbox.values import Json
from slack_sandbox.workspace.models import Audience, Author, Content, Draft
from slack_sandbox.workspace.state import Workspace

NOW = datetime(2025, 11, 23, 7, 13, 20, tzinfo=UTC)
ALICE, BOB, APP = "U0ALICE", "U0BOB", "U0RUNBOOK"
GENERAL, PRIVATE, ELSEWHERE = "C0GENERAL", "C0PRIVATE", "C0ELSEWHERE"


class Recorder:
    def __init__(self) -> None:
        self.shown: list[tuple[str, Json, Audience]] = []
        self.events: list[Json] = []

    def to_people(self, kind: str, data: Json, audience: Audience) -> None:
        self.shown.append((kind, data, audience))

    def to_app(self, event: Json, app_id: str | None = None) -> None:
        self.events.append(event)

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.shown]


def a_workspace() -> tuple[Workspace, Recorder]:
    """Alice, Bob, Carol and the app; the app is not in #elsewhere, Bob is not in #private."""
    config = WorkspaceConfig(
        channels=(
            ChannelConfig(id=GENERAL, name="general"),
            ChannelConfig(id=PRIVATE, name="private", is_private=True, members=(ALICE, APP)),
            ChannelConfig(id=ELSEWHERE, name="elsewhere", members=(ALICE, BOB)),
        )
    )
    recorder = Recorder()
    return Workspace(config, recorder, NOW), recorder


def a_draft(workspace: Workspace, text: str = "hello", channel: str = GENERAL, by: str = APP) -> Draft:
    author = workspace.app_author() if by == APP else Author(by)
    return Draft(channel, author, Content(text))
