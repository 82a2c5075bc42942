"""Any run over the real services and a real database: workers die anywhere, jobs are lost, people do anything."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from textwrap import indent

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from core import unit_of_work as core_service
from core.callbacks import CallbackLinks
from core.errors import Conflict
from core.execution import executor as core_executor
from core.execution import run as core_run
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import LEASE
from core.services.freezes import declaring
from core.services.runs.callbacks import receive_callback
from core.services.runs.inputs import answer_input, find_input_of_run
from core.services.runs.retries import retry
from core.statuses import FINAL, Status, WaitingFor
from core.tables import AuditEntry, InputRequest, Notice, RunbookExecution, StepExecution, WorkerLoss
from tests.conftest import ADMIN
from tests.integration.core.world import RUNBOOK as DOCUMENT
from tests.integration.core.world import CoreWorld
from tests.world import Target, apply_documents, new_executor, start_run
from workers.scheduler import enqueue_what_is_due

POINTS = (
    *("claim.before", "claim.after", "checkpoint.before", "checkpoint.after"),
    *("effect.before", "effect.after", "commit.before", "commit.after"),
)
IN_DOUBT = ("checkpoint.after", "effect.before", "effect.after")
DEATHS = st.tuples(st.sampled_from((*POINTS, *IN_DOUBT * 3)), st.integers(1, 2))
SHAPES = ("safe", "unsafe", "gate", "pause", "say", "refused", "flaky", "callback", "input")
FOR_PEOPLE = {WaitingFor.APPROVAL, WaitingFor.VERDICT, WaitingFor.INPUT, WaitingFor.FREEZE}
ASKED = "{properties: {n: {type: integer}}}"
TIMEOUT = timedelta(minutes=20)  # for all of a run
OPS, TEAM = "U0DBOPS", "database"
LINKS = CallbackLinks("https://runbooks.example", "the secret")


class Died(BaseException):
    """The worker's process is gone."""


class Saboteur:
    """In place of `fail_point`: the worker dies the `number`th time that it comes to `point`."""

    def __init__(self) -> None:
        self.point, self.number = "", 0

    def fail_point(self, point: str) -> None:
        if point == self.point and threading.current_thread() is threading.main_thread():
            self.number -= 1
            if self.number == 0:
                raise Died


def step(target: Target, shape: str, number: int) -> str:
    name = f"s{number}"
    call = f"- {{id: {name}, type: http, method: POST, url: {target.url}/{shape}"
    return {
        "safe": f"{call}, retry: {{safe: true, attempts: 10, backoff: 1s}}}}",
        "unsafe": f"{call}}}",
        "refused": f"{call}, on_failure: continue}}",
        "flaky": f"{call}, retry: {{safe: true, attempts: 2, backoff: 1s}}}}",
        "gate": f"- {{id: {name}, type: approval, approvers: {{team: database, role: admin}}, expires: 1h}}",
        "pause": f"- {{id: {name}, type: wait, for: 5s}}",
        "callback": f"- {{id: {name}, type: callback, expires: 1h, on_failure: continue}}",
        "input": f"- {{id: {name}, type: input, message: how many, schema: {ASKED}, on_failure: continue}}",
        "say": f"- {{id: {name}, type: message, text: hello}}",
    }[shape]


