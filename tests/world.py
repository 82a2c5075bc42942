"""A small world for tests: teams, people, definitions, incidents, on the real services."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy import func, select, text

from cli.apply import apply_text
from cli.optional_ports import aws_signer, cluster_access, sql_runner, ssh_runner
from core.callbacks import CallbackLinks
from core.decisions.people import Person
from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.execution.secrets import SecretValues, WorkerSecrets
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.io.process import ProcessRunner
from core.io.secret_sources import EnvironmentSecrets
from core.services.access.people import load_person
from core.services.access.secrets import Declarations
from core.services.executions.kinds import KINDS
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.approval import approve
from core.services.library.kinds import RUNBOOKS, WORKFLOWS
from core.services.library.runbooks import find_runbook
from core.services.library.writing import Intent
from core.services.starts.runbook_starts import Start, start_by_person
from core.services.views.reading import view_execution
from core.statuses import ApprovalStatus
from core.tables import Incident, Runbook, RunbookExecution, Team, Workflow
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.views.executions import ExecutionView

TEAMS = """
kind: team
name: database
members:
  - {slack: U0DBADMIN, role: admin}
  - {slack: U0DBOPS, role: responder}
---
kind: team
name: web
members:
  - {slack: U0WEB, role: responder}
"""


KINDS_WITH_SECRETS = ["http", "webhook", "jira", "linear", "shell"]
KINDS_WITH_SECRETS += ["github_actions", "jenkins", "awx", "pagerduty", "statuspage", "kubernetes", "aws_ssm"]
USES_SECRET = re.compile(r"\bsecrets\.([A-Za-z][A-Za-z0-9_]*)")
NAMES_TEAM = re.compile(r"\bteam['\"]?: ?['\"]?([a-z0-9-]+)\b|\bname['\"]?: ?['\"]?([a-z0-9-]+)\b")


def apply_documents(
    unit_of_work: UnitOfWorkFactory, documents: str, *, approve: bool = True, declared: bool = False
) -> None:
    """As an operator does. The secrets that they use are declared here, unless that is `declared` to be done."""
    if not declared:
        teams = {name for match in NAMES_TEAM.findall(documents) for name in match if name}
        declare(unit_of_work, *sorted(set(USES_SECRET.findall(documents))), teams=teams)
    apply_text(unit_of_work, documents, "test.yaml", approve=approve)


def declare(unit_of_work: UnitOfWorkFactory, *names: str, teams: Iterable[str] = ()) -> None:
    """Secrets that these teams, and those that there are, may use; they may go to this machine and into commands."""
    with unit_of_work.begin() as work:
        there = list(work.session.scalars(select(Team.name)))
    for name in names:
        declaration = {
            "kind": "secret",
            "name": name,
            "source": {"env": f"RUNBOOK_SECRET_{name}"},
            "teams": sorted({*there, *teams}),
            "hosts": ["127.0.0.1", "127.0.0.2", "localhost", "*.invalid"],
            "types": [*KINDS_WITH_SECRETS, "ssh", "sql"],
        }
        apply_text(unit_of_work, json.dumps(declaration), "secrets.yaml", approve=False)


def new_incident(unit_of_work: UnitOfWorkFactory, person: str = "U0DBOPS", **values: object) -> Incident:
    """An incident of team database, unless `values` say otherwise: the first in C0INCIDENT, others apart."""
    given: dict[str, object] = {"title": "Orders down", "team": "database"}
    with unit_of_work.begin() as work:
        before = work.session.scalar(select(func.count()).select_from(Incident)) or 0
        given["slack_channel"] = "C0INCIDENT" + (str(before) if before else "")
        new = NewIncident(**(given | values))  # type: ignore[arg-type]  # what the test says
        return open_incident(work, load_person(work, person, source="test"), new)


def start_run(
    unit_of_work: UnitOfWorkFactory,
    incident: Incident,
    runbook: str,
    person: str = "U0DBOPS",
    **parameters: object,
) -> str:
    """The id of a new runbook execution."""
    with unit_of_work.begin() as work:
        who = load_person(work, person, source="test")
        found = find_runbook(work, who, runbook)
        bound = work.session.get_one(Incident, incident.id)
        return start_by_person(work, who, Start(found, bound, parameters)).id  # type: ignore[arg-type]  # JSON


def uninstall(unit_of_work: UnitOfWorkFactory, kind: str) -> None:
    """All that was kept has steps and actions of a type that is not there any more, in place of `kind`."""
    kept = dict.fromkeys(("runbooks", "runbook_executions", "workflow_executions"), "definition")
    with unit_of_work.begin() as work:
        for table, column in (*kept.items(), ("workflows", "definition"), ("workflows", "in_force")):
            gone = f"""regexp_replace({column}::text, :there, '"type":"gone"', 'g')::json"""
            statement = text(f"UPDATE {table} SET {column} = {gone}")
            work.session.execute(statement, {"there": f'"type": ?"{kind}"'})


def approve_runbook(
    work: UnitOfWork, person: Person, runbook: Runbook, *, own_version_allowed: bool = True
) -> None:
    """Its newest version, as somebody who read it."""
    shown = Intent(read_version=runbook.version)
    approve(work, person, RUNBOOKS, runbook, shown, own_version_allowed=own_version_allowed)


LOST = "Its worker was lost 3 times at step say (rbx_1)."


def suspect(unit_of_work: UnitOfWorkFactory, name: str) -> None:
    """The definitions of this name are under quarantine, for LOST."""
    with unit_of_work.begin() as work:
        for runbook in work.session.scalars(select(Runbook).where(Runbook.name == name)):
            runbook.status, runbook.quarantine = ApprovalStatus.DRAFT, LOST
        for workflow in work.session.scalars(select(Workflow).where(Workflow.name == name)):
            workflow.status, workflow.quarantine = ApprovalStatus.DRAFT, LOST
            WORKFLOWS.stop(workflow)


def see(unit_of_work: UnitOfWorkFactory, execution_id: str) -> ExecutionView:
    with unit_of_work.begin() as work:
        return view_execution(work, work.session.get_one(RunbookExecution, execution_id))


def secrets_of(
    unit_of_work: UnitOfWorkFactory, values: Mapping[str, str], own: tuple[str, ...] = ()
) -> WorkerSecrets:
    """A worker's secrets, with the environment that has these values. They are used as they are declared."""
    environ = {f"RUNBOOK_SECRET_{name}": value for name, value in values.items()}
    return WorkerSecrets(SecretValues(EnvironmentSecrets(environ)), Declarations(unit_of_work.engine), own)


