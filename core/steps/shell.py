"""The step `shell`: one command on the worker's machine."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from core.definitions.fields import CelField, SavedName, TemplateText
from core.execution.commands import prepare_command
from core.execution.preparation import Context, Prepared
from core.steps.base import StepDefinition

ResultCondition = Annotated[str, CelField(roots=("result",), condition=True)]
ResultExpression = Annotated[str, CelField(roots=("result",), secrets=False)]
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
    """Run a program. It succeeds when `expect` is true; without `expect`, when the exit status is 0."""

    type: Literal["shell"]
    argv: Annotated[tuple[TemplateText, ...], BeforeValidator(_refuse_shell_string), Field(min_length=1)]
    env: dict[EnvironmentName, TemplateText] = {}
    cwd: TemplateText | None = None
    stdin: TemplateText | None = None
    expect: ResultCondition | None = None
    save: dict[SavedName, ResultExpression] = {}

    def prepare(self, context: Context) -> Prepared:
        return prepare_command(self, context)
