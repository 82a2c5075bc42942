"""Plans a run: prepares each step as for a real run, without executing it.

No secret is read; each appears as its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.decisions.approval_policy import ApprovalPolicy, policy_from_json
from core.definitions.masking import Masker
from core.definitions.secrets import SecretPlaces, texts_of
from core.definitions.steps import StepDefinition
from core.errors import RunbookError
from core.execution.preparation import Inside, Outside, Ports, Prepared, prepare_part
from core.execution.preview import Closed, Runs, render_part, without_key
from core.simulation.context import CALLBACKS, MadeUpSecrets, SimulationContext
from core.statuses import WaitingFor
from core.values.execution import Execution, Failed, Json, Skipped, Waits


@dataclass(frozen=True)
class PlannedStep:
    """What one step would do.

    `runs`: `yes`, `no` or `depends`. `is_rendered`: True if `request` is what would be sent; otherwise it is shown as
    written. `policy`: of an approval step, who could decide. `wait`: how long it would wait. `error`: why it would
    fail. `in_finally`: whether it runs at the end, whatever the outcome is.
    """

    part: StepDefinition
    runs: Runs = "yes"
    request: Json = None
    is_rendered: bool = True
    policy: ApprovalPolicy | None = None
    wait: timedelta | None = None
    error: str | None = None
    in_finally: bool = False


def plan_steps(context: SimulationContext, now: datetime) -> list[PlannedStep]:
    """Return what each step of the run would do, as far as it is known beforehand."""
    return _Planner(context, now).steps()


class _Planner:
    def __init__(self, context: SimulationContext, now: datetime) -> None:
        self._context, self._now = context, now
        self._ports = Ports(
            Closed(), Closed(), MadeUpSecrets({}), callbacks=CALLBACKS, ssh=Closed(), sql=Closed()
        )
        self._state: Execution = context.beginning()
        self._masker = Masker(texts_of(context.hidden))

    def steps(self) -> list[PlannedStep]:
        definition = self._context.definition
        planned = [self._step(part, position) for position, part in enumerate(definition.all_steps)]
        begins = len(definition.steps)
        return [replace(each, in_finally=at >= begins) for at, each in enumerate(planned)]

    def _step(self, part: StepDefinition, position: int) -> PlannedStep:
        try:
            rendered = render_part(part, lambda each: self._prepare(each, position))
        except RunbookError as error:
            return PlannedStep(part, error=self._masker.mask(str(error)))
        return self._planned(part, rendered.prepared, rendered.runs)

    def _prepare(self, part: StepDefinition, position: int) -> Prepared:
        context = self._context.context(
            self._state, position, self._ports, SecretPlaces(), self._masker, self._now
        )
        return prepare_part(part, context, self._context.definition.all_steps)

    def _planned(self, part: StepDefinition, prepared: Prepared | None, runs: Runs = "yes") -> PlannedStep:
        match prepared:
            case None:
                return PlannedStep(part, runs, part.as_written(), is_rendered=False)
            case Outside(request):
                return PlannedStep(part, runs, without_key(request))
            case Inside(_, shown, Waits(WaitingFor.APPROVAL, until)) if isinstance(shown, dict):
                return self._gate(part, runs, shown, until)
            case Inside(_, shown, Waits(WaitingFor.INPUT, until)):
                return PlannedStep(part, runs, shown, wait=until - self._now if until else None)
            case Inside(_, shown):
                return PlannedStep(part, runs, shown)
            case Waits(_, until):
                return PlannedStep(part, runs, wait=until - self._now if until else None)
            case Skipped():
                return PlannedStep(part, "no")
            case Failed(error):
                return PlannedStep(part, runs, error=error)
        return PlannedStep(part, runs)

    def _gate(
        self, part: StepDefinition, runs: Runs, shown: Mapping[str, Json], until: datetime | None
    ) -> PlannedStep:
        policy = shown["policy"]
        assert isinstance(policy, dict), "the approval step writes an object"
        wait = until - self._now if until else None
        return PlannedStep(
            part, runs, {"message": shown["message"]}, policy=policy_from_json(dict(policy)), wait=wait
        )
