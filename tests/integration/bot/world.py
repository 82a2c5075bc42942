"""A poster at work: a real database, a Slack sandbox, and a time that passes only when a test says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from bot.poster.poster import Poster
from core.execution.executor import Executor
from core.services.access.people import load_person
from core.services.runs.approvals import decide_gate
from core.services.runs.control import cancel
from core.services.runs.retries import retry
from core.tables import Incident, Notice
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.config import AppConfig, ChannelConfig, UserConfig, WorkspaceConfig
from slack_sandbox.values import Json
from tests.conftest import RecordedJobs
from tests.integration.slack_sandbox.people import People
from tests.world import TEAMS, see, start_run, work_off

CHANNEL = "C0INCIDENT"
TWENTY_CHANNELS = tuple(f"C0RUN{number}" for number in range(20))
MANY_CHANNELS = TWENTY_CHANNELS[:10]
OPS, ADMIN_OF_TEAM, WEB = "U0DBOPS", "U0DBADMIN", "U0WEB"
LONGEST = timedelta(minutes=10)

WORKSPACE = WorkspaceConfig(
    users=tuple(UserConfig(id=user, name=user.lower()) for user in (OPS, ADMIN_OF_TEAM, WEB)),
    channels=(
        ChannelConfig(id=CHANNEL, name="incident"),
        *(ChannelConfig(id=channel, name=channel.lower()) for channel in TWENTY_CHANNELS),
    ),
    app=AppConfig(request_url=None),
)

DEFINITIONS = f"""{TEAMS}
---
kind: runbook
name: check
steps:
  - {{id: one, type: shell, argv: [echo, first]}}
  - {{id: two, type: shell, argv: [echo, second]}}
---
kind: runbook
name: quick
steps:
  - {{id: pause, type: wait, for: 1h, if: 1 == 2}}
---
kind: runbook
name: gated
steps:
  - {{id: one, type: shell, argv: [echo, first]}}
  - id: gate
    type: approval
    approvers: {{team: database, role: admin}}
  - {{id: two, type: shell, argv: [echo, second]}}
  - {{id: three, type: shell, argv: [echo, third]}}
---
kind: runbook
name: say
parameters:
  type: object
  required: [text]
  properties: {{text: {{type: string}}}}
steps:
  - {{id: said, type: message, text: "{{{{ params.text }}}}"}}
"""


class PretendTime:
    """A clock for the service and for Slack alike."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def pass_by(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass
class BotWorld:
    """Everything at hand."""

    unit_of_work: UnitOfWorkFactory
    poster: Poster
    people: People
    time: PretendTime
    executor: Executor
    jobs: RecordedJobs

    def start(self, incident: Incident, runbook: str, **parameters: str) -> str:
        return start_run(self.unit_of_work, incident, runbook, **parameters)

    def work(self) -> None:
        """Let the workers do what they can."""
        work_off(self.unit_of_work, self.executor, self.jobs.enqueued)

    def run(self, incident: Incident, runbook: str, **parameters: str) -> str:
        """Start a runbook, and let it go as far as it goes."""
        execution_id = self.start(incident, runbook, **parameters)
        self.work()
        return execution_id

    def approve(self, execution_id: str) -> None:
        gate = see(self.unit_of_work, execution_id).approval
        assert gate is not None
        with self.unit_of_work.begin() as work:
            decide_gate(work, load_person(work, ADMIN_OF_TEAM, source="test"), gate.id, approved=True)

    def cancel(self, execution_id: str) -> None:
        with self.unit_of_work.begin() as work:
            cancel(work, load_person(work, OPS, source="test"), execution_id)
        self.work()

    def retry(self, execution_id: str) -> str:
        with self.unit_of_work.begin() as work:
            new = retry(work, load_person(work, OPS, source="test"), execution_id).id
        self.work()
        return new

    def deliver(self) -> None:
        """Whatever may go at this moment."""
        while self.poster.deliver_one():
            pass

    def settle(self, is_done: Callable[[], bool] | None = None) -> None:
        """Let time pass until nothing is owed any more, or until `is_done`."""
        begun = self.time.now()
        while True:
            self.deliver()
            if is_done() if is_done else self.owed() == 0:
                return
            assert self.time.now() - begun < LONGEST, "something is owed for ever"
            self.time.pass_by(0.4)

    def owed(self) -> int:
        """How many messages are still owed."""
        query = select(func.count()).where(Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))
        with self.unit_of_work.begin() as work:
            return work.session.scalars(query).one()

    def messages(self, channel: str = CHANNEL) -> list[Json]:
        """What the app said there, oldest first."""
        said = self.people.look("/log")["messages"][channel]
        return [message for message in said if message.get("bot_id") and kind_of(message)]

    def of_kind(self, kind: str, channel: str = CHANNEL) -> list[Json]:
        return [message for message in self.messages(channel) if kind_of(message) == kind]

    def the(self, kind: str, channel: str = CHANNEL) -> Json:
        [message] = self.of_kind(kind, channel)
        return message

    def kinds(self, channel: str = CHANNEL) -> list[str]:
        return [kind_of(message) for message in self.messages(channel)]

    def moments(self, method: str) -> list[datetime]:
        """When the app called this method."""
        return [datetime.fromisoformat(call["at"]) for call in self.people.calls(method)]


def kind_of(message: Json) -> str:
    """`headline`, `gate`, …; `message` for what a step said; empty for what is no notice."""
    payload = (message.get("metadata") or {}).get("event_payload", {})
    if "notice_id" not in payload:
        return ""
    name, dot, _ = str(message["blocks"][0]["block_id"]).partition(".")
    return name if dot else "message"


def texts(message: Json) -> str:
    """All that a message's blocks show."""
    sections = [block["text"]["text"] for block in message["blocks"] if block["type"] == "section"]
    return "\n".join(sections)
