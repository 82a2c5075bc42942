"""The environment of restores: lasting servers, Slack and target, and processes on one database after the other."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.forkserver import HURRY
from chaos.process_group import Member, ProcessGroup
from chaos.restoring.copies import as_role_of
from chaos.restoring.definitions import ADMIN, APPROVER, DEFINITIONS, OPS, TEAM
from chaos.servers import EmbeddedServer, postgres_in, valkey_in
from chaos.slack import SlackPeople
from chaos.target import Target
from cli.apply import apply_text
from cli.compose import Composition
from cli.embedded import create_database
from cli.migrate import migrate
from core.settings import Settings
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.config import AppConfig, UserConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox

PROCESSES = ("poster", "worker", "worker", "clock")
LIMIT = 180.0  # seconds until nothing is left to do
LOOK_SECONDS = 0.2
SECRET, TOKEN = "chaos-signing-secret", "xoxb-chaos"
SECRETS = """
kind: secret
name: TARGET
source: {env: RUNBOOK_SECRET_TARGET}
teams: [database]
hosts: ["127.0.0.1"]
"""


@dataclass(frozen=True)
class Place:
    """The parts that a restore of the database does not set back."""

    folder: Path
    database: EmbeddedServer
    redis: EmbeddedServer
    slack: SlackPeople
    slack_api: str
    target: Target

    def done(self) -> list[str]:
        """Return the calls so far that must not be repeated."""
        return [call.edition for call in self.target.calls() if call.edition.startswith("once-")]

    def new_database(self, name: str) -> str:
        """Create a database, migrate and fill it. Returns its URL, as the owner."""
        url = create_database(self.database.url, name)
        migrate(self.settings(url))
        with self.composed(url) as unit_of_work:
            apply_text(unit_of_work, "---".join((TEAM, SECRETS, DEFINITIONS)), "chaos", approve=True)
        return url

    def environment(self, owner_url: str) -> dict[str, str]:
        return {
            "DATABASE_URL": as_role_of(self.database.service_url, owner_url),
            "REDIS_URL": self.redis.url,
            "RUNBOOK_HOME": str(self.folder / "home"),
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": self.slack_api,
            "RUNBOOK_ADMINS": ADMIN,
            "RUNBOOK_LIMITS": "1000",
            "RUNBOOK_EGRESS": "127.0.0.1",
            "RUNBOOK_SECRET_TARGET": self.target.url,
            HURRY: "20",
        }

    def settings(self, owner_url: str) -> Settings:
        return Settings.from_environment({**self.environment(owner_url), "DATABASE_OWNER_URL": owner_url})

    @contextmanager
    def composed(self, owner_url: str) -> Iterator[UnitOfWorkFactory]:
        with Composition.of(self.settings(owner_url)) as composition:
            yield composition.unit_of_work

    @contextmanager
    def working(self, owner_url: str, name: str) -> Iterator[UnitOfWorkFactory]:
        """Run the processes on this database during the block. `name`: the folder of their logs."""
        logs = self.folder / name
        logs.mkdir()
        environment = self.environment(owner_url)
        members = [Member(f"{kind}-{number}", kind, environment) for number, kind in enumerate(PROCESSES)]
        process_group = ProcessGroup(members, logs, lambda _death: None)
        process_group.start()
        try:
            with self.composed(owner_url) as unit_of_work:
                yield unit_of_work
        finally:
            process_group.stop()


@contextmanager
def open_place(folder: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        database, redis = postgres_in(folder / "services"), valkey_in(folder / "services")
        for server in (database, redis):
            server.start()
            stack.callback(server.stop)
        users = tuple(UserConfig(id=person, name=person.lower()) for person in (OPS, APPROVER, ADMIN))
        app = AppConfig(bot_token=TOKEN, signing_secret=SECRET, request_url=None)
        config = WorkspaceConfig(users=users, channels=(), app=app, enforce_rate_limits=False)
        sandbox, target = stack.enter_context(RunningSandbox(config)), stack.enter_context(Target())
        slack = SlackPeople(sandbox.url)
        stack.callback(slack.close)
        yield Place(folder, database, redis, slack, sandbox.api_url, target)


def until(what: str, is_so: Callable[[], bool], state: Callable[[], object] = os.getpid) -> None:
    """Wait until `is_so` returns True. Raises TimeoutError, with the `state`, after LIMIT seconds."""
    deadline = time.monotonic() + LIMIT
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: {state()}")
        time.sleep(LOOK_SECONDS)
