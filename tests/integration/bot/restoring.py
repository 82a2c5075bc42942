"""A house whose database is dumped at a moment of its day: it lives on, and the copy is restored elsewhere."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from sqlalchemy import select

from bot.pages.links import RunLinks
from bot.poster.poster import Poster
from core.execution.kinds import KINDS, AnyExecution
from core.service import Service, Work
from core.services.approvals import decide_gate
from core.services.freezes import unfreeze
from core.services.frozen import freezes_in_force
from core.services.health import count_everything
from core.services.incident_ages import start_what_came_of_age
from core.services.people import load_person
from core.services.runs import InDoubt, give_verdict
from core.statuses import ACTIVE, GateStatus
from core.tables import Approval, Incident, RunbookExecution, StepExecution, WorkflowExecution
from tests.conftest import ADMIN, RecordedBells
from tests.copies import dump
from tests.integration.bot.desk import ADMIN_OF_TEAM, OPS, PretendTime, kind_of
from tests.integration.slack_sandbox.people import People
from tests.world import Target, new_executor, new_incident, start_run
from workers.clock import ring_what_is_due, watch_the_database

ROUNDS = 400
OLD = 90.0  # seconds: by then the workflow that starts by an age has had its turn
ONCE = re.compile(r"/once/\S+$")


@dataclass(frozen=True)
class Outside:
    """What a restore does not set back: the time, Slack, and what steps call."""

    time: PretendTime
    people: People
    target: Target
    client: WebClient

    def twice_called(self) -> dict[str, int]:
        return _twice(path for path in self.target.paths() if ONCE.search(path))

    def twice_said(self) -> dict[str, int]:
        """By which notice it is, and by what it says where that is all that it is."""
        return _twice(name for message in self._said() for name in _names(message))

    def _said(self) -> list[dict[str, Any]]:
        channels = self.people.look("/log")["messages"].values()
        return [each for channel in channels for each in channel if each.get("bot_id") and kind_of(each)]


def _twice(names: Iterable[str]) -> dict[str, int]:
    return {name: count for name, count in Counter(names).items() if count > 1}


def _names(message: dict[str, Any]) -> Iterator[str]:
    payload = message["metadata"]["event_payload"]
    yield f"{payload['notice_id']}.{payload.get('part', 0)}"
    yield message["text"] if kind_of(message) == "message" else message["blocks"][0]["block_id"]


def _active(work: Work, table: type[AnyExecution]) -> Iterable[AnyExecution]:
    return work.session.scalars(select(table).where(table.status.in_(ACTIVE)))


@dataclass
class House:
    """All processes, in one thread. `moments`: how many there were; at number `dump_at` the dump is written."""

    service: Service
    outside: Outside
    owner_url: str
    file: Path = Path()
    dump_at: int = 0
    moments: int = field(default=0, init=False)

    def moment(self) -> None:
        self.moments += 1
        if self.moments == self.dump_at:
            dump(self.owner_url, self.file)

    def begin(self, runs: int) -> None:
        """An incident that starts workflows, and runs that people ask for."""
        incident = new_incident(self.service, title="orders")
        for number in range(runs):
            start_run(self.service, incident, "careful", n=f"run{number}")

    def live(self, *, answers: bool = True) -> None:
        """Until nothing is left to do; without `answers` of people, until nothing can be done without them."""
        for _ in range(ROUNDS):
            watch_the_database(self.service)
            ring_what_is_due(self.service)
            start_what_came_of_age(self.service)
            self._work()
            self._deliver()
            if answers:
                self.answer()
            if self.owed() == 0 and self.is_old() and (not answers or not self.left()):
                return
            self.outside.time.pass_by(1.3)
        raise AssertionError(f"there is something left to do: {self.left()}")

    def _work(self) -> None:
        bells = self.service.doorbell
        assert isinstance(bells, RecordedBells)
        executor = new_executor(self.service, secrets={"TARGET": self.outside.target.url})
        while bells.rung:
            kind, execution_id = bells.rung.pop(0)
            executor.run(KINDS[kind], execution_id)
            self.moment()

    def _deliver(self) -> None:
        links = RunLinks("https://runbook.example", "secret")
        while Poster(self.service, self.outside.client, links).deliver_one():
            self.moment()

    def owed(self) -> int:
        with self.service.transaction() as work:
            return count_everything(work).notices_owed

    def is_old(self) -> bool:
        with self.service.transaction() as work:
            created = work.session.scalars(select(Incident.created_at)).all()
            return all((work.now - each).total_seconds() > OLD for each in created)

    def left(self) -> list[str]:
        """The executions that have not ended."""
        with self.service.transaction() as work:
            return [
                f"{row.id} is {row.status}, waits for {row.waiting_for}"
                for table in (RunbookExecution, WorkflowExecution)
                for row in _active(work, table)
            ]

    def answer(self) -> None:
        """People approve, and say of a step in doubt what they find where it would have happened."""
        with self.service.transaction() as work:
            gates = work.session.scalars(select(Approval.id).where(Approval.status == GateStatus.OPEN)).all()
        for gate in gates:
            with self.service.transaction() as work:
                decide_gate(work, load_person(work, ADMIN_OF_TEAM, source="test"), gate, approved=True)
        for step in self.in_doubt():
            with self.service.transaction() as work:
                about = InDoubt(step.step_id, step.attempt)
                person = load_person(work, OPS, source="test")
                give_verdict(work, person, step.execution_id, self._truth(step), about)

    def in_doubt(self) -> list[StepExecution]:
        with self.service.transaction() as work:
            return list(work.session.scalars(select(StepExecution).where(StepExecution.status == "unknown")))

    def _truth(self, step: StepExecution) -> str:
        assert isinstance(step.request, dict)
        found = ONCE.search(str(step.request["url"]))
        assert found is not None
        return "ran" if found[0] in self.outside.target.paths() else "run_again"

    def thaw(self) -> None:
        with self.service.transaction() as work:
            for freeze in freezes_in_force(work):
                unfreeze(work, load_person(work, ADMIN, source="test"), freeze.id)
