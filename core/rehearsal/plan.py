"""`plan_steps`: what each step of a run would do, prepared as for a real run, and not done.

No secret is read for it: in the place of each stands which one it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import ValidationError

from core.decisions.approval_policy import ApprovalPolicy
from core.decisions.execution import Execution, Failed, Json, Skipped, Waits
from core.definitions.masking import Masker
from core.definitions.secrets import SecretPlaces
from core.errors import RunbookError
from core.execution.preparation import Inside, Outside, Ports, Prepared
from core.execution.prepare import prepare_part
from core.services.gate_policies import policy_from_json
from core.statuses import WaitingFor
from core.steps.base import StepDefinition

from .fakes import Closed
from .placeholders import ANGLES, ASCII, hangs_on_earlier, with_placeholders
from .stage import CALLBACKS, MadeUpSecrets, Stage

Runs = Literal["yes", "no", "depends"]
COMMON = frozenset({"id", "type", "name", "condition", "timeout", "retry", "on_failure"})


@dataclass(frozen=True)
class PlannedStep:
    """What one step would do. `runs`: yes, no, or depends. `policy`: who would be asked. `wait`: for how long.

    `is_rendered`: whether `request` is what would be sent; otherwise it stands there as it is written.
    """

    part: StepDefinition
    runs: Runs = "yes"
    request: Json = None
    is_rendered: bool = True
    policy: ApprovalPolicy | None = None
    wait: timedelta | None = None
    error: str | None = None


def plan_steps(stage: Stage, now: datetime) -> list[PlannedStep]:
    """What the run would do, step by step, as far as it can be told."""
    return _Planner(stage, now).steps()


class _Planner:
    def __init__(self, stage: Stage, now: datetime) -> None:
        self._stage, self._now = stage, now
        self._ports = Ports(Closed(), Closed(), MadeUpSecrets({}), callbacks=CALLBACKS)
        self._state: Execution = stage.beginning()

    def steps(self) -> list[PlannedStep]:
        return [self._step(part, position) for position, part in enumerate(self._stage.definition.steps)]

    def _step(self, part: StepDefinition, position: int) -> PlannedStep:
        try:
            depends = part.condition is not None and hangs_on_earlier(part.condition)
            if depends:
                part_now = part.model_copy(update={"condition": None})
                return self._planned(part, self._prepared(part_now, position), runs="depends")
            return self._planned(part, self._prepared(part, position))
        except RunbookError as error:
            return PlannedStep(part, error=str(error))

    def _prepared(self, part: StepDefinition, position: int) -> Prepared | None:
        """None where it hangs on earlier steps in a way that no placeholder can stand in for."""
        prepared: Prepared | None = None
        for brackets in (ANGLES, ASCII):
            try:
                filled = with_placeholders(part, brackets)
            except ValidationError:
                return None
            prepared = self._prepare(filled or part, position)
            if filled is None or not isinstance(prepared, Failed):
                return prepared
        return None

    def _prepare(self, part: StepDefinition, position: int) -> Prepared:
        context = self._stage.context(
            self._state, position, self._ports, SecretPlaces(), Masker(()), self._now
        )
        return prepare_part(part, context, self._stage.definition.steps)

    def _planned(self, part: StepDefinition, prepared: Prepared | None, runs: Runs = "yes") -> PlannedStep:
        match prepared:
            case None:
                return PlannedStep(part, runs, as_written(part), is_rendered=False)
            case Outside(request):
                return PlannedStep(part, runs, _without_key(request))
            case Inside(_, shown, Waits(WaitingFor.APPROVAL, until)) if isinstance(shown, dict):
                return self._gate(part, runs, shown, until)
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
        assert isinstance(policy, dict), "so the approval step writes it"
        wait = until - self._now if until else None
        return PlannedStep(
            part, runs, {"message": shown["message"]}, policy=policy_from_json(dict(policy)), wait=wait
        )


def _without_key(request: Json) -> Json:
    """Its key names an execution, and there is none."""
    return (
        {name: value for name, value in request.items() if name != "key"}
        if isinstance(request, dict)
        else request
    )


def as_written(part: StepDefinition) -> Json:
    """The step's own fields; its templates name secrets and hold none."""
    written: Json = part.model_dump(mode="json", exclude_unset=True, exclude=set(COMMON))
    return written
