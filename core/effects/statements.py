"""Statements of `sql` steps: rendered, executed, and judged by `expect`."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from pydantic import JsonValue

from core.definitions.cel.expressions import compile_expression
from core.definitions.fields import Retry
from core.definitions.sql_text import Statement
from core.definitions.templates import render, render_text
from core.effects.calls import Judged, masked_saved
from core.errors import ConfigurationError, RunbookError
from core.execution.preparation import Context, Outside
from core.io.http import NoAnswer, NotSent
from core.io.outside_calls import Refused
from core.io.statements import Parameters, SqlResult, SqlWork, StatementResult
from core.values.execution import Failed, Json, StepResult, Succeeded, Uncertain

LIMIT = timedelta(seconds=60)
NOT_INSTALLED = "Steps of type sql need a library that is not installed here."


class StatementsDefinition(Judged, Protocol):
    """The fields of the `sql` step."""

    @property
    def url(self) -> str: ...
    @property
    def statement(self) -> str | None: ...
    @property
    def texts(self) -> tuple[str, ...]: ...
    @property
    def parsed(self) -> tuple[Statement, ...]: ...
    @property
    def parameters(self) -> dict[str, JsonValue] | tuple[JsonValue, ...]: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def max_rows(self) -> int: ...
    @property
    def retry(self) -> Retry | None: ...


def prepare_statements(definition: StatementsDefinition, context: Context) -> Outside:
    """Return the statements, ready to be executed. Raises RunbookError if they cannot be rendered."""
    runner = context.ports.sql
    if runner is None:
        raise ConfigurationError(NOT_INSTALLED, hint="Install runbook[sql] for the workers.")
    work = _work(definition, context)
    limit = definition.timeout or LIMIT
    is_tried_once = (
        definition.retry is None
    )  # what only reads is repeated if its worker is lost, not if it fails

    def act(stop: threading.Event) -> StepResult:
        try:
            return _judge(definition, runner.execute(work, limit, stop), context)
        except NoAnswer as error:
            reason = context.masker.mask(str(error))
            return Failed(reason, final=is_tried_once) if definition.read_only else Uncertain(reason)
        except (NotSent, RunbookError) as error:
            is_final = is_tried_once or isinstance(error, Refused | RunbookError)
            return Failed(context.masker.mask(str(error)), final=is_final)

    return Outside(context.masker.mask_value(_shown(definition, context)), act)


def _work(definition: StatementsDefinition, context: Context) -> SqlWork:
    url = render_text(definition.url, context.scope, ("url",))
    parameters = _parameters(definition, context.scope)
    return SqlWork(
        url,
        definition.parsed,
        parameters,
        definition.read_only,
        definition.max_rows,
        context.carried,
        context.masker,
    )


def _parameters(definition: StatementsDefinition, scope: Mapping[str, object]) -> Parameters:
    given = definition.parameters
    rendered = render(list(given) if isinstance(given, tuple) else given, scope, ("parameters",))
    assert isinstance(rendered, dict | list)
    return rendered


def _shown(definition: StatementsDefinition, context: Context) -> Json:
    """Return the statements as people may see them, with each secret replaced by its name."""
    shown: dict[str, Json] = {
        "url": render_text(definition.url, context.shown_scope, ("url",)),
        "statements": list(definition.texts),
        "read_only": definition.read_only,
        "key": context.key,
    }
    if definition.parameters:
        parameters = _parameters(definition, context.shown_scope)
        shown["parameters"] = dict(parameters) if isinstance(parameters, dict) else list(parameters)
    return shown


def _judge(definition: StatementsDefinition, result: SqlResult, context: Context) -> StepResult:
    """Return the step's result. Expressions see the masked rows, so they cannot probe for a secret."""
    each: list[Json] = [_seen(one) for one in result.results]
    results = context.masker.mask_value(each)
    assert isinstance(results, list)
    last = results[-1]
    assert isinstance(last, dict)
    output: Json = last if definition.statement is not None else {"results": results}
    scope = {**context.scope, "answer": {**last, "results": results}}
    try:
        if definition.expect and not compile_expression(definition.expect).is_true(scope):
            return _unexpected(definition, output)
        saved = {name: compile_expression(source).evaluate(scope) for name, source in definition.save.items()}
    except RunbookError as error:
        return Failed(context.masker.mask(str(error)), output)
    return Succeeded(output, masked_saved(saved, context.masker))


def _unexpected(definition: StatementsDefinition, output: Json) -> Failed:
    done = "" if definition.read_only else " The transaction was committed."
    return Failed(f"The answer is not as expected: {definition.expect}.{done}", output)


def _seen(one: StatementResult) -> Json:
    rows: list[Json] = [dict(row) for row in one.rows]
    return {"rows": rows, "row_count": one.row_count, "is_cut": one.is_cut}
