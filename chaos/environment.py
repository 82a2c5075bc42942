"""The environment under test: servers, sandbox, target and all processes, in a folder of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from sqlalchemy.engine import make_url

from chaos.armed import WITHOUT
from chaos.definitions import PEOPLE, REQUESTERS, documents
from chaos.forkserver import HURRY
from chaos.journal import Journal
from chaos.load_balancer import LoadBalancer
from chaos.postgres_proxy import PostgresProxy
from chaos.process_group import CONCURRENCY, PLAIN, Member, Plan, ProcessGroup
from chaos.servers import EmbeddedServer, postgres_in, valkey_in
from chaos.slack import SlackPeople
from chaos.step_definitions import TEAM
from chaos.target import Target
from chaos.watching import HOST
from cli.apply import apply_text
from cli.compose import Composition
from cli.demo.stage import reserved_port
from cli.migrate import migrate
from cli.operator import OPERATOR
from core.services.access.tokens import ALL_SCOPES, Grant, create_agent_token, create_token
from core.settings import Settings
from slack_sandbox.config import AppConfig, ChannelConfig, UserConfig, WorkspaceConfig

KINDS = ("web", "poster", "worker", "clock")
OF_EACH = 2
GENERAL = "C0GENERAL"
AGENT = "agent:chaos"
SECRET, TOKEN = "chaos-signing-secret", "xoxb-chaos"
START_SECONDS = 90.0


@dataclass(frozen=True)
class Environment:
    """Everything that the driver, the strikes and the checker need.

    `webs`: the addresses of the web processes; people and systems use that of the load balancer, `web`.
    """

    folder: Path
    database: EmbeddedServer
    redis: EmbeddedServer
    target: Target
    slack: SlackPeople
    load_balancer: LoadBalancer
    webs: Sequence[str]
    tokens: Mapping[str, str]
    process_group: ProcessGroup
    journal: Journal
    settings: Settings
    proxy: PostgresProxy | None = None

    @property
    def web(self) -> str:
        return self.load_balancer.url

    @property
    def conninfo(self) -> str:
        """The database's address for psycopg."""
        return conninfo(self.database.url)

    @property
    def is_up(self) -> bool:
        """Return whether everything that an execution needs is up."""
        works = any(self.process_group.age(name) > 0 for name in self.process_group.names("worker"))
        return self.database.is_up and self.redis.is_up and works

    @property
    def trace(self) -> Path:
        """The file that shell steps write their traces to."""
        return self.folder / "trace.log"


