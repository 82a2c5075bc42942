"""Whether what another system says about a job that ended is a success, and what is saved from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.definitions.cel.expressions import compile_expression
from core.effects.calls import masked_saved
from core.errors import RunbookError
from core.execution.preparation import Context
from core.values.execution import Failed, Json, Succeeded


@dataclass(frozen=True)
class Judgement:
    """The step's `expect` and `save`, both over `job`."""

    expect: str | None
    save: Mapping[str, str]
    context: Context

    def result(self, job: Json, output: Json, *, ended_well: bool) -> Succeeded | Failed:
        """Return the result of the step for the job that ended: `job` is what its system says, secrets masked.

        `ended_well`: whether its system calls that a success. A failure has no error if an expression is not the cause.
        """
        scope = {**self.context.scope, "job": job}
        try:
            if self.expect is not None:
                ended_well = compile_expression(self.expect).is_true(scope)
            if not ended_well:
                return Failed("", output)
            saved = {name: compile_expression(source).evaluate(scope) for name, source in self.save.items()}
        except RunbookError as error:
            return Failed(self.context.masker.mask(str(error)), output, final=True)
        return Succeeded(output, masked_saved(saved, self.context.masker))
