"""Things to try the policy on: made anew for each who tries, by somebody else, of team data or global."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select

from cli.operator import OPERATOR
from core.decisions.people import Person
from core.errors import NotFound
from core.identifiers import Prefix
from core.services.freezes import declaring
from core.services.incidents.opening import find_incident
from core.services.library.finding import find
from core.services.library.kinds import DefinitionKind, Row
from core.services.library.runbooks import find_runbook
from core.services.library.workflows import find_workflow
from core.services.starts.runbook_starts import Start, start_by_person
from core.services.starts.workflow_starts import start_workflow_by_person
from core.statuses import Role
from core.tables import Approval, InputRequest, RunbookExecution, StepExecution
from tests.attacks.deployment import Deployment
from tests.world import declare

STARTER = Person(
    "U0STARTER", {"data": Role.RESPONDER}
)  # nobody of those who try, so that they are no initiators

RUNBOOK = "{{kind: runbook, name: {name}, {team}steps: [{{id: pause, type: wait, for: 1h}}]}}"
GATED = (
    "{{kind: runbook, name: {name}, {team}steps: [{{id: gate, type: approval,"
    " approvers: {{team: data, role: responder}}}}]}}"
)
ASKING = (
    "{{kind: runbook, name: {name}, {team}steps: [{{id: which, type: input, message: Which?,"
    " schema: {{required: [host], properties: {{host: {{type: string}}}}}}}}]}}"
)
WORKFLOW = (
    "{{kind: workflow, name: {name}, {team}trigger: {{on: manual}},"
    " actions: [{{id: say, type: message, text: hello}}]}}"
)


@dataclass
class Things:
    """Creates objects for the matrix. `team`: their owner, `data` or None; incidents and runs always belong to data."""

    deployment: Deployment
    team: str | None = "data"
    newest: str = ""  # the name of the definition that was made last
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def incident(self) -> str:
        return self.deployment.incident("data").id

    def runbook(self, *, approve: bool = True, text: str = RUNBOOK) -> str:
        """Its name."""
        return self._definition(text, approve)

    def workflow(self, *, approve: bool = True) -> str:
        return self._definition(WORKFLOW, approve)

    def _definition(self, text: str, approve: bool) -> str:
        self.newest = f"{self.team or 'global'}-{next(self._numbers)}"
        self.deployment.apply(self.document(self.newest, text), approve=approve)
        return self.newest

    def document(self, name: str, text: str = RUNBOOK) -> str:
        return text.format(name=name, team=f"team: {self.team}, " if self.team else "")

    def new_name(self) -> str:
        return f"new-{self.team or 'global'}-{next(self._numbers)}"

    def read(self, name: str, kind: DefinitionKind[Row]) -> dict[str, str]:
        """What the form that approves a definition sends along: the version that its page shows, and its digest."""
        try:
            with self.deployment.unit_of_work.begin() as work:
                row = find(work, OPERATOR, kind, name)
                return {"version": str(row.version), "digest": kind.digest_of(row)}
        except NotFound:
            return {"version": "1", "digest": "0" * 64}

    def edited(self, name: str, text: str = RUNBOOK) -> dict[str, str]:
        """What the editor's form sends: another text for the first version."""
        return {
            "text": self.document(name, text).replace("1h", "2h").replace("hello", "other"),
            "version": "1",
        }

    def run(self, text: str = RUNBOOK) -> str:
        """The id of a run, whose incident is data's."""
        runbook, incident = self.runbook(text=text), self.incident()
        with self.deployment.unit_of_work.begin() as work:
            start = Start(find_runbook(work, OPERATOR, runbook), find_incident(work, OPERATOR, incident), {})
            return start_by_person(work, STARTER, start).id

    def gate(self) -> str:
        """The id of an open gate for data's responders."""
        run = self.run(GATED)
        self.deployment.work()
        with self.deployment.unit_of_work.begin() as work:
            return work.session.scalars(select(Approval.id).where(Approval.execution_id == run)).one()

    def seen(self, gate: str) -> dict[str, str]:
        """What the form of this gate sends along: the digest of what it shows; nothing of a gate that is not there."""
        with self.deployment.unit_of_work.begin() as work:
            row = work.session.get(Approval, gate)
            return {"seen": (row.digest if row else None) or ""}

    def run_asking(self) -> str:
        """The id of a run that asks data's responders for a value `host`."""
        run = self.run(ASKING)
        self.deployment.work()
        return run

    def request_for_values(self) -> str:
        run = self.run_asking()
        with self.deployment.unit_of_work.begin() as work:
            return work.session.scalars(select(InputRequest.id).where(InputRequest.execution_id == run)).one()

    def run_in_doubt(self) -> str:
        """The id of a run that asks whether its step `pause` happened, at the first attempt."""
        run = self.run()
        self.deployment.jobs.enqueued.clear()
        with self.deployment.unit_of_work.begin() as work:
            row = work.session.get_one(RunbookExecution, run)
            row.status, row.waiting_for, row.wake_at = "waiting", "verdict", None
            step = work.session.get_one(StepExecution, (run, 0))
            step.status, step.attempt, step.started_at = "unknown", 1, work.now
        return run

    def workflow_run(self) -> str:
        workflow, incident = self.workflow(), self.incident()
        with self.deployment.unit_of_work.begin() as work:
            found = find_workflow(work, OPERATOR, workflow)
            return start_workflow_by_person(
                work, STARTER, found, find_incident(work, OPERATOR, incident), None
            )

    def freeze(self) -> str:
        with self.deployment.unit_of_work.begin() as work:
            try:
                return declaring.freeze_in_force(work, self.team).id
            except NotFound:
                return declaring.freeze(work, OPERATOR, team=self.team, reason="Look first").id

    def unfrozen(self, team: str) -> str:
        """Its name; nothing of it is frozen any more."""
        with suppress(NotFound), self.deployment.unit_of_work.begin() as work:
            declaring.unfreeze(work, OPERATOR, declaring.freeze_in_force(work, team).id)
        return team

    def secret(self) -> str:
        """Its name."""
        name = f"SECRET_{next(self._numbers)}"
        declare(self.deployment.unit_of_work, name)
        return name


NOWHERE = {
    "incident": f"{Prefix.INCIDENT}_0",
    "run": f"{Prefix.RUNBOOK_EXECUTION}_0",
    "run_asking": f"{Prefix.RUNBOOK_EXECUTION}_0",
    "run_in_doubt": f"{Prefix.RUNBOOK_EXECUTION}_0",
    "workflow_run": f"{Prefix.WORKFLOW_EXECUTION}_0",
    "gate": f"{Prefix.APPROVAL}_0",
    "freeze": "frz_0",
    "runbook": "there-is-none",
    "workflow": "there-is-none",
    "secret": "THERE_IS_NONE",
}