class RealRuns(RuleBasedStateMachine):
    """One run at a time, in a database that keeps those before. `again`: how often a person let a step run again.

    `carried`: the steps that a retry has from the run before. `freeze`: the id of the one in force.
    """

    world: CoreWorld
    target: Target
    saboteur: Saboteur

    begun = 0

    @initialize(
        shapes=st.lists(st.sampled_from((*SHAPES, "unsafe")), min_size=2, max_size=4),
        deaths=st.lists(DEATHS, min_size=1, max_size=4),
    )
    def begin(self, shapes: list[str], deaths: list[tuple[str, int]]) -> None:
        self.shapes, self.deaths, self.again = shapes, deaths, Counter[str]()
        self.target.calls.clear()
        self.target.answers.update({"/refused": 500, "/flaky": 500})
        self.target.during.update({f"/{shape}": self.look_from_outside for shape in SHAPES})
        self.unwritten: list[str] = []
        self.in_a_freeze: list[str] = []
        self.carried: set[str] = set()
        self.freeze: str | None = None
        RealRuns.begun += 1
        name = f"tried-{self.begun}"
        steps = "\n".join(step(self.target, shape, i) for i, shape in enumerate(shapes))
        document = DOCUMENT.format(name=name, steps=indent(steps, "  "))
        apply_documents(self.world.unit_of_work, f"{document}timeout: {TIMEOUT.seconds}s\n")
        self.run = start_run(self.world.unit_of_work, self.world.incident, name)

    def look_from_outside(self) -> None:
        """What the database says while a call arrives: another connection sees only what is committed."""
        _, _, key = self.target.calls[-1]
        execution_id, step_id = key.split(".")
        with self.world.unit_of_work.engine.connect() as connection:
            query = select(StepExecution.status).where(
                StepExecution.execution_id == execution_id, StepExecution.step_id == step_id
            )
            if connection.scalar(query) != Status.RUNNING:
                self.unwritten.append(key)
        if self.freeze is not None:
            self.in_a_freeze.append(key)

    # Workers and time

    @rule()
    def a_worker_works(self) -> None:
        """It dies where its death is planned, and lives where the run does not come to that point."""
        plan = self.deaths.pop(0) if self.deaths else ("", 0)
        self.saboteur.point, self.saboteur.number = plan
        try:
            self.world.executor.run(RUNBOOK, self.run)
        except Died:
            self.world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
        self.saboteur.point = ""

    @rule()
    def a_worker_is_told_to_stop(self) -> None:
        """It begins nothing more, and leaves what there is to another one."""
        self.world.executor.stopping.set()
        self.a_worker_works()
        self.world.executor.stopping.clear()

    @rule(minutes=st.sampled_from([0, 0, 15]))
    def bells_are_lost_and_the_clock_rings(self, minutes: int) -> None:
        self.world.clock.pass_by(minutes=minutes, seconds=LEASE.total_seconds() + 1)
        self.world.jobs.clear()
        enqueue_what_is_due(self.world.unit_of_work)
        if ("runbook", self.run) in self.world.jobs:
            self.a_worker_works()

    # People, and other systems, at any moment

    @rule(number=st.integers(0, 3))
    def another_system_calls_back(self, number: int) -> None:
        """Perhaps before anybody waits for it, and once at most."""
        step_id = f"s{number}"
        if self.shapes[number : number + 1] != ["callback"] or step_id in self.carried:
            return
        with suppress(Conflict), self.world.unit_of_work.begin() as work:
            receive_callback(work, self.run, step_id, {"ok": True})

    @rule(number=st.integers(0, 9))
    def somebody_answers(self, number: int) -> None:
        """What is asked now, or was asked before; the first answer counts."""
        with suppress(Conflict), self.world.unit_of_work.begin() as work:
            person = load_person(work, OPS, source="test")
            asked = find_input_of_run(work, person, self.run)
            answer_input(work, person, asked, {"n": number})

    @rule()
    def somebody_freezes_or_unfreezes(self) -> None:
        self.freeze_or_unfreeze()
        self.bells_are_lost_and_the_clock_rings(minutes=0)

    def freeze_or_unfreeze(self) -> None:
        with self.world.unit_of_work.begin() as work:
            admin = load_person(work, ADMIN, source="test")
            if self.freeze is not None:
                declaring.unfreeze(work, admin, self.freeze)
                self.freeze = None
            else:
                self.freeze = declaring.freeze(work, admin, team=TEAM, reason="tried").id

    @rule(chosen=st.sampled_from([None, None, "s0", "s1"]))
    def somebody_retries(self, chosen: str | None) -> None:
        """What was done before is carried over, and not done again; and it is retried once."""
        with suppress(Conflict):
            new = self._retry(chosen)
            with pytest.raises(Conflict):
                self._retry(chosen)
            self.run, self.again = new, Counter()
            with self.world.unit_of_work.begin() as work:
                mine = (StepExecution.execution_id == new, StepExecution.carried_over)
                self.carried = set(work.session.scalars(select(StepExecution.step_id).where(*mine)))

    def _retry(self, chosen: str | None) -> str:
        with self.world.unit_of_work.begin() as work:
            person = load_person(work, ADMIN if chosen else OPS, source="test")
            return retry(work, person, self.run, from_step=chosen).id

    @rule(approved=st.booleans())
    def somebody_decides(self, approved: bool) -> None:
        if self.world.see(self.run).approval is not None:
            self.world.decide(self.run, approved=approved)

    @rule(answer=st.sampled_from(["ran", "did_not_run", "run_again"]))
    def somebody_gives_a_verdict(self, answer: str) -> None:
        seen = self.world.see(self.run)
        with suppress(Conflict):
            self.world.judge(self.run, answer)
            [doubtful] = [each.id for each in seen.steps if each.status is Status.UNKNOWN]
            self.again[doubtful] += answer == "run_again"

    @rule(really=st.integers(0, 9))
    def somebody_cancels(self, really: int) -> None:
        with suppress(Conflict):
            if really == 0:
                self.world.cancel(self.run)

    # What always holds

    @invariant()
    def check(self) -> None:
        with self.world.unit_of_work.begin() as work:
            row = work.session.get_one(RunbookExecution, self.run)
            ended = self._count(
                AuditEntry.action == "runbook_execution.ended", AuditEntry.subject_id == row.id
            )
            told = self._count(Notice.kind == "outcome", Notice.subject_id == row.id)
            late = self._count(
                StepExecution.execution_id == row.id,
                StepExecution.started_at >= (row.started_at or row.created_at) + TIMEOUT,
            )
        assert self.unwritten == [], "an effect, and no commit before it"
        assert self.in_a_freeze == [], "an effect while its team is frozen"
        assert late == 0, "a step that started when time was over"
        if row.waiting_for == WaitingFor.FREEZE and self.freeze is None:
            assert row.wake_at, "it is held, and nothing is frozen"
            assert row.wake_at <= self.world.clock.now()
        assert row.status in FINAL or row.wake_at is not None or row.waiting_for in FOR_PEOPLE
        assert row.status not in FINAL or (row.wake_at, row.waiting_for, row.worker) == (None, None, None)
        assert (row.status == Status.WAITING) == (row.waiting_for is not None)
        assert ended == told == (1 if row.status in FINAL else 0)
        self.nothing_unsafe_happens_twice()
        self.what_was_answered_is_what_is_saved()

    def what_was_answered_is_what_is_saved(self) -> None:
        with self.world.unit_of_work.begin() as work:
            row = work.session.get_one(RunbookExecution, self.run)
            asked = work.session.query(InputRequest).filter_by(execution_id=self.run).all()
            for each in asked:
                step = work.session.get_one(StepExecution, (self.run, each.position))
                waits = row.waiting_for == WaitingFor.INPUT and step.status == Status.WAITING
                assert (each.status == "open") == waits
                assert each.status != "answered" or (step.status, step.saved) == (
                    Status.SUCCEEDED,
                    each.values,
                )
        assert self._count(AuditEntry.action == "input.answered", AuditEntry.subject_id == self.run) == sum(
            each.status == "answered" for each in asked
        )

    def _count(self, *conditions: object) -> int:
        with self.world.unit_of_work.begin() as work:
            query = select(func.count()).where(*conditions)  # type: ignore[arg-type]  # of columns
            return work.session.scalar(query) or 0

    def nothing_unsafe_happens_twice(self) -> None:
        calls = Counter(key.partition(".")[2] for _, _, key in self.target.calls if key.startswith(self.run))
        for number, shape in enumerate(self.shapes):
            if shape in ("unsafe", "refused"):
                assert calls[f"s{number}"] <= 1 + self.again[f"s{number}"]
        assert not self.carried & set(calls), "what was carried over was done again"

    def teardown(self) -> None:
        """Whatever happened, people and time bring it to an end, and its retry, where there can be one."""
        if not hasattr(self, "run"):
            return
        if self.freeze is not None:
            self.freeze_or_unfreeze()
        self.it_comes_to_its_end()
        former = self.run
        self.somebody_retries(None)
        if self.run != former:
            self.it_comes_to_its_end()
        self.what_has_ended_stays_as_it_is()
        with self.world.unit_of_work.begin() as work:
            work.session.query(WorkerLoss).delete()

    def it_comes_to_its_end(self) -> None:
        for _ in range(40):
            seen = self.world.see(self.run)
            if seen.status.is_final:
                break
            self.somebody_decides(approved=True)
            self.somebody_gives_a_verdict("ran")
            self.somebody_answers(1)
            for number in range(len(self.shapes)):
                self.another_system_calls_back(number)
            self.bells_are_lost_and_the_clock_rings(minutes=0)
        assert self.world.see(self.run).status.is_final, "it is stuck"
        self.check()

    def what_has_ended_stays_as_it_is(self) -> None:
        before = self.world.see(self.run)
        self.world.clock.pass_by(hours=2)
        self.a_worker_works()
        self.somebody_gives_a_verdict("run_again")
        assert self.world.see(self.run) == before


def test_any_run(world: CoreWorld, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    saboteur = Saboteur()
    world.executor = new_executor(world.unit_of_work, callbacks=LINKS)
    for module in (core_service, core_executor, core_run):
        monkeypatch.setattr(module, "fail_point", saboteur.fail_point)

    class Runs(RealRuns):
        pass

    Runs.world, Runs.target, Runs.saboteur = world, target, saboteur
    run_state_machine_as_test(
        Runs,
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            phases=[Phase.generate],  # to shrink would take minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