def conninfo(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def fill(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Create the schema and the definitions. Returns a token for each person, and for the agent."""
    settings = Settings.from_environment(environ)
    migrate(settings)
    with Composition.of(settings) as composition:
        apply_text(composition.unit_of_work, documents(settings.egress), "chaos", approve=True)
        with composition.unit_of_work.begin() as work:
            agent = create_agent_token(
                work, OPERATOR, AGENT.removeprefix("agent:"), Grant(team=TEAM), owner=REQUESTERS[0]
            )
            people = {
                person: create_token(work, OPERATOR, person, "chaos", scopes=ALL_SCOPES) for person in PEOPLE
            }
            return {**people, AGENT: agent}


@dataclass(frozen=True)
class Beginning:
    """What an environment begins with. `fill`: makes the schema and the definitions, and returns tokens by person.

    `plan`: what every process is first started with.
    """

    fill: Callable[[Mapping[str, str]], Mapping[str, str]] = fill
    plan: Plan = PLAIN


@contextmanager
def open_environment(
    folder: Path,
    without: str,
    hurry: float = 1.0,
    concurrency: Sequence[int] = (),
    beginning: Beginning = Beginning(),
) -> Iterator[Environment]:
    """Yield an environment that is started, migrated, filled and answering; it is stopped at the end of the block.

    `without`: the guards that are switched off. `hurry`: how many times faster than Slack's pace the posters are.
    `concurrency`: concurrent runs of the first worker, the second, …; by default 1.
    """
    with ExitStack() as stack:
        database, redis = postgres_in(folder / "services"), valkey_in(folder / "services")
        for server in (database, redis):
            server.start()
            stack.callback(server.stop)
        ports = [stack.enter_context(reserved_port(0)) for _ in range(OF_EACH)]
        load_balancer = stack.enter_context(LoadBalancer([(HOST, port) for port in ports]))
        target = stack.enter_context(Target())
        sandbox = stack.enter_context(running_sandbox(folder, load_balancer.url))
        proxy = stack.enter_context(PostgresProxy(database.service_url))
        environment = variables(folder, (proxy.url, redis.url), (sandbox, target.url), without)
        environment[HURRY] = str(hurry)
        direct = {"DATABASE_URL": database.service_url, "DATABASE_OWNER_URL": database.url}
        settings = Settings.from_environment({**environment, **direct})
        tokens = beginning.fill({**environment, **direct})
        journal = Journal()
        members = _members(environment, ports, concurrency)
        process_group = ProcessGroup(members, folder, journal.died)
        process_group.orders.update({member.name: beginning.plan for member in members})
        slack = SlackPeople(sandbox)
        stack.callback(slack.close)
        process_group.start()
        process_group.orders.clear()
        stack.callback(process_group.stop)
        webs = [f"http://127.0.0.1:{port}" for port in ports]
        for web in webs:
            await_answer(f"{web}/readyz")
        yield Environment(
            folder,
            database,
            redis,
            target,
            slack,
            load_balancer,
            webs,
            tokens,
            process_group,
            journal,
            settings,
            proxy,
        )


def _members(environment: Mapping[str, str], ports: list[int], concurrency: Sequence[int]) -> list[Member]:
    runs = [*concurrency, *[1] * OF_EACH]
    return [
        Member(
            f"{kind}-{number + 1}",
            kind,
            {**environment, "PORT": str(ports[number]), CONCURRENCY: str(runs[number])},
        )
        for kind in KINDS
        for number in range(OF_EACH)
    ]


def variables(
    folder: Path, services: tuple[str, str], outside: tuple[str, str], without: str = ""
) -> dict[str, str]:
    """Return the settings of every process. `services`: PostgreSQL and Redis; `outside`: the sandbox and the target."""
    sandbox, target = outside
    return {
        "DATABASE_URL": services[0],
        "REDIS_URL": services[1],
        "RUNBOOK_HOME": str(folder / "home"),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{sandbox}/api/",
        "PUBLIC_URL": "",
        "RUNBOOK_ADMINS": "U0ROOT",
        "RUNBOOK_SHELL": "on",
        "RUNBOOK_SHELL_USER": "root" if os.geteuid() == 0 else "",
        "RUNBOOK_LIMITS": "1000",
        "RUNBOOK_MCP": "on",
        "RUNBOOK_EGRESS": urlsplit(target).hostname or HOST,
        "RUNBOOK_SECRET_TARGET": target,
        "RUNBOOK_SECRET_TRACE": str(folder / "trace.log"),
        WITHOUT: without,
    }


@contextmanager
def running_sandbox(folder: Path, web: str) -> Iterator[str]:
    file = folder / "workspace.json"
    file.write_text(json.dumps(_workspace(web).model_dump(mode="json")), encoding="utf-8")
    with reserved_port(0) as port, (folder / "sandbox.log").open("ab") as output:
        arguments = ["slack_sandbox", "--port", str(port), "--workspace", str(file)]
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.attached", str(os.getpid()), *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            await_answer(f"http://127.0.0.1:{port}/sandbox/api/faults")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _workspace(web: str) -> WorkspaceConfig:
    return WorkspaceConfig(
        users=tuple(UserConfig(id=person, name=person.removeprefix("U0").lower()) for person in PEOPLE),
        channels=(ChannelConfig(id=GENERAL, name="general"),),
        app=AppConfig(bot_token=TOKEN, signing_secret=SECRET, request_url=f"{web}/slack/events"),
        enforce_rate_limits=False,
    )


def await_answer(url: str) -> None:
    """Wait until the URL answers with 200. Raises TimeoutError after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} does not answer.")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2, trust_env=False).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
