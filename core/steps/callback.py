"""The `callback` step: wait until another system calls back."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from core.definitions.cel.expressions import compile_expression
from core.definitions.durations import PositiveDuration
from core.definitions.fields import CelField, SavedName
from core.definitions.steps import StepDefinition
from core.effects.calls import masked_saved
from core.errors import RunbookError
from core.execution.preparation import Context, Inside, Prepared
from core.services.runs.callbacks import take_callback
from core.statuses import WaitingFor
from core.unit_of_work import UnitOfWork
from core.values.execution import Failed, Json, StepResult, Succeeded, Waits

CallbackCondition = Annotated[str, CelField(roots=("callback",), condition=True)]
CallbackExpression = Annotated[str, CelField(roots=("callback",))]


class CallbackStep(StepDefinition):
    """Wait for a POST to the URL that an earlier step sent out as `{{ callbacks.STEP_ID }}`.

    It succeeds if `expect` is true for the received body, `callback.json`; without `expect`, any body is accepted. The
    POST may arrive before the run reaches this step. After `expires`, the step times out.
    """

    touches_outside = False
    only_waits = True
    is_called_back = True
    example = """
id: built
type: callback
expires: 30m
expect: callback.json.result == "green"
save: {build: callback.json.number}
"""

    type: Literal["callback"]
    expires: PositiveDuration = timedelta(hours=1)
    """How long to wait for the callback."""
    expect: CallbackCondition | None = None
    """The condition for success, over `callback.json`."""
    save: dict[SavedName, CallbackExpression] = {}
    """Values to save, each an expression over `callback.json`. Later steps read them as `steps.ID.saved.NAME`."""

    def prepare(self, context: Context) -> Prepared:
        context.ports.callbacks.check_usable()
        waits = Waits(WaitingFor.CALLBACK, context.now + self.expires)
        return Inside(lambda work: self._take(work, context, waits), comes_to=waits)

    def _take(self, work: UnitOfWork, context: Context, waits: Waits) -> StepResult:
        received = take_callback(work, context.execution_id, self.id)
        return waits if received is None else self._judge(received.body, received.at, context)

    def called_back(self, body: Json, context: Context) -> StepResult:
        """Return the result for this body. Simulations call it, since they have no table that stores callbacks."""
        return self._judge(body, context.now, context)

    def _judge(self, body: Json, at: datetime, context: Context) -> StepResult:
        seen = context.masker.mask_value(body)
        scope = {**context.scope, "callback": {"json": seen}}
        output = {"received_at": at.isoformat(), "body": seen}
        try:
            if self.expect is not None and not compile_expression(self.expect).is_true(scope):
                return Failed(f"The callback does not meet the condition {self.expect}", output, final=True)
            saved = {name: compile_expression(source).evaluate(scope) for name, source in self.save.items()}
        except RunbookError as error:
            return Failed(context.masker.mask(str(error)), output, final=True)
        return Succeeded(output, masked_saved(saved, context.masker))
