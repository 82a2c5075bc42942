"""The step `shell`: one command on the worker's machine."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from core.definitions.fields import CelField, SavedName, TemplateText
from core.definitions.steps import StepDefinition
from core.effects.commands import prepare_command
from core.execution.preparation import Context, Prepared

ResultCondition = Annotated[str, CelField(roots=("result",), condition=True)]
ResultExpression = Annotated[str, CelField(roots=("result",))]
EnvironmentName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _refuse_shell_string(value: object) -> object:
    if isinstance(value, str):
        raise PydanticCustomError(
            "shell_string",
            "argv is a list of arguments, never a shell string. Write each argument as its own item, "
            "such as argv: [dbctl, check, orders].",
        )
    return value


class ShellStep(StepDefinition):
    """Run a program. It succeeds when `expect` is true; without `expect`, when the exit status is 0.

    What it starts ends with it: a program that it leaves running, also one in a session of its own, is killed before
    the run goes on, and the step's output names it as `ended_with_it`. What shall stay is started by a service
    manager, such as `systemctl start`.
    """

    acts_through = "processes"
    example = """
id: verify
type: shell
argv: [dbctl, check, "{{ params.cluster }}"]
env: {DBCTL_API: "{{ secrets.DB_API }}"}
expect: result.exit_code == 0 && result.stdout.contains("primary")
timeout: 30s
"""

    type: Literal["shell"]
    argv: Annotated[tuple[TemplateText, ...], BeforeValidator(_refuse_shell_string), Field(min_length=1)]
    """The program and its arguments, each an item of its own; no shell reads them. The program is no `{{ … }}`, unless
    the workers have a list of programs (`RUNBOOK_SHELL_PROGRAMS`)."""
    allow_options: bool = False
    """`true`: an argument that is a value may begin with `-`. Without it, such a value is refused, unless an item `--`
    stands before it."""
    env: dict[EnvironmentName, TemplateText] = {}
    """The program's environment, besides PATH and `RUNBOOK_STEP_KEY`; nothing else of the worker's is in it."""
    cwd: TemplateText | None = None
    """The directory it starts in; without one, a fresh one of its own, which is removed with the command's end."""
    stdin: TemplateText | None = None
    """What it reads from its standard input."""
    expect: ResultCondition | None = None
    """When it succeeded, over `result.exit_code`, `.stdout` and `.stderr`."""
    save: dict[SavedName, ResultExpression] = {}
    """What is kept of the result, for later steps to read as `steps.ID.saved.NAME`."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_command(self, context)
