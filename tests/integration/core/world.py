"""A small world for tests of the core: time that passes when told, and a target that takes calls and never answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from textwrap import dedent, indent

from sqlalchemy import select

from core.execution.executor import Executor
from core.services.access.people import load_person
from core.services.runs.approvals import decide_gate
from core.services.runs.control import InDoubt, cancel, give_verdict
from core.tables import Incident, StepExecution
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.views.executions import ExecutionView, StepView
from tests.world import apply_documents, see, start_run, work_off
from workers.scheduler import enqueue_what_is_due

RUNBOOK = """
kind: runbook
name: {name}
team: database
steps:
{steps}
"""


@dataclass
class MovableClock:
    """This machine's time, and what a test added to it."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_by(self, **amount: float) -> None:
        self.ahead += timedelta(**amount)


@dataclass
class CoreWorld:
    """`executor` is one worker. Its work is done when a test calls `work`."""

    unit_of_work: UnitOfWorkFactory
    clock: MovableClock
    jobs: list[tuple[str, str]]
    executor: Executor
    incident: Incident

    def begin(self, steps: str, name: str = "tried", **parameters: str) -> str:
        """The id of a new execution of a runbook with these steps."""
        text = RUNBOOK.format(name=name, steps=indent(dedent(steps).strip(), "  "))
        apply_documents(self.unit_of_work, text)
        return start_run(self.unit_of_work, self.incident, name, "U0DBOPS", **parameters)

    def work(self) -> None:
        """Run every enqueued job."""
        work_off(self.unit_of_work, self.executor, self.jobs)

    def pass_by(self, **amount: float) -> None:
        """Let time pass, and the clock ring, and a worker work."""
        self.clock.pass_by(**amount)
        enqueue_what_is_due(self.unit_of_work)
        self.work()

    def see(self, execution_id: str) -> ExecutionView:
        return see(self.unit_of_work, execution_id)

    def step(self, execution_id: str, position: int = 0) -> StepView:
        return self.see(execution_id).steps[position]

    def statuses(self, execution_id: str) -> list[str]:
        return [step.status for step in self.see(execution_id).steps]

    def decide(self, execution_id: str, *, approved: bool, person: str = "U0DBADMIN") -> None:
        waiting = self.see(execution_id)
        assert waiting.approval is not None
        with self.unit_of_work.begin() as work:
            decide_gate(
                work, load_person(work, person, source="test"), waiting.approval.id, approved=approved
            )

    def cancel(self, execution_id: str) -> None:
        with self.unit_of_work.begin() as work:
            self.cancel_in(work, execution_id)

    def cancel_in(self, work: UnitOfWork, execution_id: str) -> None:
        cancel(work, load_person(work, "U0DBOPS", source="test"), execution_id)

    def judge(self, execution_id: str, answer: str) -> None:
        with self.unit_of_work.begin() as work:
            row = work.session.scalars(
                select(StepExecution).where(
                    StepExecution.execution_id == execution_id, StepExecution.status == "unknown"
                )
            ).first()
            about = InDoubt(row.step_id, row.attempt) if row is not None else InDoubt("none", 1)
            give_verdict(work, load_person(work, "U0DBOPS", source="test"), execution_id, answer, about)


@dataclass
class SilentTarget:
    """Takes each call, and hangs up without a word: at once, or when `release` is set. `keys`: each call's key."""

    url: str = ""
    keys: list[str] = field(default_factory=list)
    called: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


@contextmanager
def silent_target() -> Iterator[SilentTarget]:
    target, over = SilentTarget(), threading.Event()
    target.release.set()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    target.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def take(connection: socket.socket) -> None:
        with connection:
            head = connection.recv(65_536).decode()
            values = [
                line.partition(": ")[2] for line in head.splitlines() if "idempotency-key" in line.lower()
            ]
            target.keys.append(values[0])
            target.called.set()
            while not over.is_set() and not target.release.wait(0.05):
                """Say nothing."""

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            take(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield target
    finally:
        over.set()
        thread.join()
        listener.close()
