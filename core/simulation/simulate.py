"""Simulates one test case of a runbook, with the decisions and steps of a real run, but no waiting and no effects."""

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.decisions.advance import advance
from core.decisions.children import ChildCounts, PlannedChild, PlannedChildren, next_children, why_failed
from core.definitions.inputs import saved_values
from core.definitions.masking import Masker
from core.definitions.parameters import check_parameters
from core.definitions.runbook import Case, CaseIncident, FakeAnswer, RunbookDefinition
from core.definitions.secret import SecretUse
from core.definitions.secrets import parted, texts_of
from core.definitions.steps import StepDefinition
from core.definitions.templates import render_text
from core.errors import ExpressionError, RunbookError
from core.execution.preparation import (
    Asking,
    Awaiting,
    Context,
    Inside,
    Outside,
    Ports,
    Prepared,
    prepare_part,
)
from core.execution.run_values import why_without_values
from core.execution.secrets import SecretScope
from core.services.shared.incident_scope import incident_scope
from core.simulation.context import (
    CALLBACKS,
    EXECUTION_ID,
    FakeHttp,
    FakeProcesses,
    FakeSql,
    FakeSsh,
    MadeUpSecrets,
    NoSignature,
    SimulationContext,
    made_up_access,
    outcome,
    used_secrets,
)
from core.statuses import Status, WaitingFor
from core.tables import Incident, Team
from core.values.execution import (
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    InputGiven,
    Json,
    Refused,
    StepEnded,
    StepPrepared,
    StepResult,
    Succeeded,
    Transition,
    Waits,
)

REQUESTER, APPROVER, RESPONDENT = "U0REQUESTER", "<@U0APPROVER>", "<@U0RESPONDENT>"
NO_ANSWER = FakeAnswer(no_answer=True)
ANY_USE = SecretUse(None, "", keeps_to_hosts=True)
NOBODYS = "incidents"  # the incident's team if neither the case nor the runbook names one


@dataclass(frozen=True)
class Simulation:
    """The result of a test case.

    `execution`: its final state; None if the run was refused. `requests`: the request of each step, secrets masked.
    `refused`: why the run was refused. `problem`: why the case could not be simulated to its end.
    """

    execution: Execution | None = None
    requests: dict[str, Json] = field(default_factory=dict)
    refused: str | None = None
    problem: str | None = None
    masker: Masker = field(default_factory=lambda: Masker(()))


def _child_result(child: PlannedChild, state: Execution) -> dict[str, Json]:
    saved: dict[str, Json] = {}
    for step in state.steps:
        saved.update(step.saved)
    about: dict[str, Json] = {"name": child.name, "item": child.value, "status": state.status.value}
    return {**about, "execution_id": EXECUTION_ID, "saved": saved, "error": state.error}


class _CannotGoOn(Exception):
    """The case does not say what happens next."""


@dataclass
class Events:
    """How many more events a case may take, those of its child runs included; None: any number."""

    left: int | None = None

    def take(self) -> None:
        """Take one. Raises _CannotGoOn if none is left."""
        if self.left == 0:
            raise _CannotGoOn(
                "The case takes too many steps to be run here. `runbook test` runs it to its end."
            )
        if self.left is not None:
            self.left -= 1


def simulate(definition: RunbookDefinition, case: Case, *, most_events: int | None = None) -> Simulation:
    """Simulate the case. It touches nothing: no database, no network, no process, no clock.

    `most_events`: after how many it stops, with a problem; None: only at the end.
    """
    try:
        parameters, hidden = parted(
            definition.parameters, check_parameters(definition.parameters, case.parameters)
        )
        incident = _incident(case.incident, definition.team)
        context = SimulationContext(definition, parameters, incident, REQUESTER, hidden=hidden)
        if definition.lock is not None:
            render_text(definition.lock, context.scope(context.beginning()), ("lock",))
    except RunbookError as error:
        return Simulation(refused=str(error))
    try:
        return _Play(context.with_values(EXECUTION_ID), case, Events(most_events)).whole(Claimed())
    except ExpressionError as error:
        return _Play(context, case, Events()).whole(Refused(why_without_values(error)))