def new_executor(
    unit_of_work: UnitOfWorkFactory,
    *,
    secrets: Mapping[str, str] | None = None,
    worker: str = "worker-1",
    callbacks: CallbackLinks | None = None,
    own: tuple[str, ...] = (),
    reach: Sequence[str] = ("127.0.0.1",),
    programs: str = "/usr/bin:/bin",
) -> Executor:
    """A worker with these secrets in its environment, and credentials of its `own`; `declare` says who may use them.

    `reach`: the addresses that it may call. `programs`: its PATH.
    """
    egress = EgressPolicy.parse(reach)
    ports = Ports(
        HttpCaller(egress),
        ProcessRunner(programs),
        secrets_of(unit_of_work, secrets or {}, own),
        callbacks=callbacks or CallbackLinks(),
        ssh=ssh_runner(egress),
        sql=sql_runner(egress),
        clusters=cluster_access(),
        aws=aws_signer(()),
    )
    return Executor(unit_of_work, ports, worker)


def work_off(unit_of_work: UnitOfWorkFactory, executor: Executor, jobs: list[tuple[str, str]]) -> None:
    """Run enqueued jobs until none is left."""
    while jobs:
        kind, execution_id = jobs.pop(0)
        executor.run(KINDS[kind], execution_id)


@dataclass
class Target:
    """An HTTP service that records what it is asked.

    `answers`: status by path; `bodies`: body by path, with or without its query; `during`: what happens before it.
    """

    url: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    during: dict[str, Callable[[], None]] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.calls]


@contextmanager
def running_target() -> Iterator[Target]:
    """A target on loopback, for the length of the block."""
    target = Target()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target.calls.append((self.command, self.path, self.headers.get("Idempotency-Key", "")))
            without_query = target.bodies.get(self.path.partition("?")[0], b'{"seconds": 1.5}')
            body = target.bodies.get(self.path, without_query)
            target.during.get(self.path, lambda: None)()
            self.send_response(target.answers.get(self.path, 200))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 as in the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    target.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield target
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
