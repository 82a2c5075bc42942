"""The `shell` step: run a command on the worker's machine."""

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


def refuse_shell_string(value: object) -> object:
    if isinstance(value, str):
        raise PydanticCustomError(
            "shell_string",
            "argv is a list of arguments, never a shell string. Write each argument as its own item, "
            "such as argv: [dbctl, check, orders].",
        )
    return value


class ShellStep(StepDefinition):
    """Run a program. It succeeds if `expect` is true; without `expect`, if the exit code is 0.

    Programs that it leaves running are killed before the run continues, even those in a session of their own; the
    step's output lists them as `ended_with_it`. To start something that should keep running, use a service manager,
    such as `systemctl start`.
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
    argv: Annotated[tuple[TemplateText, ...], BeforeValidator(refuse_shell_string), Field(min_length=1)]
    """The program and its arguments, one item each; no shell interprets them. The program must be literal, not
    `{{ … }}`, unless the workers have a list of allowed programs (`RUNBOOK_SHELL_PROGRAMS`)."""
    allow_options: bool = False
    """Whether an argument that comes from a value may start with `-`. By default such a value is refused unless an
    item `--` precedes it."""
    env: dict[EnvironmentName, TemplateText] = {}
    """The program's environment, besides PATH and `RUNBOOK_STEP_KEY`. It inherits nothing else from the worker."""
    cwd: TemplateText | None = None
    """The working directory. By default it is a new, empty directory, which is removed when the command ends."""
    stdin: TemplateText | None = None
    """The text that the program reads from standard input."""
    expect: ResultCondition | None = None
    """The condition for success, over `result.exit_code`, `.stdout` and `.stderr`."""
    save: dict[SavedName, ResultExpression] = {}
    """Values to save from the result. Later steps read them as `steps.ID.saved.NAME`."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_command(self, context)