def _incident(given: CaseIncident, team: str | None) -> dict[str, object]:
    named = given.team or team or NOBODYS
    values = given.model_dump(exclude={"team"})
    return incident_scope(
        Incident(id="inc_0000000000000000", team=Team(name=named), opened_by=REQUESTER, **values)
    )


class _Play:
    """One case being simulated: the state of the run, the time, and the requests so far."""

    def __init__(self, context: SimulationContext, case: Case, events: Events) -> None:
        self._simulated, self._case, self._events = context, case, events
        # They look like URLs, because some secrets must be URLs; other secrets may be anything.
        values = {
            name: f"https://{name.lower()}.example" for name in used_secrets(context.definition)
        } | case.secrets
        self._secrets = MadeUpSecrets(values)
        self._masker = Masker([*values.values(), *texts_of(context.hidden)])
        self._now: datetime = case.incident.created_at + timedelta(minutes=1)
        self._state = context.beginning()
        self._requests: dict[str, Json] = {}
        self._calls: Counter[str] = Counter()

    def whole(self, first: Event) -> Simulation:
        """Simulate until the run has ended, or waits for something that the case does not provide."""
        problem = None
        try:
            event: Event | None = first
            while event is not None:
                transition = self._apply(event)
                while transition.prepare is not None:
                    transition = self._step(transition.prepare)
                event = self._next()
        except _CannotGoOn as error:
            problem = str(error)
        return Simulation(self._state, self._requests, problem=problem, masker=self._masker)

    def _apply(self, event: Event) -> Transition:
        self._events.take()
        transition = advance(self._state, event, self._now)
        self._state = transition.execution
        return transition

    def _step(self, position: int) -> Transition:
        """Do the step as the executor does: prepare, record the request, act, record the result."""
        part = self._simulated.definition.all_steps[position]
        answer = self._answer(part.id)
        prepared = self._prepared(part, position, answer)
        if isinstance(prepared, Outside):
            self._requests[part.id] = prepared.request
            self._apply(StepPrepared(prepared.request))
            return self._apply(StepEnded(self._outside(part, prepared, answer)))
        if isinstance(prepared, Inside):
            self._requests[part.id] = prepared.shown
            return self._apply(StepEnded(self._inside(part, position, prepared, answer)))
        return self._apply(StepEnded(prepared))

    def _inside(
        self, part: StepDefinition, position: int, prepared: Inside, answer: FakeAnswer | None
    ) -> StepResult:
        if part.id in self._case.callbacks and isinstance(part, Awaiting):
            return part.called_back(self._case.callbacks[part.id], self._context(position, NO_ANSWER))
        if prepared.children is not None and answer is None:
            return self._with_children(part, position, prepared.children)
        return outcome(answer) if answer else prepared.comes_to

    def _with_children(self, part: StepDefinition, position: int, planned: PlannedChildren) -> StepResult:
        """Simulate the child runs one after another, as far as the step starts them. They share the answers by step."""
        ended: list[dict[str, Json]] = []
        counts = ChildCounts(unstarted=len(planned.children))
        for child in planned.children:
            if not next_children(planned.plan, counts).start:
                break
            state = self._child(part, position, child)
            if not state.status.is_final:
                return Waits(WaitingFor.CHILDREN, None)
            ended.append(_child_result(child, state))
            is_good = state.status is Status.SUCCEEDED
            counts = replace(
                counts,
                unstarted=counts.unstarted - 1,
                succeeded=counts.succeeded + is_good,
                failed=counts.failed + (not is_good),
            )
        names = ", ".join(str(each["name"]) for each in ended if each["status"] != "succeeded")
        why = why_failed(planned.plan, counts, names)
        output: Json = {"children": [*ended]}
        return Succeeded(output) if why is None else Failed(why, output)

    def _child(self, part: StepDefinition, position: int, child: PlannedChild) -> Execution:
        """Return how a child run ends, or where it stops for good."""
        if child.runbook is not None:
            raise _CannotGoOn(
                f"The step {part.id} runs the runbook {child.runbook}, which has tests of its own. "
                "Give its result here: add it under steps, with output or error."
            )
        play = _Play(self._simulated.inside(self._state, position, child), self._case, self._events)
        play._now, play._calls, play._requests = self._now, self._calls, self._requests
        play._secrets, play._masker = self._secrets, self._masker
        simulation = play.whole(Claimed())
        self._now = play._now
        if simulation.problem is not None:
            raise _CannotGoOn(simulation.problem)
        assert simulation.execution is not None
        return simulation.execution

    def _prepared(self, part: StepDefinition, position: int, answer: FakeAnswer | None) -> Prepared:
        context = self._context(position, answer or NO_ANSWER)
        return prepare_part(part, context, self._simulated.definition.all_steps)

    def _context(self, position: int, given: FakeAnswer) -> Context:
        ports = Ports(
            FakeHttp(given),
            FakeProcesses(given),
            self._secrets,
            callbacks=CALLBACKS,
            ssh=FakeSsh(given),
            sql=FakeSql(given),
            clusters=made_up_access,
            aws=NoSignature(),
        )
        secrets = SecretScope(lambda name: self._secrets.give(name, ANY_USE))
        return self._simulated.context(self._state, position, ports, secrets, self._masker, self._now)

    def _answer(self, step: str) -> FakeAnswer | None:
        """Return the answer for the next attempt. Of a list, each attempt gets the next one, further ones the last."""
        answers = self._case.steps.get(step)
        return answers[min(self._calls[step], len(answers) - 1)] if answers else None

    def _outside(self, part: StepDefinition, prepared: Outside, answer: FakeAnswer | None) -> StepResult:
        """Return the step's result. The act is called only if it goes through a faked port; others would be real."""
        self._calls[part.id] += 1
        if answer is None:
            raise _CannotGoOn(
                f"The step {part.id} needs an answer, and the case has none. Add one under steps."
            )
        if answer.kind == "outcome" or part.acts_through is None:
            return outcome(answer)
        return prepared.act(threading.Event())

    def _next(self) -> Event | None:
        """Return the next event of a waiting run: its timer fires, or people decide. None if nothing happens."""
        if self._state.waiting_for is WaitingFor.TIMER:
            return self._later()
        if self._state.waiting_for is WaitingFor.APPROVAL:
            return self._decided()
        if self._state.waiting_for is WaitingFor.INPUT:
            return self._given()
        is_awake = self._state.waiting_for is None and not self._state.status.is_final
        return Claimed() if is_awake else None

    def _later(self) -> Event | None:
        if self._state.wake_at is None:
            return None
        self._now = self._state.wake_at
        return Claimed()

    def _given(self) -> Event | None:
        """Return the answer to the step that asks for values. One that it would refuse is a mistake in the case."""
        position = self._state.position
        assert position is not None, "it waits for the values of a step"
        part = self._simulated.definition.steps[position]
        entered = self._case.inputs.get(part.id)
        if entered == "expire" and self._state.wake_at is None:
            raise _CannotGoOn(f"The step {part.id} never expires.")
        if entered is None or isinstance(entered, str) or not isinstance(part, Asking):
            return self._later() if entered else None
        try:
            schema, values = part.given(entered, self._context(position, NO_ANSWER))
        except RunbookError as error:
            raise _CannotGoOn(f"The values for {part.id} are refused: {error}") from None
        return InputGiven(part.id, values, saved_values(schema, values), RESPONDENT)

    def _decided(self) -> Event | None:
        position = self._state.position
        assert position is not None, "it waits for the approval of a step"
        gate = self._state.steps[position].id
        decision = self._case.decisions.get(gate)
        if decision == "expire" and self._state.wake_at is None:
            raise _CannotGoOn(f"The approval {gate} never expires.")
        if decision is None or decision == "expire":
            return self._later() if decision else None
        return GateDecided(decision == "approve", APPROVER)
