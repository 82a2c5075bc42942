"""Runbooks of examples/library in a test: as they are written, but with this machine's addresses."""

from pathlib import Path

from core.services.access.people import load_person
from core.services.runs.control import cancel
from core.services.runs.inputs import answer_input, find_input_of_run
from core.tables import Incident
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents, declare, new_executor, new_incident, start_run

LIBRARY = Path("examples/library")
PEOPLE = {"database": ("U0BOB", "U0ALICE"), "platform": ("U0CARLA", "U0ERIN"), "web": ("U0CARLA", "U0DAN")}


class LibraryRun:
    """A run of a runbook in an incident of `team`, requested by one of its members, and decided by another."""

    def __init__(self, world: CoreWorld, team: str, name: str) -> None:
        self.world, self.team, self._name = world, team, name
        self._requester, self._approver = PEOPLE[team]
        self.id = ""

    def apply(self, **replaced: str) -> None:
        """Load it. `replaced`: what stands for each text in it, which must be there."""
        self.apply_with(replaced)

    def apply_with(self, replaced: dict[str, str]) -> None:
        text = (LIBRARY / f"{self._name}.yaml").read_text("utf-8")
        for there, here in replaced.items():
            assert there in text, f"{self._name}.yaml has no {there!r}"
            text = text.replace(there, here)
        apply_documents(self.world.unit_of_work, (LIBRARY / "teams.yaml").read_text("utf-8"))
        apply_documents(self.world.unit_of_work, text)

    def equip(self, *, programs: str = "/usr/bin:/bin", **secrets: str) -> None:
        """Give the worker these secrets, and let it call this machine by two addresses."""
        declare(self.world.unit_of_work, *secrets, teams=[self.team])
        self.world.executor = new_executor(
            self.world.unit_of_work, secrets=secrets, reach=("127.0.0.1", "127.0.0.2"), programs=programs
        )

    def start(self, **parameters: object) -> None:
        incident: Incident = new_incident(self.world.unit_of_work, self._requester, team=self.team)
        self.id = start_run(
            self.world.unit_of_work,
            incident,
            self._name,
            self._requester,
            **parameters,
        )
        self.world.work()

    def message(self) -> str:
        """What the approvers are told."""
        approval = self.world.see(self.id).approval
        assert approval is not None, [
            (step.id, step.status, step.error) for step in self.world.see(self.id).steps
        ]
        return approval.message or ""

    def approve(self) -> None:
        self.world.decide(self.id, approved=True, person=self._approver)
        self.world.work()

    def enter(self, **values: str) -> None:
        with self.world.unit_of_work.begin() as work:
            person = load_person(work, self._requester, source="test")
            answer_input(work, person, find_input_of_run(work, person, self.id), values)
        self.world.work()

    def cancel(self) -> None:
        with self.world.unit_of_work.begin() as work:
            cancel(work, load_person(work, self._requester, source="test"), self.id)
        self.world.work()

    def steps(self) -> dict[str, str]:
        return {step.id: str(step.status) for step in self.world.see(self.id).steps}

    def error(self) -> str:
        return "; ".join(f"{step.id}: {step.error}" for step in self.world.see(self.id).steps if step.error)

    def output(self, step_id: str) -> dict[str, object]:
        found = next(step.output for step in self.world.see(self.id).steps if step.id == step_id)
        assert isinstance(found, dict)
        return found
