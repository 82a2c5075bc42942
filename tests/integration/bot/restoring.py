"""A deployment whose database is dumped at a moment of its day: it lives on, and the copy is restored elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path

from slack_sdk import WebClient

from bot.pages.links import RunLinks
from bot.poster.poster import Poster
from chaos.restoring.copies import dump
from chaos.restoring.people import answer, is_told, left, messages_by_name, twice
from core.services.executions.kinds import KINDS
from core.services.incidents.ages import start_workflows_by_age
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.integration.bot.world import PretendTime
from tests.integration.slack_sandbox.people import People
from tests.world import Target, new_executor, new_incident, start_run
from workers.scheduler import Watch, enqueue_what_is_due

ROUNDS = 400


@dataclass(frozen=True)
class Outside:
    """What a restore does not set back: the time, Slack, and what steps call."""

    time: PretendTime
    people: People
    target: Target
    client: WebClient

    def done(self) -> list[str]:
        """What was called and must not be called twice."""
        names = [path.removeprefix("/ok/") for path in self.target.paths()]
        return [name for name in names if name.startswith("once-")]

    def twice_said(self) -> dict[str, int]:
        return twice(messages_by_name(self.people.look("/log")))


@dataclass
class Deployment:
    """All processes, in one thread. `moments`: how many there were; at number `dump_at` the dump is written."""

    unit_of_work: UnitOfWorkFactory
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
        incident = new_incident(self.unit_of_work, title="orders")
        for number in range(runs):
            start_run(self.unit_of_work, incident, "careful", n=f"run{number}")

    def live(self, *, answers: bool = True) -> None:
        """Until nothing is left to do; without `answers` of people, until nothing can be done without them."""
        for _ in range(ROUNDS):
            Watch().look(self.unit_of_work)
            enqueue_what_is_due(self.unit_of_work)
            start_workflows_by_age(self.unit_of_work)
            self._work()
            self._deliver()
            if answers:
                answer(self.unit_of_work, self.outside.done())
            if is_told(self.unit_of_work) and (not answers or not left(self.unit_of_work)):
                return
            self.outside.time.pass_by(1.3)
        raise AssertionError(f"there is something left to do: {left(self.unit_of_work)}")

    def _work(self) -> None:
        jobs = self.unit_of_work.job_queue
        assert isinstance(jobs, RecordedJobs)
        executor = new_executor(self.unit_of_work, secrets={"TARGET": self.outside.target.url})
        while jobs.enqueued:
            kind, execution_id = jobs.enqueued.pop(0)
            executor.run(KINDS[kind], execution_id)
            self.moment()

    def _deliver(self) -> None:
        links = RunLinks("https://runbook.example", "secret")
        while Poster(self.unit_of_work, self.outside.client, links).deliver_one():
            self.moment()
