"""Commands of `shell` steps: rendered, run, and judged by `expect`."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from core.definitions.cel.expressions import compile_expression
from core.definitions.templates import placeholders, render_text, starts_with_placeholder
from core.effects.calls import Judged, masked_saved
from core.errors import InvalidInput, NotAllowed, RunbookError
from core.execution.preparation import Context, Outside, ProcessPort
from core.io.process import Command, ProcessResult
from core.values.execution import Failed, Json, StepResult, Succeeded, Uncertain

LIMIT = timedelta(minutes=10)
STEP_KEY = "RUNBOOK_STEP_KEY"
SUCCESS = "result.exit_code == 0"
MOST_NAMED = 5


class Arguments(Protocol):
    """The arguments of a command, and whether a value in them may be an option."""

    @property
    def argv(self) -> tuple[str, ...]: ...
    @property
    def allow_options(self) -> bool: ...


class CommandDefinition(Arguments, Judged, Protocol):
    """The fields of the `shell` step."""

    @property
    def env(self) -> dict[str, str]: ...
    @property
    def cwd(self) -> str | None: ...
    @property
    def stdin(self) -> str | None: ...


def prepare_command(definition: CommandDefinition, context: Context) -> Outside:
    """Return the command, ready to run. Raises RunbookError if shell steps are disabled or it cannot be rendered."""
    runner = context.ports.processes
    if runner is None:
        raise NotAllowed(
            "Shell steps are disabled here.", hint="Set RUNBOOK_SHELL=on for the workers to allow them."
        )
    _check_program(definition, runner)
    command = replace(_command(definition, context.scope, context), mask=context.masker)
    runner.check(command)
    limit = definition.timeout or LIMIT

    def act(stop: threading.Event) -> StepResult:
        try:
            return _judge(definition, runner.run(command, limit, stop), context)
        except (ValueError, NotAllowed) as error:
            return Failed(context.masker.mask(f"The command could not be started: {error}."))
        except OSError as error:  # its message would show the directory, so only the reason is used
            return Failed(f"The command could not be started: {error.strerror or type(error).__name__}.")

    return Outside(context.masker.mask_value(_shown(definition, context)), act)


def _shown(definition: CommandDefinition, context: Context) -> Json:
    """Return the command as people may see it, with each secret replaced by its name."""
    command = _command(definition, context.shown_scope, context)
    shown: dict[str, Json] = {"argv": list(command.argv), "key": context.key}
    if definition.env:
        shown["env"] = {name: command.environment[name] for name in definition.env}
    if command.directory is not None:
        shown["cwd"] = command.directory
    if definition.stdin is not None:
        shown["stdin"] = command.stdin.decode("utf-8", errors="replace")
    return shown


def _command(definition: CommandDefinition, scope: Mapping[str, object], context: Context) -> Command:
    environment = {name: render_text(value, scope, ("env", name)) for name, value in definition.env.items()}
    return Command(
        argv=render_arguments(definition, scope),
        environment={**environment, STEP_KEY: context.key},
        directory=render_text(definition.cwd, scope, ("cwd",)) if definition.cwd else None,
        stdin=render_text(definition.stdin or "", scope, ("stdin",)).encode(),
    )


def _check_program(definition: CommandDefinition, runner: ProcessPort) -> None:
    """Raise NotAllowed if a value chooses the program and there is no list of allowed programs."""
    if placeholders(definition.argv[0]) and not runner.limits_programs:
        raise NotAllowed(
            f"argv.0: The program is chosen by a value, {definition.argv[0]}.",
            hint="Write the program literally, or list the allowed programs in RUNBOOK_SHELL_PROGRAMS.",
        )


def render_arguments(definition: Arguments, scope: Mapping[str, object]) -> list[str]:
    """Return the rendered arguments. Raises InvalidInput for a value that a program would take for an option."""
    rendered: list[str] = []
    for index, part in enumerate(definition.argv):
        text = render_text(part, scope, ("argv", index))
        is_option = index > 0 and text.startswith("-") and starts_with_placeholder(part)
        if is_option and not definition.allow_options and "--" not in definition.argv[1:index]:
            raise InvalidInput(
                f"argv.{index}: The value of {part} starts with - and would be taken for an option.",
                hint='Put "--" before it if the program supports that, or set allow_options: true.',
            )
        rendered.append(text)
    return rendered


def _judge(definition: CommandDefinition, result: ProcessResult, context: Context) -> StepResult:
    """Return the step's result. A command that was cut short may have done half its work: in doubt, not failed.

    Expressions see the masked output, so they cannot probe for a secret.
    """
    masker = context.masker
    seen: dict[str, Json] = {
        "exit_code": result.exit_code,
        "stdout": result.stdout,
        "stderr": result.stderr,
    }
    if result.left:
        seen["ended_with_it"] = _named(result.left)
    output = masker.mask_value(seen)
    assert isinstance(output, dict)
    if result.ended != "exit":
        return Uncertain(f"The command was stopped: {result.ended}.", output)
    expect = definition.expect or SUCCESS
    try:
        return judge_result(expect, definition.save, {**context.scope, "result": output}, output, context)
    except RunbookError as error:
        return Failed(masker.mask(str(error)), output)


def _named(left: Sequence[str]) -> str:
    """Return the programs with their counts, such as `sleep, 2 of java`."""
    shown = [name if times == 1 else f"{times} of {name}" for name, times in Counter(left).items()]
    more = [f"{len(shown) - MOST_NAMED} other programs"] if len(shown) > MOST_NAMED else []
    return ", ".join([*shown[:MOST_NAMED], *more])


def judge_result(
    expect: str,
    save: Mapping[str, str],
    scope: Mapping[str, object],
    output: dict[str, Json],
    context: Context,
) -> StepResult:
    """Return the result of a command that has ended, as `expect` judges it. Raises RunbookError."""
    if not compile_expression(expect).is_true(scope):
        return Failed(f"Exited with code {output['exit_code']}; expected {expect}", output)
    saved = {name: compile_expression(source).evaluate(scope) for name, source in save.items()}
    return Succeeded(output, masked_saved(saved, context.masker))
